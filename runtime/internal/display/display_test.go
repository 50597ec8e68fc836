package display

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSource(t *testing.T) {
	for name, c := range map[string]struct {
		line Line
		want string
	}{
		"one place":     {Line{Number: 3, Text: "a = b", Column: 5}, "    3 | a = b\n      |     ^\n"},
		"a range":       {Line{Number: 3, Text: "total = 1", Column: 1, EndColumn: 5}, "    3 | total = 1\n      | ^^^^^\n"},
		"no column":     {Line{Number: 12, Text: "a = b"}, "   12 | a = b\n"},
		"tabs":          {Line{Number: 1, Text: "\ta", Column: 2}, "    1 |     a\n      |     ^\n"},
		"characters":    {Line{Number: 1, Text: "é = ü", Column: 6, EndColumn: 7}, "    1 | é = ü\n      |     ^\n"},
		"behind it all": {Line{Number: 1, Text: "if", Column: 3}, "    1 | if\n      |   ^\n"},
		"too far":       {Line{Number: 1, Text: "if", Column: 9}, "    1 | if\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			Source(&out, c.line, false)
			assert.Equal(t, c.want, out.String())
		})
	}
}

// TestLongLines: only what is around the place is shown.
func TestLongLines(t *testing.T) {
	text := strings.Repeat("é", 1000) + "prnt(x)" + strings.Repeat("y", 3000)
	var out strings.Builder
	Source(&out, Line{Number: 1, Text: text, Column: 2001, EndColumn: 2004}, false)
	lines := strings.Split(out.String(), "\n")
	assert.Less(t, len(lines[0]), 230)
	assert.Equal(t, "prnt", string([]rune(lines[0])[strings.Index(lines[1], "^"):strings.LastIndex(lines[1], "^")+1]))
	assert.Contains(t, lines[0], "| ...é")
	assert.True(t, strings.HasSuffix(lines[0], "y..."))
	out.Reset()
	Source(&out, Line{Number: 1, Text: text, Column: 1, EndColumn: len(text)}, false)
	assert.Less(t, len(out.String()), 600)
	out.Reset()
	Source(&out, Line{Number: 1, Text: text}, false)
	assert.Less(t, len(out.String()), 300)
}

func TestPaint(t *testing.T) {
	assert.Equal(t, "\x1b[1mx\x1b[0m", Paint(Bold, "x", true))
	assert.Equal(t, "x", Paint(Bold, "x", false))
	assert.Empty(t, Paint(Bold, "", true))
}
