package compile_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// TestStrings: what is between the quotes means what it means in Lua 5.1.
func TestStrings(t *testing.T) {
	for literal, want := range map[string]string{
		`"plain"`:                "plain",
		`'\a\b\f\n\r\t\v'`:       "\a\b\f\n\r\t\v",
		`'\\ \' \" \q'`:          `\ ' " q`,
		`'\65\066\1a\0010\2559'`: "AB\x01a\x010\xff9",
		"'a\\\nb\\\r\nc\\\n\rd'": "a\nb\nc\nd",
		"'a\\\n\\\nb'":           "a\n\nb",
		`'\0'`:                   "\x00",
		"[[a\\n]]":               `a\n`,
		"[[\na\nb]]":             "a\nb",
		"[[\r\na\r\nb\n\rc\rd]]": "a\nb\nc\nd",
		"[[\n\na]]":              "\na",
		"[==[ ]] ]=] ]==]":       " ]] ]=] ",
		"[=[\n]=]":               "",
	} {
		assert.Equal(t, want, run(t, "return "+literal), literal)
	}
}

// TestTheLongestJump: over as many instructions as in Lua 5.1.
func TestTheLongestJump(t *testing.T) {
	for _, c := range []struct {
		before, after string
		longest       int
		want          string
	}{
		{"local a if a then ", "end return a", 131071, "nil"},
		{"local a repeat ", "until a return a", 131069, "1"},
	} {
		src := func(n int) string { return c.before + strings.Repeat("a=1 ", n) + c.after }
		assert.Equal(t, c.want, run(t, src(c.longest)), c.before)
		_, err := compile.Compile([]byte(src(c.longest+1)), "test.lua")
		require.ErrorContains(t, err, "control structure too long", c.before)
	}
}
