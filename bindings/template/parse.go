package template

import (
	"strings"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
)

// mostDepth is how deep sections and partials may be nested.
const mostDepth = 100

// kind is what a node does.
type kind byte

const (
	literal  kind = 0
	variable kind = 'v'
	raw      kind = '&'
	section  kind = '#'
	inverted kind = '^'
	partial  kind = '>'
	closing  kind = '/'
	comment  kind = '!'
)

// node is a part of a template.
type node struct {
	kind kind
	// text is that of a literal, and path the names of others.
	text string
	path []string
	line int
	// inner are the parts of a section.
	inner []node
}

// name returns the name as it is written.
func (n *node) name() string {
	if len(n.path) == 0 {
		return "."
	}
	return strings.Join(n.path, ".")
}

// errorAt is an error about a line of a template.
func errorAt(name string, line int, hint, format string, args ...any) error {
	return invalid.Errorf(hint, "%s, line %d: "+format, append([]any{name, line}, args...)...)
}

// parser reads a template.
type parser struct {
	name, text string
	// at is how far it has read, and line its line.
	at, line int
	// open are the sections that are not closed, within the whole.
	open []node
}

func (p *parser) errorf(hint, format string, args ...any) error {
	return errorAt(p.name, p.line, hint, format, args...)
}

// parse reads a template.
func parse(name, text string) ([]node, error) {
	p := &parser{name: name, text: text, line: 1, open: []node{{}}}
	for {
		i := strings.Index(text[p.at:], "{{")
		if i < 0 {
			break
		}
		from := p.at + i
		line := p.line + strings.Count(text[p.at:from], "\n")
		start := p.at
		p.line = line
		n, end, err := p.tag(from)
		if err != nil {
			return nil, err
		}
		p.line += strings.Count(text[from:end], "\n")
		to, next := from, end
		if n.kind != variable && n.kind != raw {
			to, next = p.alone(from, end)
		}
		if to > start {
			p.add(node{text: text[start:to]})
		}
		p.line += strings.Count(text[end:next], "\n")
		p.at = next
		if err := p.take(n); err != nil {
			return nil, err
		}
	}
	if p.at < len(text) {
		p.add(node{text: text[p.at:]})
	}
	if n := len(p.open); n > 1 {
		s := &p.open[n-1]
		return nil, errorAt(name, s.line, "end it with {{/"+s.name()+"}}", "the section {{%c%s}} is not closed", s.kind, s.name())
	}
	return p.open[0].inner, nil
}

// tag reads the tag at a position, and returns it and its end.
func (p *parser) tag(from int) (node, int, error) {
	n := node{kind: variable, line: p.line}
	inner, closed := p.text[from+2:], "}}"
	if strings.HasPrefix(inner, "{") {
		inner, closed, n.kind = inner[1:], "}}}", raw
	}
	body, _, ok := strings.Cut(inner, closed)
	if !ok || !strings.HasPrefix(inner, "!") && strings.Contains(body, "\n") {
		shown, _, _ := strings.Cut(p.text[from:], "\n")
		return n, 0, p.errorf("end the tag with "+closed, "the tag %s is not closed", luatext.Quote(invalid.Cut(shown, 40)))
	}
	end := from + 2 + len(closed) + len(body)
	if n.kind == raw {
		end++
	}
	body = strings.TrimSpace(body)
	if n.kind == variable && body != "" && strings.IndexByte("&#^>/!=", body[0]) >= 0 {
		n.kind, body = kind(body[0]), strings.TrimSpace(body[1:])
	}
	switch {
	case n.kind == comment:
		return n, end, nil
	case n.kind == '=':
		return n, 0, p.errorf("", "the delimiters {{ and }} cannot be changed")
	case body == ".":
		return n, end, nil
	case body == "" || strings.ContainsAny(body, " \t\r{}"):
		return n, 0, p.errorf("write one name in a tag, with dots between the names of tables and fields", "%s is not a name", luatext.Quote(invalid.Cut(body, 40)))
	case n.kind == partial:
		n.path = []string{body}
		return n, end, nil
	}
	n.path = strings.Split(body, ".")
	for _, part := range n.path {
		if part == "" {
			return n, 0, p.errorf("write the names of fields with one dot between them", "%s has a dot without a name beside it", luatext.Quote(invalid.Cut(body, 40)))
		}
	}
	return n, end, nil
}

// alone returns the whole line of a tag that has no other text on its line, or else the
// tag.
func (p *parser) alone(from, end int) (int, int) {
	left := len(strings.TrimRight(p.text[:from], " \t"))
	if left > 0 && p.text[left-1] != '\n' {
		return from, end
	}
	right := len(p.text) - len(strings.TrimLeft(p.text[end:], " \t\r"))
	switch {
	case right == len(p.text):
		return max(left, p.at), right
	case p.text[right] == '\n':
		return max(left, p.at), right + 1
	}
	return from, end
}

// add adds a node to the innermost open section.
func (p *parser) add(n node) {
	in := &p.open[len(p.open)-1]
	in.inner = append(in.inner, n)
}

// take adds a tag.
func (p *parser) take(n node) error {
	switch n.kind {
	case comment:
	case section, inverted:
		if len(p.open) > mostDepth {
			return errorAt(p.name, n.line, "", "sections are nested deeper than %d levels", mostDepth)
		}
		p.open = append(p.open, n)
	case closing:
		last := p.open[len(p.open)-1]
		if len(p.open) == 1 {
			return errorAt(p.name, n.line, "", "{{/%s}} closes a section that is not open", n.name())
		}
		if last.name() != n.name() {
			return errorAt(p.name, n.line, "close inner sections first", "{{/%s}} closes {{%c%s}} of line %d", n.name(), last.kind, last.name(), last.line)
		}
		p.open = p.open[:len(p.open)-1]
		p.add(last)
	default:
		p.add(n)
	}
	return nil
}
