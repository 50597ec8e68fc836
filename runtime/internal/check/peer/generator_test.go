package peer

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// generator writes random programs that set, read, hide and forget names in
// all kinds of blocks. They need not run.
type generator struct {
	*rand.Rand
	out    strings.Builder
	indent int
	depth  int
	// loops tells whether break is allowed, varargs whether ... is.
	loops   int
	varargs bool
}

// few names make them meet often.
var names = []string{"a", "b", "c", "d", "e", "f", "rows", "count", "_x", "_"}

func (g *generator) name() string { return names[g.Intn(len(names))] }

func (g *generator) line(format string, args ...any) {
	g.out.WriteString(strings.Repeat("  ", g.indent))
	fmt.Fprintf(&g.out, format, args...)
	g.out.WriteByte('\n')
}

func (g *generator) names(most int) string {
	list := make([]string, 1+g.Intn(most))
	for i := range list {
		list[i] = g.name()
	}
	return strings.Join(list, ", ")
}

func (g *generator) expressions(most int) string {
	list := make([]string, 1+g.Intn(most))
	for i := range list {
		list[i] = g.expression(2)
	}
	return strings.Join(list, ", ")
}

func (g *generator) expression(depth int) string {
	if depth == 0 {
		switch g.Intn(6) {
		case 0:
			return "nil"
		case 1:
			return fmt.Sprint(g.Intn(9))
		case 2:
			return `"text"`
		case 3:
			return "true"
		}
		return g.name()
	}
	part := func() string { return g.expression(depth - 1) }
	switch g.Intn(15) {
	case 0:
		return part() + " + " + part()
	case 1:
		return "(" + part() + " and " + part() + ")"
	case 2:
		return "not " + part()
	case 3:
		return g.name() + "(" + part() + ")"
	case 4:
		return g.name() + "." + g.name()
	case 5:
		return "{ " + g.name() + " = " + part() + ", " + part() + ", [" + part() + "] = " + part() + " }"
	case 6:
		return g.name() + ":" + g.name() + "(" + part() + ")"
	case 7:
		return g.function()
	case 8:
		return "#" + g.name()
	case 9:
		if g.varargs {
			return "..."
		}
		return "{}"
	case 10:
		return part() + " .. " + part()
	case 11:
		return part() + " == " + part()
	}
	return part()
}

// function writes a function that is an expression, on the same line.
func (g *generator) function() string {
	if g.depth > 2 {
		return "{}"
	}
	inner := &generator{Rand: g.Rand, depth: g.depth + 1}
	params := g.names(3)
	if g.Intn(4) == 0 {
		params, inner.varargs = params+", ...", true
	}
	inner.block(1 + g.Intn(3))
	return "function(" + params + ") " + strings.ReplaceAll(strings.TrimSpace(inner.out.String()), "\n", " ") + " end"
}

func (g *generator) block(size int) {
	g.indent++
	g.depth++
	for range size {
		g.statement()
	}
	switch {
	case g.Intn(8) == 0 && g.loops > 0:
		g.line("break")
	case g.Intn(8) == 0:
		g.line("return %s", g.expressions(2))
	}
	g.indent--
	g.depth--
}

func (g *generator) nested(head, tail string, loop bool) {
	g.line("%s", head)
	if loop {
		g.loops++
	}
	g.block(1 + g.Intn(4))
	if loop {
		g.loops--
	}
	g.line("%s", tail)
}

func (g *generator) statement() {
	kind := g.Intn(20)
	if g.depth > 3 && kind >= 10 {
		kind = g.Intn(10)
	}
	switch kind {
	case 0, 1, 2:
		g.line("local %s = %s", g.names(3), g.expressions(3))
	case 3:
		g.line("local %s", g.names(2))
	case 4, 5:
		g.line("%s = %s", g.name(), g.expression(2))
	case 6:
		g.line("%s, %s = %s", g.name(), g.name(), g.expressions(2))
	case 7:
		g.line("%s.%s = %s", g.name(), g.name(), g.expression(1))
	case 8:
		g.line("%s(%s)", g.name(), g.expressions(2))
	case 9:
		g.line("%s[%s].x, %s = %s", g.name(), g.name(), g.name(), g.expressions(2))
	case 10:
		g.nested("do", "end", false)
	case 11:
		g.nested("while "+g.expression(1)+" do", "end", true)
	case 12:
		g.nested("repeat", "until "+g.expression(1), true)
	case 13, 14:
		g.line("if %s then", g.expression(1))
		g.block(1 + g.Intn(2))
		if g.Intn(2) == 0 {
			g.line("elseif %s then", g.expression(1))
			g.block(g.Intn(3))
		}
		if g.Intn(2) == 0 {
			g.line("else")
			g.block(g.Intn(3))
		}
		g.line("end")
	case 15:
		g.nested(fmt.Sprintf("for %s = %s, %s do", g.name(), g.expression(0), g.expression(0)), "end", true)
	case 16:
		g.nested(fmt.Sprintf("for %s in %s do", g.names(3), g.expression(1)), "end", true)
	case 17, 18:
		g.definition()
	case 19:
		g.line("local %s = %s", g.name(), g.function())
	}
}

func (g *generator) definition() {
	loops, varargs := g.loops, g.varargs
	g.loops, g.varargs = 0, false
	head := []string{"local function %s(%s)", "function %s(%s)", "function %s.x(%s)", "function %s:y(%s)"}[g.Intn(4)]
	g.nested(fmt.Sprintf(head, g.name(), g.names(3)), "end", false)
	g.loops, g.varargs = loops, varargs
}

// TestFindsWhatLuacheckFindsInRandomPrograms compares programs that nobody
// would write. The seed is new in every run, and printed.
func TestFindsWhatLuacheckFindsInRandomPrograms(t *testing.T) {
	seed := time.Now().UnixNano() % 1_000_000_000
	if text := os.Getenv("PHSCRIPT_CHECK_SEED"); text != "" {
		_, err := fmt.Sscan(text, &seed)
		require.NoError(t, err)
	}
	t.Logf("PHSCRIPT_CHECK_SEED=%d", seed)
	dir := t.TempDir()
	var files []string
	for i := range 120 {
		g := &generator{Rand: rand.New(rand.NewSource(seed + int64(i))), varargs: true}
		for range 3 + g.Intn(8) {
			g.statement()
		}
		file := filepath.Join(dir, fmt.Sprintf("p%03d.lua", i))
		require.NoError(t, os.WriteFile(file, []byte(g.out.String()), 0o600))
		files = append(files, file)
	}
	c := compare(t, files)
	t.Logf("found by both: %v", c.both)
	t.Logf("found by phscript only: %v", c.further)
	for where, message := range c.samples {
		t.Logf("beyond luacheck, for example: %s: %s", where, message)
		break
	}
}
