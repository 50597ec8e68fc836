package luapattern_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/lualib/luapattern"
)

func TestRead(t *testing.T) {
	for pattern, want := range map[string]struct {
		captures int
		wrong    string
	}{
		"":                      {0, ""},
		"%d+-%d+":               {0, ""},
		"^(%a+)%s*=()(.-)%1$":   {3, ""},
		"%f[%w]%w+%b()[]%]^-]x": {0, ""},
		"50%":                   {0, luapattern.EndsWithPercent},
		"[abc":                  {0, luapattern.MissingBracket},
		"[%":                    {0, luapattern.MissingBracket},
		"(a":                    {1, luapattern.UnfinishedCapture},
		"a)":                    {0, luapattern.InvalidCapture},
		"%fx":                   {0, luapattern.MissingFrontier},
		"%b(":                   {0, luapattern.Unbalanced},
		"(a)%2":                 {1, luapattern.InvalidIndex},
		"(a%1)":                 {1, luapattern.InvalidIndex},
		"%0":                    {0, luapattern.InvalidIndex},
		"a\x00(":                {0, ""},
	} {
		captures, wrong := luapattern.Read(pattern)
		assert.Equal(t, want.wrong, wrong, pattern)
		assert.Equal(t, want.captures, captures, pattern)
	}
}
