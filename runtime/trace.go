package runtime

import (
	"bytes"
	"strconv"
	"strings"
)

// position splits "file:line: message" if file is a chunk of this run. Of
// several positions, as coroutine.wrap adds them, the last one counts.
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
