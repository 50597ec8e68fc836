package compile

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInputs(t *testing.T) {
	for source, x := range map[string]struct {
		expression int
		incomplete bool
	}{
		"1 + 1":                      {expression: 0},
		"f()":                        {expression: 0},
		"x = 1":                      {expression: -1},
		"x = 1\nx":                   {expression: 6},
		"x = 1\n\n{\n  x\n}\n":       {expression: 7},
		"-- only a remark":           {expression: -1},
		"":                           {expression: -1},
		"return 1":                   {expression: -1},
		"local function f()\nreturn": {incomplete: true},
		"x = 1 +":                    {incomplete: true},
		"1 +":                        {incomplete: true},
		"f(1,":                       {incomplete: true},
		"x = {\n  a = 1,":            {incomplete: true},
		"x = [[text":                 {incomplete: true},
		"--[[ remark":                {incomplete: true},
		"if x then\n  y()":           {incomplete: true},
		"x = 1\nfor i = 1, 2 do":     {incomplete: true},
	} {
		input, err := NewInput([]byte(source), "input", func(string) bool { return false })
		assert.Equal(t, x.incomplete, IsIncomplete(err), source)
		if !x.incomplete {
			require.NoError(t, err, source)
			assert.Equal(t, x.expression >= 0, input.Expression, source)
			assert.Equal(t, x.expression, ExpressionAt([]byte(source)), source)
		}
	}
	for _, source := range []string{"x = = 1", "end", "x = 'text", "1 2", "break", "x = 1\n)"} {
		_, err := NewInput([]byte(source), "input", func(string) bool { return false })
		require.Error(t, err, source)
		assert.False(t, IsIncomplete(err), source)
		assert.Equal(t, -1, ExpressionAt([]byte(source)), source)
	}
}

// TestUnfinishedExpressions: errors show the input as it was typed.
func TestUnfinishedExpressions(t *testing.T) {
	for _, src := range []string{"x ==", "{"} {
		_, err := NewInput([]byte(src), "input", func(string) bool { return false })
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
		assert.Equal(t, src, syntax.SourceLine)
	}
}

// TestInputsThatBeginWithALength: the line is no note to the system, as at the
// top of a file, and a mistake in it is told where it was typed.
func TestInputsThatBeginWithALength(t *testing.T) {
	none := func(string) bool { return false }
	_, err := NewInput([]byte("#list())"), "input", none)
	var syntax *SyntaxError
	require.ErrorAs(t, err, &syntax)
	assert.Equal(t, 8, syntax.Column)
	assert.Equal(t, "#list())", syntax.SourceLine)
	in, err := NewInput([]byte("#list"), "input", none)
	require.NoError(t, err)
	assert.True(t, in.Expression)
	_, err = NewInput([]byte("#!/usr/bin/env phscript\nx = 1"), "input", none)
	require.NoError(t, err)
}

// TestInputLocals: which variables of the session an input uses and declares.
func TestInputLocals(t *testing.T) {
	known := func(name string) bool { return name == "old" || name == "x" }
	input, err := NewInput([]byte("local x = x + old\nlocal x, _ = x, 2\nlocal g = g"), "input", known)
	require.NoError(t, err)
	var got []SessionLocal
	got = append(got, input.Upvalues...)
	assert.ElementsMatch(t, []SessionLocal{
		{Name: "x", Kept: false}, {Name: "old", Kept: true}, {Name: "x", Fresh: true}, {Name: "x", Fresh: true, Kept: true},
		{Name: "_", Fresh: true}, {Name: "g", Fresh: true, Kept: true},
	}, got)
}
