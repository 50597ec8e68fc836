package runtime

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRequired(t *testing.T) {
	assert.Equal(t, []string{"a", "b.c", "d"}, required([]byte("require 'a'\n-- require('x')\nlocal t = require(\"b.c\") -- require 'y'\n\treturn require 'd'")))
}

// Modules of many megabytes are not kept in memory, but can be used.
func TestLargeModules(t *testing.T) {
	b := newBench(t)
	text := "return 1 --" + strings.Repeat("x", 9<<20)
	for _, name := range []string{"a", "b", "c"} {
		b.put(t, name+".lua", text)
	}
	b.opts.KeepModules = true
	r, err := b.run(t, `return require("a") + require("b") + require("c")`)
	assert.NoError(t, err)
	assert.Equal(t, []any{3.0}, r.Values)
	assert.Len(t, r.Modules, 3)
}
