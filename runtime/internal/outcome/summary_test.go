package outcome

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFailureInOneLine(t *testing.T) {
	for want, f := range map[string]Failure{
		"a.lua:3: boom":     {Message: "boom\nmore", Script: "a.lua", Line: 3},
		"a.lua: unreadable": {Message: "unreadable", Script: "a.lua"},
		"no token":          {Message: "no token", Line: 3},
	} {
		assert.Equal(t, want, f.String())
	}
}
