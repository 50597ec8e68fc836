package position

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
func located(t *testing.T, src string) ([]ast.Stmt, *Places) {
	t.Helper()
	chunk, err := compile.Parse([]byte(src), "test.lua")
	require.NoError(t, err)
	var tokens []compile.Token
	for _, token := range compile.Tokens([]byte(src)) {
		if token.Kind != compile.Comment {
			tokens = append(tokens, token)
		}
	}
	p, err := Locate(chunk, tokens)
	require.NoError(t, err)
	return chunk, p
}

func TestLocatesEveryScript(t *testing.T) {
	var files []string
	for _, pattern := range []string{"scripts/examples/*.lua", "stdlib/*.lua", "tests/*/testdata/*.lua", "tests/*/testdata/*/*.lua", "runtime/internal/*/testdata/*.lua", "runtime/internal/*/*/testdata/*.lua"} {
		found, err := filepath.Glob("../../../../" + pattern)
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
		for e, at := range p.Expr {
			switch e := e.(type) {
			case *ast.IdentExpr:
				assert.Equal(t, e.Value, p.Tokens[at.At].Text, file)
			case *ast.NumberExpr:
				// The parser drops zeros in front.
				assert.True(t, strings.HasSuffix(p.Tokens[at.At].Text, e.Value), file)
			}
		}
	}
}

func TestLocatesParentheses(t *testing.T) {
	src := "local x = ((a) + b) * -(c - (d)) ; (f or g)((y), {(z)})(k)\nt[(1)].u.v = 2"
	chunk, p := located(t, src)
	text := func(s Span) string { return src[p.Tokens[s.From].Start:p.Tokens[s.To].End] }
	product := chunk[0].(*ast.LocalAssignStmt).Exprs[0].(*ast.ArithmeticOpExpr)
	assert.Equal(t, "((a) + b) * -(c - (d))", text(p.Expr[product]))
	assert.Equal(t, "*", p.Tokens[p.Expr[product].At].Text)
	assert.Equal(t, "((a) + b)", text(p.Expr[product.Lhs]))
	assert.Equal(t, "-(c - (d))", text(p.Expr[product.Rhs]))
	call := chunk[1].(*ast.FuncCallStmt)
	assert.Equal(t, "(f or g)((y), {(z)})(k)", text(p.Stmt[call]))
	assert.Equal(t, "t[(1)].u.v = 2", text(p.Stmt[chunk[2]]))
}
