package params

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/header"
)

// ask asks for the values that a script needs and nobody gave.
func ask(env *environment.Env, says *header.Header, values map[string]json.RawMessage) error {
	ctx, release := env.UntilInterrupted()
	defer release()
	for i := range says.Params {
		p := &says.Params[i]
		if _, given := values[p.Name]; given || !p.Required() {
			continue
		}
		value, err := askFor(ctx, env, p)
		if err != nil {
			return err
		}
		values[p.Name] = value
	}
	return nil
}

// askFor asks for one value until it is valid.
func askFor(ctx context.Context, env *environment.Env, p *header.Param) (json.RawMessage, error) {
	for {
		fmt.Fprint(env.Stderr, prompt(p))
		text, err := answer(ctx, env, p)
		if errors.Is(err, io.EOF) && ctx.Err() == nil {
			fmt.Fprintln(env.Stderr)
			return nil, &usage.Error{Message: "the script needs the parameter " + p.Called(), Hint: "run it again and enter a value"}
		}
		if err != nil {
			fmt.Fprintln(env.Stderr)
			return nil, cause(ctx, err)
		}
		value, err := p.Parse(text)
		if text == "" && p.Type != header.Boolean {
			err = errors.New("needs a value")
		}
		if err != nil {
			err = p.Wrong(err)
		} else if p.Type == header.File {
			err = missingFile(env, p, text)
		}
		if err == nil {
			return value, nil
		}
		fmt.Fprintln(env.Stderr, display.OneLine(err.Error()))
	}
}

// prompt asks for a value.
func prompt(p *header.Param) string {
	var notes []string
	if p.Doc != "" {
		notes = append(notes, p.Doc)
	}
	switch p.Type {
	case header.String:
	case header.Choice:
		notes = append(notes, strings.Join(p.Choices, ", "))
	case header.Boolean:
		notes = append(notes, "true or false")
	case header.Date:
		notes = append(notes, "YYYY-MM-DD")
	case header.Duration:
		notes = append(notes, "such as 30m")
	default:
		notes = append(notes, string(p.Type))
	}
	if p.Secret {
		notes = append(notes, "not shown")
	}
	if len(notes) == 0 {
		return p.Name + ": "
	}
	return display.OneLine(fmt.Sprintf("%s (%s): ", p.Name, strings.Join(notes, "; ")))
}

// answer reads what is typed.
func answer(ctx context.Context, env *environment.Env, p *header.Param) (string, error) {
	if p.Secret {
		text, err := env.ReadSecret(ctx)
		fmt.Fprintln(env.Stderr)
		return strings.TrimSpace(text), err
	}
	// One byte at a time: the rest is the script's input.
	var line []byte
	in := env.Typed(ctx)
	for one := make([]byte, 1); ; {
		n, err := in.Read(one)
		if n > 0 && one[0] == '\n' {
			return strings.TrimSpace(string(line)), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			return "", err
		}
	}
}
