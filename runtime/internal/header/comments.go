package header

import (
	"iter"
	"strings"

	"github.com/phscript/phscript/runtime/internal/pattern"
)

// comment is a line of the comments at the top of a script.
type comment struct {
	line int
	// text is what follows the dashes, without white space around it. indent is the white
	// space that was before it.
	text   string
	indent int
	// first is set for the first line of a block: of comments without an empty line between
	// them, or of a long comment.
	first bool
	// doc is set in blocks that begin with three dashes, as documentation of code does, and
	// in long comments.
	doc bool
}

// ruler matches a comment that only draws a line.
var ruler = pattern.Lazy(`^--[-=*#~_ ]*$`)

// long matches the beginning of a long comment.
var long = pattern.Lazy(`^--\[(=*)\[`)

// comments returns the lines of comments before the first statement.
func comments(source []byte) iter.Seq[comment] {
	return func(yield func(comment) bool) {
		number, block, doc, ends := 0, false, false, ""
		for line := range strings.Lines(strings.TrimPrefix(string(source), "\ufeff")) {
			number++
			line = strings.TrimSpace(line)
			if ends != "" {
				text, rest, over := strings.Cut(line, ends)
				if !yield(comment{line: number, text: strings.TrimSpace(text), doc: true}) || over && code(rest) {
					return
				}
				if over {
					ends = ""
				}
				continue
			}
			if line == "" || number == 1 && strings.HasPrefix(line, "#") { // as in #!/usr/bin/env phscript
				block = false
				continue
			}
			if open := long().FindStringSubmatch(line); open != nil {
				ends, block = "]"+open[1]+"]", false
				text, rest, over := strings.Cut(line[len(open[0]):], ends)
				if !yield(comment{line: number, text: strings.TrimSpace(strings.TrimLeft(text, "-")), first: true, doc: true}) || over && code(rest) {
					return
				}
				if over {
					ends = ""
				}
				continue
			}
			if !strings.HasPrefix(line, "--") {
				return
			}
			text := strings.TrimLeft(line, "-")
			if !block {
				doc = strings.HasPrefix(line, "---") && !ruler().MatchString(line)
			}
			trimmed := strings.TrimSpace(text)
			if !yield(comment{line: number, text: trimmed, indent: len(text) - len(strings.TrimLeft(text, " \t")), first: !block, doc: doc}) {
				return
			}
			block = true
		}
	}
}

// code reports whether what follows a long comment on its line is not another comment.
func code(rest string) bool {
	rest = strings.TrimSpace(rest)
	return rest != "" && !strings.HasPrefix(rest, "--")
}
