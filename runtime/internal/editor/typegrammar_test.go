package editor

import (
	"fmt"
	"strings"
)

// typeReader reads LuaCATS types as lua-language-server does, and remembers the
// names in them.
type typeReader struct {
	text  string
	names []string
}

// readType reads one type at the start of a text and returns the names in it
// and what follows it.
func readType(text string) (names []string, rest string, err error) {
	r := &typeReader{text: text}
	err = r.union()
	return r.names, strings.TrimSpace(r.text), err
}

func (r *typeReader) space() { r.text = strings.TrimLeft(r.text, " ") }

func (r *typeReader) take(token string) bool {
	r.space()
	rest, ok := strings.CutPrefix(r.text, token)
	if ok {
		r.text = rest
	}
	return ok
}

func (r *typeReader) demand(token string) error {
	if !r.take(token) {
		return fmt.Errorf("%s expected before %q", token, r.text)
	}
	return nil
}

func (r *typeReader) word() string {
	r.space()
	n := 0
	for n < len(r.text) && (r.text[n] == '_' || r.text[n] == '.' || r.text[n] >= '0' && r.text[n] <= '9' ||
		r.text[n] >= 'a' && r.text[n] <= 'z' || r.text[n] >= 'A' && r.text[n] <= 'Z') {
		n++
	}
	word := r.text[:n]
	r.text = r.text[n:]
	return word
}

func (r *typeReader) union() error {
	for {
		if err := r.single(); err != nil {
			return err
		}
		if !r.take("|") {
			return nil
		}
	}
}

func (r *typeReader) single() error {
	var err error
	switch {
	case r.take("("):
		if err = r.union(); err == nil {
			err = r.demand(")")
		}
	case r.take("fun("):
		err = r.function()
	case r.take("{"):
		err = r.fields()
	case r.take(`"`):
		_, rest, found := strings.Cut(r.text, `"`)
		if !found {
			return fmt.Errorf("text without an end: %q", r.text)
		}
		r.text = rest
	default:
		err = r.named()
	}
	for err == nil && (r.take("[]") || r.take("?")) {
	}
	return err
}

func (r *typeReader) named() error {
	name := r.word()
	if name == "" {
		return fmt.Errorf("a type expected before %q", r.text)
	}
	r.names = append(r.names, name)
	if !r.take("<") {
		return nil
	}
	for {
		if err := r.union(); err != nil {
			return err
		}
		if !r.take(",") {
			return r.demand(">")
		}
	}
}

func (r *typeReader) fields() error {
	for !r.take("}") {
		r.word()
		r.take("?")
		if err := r.demand(":"); err != nil {
			return err
		}
		if err := r.union(); err != nil {
			return err
		}
		r.take(",")
	}
	return nil
}

// function reads parameters up to the parenthesis and then all results; each of
// these may have a name.
func (r *typeReader) function() error {
	for !r.take(")") {
		if !r.take("...") && r.word() == "" {
			return fmt.Errorf("a parameter expected before %q", r.text)
		}
		r.take("?")
		if r.take(":") {
			if err := r.union(); err != nil {
				return err
			}
		}
		r.take(",")
	}
	if !r.take(":") {
		return nil
	}
	for {
		if err := r.union(); err != nil {
			return err
		}
		if r.take(":") {
			return fmt.Errorf("a result with a name, which is a parameter of the function around it: %q", r.text)
		}
		if !r.take(",") {
			return nil
		}
	}
}
