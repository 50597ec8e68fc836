package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// Consent are the flags of a command whose writes need consent.
type Consent struct {
	Yes         bool
	Confirm     string
	MaxDeletes  string
	EmptySource bool
	// Fields are the custom fields that may be deleted or get another type.
	Fields []string
}

// AddFlags adds the flags.
func (c *Consent) AddFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&c.Yes, "yes", false, "Go ahead without asking, except for deletes in a production profile")
	f.StringVar(&c.Confirm, "confirm", "", "Go ahead without asking, even for deletes in the production profile `NAME`")
	f.StringVar(&c.MaxDeletes, "max-deletes", "", "Stop before deleting more than `N` records, or N% of the known records of a model")
	f.BoolVar(&c.EmptySource, "allow-empty-source", false, "Allow deletes even if an input file has no data")
	usage.CompleteNothing(cmd, "confirm", "max-deletes")
}

// AddFields adds the flag that confirms changes of custom fields.
func (c *Consent) AddFields(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&c.Fields, "confirm-field", nil, "Confirm that the custom field `NAME` is deleted or gets another type, which changes the values in all records")
	usage.CompleteNothing(cmd, "confirm-field")
}

// Terms returns the terms of a command. simulated says that no record is real.
func (c *Consent) Terms(env *environment.Env, settings config.Config, simulated bool) (*consent.Terms, error) {
	t := &consent.Terms{
		Profile: Profile(settings), Yes: c.Yes, Confirm: c.Confirm, EmptySource: c.EmptySource,
		Simulated: simulated, ConfirmedFields: c.Fields,
	}
	_, t.Scheduled = env.Getenv(serve.RunVariable)
	if c.MaxDeletes != "" {
		limit, err := consent.ParseLimit(c.MaxDeletes)
		if err != nil {
			return nil, &usage.Error{Message: "--max-deletes: " + err.Error()}
		}
		t.Most = limit
	}
	if env.StdinTTY && env.StderrTTY && !t.Scheduled {
		t.Ask = func(ctx context.Context, question string) (string, error) { return asked(ctx, env, question) }
	}
	return t, nil
}

// UndoTerms returns the terms of an undo. It knows only the records of the run, so it does not take
// a share of deletes.
func (c *Consent) UndoTerms(env *environment.Env, settings config.Config, simulated bool) (*consent.Terms, error) {
	t, err := c.Terms(env, settings, simulated)
	if err == nil && t.Most.Share() {
		return nil, &usage.Error{
			Message: "an undo does not know how many records there are, so --max-deletes takes a number here, not " + t.Most.String(),
			Hint:    "give a number of records, such as --max-deletes 100",
		}
	}
	return t, err
}

// asked asks a question on the terminal. It reads no more than a line, since the script may
// read the next one.
func asked(ctx context.Context, env *environment.Env, question string) (string, error) {
	fmt.Fprint(env.Stderr, display.Text(question))
	var line []byte
	in := env.Typed(ctx)
	for b := make([]byte, 1); ; {
		n, err := in.Read(b)
		if line = append(line, b[:n]...); bytes.HasSuffix(line, []byte{'\n'}) {
			return strings.TrimSpace(string(line)), nil
		}
		if errors.Is(err, io.EOF) { // such as Ctrl-D
			fmt.Fprintln(env.Stderr)
			return strings.TrimSpace(string(line)), nil
		}
		if err != nil {
			return "", err
		}
	}
}

// beforeWrites returns what is asked before each write of a script: whether it has consent,
// if there are terms. Before the first one, the run gets its entry in the history.
func (h *Opened) beforeWrites(t *consent.Terms) func(context.Context, runtime.ConsentRequest) error {
	var running *consent.Running
	if t != nil {
		// allowGate has decided about what the profile allows, row by row.
		terms := *t
		terms.Profile.Allow = nil
		running = terms.Run("the script")
	}
	return func(ctx context.Context, w runtime.ConsentRequest) error {
		if running != nil {
			if err := running.Check(ctx, consent.Write{Model: w.Model, Rows: consent.Of(w.Method, w.Operation, w.Rows), Known: w.Known, Inputs: w.Inputs}); err != nil {
				return err
			}
			if err := confirmField(ctx, t, &w.Write); err != nil {
				return err
			}
		}
		h.entry.Load().Begin(ctx)
		return nil
	}
}
