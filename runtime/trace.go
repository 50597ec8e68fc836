package runtime

import (
	"bytes"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/lualib"
)

// stdlibChunk goes before the names of the built-in modules' chunks, whose
// calls a traceback leaves out.
const stdlibChunk = "phscript:"

// deepestTrace bounds a traceback.
const deepestTrace = 40

// trace lists the Lua calls on the stack, the innermost first, without the
// host's own.
func trace(L *lua.LState) []Frame {
	var frames []Frame
	for level := 0; len(frames) < deepestTrace; level++ {
		dbg, ok := L.GetStack(level)
		if !ok {
			break
		}
		if _, err := L.GetInfo("Sln", dbg, lua.LNil); err != nil {
			break
		}
		if dbg.CurrentLine <= 0 || dbg.Source == lualib.HiddenSource || strings.HasPrefix(dbg.Source, stdlibChunk) {
			continue
		}
		frames = append(frames, Frame{Script: dbg.Source, Line: dbg.CurrentLine, Function: functionName(dbg)})
	}
	return frames
}

func functionName(dbg *lua.Debug) string {
	switch {
	case dbg.What == "main":
		return "main chunk"
	case dbg.LineDefined == 0:
		return "the module's main chunk"
	case dbg.Name == "", dbg.Name == "?", dbg.Name[0] == '<', dbg.Name[0] == '(':
		return "the function of line " + strconv.Itoa(dbg.LineDefined)
	}
	return "function '" + dbg.Name + "'"
}

// position splits "file:line: message" where file is a chunk of this run. Of
// several positions, as coroutine.wrap makes them, the last one counts.
func (r *run) position(message string) (script string, line int, rest string) {
	rest = message
	for {
		s, l, after := r.onePosition(rest)
		if s == "" {
			return script, line, rest
		}
		script, line, rest = s, l, after
	}
}

func (r *run) onePosition(message string) (script string, line int, rest string) {
	for name := range r.sources {
		tail, ok := strings.CutPrefix(message, name+":")
		if !ok || len(name) < len(script) {
			continue
		}
		digits := 0
		for digits < len(tail) && tail[digits] >= '0' && tail[digits] <= '9' {
			digits++
		}
		after, ok := strings.CutPrefix(tail[digits:], ":")
		if !ok || digits == 0 {
			continue
		}
		if n, err := strconv.Atoi(tail[:digits]); err == nil {
			script, line, rest = name, n, strings.TrimPrefix(after, " ")
		}
	}
	if script == "" {
		return "", 0, message
	}
	return script, line, rest
}

// sourceLine returns a line of a chunk of this run, or "".
func (r *run) sourceLine(script string, line int) string {
	src := r.sources[script]
	for range line - 1 {
		_, rest, ok := bytes.Cut(src, []byte("\n"))
		if !ok {
			return ""
		}
		src = rest
	}
	text, _, _ := bytes.Cut(src, []byte("\n"))
	return strings.TrimRight(string(text), "\r")
}
