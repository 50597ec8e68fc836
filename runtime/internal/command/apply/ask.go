package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/apply"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/fault"
)

// unconfirmed says that somebody has to confirm something first.
type unconfirmed struct{ message, hint string }

func (u *unconfirmed) Error() string     { return u.message }
func (u *unconfirmed) ErrorHint() string { return u.hint }
func (u *unconfirmed) ExitCode() int     { return fault.ExitNotConfirmed }

// confirm asks before deletes and many writes.
func (a *applying) confirm(ctx context.Context, left map[string]consent.Rows) error {
	a.looked()
	what := "the plan"
	if a.header.Undo != nil {
		what = "the undo"
	}
	w := consent.Work{What: what, Models: left}
	var files []string
	for _, f := range a.header.Files {
		files = append(files, a.env.Path(f.Name))
	}
	w.Empty = consent.Empty(files)
	if err := a.terms.Plan(ctx, w); err != nil {
		return err
	}
	return a.terms.Fields(ctx, what, a.report.Fields(), a.consent.Fields)
}

// shownRows is how many rows in doubt are shown.
const shownRows = 10

// decide asks about rows that an interrupted apply may have sent.
func (a *applying) decide(ctx context.Context, rows []string) (string, error) {
	if a.doubt != "" {
		return a.doubt, nil
	}
	a.looked()
	fmt.Fprintf(a.env.Stderr, "an earlier apply may have sent %s, and nothing shows whether it did:\n", english.Plural(len(rows), "row", ""))
	for i, row := range rows {
		if i == shownRows {
			fmt.Fprintf(a.env.Stderr, "  and %d more\n", len(rows)-i)
			break
		}
		fmt.Fprintf(a.env.Stderr, "  %s\n", a.host.Secrets.String(display.OneLine(row)))
	}
	if a.terms.Ask == nil {
		command := "apply"
		if a.undo != nil {
			command = "undo"
		}
		return "", &unconfirmed{"it is not known whether these rows were sent", "look in Planhat, then run " + command + " again with --in-doubt sent if they are there, or --in-doubt send if they are not"}
	}
	for ctx.Err() == nil {
		text, err := a.terms.Ask(ctx, "Look in Planhat. Were they sent? [sent: they are there; send: send them now; Enter: stop] ")
		if err != nil {
			return "", err
		}
		switch strings.ToLower(text) {
		case apply.Sent:
			return apply.Sent, nil
		case apply.Send:
			return apply.Send, nil
		case "":
			return "", &unconfirmed{"it is not known whether these rows were sent", ""}
		}
	}
	return "", context.Cause(ctx)
}
