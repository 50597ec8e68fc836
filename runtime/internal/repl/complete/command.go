package complete

import (
	"strings"

	"github.com/phscript/phscript/runtime/internal/manual"
)

func (e *Engine) command(before string, start int) Result {
	name, rest, hasRest := strings.Cut(before[start:], " ")
	if !hasRest {
		l := newList(name)
		l.start = start
		for _, c := range e.Commands {
			text := c.Name
			if c.Takes != "" {
				text += " "
			}
			l.add(Candidate{Text: text, Label: c.Name, Doc: c.Doc, Kind: KindCommand})
		}
		return l.result()
	}
	offset := len(before) - len(strings.TrimLeft(rest, " "))
	l := newList(before[offset:])
	l.start = offset
	switch e.takes(name) {
	case "topic":
		e.topics(l)
	case "model":
		for _, m := range e.Manual.Catalog().Models {
			l.add(Candidate{Text: m.Snake, Doc: summary(m.Doc), Kind: KindModel})
		}
	case "on|off":
		l.add(Candidate{Text: "on", Doc: "withhold every write", Kind: KindKeyword})
		l.add(Candidate{Text: "off", Doc: "send writes", Kind: KindKeyword})
	case "file":
		e.files(l, before[offset:], offset, "")
	case "code":
		return e.code(before, offset)
	}
	return l.result()
}

func (e *Engine) takes(command string) string {
	for _, c := range e.Commands {
		if c.Name == strings.TrimSuffix(command, "!") {
			return c.Takes
		}
	}
	return ""
}

// topics adds names from the manual, one level at a time: names after a dot
// come once the dot is typed.
func (e *Engine) topics(l *list) {
	for _, t := range e.Manual.Topics() {
		if t.Kind == manual.KindProperty && !strings.Contains(l.prefix, ".") {
			continue
		}
		short := strings.TrimPrefix(t.Name, "planhat.")
		for _, name := range []string{t.Name, short} {
			if strings.Contains(name[min(len(l.prefix), len(name)):], ".") || name != t.Name && strings.HasPrefix(l.prefix, "planhat") {
				continue
			}
			if name == short && name != t.Name && l.prefix == "" {
				continue
			}
			l.add(Candidate{Text: name, Doc: summary(t.Doc), Kind: kindOf(t)})
		}
	}
}

// files adds the files of a folder whose names begin with typed. end follows a
// file's name.
func (e *Engine) files(l *list, typed string, start int, end string) {
	dir, base := "", typed
	if i := strings.LastIndexByte(typed, '/'); i >= 0 {
		dir, base = typed[:i+1], typed[i+1:]
	}
	l.prefix, l.fold, l.start = base, strings.ToLower(base), start+len(dir)
	folder := dir
	if folder == "" {
		folder = "."
	}
	names, err := e.Session.ReadDir(folder)
	if err != nil {
		return
	}
	for _, name := range names {
		if strings.HasPrefix(name, ".") && !strings.HasPrefix(base, ".") {
			continue
		}
		if strings.HasSuffix(name, "/") {
			l.add(Candidate{Text: name, Doc: "folder", Kind: KindFile})
			continue
		}
		l.add(Candidate{Text: name + end, Label: name, Doc: "file", Kind: KindFile})
	}
}

func kindOf(t *manual.Topic) Kind {
	switch t.Kind {
	case manual.KindModule:
		return KindModule
	case manual.KindModel:
		return KindModel
	case manual.KindFunction:
		return KindFunction
	case manual.KindProperty:
		return KindProperty
	}
	return KindValue
}
