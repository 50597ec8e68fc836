package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// Parsed is a chunk that was read once, for those who need its syntax tree, its
// tokens and its code.
type Parsed struct {
	// Chunk is the syntax tree as it was written, until Compile is called.
	Chunk []ast.Stmt

	src    []byte
	source *sourceText
}

// Read parses a chunk. Its errors are those of Compile.
func Read(src []byte, name string) (*Parsed, error) {
	chunk, source, err := parseChunk(src, name)
	if err != nil {
		return nil, err
	}
	return &Parsed{Chunk: chunk, src: src, source: source}, nil
}

// Tokens are those of the function Tokens.
func (p *Parsed) Tokens() []Token { return p.source.export(p.src) }

// Compile is the function Compile. It rewrites the tree, which is of no use to
// anybody else afterwards.
func (p *Parsed) Compile() (*lua.FunctionProto, error) { return compileChunk(p.Chunk, p.source, nil) }
