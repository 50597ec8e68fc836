package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// located parses a source and finds its parts.
func located(t *testing.T, src string) ([]ast.Stmt, *places) {
	t.Helper()
	chunk, err := compile.Parse([]byte(src), "test.lua")
	require.NoError(t, err)
	var tokens []compile.Token
	for _, token := range compile.Tokens([]byte(src)) {
		if token.Kind != compile.Comment {
			tokens = append(tokens, token)
		}
	}
	p, err := locate(chunk, tokens)
	require.NoError(t, err)
	return chunk, p
}

func TestLocatesEveryScript(t *testing.T) {
	var files []string
	for _, pattern := range []string{"scripts/examples/*.lua", "stdlib/*.lua", "tests/*/testdata/*.lua", "tests/*/testdata/*/*.lua", "runtime/internal/*/testdata/*.lua", "runtime/internal/*/*/testdata/*.lua"} {
		found, err := filepath.Glob("../../../" + pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	require.NotEmpty(t, files)
	for _, file := range files {
		src, err := os.ReadFile(file)
		require.NoError(t, err)
		if _, err := compile.Parse(src, file); err != nil {
			continue
		}
		_, p := located(t, string(src))
		for e, at := range p.expr {
			switch e := e.(type) {
			case *ast.IdentExpr:
				assert.Equal(t, e.Value, p.tokens[at.at].Text, file)
			case *ast.NumberExpr:
				// The parser drops zeros in front.
				assert.True(t, strings.HasSuffix(p.tokens[at.at].Text, e.Value), file)
			}
		}
	}
}

func TestLocatesParentheses(t *testing.T) {
	src := "local x = ((a) + b) * -(c - (d)) ; (f or g)((y), {(z)})(k)\nt[(1)].u.v = 2"
	chunk, p := located(t, src)
	text := func(s span) string { return src[p.tokens[s.from].Start:p.tokens[s.to].End] }
	product := chunk[0].(*ast.LocalAssignStmt).Exprs[0].(*ast.ArithmeticOpExpr)
	assert.Equal(t, "((a) + b) * -(c - (d))", text(p.expr[product]))
	assert.Equal(t, "*", p.tokens[p.expr[product].at].Text)
	assert.Equal(t, "((a) + b)", text(p.expr[product.Lhs]))
	assert.Equal(t, "-(c - (d))", text(p.expr[product.Rhs]))
	call := chunk[1].(*ast.FuncCallStmt)
	assert.Equal(t, "(f or g)((y), {(z)})(k)", text(p.stmt[call]))
	assert.Equal(t, "t[(1)].u.v = 2", text(p.stmt[chunk[2]]))
}

// A mistake in the check itself is a message, not a crash.
func TestFailureOfTheCheckIsTold(t *testing.T) {
	findings := (&Checker{}).Source("a.lua", []byte("print(1)"))
	require.Len(t, findings, 1)
	assert.Equal(t, Error, findings[0].Severity)
	assert.Contains(t, findings[0].Message, "the check itself failed on this file")
	assert.NotEmpty(t, findings[0].Hint)
}
