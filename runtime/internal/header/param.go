package header

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Type is the type of a parameter.
type Type string

// The types of parameters.
const (
	String   Type = "string"
	Integer  Type = "integer"
	Number   Type = "number"
	Boolean  Type = "boolean"
	Date     Type = "date"
	Duration Type = "duration"
	File     Type = "file"
	Choice   Type = "choice"
)

// Types are the names of all types.
var Types = []string{"string", "integer", "number", "boolean", "date", "duration", "file", "choice"}

// others are names that types have elsewhere.
var others = map[string]string{
	"str": "string", "text": "string", "int": "integer", "float": "number", "double": "number", "bool": "boolean", "flag": "boolean",
	"day": "date", "path": "file", "enum": "choice",
}

// Param is a parameter of a script. As JSON, it is what the store keeps of it.
type Param struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
	// Choices are the values of a Choice.
	Choices []string `json:"choices,omitempty"`
	// Doc says what it is for.
	Doc string `json:"doc,omitempty"`
	// Default is its value as a script gets it, in JSON, if none is given; nil without one.
	// Written is how the header has it.
	Default json.RawMessage `json:"default,omitempty"`
	Written string          `json:"written,omitempty"`
	// Optional allows that it has no value. Secret keeps its value out of everything that
	// is shown or stored.
	Optional bool `json:"optional,omitempty"`
	Secret   bool `json:"secret,omitempty"`
	Line     int  `json:"-"`
}

// Required reports whether a run needs a value for it.
func (p *Param) Required() bool { return p.Default == nil && !p.Optional }

// Flag is its flag on the command line, such as --max-rows for max_rows.
func (p *Param) Flag() string { return "--" + FlagName(p.Name) }

// FlagName is the name of a parameter's flag, without the dashes.
func FlagName(name string) string { return strings.ReplaceAll(name, "_", "-") }

// Variable is the environment variable that a run takes its value from, if none is given.
func (p *Param) Variable() string { return VariablePrefix + strings.ToUpper(p.Name) }

// VariablePrefix begins the names of such variables.
const VariablePrefix = "PHSCRIPT_PARAM_"

// Placeholder stands for its value in a usage line. It is "" for a boolean, whose flag needs
// no value.
func (p *Param) Placeholder() string {
	switch p.Type {
	case Boolean:
		return ""
	case Choice:
		if all := strings.Join(p.Choices, "|"); len(all) <= 40 {
			return all
		}
		return "CHOICE"
	case String:
		return "TEXT"
	}
	return strings.ToUpper(string(p.Type))
}

// Param returns the parameter with a name, or nil.
func (h *Header) Param(name string) *Param {
	if i := slices.IndexFunc(h.Params, func(p Param) bool { return p.Name == name }); i >= 0 {
		return &h.Params[i]
	}
	return nil
}

// ParamNames are the names of all parameters.
func (h *Header) ParamNames() (names []string) {
	for i := range h.Params {
		names = append(names, h.Params[i].Name)
	}
	return names
}

const paramHint = `write it as -- @param path:file "CSV to import", and after that default=VALUE, optional or secret`

// declared matches the name of a parameter, its type and what follows.
var declared = pattern.Lazy(`^([A-Za-z_][A-Za-z0-9_]*)(?:\s*:\s*([A-Za-z_]+)(?:\s*(\([^)]*\)))?)?(?:\s+(.*))?$`)

// longestName is how long the name of a parameter may be.
const longestName = 64

// param reads a parameter: NAME:TYPE "description" default=VALUE optional secret.
func (r *reader) param(c comment, text string) *Error {
	failed := func(format string, values ...any) *Error {
		return &Error{Message: "@param: " + fmt.Sprintf(format, values...), Hint: paramHint}
	}
	found := declared().FindStringSubmatch(text)
	if found == nil {
		if text == "" {
			return failed("the parameter has no name")
		}
		return failed("%q does not begin with a name of letters, digits and underscores, and a type after a colon", clip(text))
	}
	p := Param{Name: found[1], Type: String, Line: c.line}
	if len(p.Name) > longestName {
		return failed("the name has more than %d characters", longestName)
	}
	for i := range r.Params {
		if other := &r.Params[i]; other.Flag() == p.Flag() || other.Variable() == p.Variable() {
			return failed("%s is already on line %d", other.Name, other.Line)
		}
	}
	if found[2] != "" {
		p.Type = Type(found[2])
	}
	switch {
	case !slices.Contains(Types, string(p.Type)):
		near := catalog.Nearest(found[2], Types)
		if other := others[strings.ToLower(found[2])]; other != "" {
			near = []string{other}
		}
		return failed("%s: there is no type '%s'%s; the types are %s", p.Name, found[2], catalog.Aside(near), strings.Join(Types, ", "))
	case p.Type == Choice:
		for one := range strings.SplitSeq(strings.Trim(found[3], "()"), ",") {
			if one = unquoted(strings.TrimSpace(one)); one != "" && !slices.Contains(p.Choices, one) {
				p.Choices = append(p.Choices, one)
			}
		}
		if len(p.Choices) == 0 {
			return failed("%s: a choice names its values: %s:choice(eu, us)", p.Name, p.Name)
		}
	case found[3] != "":
		return failed("%s: only a choice has values in parentheses", p.Name)
	}
	words, err := split(found[4])
	if err != nil {
		return failed("%s: %v", p.Name, err)
	}
	if err := p.settings(words); err != nil {
		return failed("%s: %v", p.Name, err)
	}
	r.Params = append(r.Params, p)
	return nil
}

// word is a part of a line: a text in quotes, or up to the next white space.
type word struct {
	text, value string
	// quoted is set for a text in quotes, assigned for NAME=VALUE.
	quoted, assigned bool
}

// split splits a line at white space outside of quotes. Two dashes begin a comment.
func split(line string) (words []word, err error) {
	for line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--"); line = strings.TrimSpace(line) {
		var w word
		if end := strings.IndexAny(line, "=\"' \t"); end > 0 && line[end] == '=' {
			w.text, w.assigned, line = line[:end], true, line[end+1:]
		}
		var value string
		switch {
		case line != "" && (line[0] == '"' || line[0] == '\''):
			end := strings.IndexByte(line[1:], line[0])
			if end < 0 {
				return nil, fmt.Errorf("a quote (%c) is not closed", line[0])
			}
			value, line = line[1:end+1], line[end+2:]
			w.quoted = true
		default:
			end := strings.IndexAny(line, " \t")
			if end < 0 {
				end = len(line)
			}
			value, line = line[:end], line[end:]
		}
		if w.assigned {
			w.value = value
		} else {
			w.text = value
		}
		words = append(words, w)
	}
	return words, nil
}

// settings reads what follows the name and the type.
func (p *Param) settings(words []word) error {
	hasDefault := false
	for i, w := range words {
		switch {
		case w.quoted && !w.assigned && p.Doc == "" && i == 0:
			p.Doc = strings.TrimSpace(w.text)
		case w.assigned && w.text == "default" && !hasDefault:
			hasDefault, p.Written = true, w.value
		case !w.assigned && !w.quoted && w.text == "optional":
			p.Optional = true
		case !w.assigned && !w.quoted && w.text == "secret":
			p.Secret = true
		default:
			return unexpected(w, i)
		}
	}
	switch {
	case p.Secret && p.Type != String:
		return fmt.Errorf("only a string can be secret")
	case p.Secret && hasDefault:
		return fmt.Errorf("a secret has no default, because everybody who reads the script would see it")
	case p.Optional && hasDefault:
		return fmt.Errorf("with a default it is always optional; delete 'optional'")
	}
	if hasDefault {
		value, err := p.Parse(p.Written)
		if err != nil {
			return fmt.Errorf("the default %w", err)
		}
		p.Default = value
	}
	return nil
}

// unexpected is the error for a word that @param does not have there.
func unexpected(w word, at int) error {
	switch {
	case w.quoted && !w.assigned:
		return fmt.Errorf("put the description before the other settings, and only once")
	case w.text == "default":
		if w.assigned {
			return fmt.Errorf("there are two defaults")
		}
		return fmt.Errorf("write the default as default=VALUE")
	case at == 0 && !w.assigned && len(catalog.Nearest(w.text, []string{"optional", "secret"})) == 0:
		return fmt.Errorf("put the description in quotes")
	}
	return fmt.Errorf("unknown setting '%s'%s", clip(w.text), catalog.DidYouMean(w.text, []string{"default", "optional", "secret"}))
}

// unquoted removes quotes around a text.
func unquoted(text string) string {
	if n := len(text); n > 1 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	return text
}

// clip shortens a text for a message.
func clip(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}
