package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// parser reads a type from the front of text.
type parser struct{ text string }

// Cut reads the type at the start of a text and returns what follows it, as in
// "string[] names The names."
func Cut(text string) (t Type, rest string, err error) {
	p := &parser{text: strings.TrimLeft(text, " \t")}
	start := p.text
	if _, err := p.union(); err != nil {
		return "", text, err
	}
	return Type(strings.TrimSpace(start[:len(start)-len(p.text)])), p.space(), nil
}

// parse reads a whole type.
func parse(t Type) *parsed {
	if t == "" {
		return &parsed{kinds: Any, alternatives: []Type{""}}
	}
	p := &parser{text: string(t)}
	result, err := p.union()
	if err == nil && p.space() != "" {
		err = fmt.Errorf("unexpected %q", p.text)
	}
	if err != nil {
		return &parsed{err: fmt.Errorf("type %q: %w", string(t), err), kinds: Any, alternatives: []Type{t}}
	}
	return result
}

// space skips space and returns the text that follows.
func (p *parser) space() string {
	p.text = strings.TrimLeft(p.text, " \t")
	return p.text
}

// take skips a token if it is next.
func (p *parser) take(token string) bool {
	rest, ok := strings.CutPrefix(p.space(), token)
	if ok {
		p.text = rest
	}
	return ok
}

func (p *parser) demand(token string) error {
	if !p.take(token) {
		return fmt.Errorf("%q expected before %q", token, p.text)
	}
	return nil
}

// word reads a name, which may have dots, or "".
func (p *parser) word() string {
	n := strings.IndexFunc(p.space()+" ", func(c rune) bool {
		return c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z')
	})
	word := p.text[:n]
	p.text = p.text[n:]
	return word
}

func (p *parser) union() (*parsed, error) {
	all, err := p.single()
	if err != nil || !p.take("|") {
		return all, err
	}
	for more := true; more; more = p.take("|") {
		one, err := p.single()
		if err != nil {
			return nil, err
		}
		all.kinds |= one.kinds
		all.alternatives = append(all.alternatives, one.alternatives...)
		all.mention(one.names...)
	}
	all.element, all.function = "", nil
	if len(all.alternatives) == 1 {
		one := all.alternatives[0].parsed()
		all.element, all.function = one.element, one.function
	}
	return all, nil
}

// single reads a type without alternatives, or those inside parentheses.
func (p *parser) single() (one *parsed, err error) {
	start := p.space()
	text := func() string { return strings.TrimSpace(start[:len(start)-len(p.text)]) }
	switch {
	case p.take("("):
		if one, err = p.union(); err == nil {
			err = p.demand(")")
		}
	case p.take("fun("):
		one, err = p.function()
	case p.take("{"):
		one, err = p.fields()
	case p.take(`"`):
		_, rest, closed := strings.Cut(p.text, `"`)
		if p.text = rest; !closed {
			err = fmt.Errorf("a string without an end")
		}
		one = &parsed{kinds: String}
	default:
		one, err = p.named()
	}
	if err != nil {
		return nil, err
	}
	if one.alternatives == nil && one.kinds != Nil {
		one.alternatives = []Type{Type(text())}
	}
	for {
		element := text()
		switch {
		case p.take("?"):
			one.kinds |= Nil
		case p.take("[]"):
			if strings.HasPrefix(element, "(") && strings.HasSuffix(element, ")") {
				element = element[1 : len(element)-1]
			}
			one = &parsed{kinds: Table, alternatives: []Type{Type(text())}, element: Type(element), names: one.names}
		default:
			return one, nil
		}
	}
}

// named reads a name and, after "<", the types that it is made from.
func (p *parser) named() (*parsed, error) {
	name := p.word()
	if name == "" {
		if p.text == "" {
			return nil, errors.New("expected a type at the end")
		}
		return nil, fmt.Errorf("expected a type before %q", p.text)
	}
	one := &parsed{kinds: kinds[name]}
	if one.kinds == 0 {
		one.kinds = Table
		one.mention(name)
	}
	if !p.take("<") {
		return one, nil
	}
	for {
		part, err := p.union()
		if err != nil {
			return nil, err
		}
		one.mention(part.names...)
		if !p.take(",") {
			return one, p.demand(">")
		}
	}
}

// fields reads the fields of an unnamed table.
func (p *parser) fields() (*parsed, error) {
	one := &parsed{kinds: Table}
	for !p.take("}") {
		if p.word() == "" {
			return nil, fmt.Errorf("a field expected before %q", p.text)
		}
		p.take("?")
		if err := p.demand(":"); err != nil {
			return nil, err
		}
		typ, err := p.union()
		if err != nil {
			return nil, err
		}
		one.mention(typ.names...)
		p.take(",")
	}
	return one, nil
}

// function reads the parameters up to the parenthesis, and then all results.
func (p *parser) function() (*parsed, error) {
	one := &parsed{kinds: Function, function: &Func{}}
	for !p.take(")") {
		param := Param{Name: p.word(), Type: "any"}
		if param.Name == "" {
			return nil, fmt.Errorf("a parameter expected before %q", p.text)
		}
		param.Optional = p.take("?")
		one.function.Variadic = param.Name == "..."
		if p.take(":") {
			typ, err := p.part(one)
			if err != nil {
				return nil, err
			}
			param.Type = typ
		}
		one.function.Params = append(one.function.Params, param)
		if !p.take(",") {
			if err := p.demand(")"); err != nil {
				return nil, err
			}
			break
		}
	}
	if !p.take(":") {
		return one, nil
	}
	for {
		typ, err := p.part(one)
		if err != nil {
			return nil, err
		}
		one.function.Returns = append(one.function.Returns, Return{Type: typ})
		if !p.take(",") {
			return one, nil
		}
	}
}

// part reads a type inside of another one and returns its text.
func (p *parser) part(of *parsed) (Type, error) {
	start := p.space()
	typ, err := p.union()
	if err != nil {
		return "", err
	}
	of.mention(typ.names...)
	return Type(strings.TrimSpace(start[:len(start)-len(p.text)])), nil
}

func (t *parsed) mention(names ...string) {
	for _, name := range names {
		if !slices.Contains(t.names, name) {
			t.names = append(t.names, name)
		}
	}
}
