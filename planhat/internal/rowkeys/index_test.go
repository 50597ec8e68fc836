package rowkeys

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAnIndexFindsTheRowsOfKeys(t *testing.T) {
	const n = 1000
	x := NewIndex(3 * n)
	for i := range n {
		x.Add(Key{"externalId", fmt.Sprint(i)}, i)
		x.Add(Key{"email", fmt.Sprintf("A%d@x.io", i/2)}, i)
		x.Add(Key{"sourceId", "shared"}, i)
	}
	for i := range n {
		row, several := x.Find(Key{"externalId", fmt.Sprint(i)})
		assert.Equal(t, i, row)
		assert.False(t, several)
		assert.Equal(t, []int{i}, x.All(Key{"externalId", fmt.Sprint(i)}))
	}
	row, several := x.Find(Key{"email", "a3@X.io"})
	assert.Equal(t, 6, row)
	assert.True(t, several)
	assert.Equal(t, []int{6, 7}, x.All(Key{"email", "a3@X.io"}))
	assert.Len(t, x.All(Key{"sourceId", "shared"}), n)
	for _, absent := range []Key{{"sourceId", "1"}, {"externalId", "shared"}, {"externalId", ""}} {
		row, several := x.Find(absent)
		assert.Equal(t, -1, row, absent)
		assert.False(t, several)
		assert.Empty(t, x.All(absent))
	}
	assert.Equal(t, []int{6, 7}, x.ByValue()["a3@x.io"])
	empty := NewIndex(0)
	row, _ = empty.Find(Key{"a", "b"})
	assert.Equal(t, -1, row)
}
