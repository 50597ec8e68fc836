package header

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/fault"
)

// ParamError is a parameter that is missing or wrong, or that the script does not have.
type ParamError struct {
	// Name is its name, Param is nil if the script does not have it. Line is that of the
	// header, 0 without one.
	Name          string
	Param         *Param
	Missing       bool
	Message, Hint string
}

func (e *ParamError) Error() string { return e.Message }

// ErrorHint says what to do.
func (e *ParamError) ErrorHint() string { return e.Hint }

// ExitCode returns fault.ExitUsage.
func (e *ParamError) ExitCode() int { return fault.ExitUsage }

// Bind returns parameters as a script gets them: converted to their types, and with defaults.
// Of given names that the header does not declare, those in strict are an error if the header
// declares any. A required parameter without a value is an error after all others.
func (h *Header) Bind(given map[string]json.RawMessage, strict []string) (map[string]json.RawMessage, *ParamError) {
	if len(h.Params) == 0 {
		return given, nil
	}
	for _, name := range strict {
		if _, ok := given[name]; ok && h.Param(name) == nil {
			return nil, h.unknown(name)
		}
	}
	bound := maps.Clone(given)
	if bound == nil {
		bound = map[string]json.RawMessage{}
	}
	var missing *Param
	for i := range h.Params {
		p := &h.Params[i]
		value, ok := given[p.Name]
		if ok && string(value) == "null" {
			delete(bound, p.Name)
			ok = false
		}
		switch {
		case ok:
			converted, err := p.Convert(value)
			if err != nil {
				return nil, p.Wrong(err)
			}
			bound[p.Name] = converted
		case p.Default != nil:
			bound[p.Name] = p.Default
		case !p.Optional && missing == nil:
			missing = p
		}
	}
	if missing != nil {
		return bound, missing.missing()
	}
	return bound, nil
}

// Wrong is the error for a value of the parameter.
func (p *Param) Wrong(err error) *ParamError {
	e := &ParamError{Name: p.Name, Param: p, Message: fmt.Sprintf("the parameter %s %v", p.Name, err)}
	if errors.Is(err, errShortSecret) {
		e.Hint = "give it the whole secret; if it is not one, remove the word secret from its @param"
	}
	return e
}

// Called is the parameter's name and what it is for.
func (p *Param) Called() string {
	if p.Doc == "" {
		return p.Name
	}
	return p.Name + " (" + p.Doc + ")"
}

func (p *Param) missing() *ParamError {
	e := &ParamError{Name: p.Name, Param: p, Missing: true, Message: "the script needs the parameter " + p.Called()}
	e.Hint = "give it a value: " + p.Flag() + " " + p.Placeholder() + " after the script, or --param " + p.Name + "=" + p.Placeholder()
	switch {
	case p.Type == Boolean:
		e.Hint = "give it a value: " + p.Flag() + " or " + p.Flag() + "=false after the script"
	case p.Secret:
		e.Hint = "set the environment variable " + p.Variable() + ", or run the script on a terminal, which asks for it"
	}
	return e
}

func (h *Header) unknown(name string) *ParamError {
	names := h.ParamNames()
	return &ParamError{
		Name: name, Message: "the script has no parameter '" + name + "'" + catalog.DidYouMean(name, names),
		Hint: "its parameters are: " + strings.Join(names, ", ") + "; declare others at the top of the script with -- @param",
	}
}

// Object returns values as a JSON object, nil if there are none.
func Object(values map[string]json.RawMessage) ([]byte, error) {
	if len(values) == 0 {
		return nil, nil
	}
	return json.Marshal(values)
}

// Secrets are the values of secret parameters.
func (h *Header) Secrets(bound map[string]json.RawMessage) (values []string) {
	for i := range h.Params {
		var text string
		if p := &h.Params[i]; p.Secret && json.Unmarshal(bound[p.Name], &text) == nil && text != "" {
			values = append(values, text)
		}
	}
	return values
}

// Hide replaces the values of secret parameters.
func (h *Header) Hide(bound map[string]json.RawMessage, replace func(value string) string) map[string]json.RawMessage {
	hidden := maps.Clone(bound)
	for i := range h.Params {
		if p := &h.Params[i]; p.Secret && hidden[p.Name] != nil {
			hidden[p.Name], _ = json.Marshal(replace(string(hidden[p.Name]))) // text is always valid
		}
	}
	return hidden
}

// FlagError is a mistake in flags of a script.
type FlagError struct{ Message, Hint string }

func (e *FlagError) Error() string { return e.Message }

// ErrorHint says what to do.
func (e *FlagError) ErrorHint() string { return e.Hint }

// ExitCode returns fault.ExitUsage.
func (e *FlagError) ExitCode() int { return fault.ExitUsage }

// Flags takes the flags of parameters out of a script's arguments. Those after -- stay, without
// the --. Without declared parameters, all arguments stay. known reports whether a flag that the
// script does not have means something to the caller: it stays, too. reserved reports whether
// taking a flag for the script's would be dangerous: it is an error.
func (h *Header) Flags(args []string, known, reserved func(flag string) bool) (values map[string]json.RawMessage, rest []string, err error) {
	if len(h.Params) == 0 {
		return nil, args, nil
	}
	values = map[string]json.RawMessage{}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return values, append(rest, args[i:]...), nil
		}
		name, value, assigned := strings.Cut(arg, "=")
		name, isFlag := strings.CutPrefix(name, "--")
		p := h.flag(name)
		switch {
		case !isFlag || p == nil && known(name):
			rest = append(rest, arg)
			continue
		case p == nil:
			return nil, nil, h.unknownFlag(name)
		case reserved(name):
			return nil, nil, Ambiguous(p)
		case assigned:
		case p.Type == Boolean:
			value = "true"
		case i+1 == len(args) || h.isFlag(args[i+1]):
			return nil, nil, &FlagError{p.Flag() + " has no value", "write " + p.Flag() + " " + p.Placeholder()}
		default:
			i++
			value = args[i]
		}
		parsed, err := p.Parse(value)
		if err != nil {
			return nil, nil, p.Wrong(err)
		}
		values[p.Name] = parsed
	}
	return values, rest, nil
}

// Ambiguous is the error for a flag that both the command and the script have.
func Ambiguous(p *Param) error {
	return &FlagError{p.Flag() + " is a flag of phscript and a parameter of the script",
		"for the script, write --param " + p.Name + "=VALUE; for phscript, put the flag before the script"}
}

// flag returns the parameter with a flag, or nil.
func (h *Header) flag(name string) *Param {
	for i := range h.Params {
		if p := &h.Params[i]; FlagName(name) == FlagName(p.Name) {
			return p
		}
	}
	return nil
}

func (h *Header) isFlag(arg string) bool {
	name, _, _ := strings.Cut(arg, "=")
	name, ok := strings.CutPrefix(name, "--")
	return ok && (name == "" || h.flag(name) != nil)
}

func (h *Header) unknownFlag(name string) error {
	var flags []string
	for i := range h.Params {
		flags = append(flags, h.Params[i].Flag())
	}
	return &FlagError{"the script has no flag --" + clip(name) + catalog.DidYouMean("--"+name, flags),
		"its flags are: " + strings.Join(flags, ", ") + "; to pass it as an argument, put -- before it"}
}

// Values reads a JSON object of parameters.
func Values(object []byte) (values map[string]json.RawMessage, err error) {
	if len(object) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(object, &values); err != nil {
		return nil, errors.New("the parameters are not a JSON object")
	}
	return values, nil
}

// Names are the names of values, sorted.
func Names(values map[string]json.RawMessage) []string { return slices.Sorted(maps.Keys(values)) }
