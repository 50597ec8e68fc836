package bindings

import (
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// InternalChunk begins the names of chunks that are part of phscript, as the
// names of script files never do. Positions and tracebacks leave them out.
const InternalChunk = "=[phscript]"

// deepestStack bounds a traceback, in calls.
const deepestStack = 40

// mostLevels bounds how many levels of a stack are read. Each tail call takes a
// level.
const mostLevels = 10_000

// Frame is one call of a traceback.
type Frame struct {
	Script string
	Line   int
	// Function is "function 'name'" or "main chunk".
	Function string
}

// Stack lists the calls of the script's functions, the innermost first: those of
// L and, if L is a coroutine, of what resumed it. Calls of the host and of
// phscript's own Lua code are left out.
func Stack(L *lua.LState) []Frame {
	var frames []Frame
	for thread := L; thread != nil; thread = thread.Parent {
		frames = appendThread(frames, thread)
	}
	return frames
}

// appendThread appends the calls of one thread. The interpreter returns the
// outermost call in place of each tail call; only the last level counts.
func appendThread(frames []Frame, thread *lua.LState) []Frame {
	outermost, ok := thread.GetStack(-1)
	if !ok {
		return frames
	}
	dbg, ok := thread.GetStack(0)
	for level := 1; ok && level < mostLevels && len(frames) < deepestStack; level++ {
		next, more := thread.GetStack(level)
		if more && *dbg == *outermost {
			dbg = next
			continue
		}
		if _, err := thread.GetInfo("Sln", dbg, lua.LNil); err != nil {
			return frames
		}
		if dbg.CurrentLine > 0 && !strings.HasPrefix(dbg.Source, InternalChunk) {
			if more && isInternal(thread, *next) {
				dbg.Name = ""
			}
			frames = append(frames, Frame{Script: dbg.Source, Line: dbg.CurrentLine, Function: functionName(dbg)})
		}
		dbg, ok = next, more
	}
	return frames
}

// isInternal reports whether a call is one of phscript's own functions. The name
// by which it calls a function of the script means nothing to its author.
func isInternal(thread *lua.LState, dbg lua.Debug) bool {
	_, err := thread.GetInfo("S", &dbg, lua.LNil)
	return err == nil && strings.HasPrefix(dbg.Source, InternalChunk)
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

// traceback writes frames as lines of text.
func traceback(frames []Frame) string {
	var b strings.Builder
	for i, f := range frames {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.Script + ":" + strconv.Itoa(f.Line) + ": in " + f.Function)
	}
	return b.String()
}

// where returns the script and the line that called into the host as a prefix of a
// message, "file:line: ", or "" if no script did.
func where(L *lua.LState) string {
	frames := Stack(L)
	if len(frames) == 0 {
		return ""
	}
	return frames[0].Script + ":" + strconv.Itoa(frames[0].Line) + ": "
}
