package simulator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAWriteThatLandsAfterTheError(t *testing.T) {
	p := faulty(t, "504:late=3,method=POST;reset-before:late=1,method=DELETE")
	assert.Equal(t, 504, p.do("POST", "/companies", `{"name":"A"}`).status)
	for range 2 {
		assert.Empty(t, p.do("GET", "/companies", "").array)
	}
	list := p.do("GET", "/companies", "")
	require.Len(t, list.array, 1, "there from the third call on")
	_, err := p.try("DELETE", "/companies/"+list.names("_id")[0].(string), "")
	require.Error(t, err)
	assert.Len(t, p.Records("company"), 1)
	assert.Empty(t, p.do("GET", "/companies", "").array)
}

func TestAWriteThatLandsAfterATime(t *testing.T) {
	p := faulty(t, "504:late=50ms,method=POST;503:late=1h,method=PUT")
	assert.Equal(t, 504, p.do("POST", "/companies", `{"name":"A"}`).status)
	assert.Equal(t, 503, p.do("PUT", "/companies", `[{"name":"B"}]`).status)
	require.Eventually(t, func() bool { return len(p.Records("company")) == 1 }, 10*time.Second, time.Millisecond)
	require.NoError(t, p.Close())
	assert.Len(t, p.Records("company"), 1)
}
