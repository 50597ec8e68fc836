package salesforce

import (
	"strconv"
	"strings"
	"time"
)

// statement is a parsed query.
type statement struct {
	text   string
	object *object
	all    bool // also deleted and archived records
	count  bool
	fields []path
	where  condition
	order  []sorting
	limit  int    // negative for none
	after  string // the id after which records can match, empty for all
}

// path is a field, of the record itself or of one that it refers to.
type path struct {
	name  string // as the query has it
	ref   *Field // nil for a field of the record
	field *Field
}

type sorting struct {
	path
	down bool
}

type token struct {
	text   string
	at     int
	quoted bool
}

func (t token) is(word string) bool { return !t.quoted && equal(t.text, word) }

type parser struct {
	*Org
	*statement
	tokens []token
	next   int
}

// parse reads a query. The org is locked.
func (o *Org) parse(text string, all bool) (*statement, error) {
	p := &parser{Org: o, statement: &statement{text: text, all: all, limit: -1}}
	if err := p.split(); err != nil {
		return nil, err
	}
	return p.statement, p.query()
}

// split makes tokens of the text.
func (p *parser) split() error {
	for i := 0; i < len(p.text); {
		start := i
		switch c := p.text[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
			continue
		case c == '\'':
			value := ""
			for i++; i < len(p.text) && p.text[i] != '\''; i++ {
				if p.text[i] == '\\' && i+1 < len(p.text) {
					i++
				}
				value += string(p.text[i])
			}
			if i++; i > len(p.text) {
				return malformed(p.text, start)
			}
			p.tokens = append(p.tokens, token{value, start, true})
			continue
		case strings.IndexByte("(),", c) >= 0:
			i++
		case strings.IndexByte("=<>!", c) >= 0:
			for i < len(p.text) && strings.IndexByte("=<>!", p.text[i]) >= 0 {
				i++
			}
		default:
			for i < len(p.text) && strings.IndexByte(" \t\r\n(),=<>!'", p.text[i]) < 0 {
				i++
			}
		}
		p.tokens = append(p.tokens, token{p.text[start:i], start, false})
	}
	p.tokens = append(p.tokens, token{"<EOF>", len(p.text), true})
	return nil
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.peek()
	if p.next < len(p.tokens)-1 {
		p.next++
	}
	return t
}

// accept takes the words if they are next.
func (p *parser) accept(words ...string) bool {
	for i, word := range words {
		if p.next+i >= len(p.tokens) || !p.tokens[p.next+i].is(word) {
			return false
		}
	}
	p.next += len(words)
	return true
}

func (p *parser) unexpected() error { return malformed(p.text, p.peek().at) }

func (p *parser) query() error {
	if !p.accept("SELECT") {
		return p.unexpected()
	}
	var selected []token
	if p.accept("COUNT", "(", ")") {
		p.count = true
	} else {
		for {
			selected = append(selected, p.take())
			if !p.accept(",") {
				break
			}
		}
	}
	if !p.accept("FROM") {
		return p.unexpected()
	}
	name := p.take()
	for _, t := range p.objects {
		if name.is(t.name) {
			p.object = t
		}
	}
	if p.object == nil {
		return refuse("INVALID_TYPE", "sObject type '%s' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.", name.text)
	}
	for _, t := range selected {
		field, err := p.path(t)
		if err != nil {
			return err
		}
		for _, other := range p.fields {
			if equal(other.name, field.name) {
				return refuse("INVALID_FIELD", "duplicate field selected: %s", t.text)
			}
		}
		p.fields = append(p.fields, field)
	}
	return p.clauses()
}

func (p *parser) clauses() (err error) {
	if p.accept("WHERE") {
		if p.where, err = p.either(); err != nil {
			return err
		}
	}
	for more := p.accept("ORDER", "BY"); more; more = p.accept(",") {
		s := sorting{}
		if s.path, err = p.path(p.take()); err != nil {
			return err
		}
		s.down = p.accept("DESC")
		_ = !s.down && p.accept("ASC")
		p.order = append(p.order, s)
	}
	if p.accept("LIMIT") {
		if p.limit, err = strconv.Atoi(p.peek().text); err != nil || p.limit < 0 {
			return p.unexpected()
		}
		p.take()
	}
	if p.next != len(p.tokens)-1 {
		return p.unexpected()
	}
	return nil
}

func (p *parser) path(t token) (path, error) {
	before, name, dotted := strings.Cut(t.text, ".")
	if t.quoted || t.text == "" || strings.ContainsAny(t.text, "(),=<>!") {
		return path{}, malformed(p.text, t.at)
	}
	if !dotted {
		if f := p.object.field(t.text); f != nil {
			return path{t.text, nil, f}, nil
		}
		return path{}, noColumn(p.text, t.at, t.text, p.object.name)
	}
	ref := p.object.relation(before)
	if ref == nil {
		return path{}, refuse("INVALID_FIELD", "\n%s\nERROR at Row:1:Column:%d\nDidn't understand relationship '%s' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.", p.text, t.at+1, before)
	}
	if f := p.objects[ref.Refers].field(name); f != nil {
		return path{t.text, ref, f}, nil
	}
	return path{}, noColumn(p.text, t.at, name, ref.Refers)
}

// condition reports whether a record matches.
type condition func(*record) bool

// either reads conditions joined by OR. A list that mixes AND and OR needs
// parentheses.
func (p *parser) either() (condition, error) {
	left, err := p.one()
	joined := ""
	for err == nil && (p.peek().is("AND") || p.peek().is("OR")) {
		word := strings.ToUpper(p.peek().text)
		if joined != "" && joined != word {
			return nil, p.unexpected()
		}
		joined = word
		p.take()
		var right condition
		if right, err = p.one(); err != nil {
			return nil, err
		}
		first := left
		if word == "AND" {
			left = func(r *record) bool { return first(r) && right(r) }
		} else {
			left = func(r *record) bool { return first(r) || right(r) }
		}
	}
	return left, err
}

func (p *parser) one() (condition, error) {
	if p.accept("NOT") {
		c, err := p.one()
		return func(r *record) bool { return !c(r) }, err
	}
	if p.accept("(") {
		c, err := p.either()
		if err == nil && !p.accept(")") {
			err = p.unexpected()
		}
		return c, err
	}
	left, err := p.path(p.take())
	if err != nil {
		return nil, err
	}
	object := p.object
	if p.accept("IN", "(") {
		var values []any
		for {
			value, err := p.literal(left)
			if err != nil {
				return nil, err
			}
			values = append(values, value)
			if p.accept(")") {
				break
			}
			if !p.accept(",") {
				return nil, p.unexpected()
			}
		}
		return func(r *record) bool {
			for _, v := range values {
				if compare(p.read(object, r, left), v) == 0 {
					return true
				}
			}
			return false
		}, nil
	}
	if p.accept("LIKE") {
		pattern := p.take()
		if !pattern.quoted {
			return nil, p.unexpected()
		}
		like := likeness(pattern.text)
		return func(r *record) bool {
			text, ok := p.read(object, r, left).(string)
			return ok && like.MatchString(text)
		}, nil
	}
	operator := p.take()
	holds := operators[operator.text]
	if holds == nil {
		return nil, malformed(p.text, operator.at)
	}
	right, err := p.literal(left)
	if err != nil {
		return nil, err
	}
	if id, ok := right.(string); ok && left.field.Name == "Id" && left.ref == nil && operator.text == ">" && p.narrows() {
		p.after = id
	}
	return func(r *record) bool {
		value := p.read(object, r, left)
		if value == nil || right == nil { // null is only equal to null
			return (value == nil && right == nil) == (operator.text == "=") && (operator.text == "=" || operator.text == "!=" || operator.text == "<>")
		}
		return holds(compare(value, right))
	}, nil
}

// narrows reports whether each condition of the query must hold.
func (p *parser) narrows() bool {
	for _, t := range p.tokens {
		if t.is("OR") || t.is("NOT") {
			return false
		}
	}
	return true
}

var operators = map[string]func(int) bool{
	"=": func(c int) bool { return c == 0 }, "!=": func(c int) bool { return c != 0 }, "<>": func(c int) bool { return c != 0 },
	"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
	">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
}

// literal reads a value that a field is compared with.
func (p *parser) literal(f path) (any, error) {
	t := p.take()
	wrong := func(kind string) (any, error) {
		return nil, refuse("INVALID_FIELD", "\n%s\n%*s\nERROR at Row:1:Column:%d\nvalue of filter criterion for field '%s' must be of type %s", p.text, t.at+1, "^", t.at+1, f.field.Name, kind)
	}
	if t.is("null") {
		return nil, nil
	}
	switch f.field.Type {
	case "boolean":
		if !t.is("true") && !t.is("false") {
			return wrong("boolean and should not be enclosed in quotes")
		}
		return equal(t.text, "true"), nil
	case "double", "currency":
		n, err := strconv.ParseFloat(t.text, 64)
		if err != nil || t.quoted {
			return wrong("double and should not be enclosed in quotes")
		}
		return n, nil
	case "datetime":
		at, err := time.Parse("2006-01-02T15:04:05.999Z07:00", t.text)
		if err != nil || t.quoted {
			return wrong("dateTime and should not be enclosed in quotes")
		}
		return at.UTC(), nil
	case "date":
		if _, err := time.Parse(time.DateOnly, t.text); err != nil || t.quoted {
			return wrong("date and should not be enclosed in quotes")
		}
		return t.text, nil
	case "id", "reference":
		if !t.quoted || t.text != "" && !validID(t.text) {
			return nil, refuse("INVALID_QUERY_FILTER_OPERATOR", "\n%s\n%*s\nERROR at Row:1:Column:%d\ninvalid ID field: %s", p.text, t.at+1, "^", t.at+1, t.text)
		}
		return Long(t.text), nil
	}
	if !t.quoted || t.at == len(p.text) {
		return wrong("string and should be enclosed in quotes")
	}
	return t.text, nil
}
