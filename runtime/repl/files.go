package repl

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/compile"
)

// save writes the inputs that succeeded as a script.
func (p *Prompt) save(name string) bool {
	switch {
	case name == "":
		p.remark("save to which file? :save work.lua, for one")
		return false
	case len(p.done) == 0:
		p.remark("there is nothing to save yet")
		return false
	}
	script := "-- Saved from a session. Run it with: phscript run " + name + "\n\n" + strings.Join(p.statements(), "\n") + "\n"
	if secret := p.o.Secrets.String(script); secret != script {
		p.remark("not saved: an input holds a token, which belongs into no file")
		return false
	}
	err := p.o.Files.WriteFile(name, []byte(script), p.replace)
	switch {
	case errors.Is(err, fs.ErrExist):
		p.remark("%s is there already; :save! %s replaces it", name, name)
		return false
	case err != nil:
		p.remark("%s cannot be written: %v", name, err)
		return false
	}
	p.remark("%s saved to %s", counted(len(p.done), "input"), name)
	if _, err := compile.Compile([]byte(script), name); err != nil {
		p.remark("it needs a change before it runs: %v", err)
	}
	return true
}

// statements are the inputs as a script has them: an expression is printed, or
// kept as _ where that is used later.
func (p *Prompt) statements() []string {
	var list []string
	for i, input := range p.done {
		at := compile.ExpressionAt([]byte(input))
		if at < 0 {
			list = append(list, input)
			continue
		}
		before, expression := input[:at], strings.TrimSpace(input[at:])
		list = append(list, before+printed(expression, usesLast(p.done[i+1:])))
	}
	return list
}

// printed makes a statement of an expression.
func printed(expression string, kept bool) string {
	if strings.Contains(expression, "--") {
		expression += "\n"
	}
	if kept {
		return "_ = " + expression
	}
	if _, err := compile.Compile([]byte(expression), "input"); err == nil {
		return expression // a call
	}
	return "print(inspect(" + expression + "))"
}

// usesLast tells whether the first of some inputs that names _ means the value
// of an earlier one.
func usesLast(inputs []string) bool {
	for _, input := range inputs {
		for _, t := range compile.Tokens([]byte(input)) {
			if t.Kind == compile.Name && t.Text == "_" {
				return true
			}
		}
		if compile.ExpressionAt([]byte(input)) >= 0 {
			return false
		}
	}
	return false
}

// load runs a script in the session.
func (p *Prompt) load(name string) bool {
	if name == "" {
		p.remark("load which file? :load work.lua, for one")
		return false
	}
	source, err := p.o.Files.ReadFile(name)
	if err != nil {
		p.remark("%s cannot be read: %s", name, plainFileError(err))
		return false
	}
	return p.evalInput(runtime.Input{Name: name, Path: name, Source: source})
}

// plainFileError leaves out of a file's error what is said already.
func plainFileError(err error) string {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.As(err, &path):
		return fmt.Sprint(path.Err)
	}
	return err.Error()
}
