package editor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// document is a settings file: JSON with comments and trailing commas. Edits
// are inserted, and every other byte stays.
type document struct {
	text []byte
	root hujson.Value
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// parseDocument reads a settings file, which must contain an object.
func parseDocument(text []byte) (*document, error) {
	d := &document{text: text}
	return d, d.parse()
}

// parse reads the text again. Blanks replace a byte order mark, which is not
// JSON, to keep all positions.
func (d *document) parse() error {
	text := d.text
	if bytes.HasPrefix(text, byteOrderMark) {
		text = append([]byte("   "), text[len(byteOrderMark):]...)
	}
	root, err := hujson.Parse(text)
	if err != nil {
		return fmt.Errorf("it is not valid JSON: %s", strings.TrimPrefix(err.Error(), "hujson: "))
	}
	if _, ok := root.Value.(*hujson.Object); !ok {
		return fmt.Errorf("it is not an object: it must begin with { and end with }")
	}
	d.root = root
	return nil
}

// find returns the value of a dotted setting. Each part can be an object, and
// "Lua." can come first, as in an editor's settings.
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

// textOf returns the text of a string literal, or "".
func textOf(v *hujson.Value) string {
	literal, ok := v.Value.(hujson.Literal)
	if !ok || literal.Kind() != '"' {
		return ""
	}
	return literal.String()
}

// set adds a new setting: to the section that its name begins with, if the file
// has one, else at the end.
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

// literal writes a value as JSON. Callers pass only values that have a form.
func literal(value any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

// insert adds an item at the end of an object or a list, formatted like the
// others.
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
		// There are only blanks and comments inside.
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

// splice replaces text and parses the file again.
func (d *document) splice(from, to int, text string) error {
	d.text = bytes.Join([][]byte{d.text[:from], []byte(text), d.text[to:]}, nil)
	return d.parse()
}

func (d *document) indentAt(at int) string {
	line := d.text[bytes.LastIndexByte(d.text[:at], '\n')+1 : at]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}

// startsLine reports whether only blanks come before a position on its line.
func (d *document) startsLine(at int) bool {
	line := d.text[bytes.LastIndexByte(d.text[:at], '\n')+1 : at]
	return len(bytes.TrimLeft(line, " \t")) == 0
}

// unit is the indentation of one level: that of the first indented line.
func (d *document) unit() string {
	for line := range bytes.Lines(d.text) {
		trimmed := bytes.TrimLeft(line, " \t")
		if n := len(line) - len(trimmed); n > 0 && len(bytes.TrimSpace(trimmed)) > 0 && trimmed[0] != '*' {
			return string(line[:n])
		}
	}
	return "  "
}
