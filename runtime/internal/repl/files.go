package repl

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/compile"
)

// save writes the inputs that succeeded as a script.
func (p *Prompt) save(name string) bool {
	switch {
	case name == "":
		p.remark("name a file, such as :save work.lua")
		return false
	case len(p.done) == 0:
		p.remark("nothing to save yet")
		return false
	}
	script := "-- Saved from a session. Run it with: phscript run " + name + "\n\n" + strings.Join(p.statements(), "\n") + "\n"
	if secret := p.o.Secrets.String(script); secret != script {
		p.remark("not saved: an input contains a token, and tokens must not be saved in files")
		return false
	}
	err := p.o.Files.WriteFile(name, []byte(script), p.replace)
	switch {
	case errors.Is(err, fs.ErrExist):
		p.remark("%s already exists; :save! %s overwrites it", name, name)
		return false
	case err != nil:
		p.remark("cannot write %s: %s", name, plainFileError(err))
		return false
	}
	p.remark("%s saved to %s", english.Plural(len(p.done), "input", ""), name)
	if _, err := compile.Compile([]byte(script), name); err != nil {
		p.remark("edit it before you run it: %v", err)
	}
	return true
}

// done is an input that succeeded.
type done struct {
	text string
	// held is set if a dry run withheld one of its writes.
	held bool
}

// statements are the inputs as a script: an expression is printed, or kept as _
// if that is used later.
func (p *Prompt) statements() []string {
	var list []string
	for i, d := range p.done {
		input := d.text
		if d.held {
			list = append(list, "-- Withheld by the dry run:\n-- "+strings.ReplaceAll(input, "\n", "\n-- "))
			continue
		}
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
	several := len(compile.Expressions(expression)) > 1
	if kept && !several {
		return "_ = " + expression
	}
	// On the first line, # would start a line that Lua skips.
	if _, err := compile.Compile([]byte("\n"+expression), "input"); err == nil {
		return expression // a call
	}
	if several {
		return "print(" + expression + ")"
	}
	return "print(inspect(" + expression + "))"
}

// usesLast reports whether the first later input that names _ means the value
// of an earlier one.
func usesLast(later []done) bool {
	for _, d := range later {
		input := d.text
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

func (p *Prompt) load(name string) bool {
	if name == "" {
		p.remark("name a file, such as :load work.lua")
		return false
	}
	source, err := p.o.Files.ReadFile(name)
	if err != nil {
		p.remark("cannot read %s: %s", name, plainFileError(err))
		return false
	}
	return p.evalInput(runtime.Script{Name: name, Path: name, Source: source})
}

// plainFileError drops from a file's error what the message already says.
func plainFileError(err error) string {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no such file or folder"
	case errors.As(err, &path):
		return fmt.Sprint(path.Err)
	}
	return err.Error()
}
