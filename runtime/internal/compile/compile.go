// Package compile turns Lua 5.1 source into gopher-lua function prototypes that
// compute what Lua 5.1 computes.
//
// gopher-lua's own compiler gets some ordinary programs wrong: swaps,
// assignments of logical expressions, breaks out of blocks whose locals are
// captured, generic for loops with short lists, large table literals. Compile
// parses with gopher-lua, rewrites the syntax tree into forms that its compiler
// gets right, and passes it on. All Lua source must be compiled through this
// package.
package compile

import (
	"bytes"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"github.com/phscript/phscript/runtime/internal/explain"
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
	// it is slower and serves one state. A chunk with a function that has no
	// free register is not counted.
	Cover *Lines
}

// Compile compiles one chunk as the function Compile does.
func (o Options) Compile(src []byte, name string) (*lua.FunctionProto, error) {
	chunk, source, err := parseChunk(src, name)
	if err != nil {
		return nil, err
	}
	proto, err := compileChunk(chunk, source, o.Cover)
	if err != nil && o.Cover != nil {
		// There may be no register for the counter: then compile without it.
		// The tree was rewritten, so parse it again.
		o.Cover.counts = nil
		return Compile(src, name)
	}
	return proto, err
}

// Parse returns a chunk's syntax tree before any rewriting. Its errors are
// those of Compile.
func Parse(src []byte, name string) ([]ast.Stmt, error) {
	chunk, _, err := parseChunk(src, name)
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

// parseChunk prepares the source, parses it and checks how deep it nests.
func parseChunk(src []byte, name string) (chunk []ast.Stmt, source *sourceText, err error) {
	source = newSource(src, name)
	if source.lexical != nil {
		return nil, nil, source.lexical
	}
	chunk, err = parse.Parse(bytes.NewReader(source.text), name)
	if err != nil {
		return nil, nil, source.syntaxError(err)
	}
	return chunk, source, nil
}

func compileChunk(chunk []ast.Stmt, source *sourceText, cover *Lines) (proto *lua.FunctionProto, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			proto, err = nil, source.compileFailure(caught)
		}
	}()
	names := newNames()
	chunk = rewriteChunk(chunk, names, source.loopHeads(), cover)
	proto, err = lua.Compile(chunk, source.name)
	if err != nil {
		return nil, source.compileFailure(err)
	}
	if err := finish(proto, names, cover, true); err != nil {
		return nil, source.compileFailure(err)
	}
	return proto, nil
}

// compileFailure makes a *SyntaxError of an error or a panic of the code
// generator.
func (s *sourceText) compileFailure(cause any) *SyntaxError {
	switch cause := cause.(type) {
	case *limitError:
		return s.errorAt(cause.line, 0, cause.message, "", cause.hint)
	case *lua.CompileError:
		return s.errorAt(cause.Line, 0, cause.Message, "", codeHint(cause.Message))
	default:
		return s.errorAt(0, 0, fmt.Sprintf("cannot compile the script: %v", cause), "", "")
	}
}

// codeHint explains the limits of the code generator.
func codeHint(message string) string {
	switch {
	case strings.Contains(message, "local variables"), strings.Contains(message, "register overflow"):
		return "a function can have at most 200 local variables and temporary values; move part of it into another function"
	case strings.Contains(message, "constants"), strings.Contains(message, "too long to jump"):
		return "the function is too long; split it"
	case strings.Contains(message, "no visible label"):
		return explain.Word("goto")
	case strings.Contains(message, "no loop to break"):
		return "break only works inside a for, while or repeat loop; elsewhere, use return"
	}
	return ""
}
