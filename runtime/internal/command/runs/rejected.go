package runs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/rejects"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

// storedRows is what a stored summary has of rejected rows.
type storedRows struct {
	Rows    []outcome.RejectedRow `json:"rejected_rows"`
	LeftOut int                   `json:"rejected_rows_left_out"`
}

func printRejected(env *environment.Env, o *options) error {
	return o.withRun(env, func(_ context.Context, _ *store.DB, r *history.Run) error {
		var stored storedRows
		if len(r.Summary) > 0 {
			if err := json.Unmarshal(r.Summary, &stored); err != nil {
				return fmt.Errorf("the summary of run %d: %w", r.ID, err)
			}
		}
		if r.Status == history.Running {
			return &usage.Error{Message: fmt.Sprintf("run %d is still running; its rejected rows are stored when it ends", r.ID), Hint: "'phscript runs show " + strconv.FormatInt(r.ID, 10) + "' says how many there are so far"}
		}
		if r.Rejected == history.Unknown || r.Rejected > 0 && len(stored.Rows) == 0 {
			return &usage.Error{Message: fmt.Sprintf("the rejected rows of run %d were not kept: it ended without a complete summary", r.ID), Hint: "'phscript runs show " + strconv.FormatInt(r.ID, 10) + "' says how it ended, and whether a disk was full"}
		}
		if len(stored.Rows) == 0 {
			return &usage.Error{Message: fmt.Sprintf("run %d has no rejected rows", r.ID), Hint: "'phscript runs list --status rejected' lists runs that have some"}
		}
		text, count, err := o.rejectedText(r.ID, stored)
		if err != nil {
			return err
		}
		if stored.LeftOut > 0 {
			fmt.Fprintf(env.Stderr, "the last %d rejected rows were not kept; run the script with --rejects to keep all\n", stored.LeftOut)
		}
		if o.file == "" {
			_, err = env.Stdout.Write(text)
			return err
		}
		switch err := printing.WriteNew(env.Path(o.file), text, 0o600); {
		case errors.Is(err, os.ErrExist):
			return &usage.Error{Message: o.file + " already exists", Hint: "name a new file; nothing is overwritten"}
		case err != nil:
			return &usage.Error{Message: err.Error()}
		}
		fmt.Fprintf(env.Stdout, "wrote %d rejected rows to %s\n", count, o.file)
		return nil
	})
}

// rejectedText writes rows as JSON or as the CSV of phscript run --rejects, and returns
// how many.
func (o *options) rejectedText(run int64, stored storedRows) ([]byte, int, error) {
	var out bytes.Buffer
	if o.json || strings.HasSuffix(o.file, ".json") {
		text, err := json.MarshalIndent(view.Rejected(run, stored.Rows, stored.LeftOut), "", "  ")
		return append(text, '\n'), len(stored.Rows), err
	}
	n, err := rejects.Write(&out, rejects.Of(stored.Rows))
	return out.Bytes(), n.Rows, err
}
