package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDiffPassesOverWhatIsEqual(t *testing.T) {
	long := func(changed string) string {
		lines := make([]string, 30)
		for i := range lines {
			lines[i] = strings.Repeat("x", i+1)
		}
		lines[10], lines[28] = changed, changed
		return strings.Join(lines, "\n")
	}
	var shown []string
	for _, line := range (&Expectation{Expected: long("old"), Got: long("new")}).diff() {
		shown = append(shown, string(line.sign)+line.text)
	}
	assert.Equal(t, " …", shown[0])
	assert.Equal(t, []string{"-old", "+new"}, shown[4:6])
	assert.Len(t, shown, 1+3+2+3+1+3+2+1)
	assert.Nil(t, (&Expectation{Expected: "1", Got: "2"}).diff())
}
