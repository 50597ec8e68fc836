package printf_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/lualib/printf"
)

func TestAll(t *testing.T) {
	for format, want := range map[string]struct {
		count int
		bad   string
	}{
		"":                {0, ""},
		"100%%":           {0, ""},
		"%s: %5.2f, %-3d": {3, ""},
		"%d of %":         {1, "%"},
		"%(name)s":        {0, "%(name)s"},
		"%s%y":            {1, "%y"},
		"%123d":           {0, "%123d"},
		"%0+ #-0d":        {0, "%0+ #-0d"},
	} {
		all, bad := printf.All(format)
		assert.Len(t, all, want.count, format)
		assert.Equal(t, want.bad, bad, format)
	}
	all, _ := printf.All("%05.1f%q")
	assert.Equal(t, []printf.Directive{{Flags: "0", Width: 5, Precision: 1, Verb: 'f'}, {Precision: -1, Verb: 'q'}}, all)
	assert.True(t, all[0].TakesNumber() && !all[0].TakesText() && all[1].TakesText() && !all[1].TakesNumber())
}
