// Package compile turns Lua 5.1 source into gopher-lua function prototypes that
// compute what Lua 5.1 computes.
//
// gopher-lua's own compiler gets ordinary programs wrong: swaps, assignments of
// logical expressions, breaks out of blocks whose locals are captured, large
// table literals, the order in which operands are evaluated. So this package has
// its own parser and code generator, which follow PUC Lua's. The trees
// are those of gopher-lua's parser. All Lua source must be compiled through this
// package.
package compile

import (
	"context"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// Compile compiles one chunk. The name, usually a file name, appears in error
// positions. A byte order mark and a first line starting with "#" are skipped.
// Every error is a *SyntaxError. Compile is safe for concurrent use, and so is
// the prototype, which nothing modifies afterwards.
func Compile(src []byte, name string) (*lua.FunctionProto, error) {
	return Options{}.Compile(src, name)
}

// Options say how a chunk is compiled. The zero value is what Compile uses.
type Options struct {
	// Cover, if set, counts how often each line is executed. Code compiled with
	// it is slower and serves one state.
	Cover *Lines
	// Context, if set, ends the work with its error.
	Context context.Context
}

// Compile compiles one chunk as the function Compile does.
func (o Options) Compile(src []byte, name string) (proto *lua.FunctionProto, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			end, ok := caught.(interrupted)
			if !ok {
				panic(caught)
			}
			proto, err = nil, end.err
		}
	}()
	chunk, lines, source, err := parseSource(newSource(src, name, o.Context))
	if err != nil {
		return nil, err
	}
	return compileChunk(chunk, lines, source, o.Cover)
}

// Parse returns a chunk's syntax tree. Its errors are those of Compile.
func Parse(src []byte, name string) ([]ast.Stmt, error) {
	chunk, _, _, err := parseChunk(src, name)
	return chunk, err
}

// ChunkName is the name that error positions show for a chunk name passed to
// load or loadstring, by Lua's rules: "=text" and "@file" show the rest, and
// anything else is source text, of which the first line is shown.
func ChunkName(name string) string {
	const widest = 44
	if strings.HasPrefix(name, "=") || strings.HasPrefix(name, "@") {
		return name[1:]
	}
	line, _, more := strings.Cut(name, "\n")
	if len(line) > widest {
		line, more = line[:widest], true
	}
	if more {
		line += "..."
	}
	return `[string "` + line + `"]`
}

// parseChunk prepares the source and parses it.
func parseChunk(src []byte, name string) ([]ast.Stmt, places, *sourceText, error) {
	return parseSource(newSource(src, name, nil))
}

func parseSource(source *sourceText) (chunk []ast.Stmt, lines places, _ *sourceText, err error) {
	if source.lexical != nil {
		return nil, nil, nil, source.lexical
	}
	chunk, lines, err = parse(source)
	if err != nil {
		return nil, nil, nil, err
	}
	return chunk, lines, source, nil
}

func compileChunk(chunk []ast.Stmt, lines places, source *sourceText, cover *Lines) (proto *lua.FunctionProto, err error) {
	defer func() {
		caught := recover()
		if end, ok := caught.(interrupted); ok {
			panic(end)
		}
		if caught != nil {
			proto, err = nil, source.compileFailure(caught)
		}
	}()
	g := &generator{source: source.name, work: source.work, places: lines, names: newNames(), heads: source.loopHeads(), cover: cover}
	proto = g.generate(chunk, source.lastLine())
	finish(proto, g.names)
	return proto, nil
}

// compileFailure makes a *SyntaxError of a panic of the code generator.
func (s *sourceText) compileFailure(cause any) *SyntaxError {
	if limit, ok := cause.(*limitError); ok {
		return s.errorAt(limit.line, 0, limit.message, "", limit.hint)
	}
	return s.errorAt(0, 0, fmt.Sprintf("cannot compile the script: %v", cause), "", "")
}
