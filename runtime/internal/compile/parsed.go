package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// Parsed is a chunk parsed once, for callers that need its syntax tree, its
// tokens and its code.
type Parsed struct {
	// Chunk is the syntax tree.
	Chunk []ast.Stmt
	// Tokens are those of the source without the comments, which Comments holds.
	Tokens, Comments []Token

	source *sourceText
	lines  places
}

// Read parses a chunk. Its errors are those of Compile.
func Read(src []byte, name string) (*Parsed, error) {
	chunk, lines, source, err := parseChunk(src, name)
	if err != nil {
		return nil, err
	}
	return &Parsed{Chunk: chunk, Tokens: source.tokens, Comments: source.comments, source: source, lines: lines}, nil
}

// Compile compiles the chunk.
func (p *Parsed) Compile() (*lua.FunctionProto, error) {
	return compileChunk(p.Chunk, p.lines, p.source, nil)
}
