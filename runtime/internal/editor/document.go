package editor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// document is a settings file: JSON with comments and trailing commas. Changes
// are put between what is there, which keeps every byte.
type document struct {
	text []byte
	root hujson.Value
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// parseDocument reads a settings file, which must hold an object.
func parseDocument(text []byte) (*document, error) {
	d := &document{text: text}
	return d, d.parse()
}

// parse reads the text again. A byte order mark is no JSON; blanks in its place
// keep all positions.
func (d *document) parse() error {
	text := d.text
	if bytes.HasPrefix(text, byteOrderMark) {
		text = append([]byte("   "), text[len(byteOrderMark):]...)
	}
	root, err := hujson.Parse(text)
	if err != nil {
		return fmt.Errorf("it is no valid JSON: %s", strings.TrimPrefix(err.Error(), "hujson: "))
	}
	if _, ok := root.Value.(*hujson.Object); !ok {
		return fmt.Errorf("it holds no object: it must begin with { and end with }")
	}
	d.root = root
	return nil
}

// find returns the value of a setting with dots in its name. Each part may be
// an object of its own, and "Lua." may stand in front, as in an editor's
// settings.
func (d *document) find(setting string) *hujson.Value {
	if v := findIn(&d.root, setting); v != nil {
		return v
	}
	return findIn(&d.root, "Lua."+setting)
}

func findIn(v *hujson.Value, name string) *hujson.Value {
	object, ok := v.Value.(*hujson.Object)
	if !ok {
		return nil
	}
	for i := range object.Members {
		m := &object.Members[i]
		key := textOf(&m.Name)
		if key == name {
			return &m.Value
		}
		if rest, ok := strings.CutPrefix(name, key+"."); ok {
			if found := findIn(&m.Value, rest); found != nil {
				return found
			}
		}
	}
	return nil
}

// textOf returns a string literal's text, "" for everything else.
func textOf(v *hujson.Value) string {
	literal, ok := v.Value.(hujson.Literal)
	if !ok || literal.Kind() != '"' {
		return ""
	}
	return literal.String()
}

// set adds a setting that is not there yet: into the section that its name
// begins with, where the file has one, else at the end.
func (d *document) set(setting string, value any) error {
	section, key, nested := strings.Cut(setting, ".")
	if parent := d.find(section); nested && parent != nil {
		if _, ok := parent.Value.(*hujson.Object); ok {
			return d.insert(parent, member(key, value))
		}
	}
	prefixed := func(m hujson.ObjectMember) bool { return strings.HasPrefix(textOf(&m.Name), "Lua.") }
	if slices.ContainsFunc(d.root.Value.(*hujson.Object).Members, prefixed) {
		setting = "Lua." + setting
	}
	return d.insert(&d.root, member(setting, value))
}

func member(key string, value any) string { return literal(key) + ": " + literal(value) }

// literal writes a value as JSON. What is given has always a form.
func literal(value any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// replace puts a literal in the place of another.
func (d *document) replace(v *hujson.Value, literal string) error {
	return d.splice(v.StartOffset, v.EndOffset, literal)
}

// insert adds an item at the end of an object or a list, in the way in which
// the others are written.
func (d *document) insert(parent *hujson.Value, item string) error {
	first, last, comma := children(parent)
	open, closing := parent.StartOffset+1, parent.EndOffset-1
	inside := d.text[open:closing]
	eol := "\n"
	if bytes.Contains(d.text, []byte("\r\n")) {
		eol = "\r\n"
	}
	outer := d.indentAt(parent.StartOffset)
	if last < 0 {
		// Nothing but blanks and comments is inside.
		end := open + len(bytes.TrimRight(inside, " \t\r\n"))
		text := eol + outer + d.unit() + item
		if !bytes.Contains(d.text[end:closing], []byte("\n")) {
			text += eol + outer
		}
		return d.splice(end, end, text)
	}
	end := last + len(bytes.TrimRight(d.text[last:closing], " \t\r\n"))
	separator := " "
	if bytes.Contains(inside, []byte("\n")) {
		separator = eol + d.indentAt(first)
		if d.indentAt(first) == outer && !d.startsLine(first) {
			separator = eol + outer + d.unit()
		}
	}
	text := string(d.text[last:end]) + separator + item
	if comma {
		text += ","
	} else {
		text = "," + text
	}
	return d.splice(last, end, text)
}

// children returns where the first item of an object or a list begins, where
// the last one ends, or -1, and whether a comma follows it.
func children(v *hujson.Value) (first, last int, comma bool) {
	switch v := v.Value.(type) {
	case *hujson.Object:
		if n := len(v.Members); n > 0 {
			end := &v.Members[n-1].Value
			return v.Members[0].Name.StartOffset, end.EndOffset, end.AfterExtra != nil
		}
	case *hujson.Array:
		if n := len(v.Elements); n > 0 {
			end := &v.Elements[n-1]
			return v.Elements[0].StartOffset, end.EndOffset, end.AfterExtra != nil
		}
	}
	return -1, -1, false
}

// splice puts a text in the place of another and reads the file again.
func (d *document) splice(from, to int, text string) error {
	d.text = bytes.Join([][]byte{d.text[:from], []byte(text), d.text[to:]}, nil)
	return d.parse()
}

// indentAt returns the blanks at the beginning of the line of a position.
func (d *document) indentAt(at int) string {
	line := d.text[bytes.LastIndexByte(d.text[:at], '\n')+1 : at]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// startsLine reports whether only blanks stand before a position on its line.
func (d *document) startsLine(at int) bool {
	line := d.text[bytes.LastIndexByte(d.text[:at], '\n')+1 : at]
	return len(bytes.TrimLeft(line, " \t")) == 0
}

// unit is the indentation of one level: that of the first line that has one.
func (d *document) unit() string {
	for line := range bytes.Lines(d.text) {
		trimmed := bytes.TrimLeft(line, " \t")
		if n := len(line) - len(trimmed); n > 0 && len(bytes.TrimSpace(trimmed)) > 0 && trimmed[0] != '*' {
			return string(line[:n])
		}
	}
	return "  "
}
