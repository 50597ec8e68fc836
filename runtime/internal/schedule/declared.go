package schedule

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/header"
)

// CheckParams returns an error if the parameters of a schedule are not those that its script
// declares. set reports whether the service has a variable.
func CheckParams(d Definition, says *header.Header, set func(variable string) bool) error {
	if len(says.Params) == 0 {
		return nil
	}
	given, err := header.Values([]byte(d.Params.JSON()))
	if err != nil {
		return err
	}
	wrong := func(message, hint string) error {
		return &config.Error{Where: d.Source, Message: fmt.Sprintf("schedule '%s': params: %s", d.Name, message), Hint: hint}
	}
	all := *says
	all.Params = slices.Clone(says.Params)
	for i := range all.Params {
		p := &all.Params[i]
		_, ok := given[p.Name]
		switch {
		case ok && p.Secret:
			return wrong("the script declares '"+p.Name+"' as a secret, and parameters of schedules are kept in the history",
				"delete it, and set the environment variable "+p.Variable()+" of the service")
		case !ok && set(p.Variable()):
			p.Optional = true // the run reads it
		}
	}
	_, failed := all.Bind(given, header.Names(given))
	switch {
	case failed == nil:
		return nil
	case !failed.Missing:
		return wrong(failed.Message, failed.Hint)
	case failed.Param.Secret:
		return wrong(failed.Message, "set the environment variable "+failed.Param.Variable()+" of the service")
	}
	hint := "add it to the schedule, such as params = { " + failed.Name + " = " + example(failed.Param) + " }"
	if d.Source != "" && d.Source == d.Script {
		hint = "give it a default in the header, or move the schedule to phscript.toml, which can set params"
	}
	return wrong(failed.Message, hint)
}

// example is a value of a parameter in TOML.
func example(p *header.Param) string {
	switch p.Type {
	case header.Integer:
		return "10"
	case header.Number:
		return "0.5"
	case header.Boolean:
		return "true"
	case header.Date:
		return `"2026-01-31"`
	case header.Duration:
		return `"30m"`
	case header.File:
		return `"accounts.csv"`
	case header.Choice:
		return `"` + p.Choices[0] + `"`
	}
	return `"..."`
}

// DeclaredTwice returns an error for a script that phscript.toml schedules although its header
// does: it would run twice.
func DeclaredTwice(c config.Config, script string, says *header.Header) error {
	for _, s := range c.Schedules {
		if path.Clean(s.Script) == script && len(says.Schedules) > 0 {
			return &config.Error{
				Where:   fmt.Sprintf("%s:%d", script, says.Schedules[0].Line),
				Message: fmt.Sprintf("the script has its own @schedule, and schedule '%s' in %s runs it, too", s.Name, filepath.Base(c.File)),
				Hint:    "delete one of them",
			}
		}
	}
	return nil
}

// SameName returns the error for a second schedule with a name.
func SameName(d Definition, first Definition) error {
	hint := "give one of them another name"
	if d.Script == first.Script {
		hint = "delete one of them: both run " + d.Script
		if d.Params.JSON() != first.Params.JSON() || fmt.Sprint(d.Args) != fmt.Sprint(first.Args) {
			hint = "give one of them another name, if the script should run with both parameters"
		}
	}
	return &config.Error{Where: d.Source, Message: fmt.Sprintf("schedule '%s' is already defined in %s", d.Name, first.Source), Hint: hint}
}

// Alike lists schedules that run the same script in the same way.
func Alike(definitions []Definition) (list []string) {
	type way struct{ script, params, args, profile string }
	seen := map[way]string{}
	for _, d := range definitions {
		w := way{path.Clean(d.Script), d.Params.JSON(), fmt.Sprint(d.Args), d.Profile}
		if other := seen[w]; other != "" && d.Source != d.Script {
			list = append(list, fmt.Sprintf("schedules '%s' and '%s' run the same script, %s, with the same parameters; delete one of them unless both times are meant", other, d.Name, d.Script))
			continue
		}
		seen[w] = d.Name
	}
	return list
}

// CheckHeader returns an error if the header of a script is wrong.
func CheckHeader(name string, source []byte, models []*catalog.Model) error {
	says, err := header.Read(source)
	bad, wrong := errors.AsType[*header.Error](err)
	if !wrong {
		bad = says.CheckWrites(models)
	}
	if bad == nil {
		return nil
	}
	return &config.Error{Where: fmt.Sprintf("%s:%d", name, bad.Line), Message: bad.Message, Hint: bad.Hint}
}
