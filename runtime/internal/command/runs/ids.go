package runs

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/store"
)

// columns are those of the ids of a run.
var columns = []string{"model", "_id", "action", "key", "value", "line"}

// idRows returns the records that a set has changed, and how many of its changes are about none
// that is known.
func idRows(ctx context.Context, db *store.DB, set int64) (list [][]string, unknown int, err error) {
	const most = 1000
	for after := int64(0); ; {
		page, err := changes.Page(ctx, db, set, after, most)
		if err != nil || len(page) == 0 {
			return list, unknown, err
		}
		for i := range page {
			c := &page[i]
			switch {
			case c.State != changes.Done:
			case c.ID == "" || c.Action == plan.Send:
				unknown++
			default:
				row := []string{c.Model, c.ID, c.Action, "", "", ""}
				if c.KeyName != "_id" {
					row[3], row[4] = c.KeyName, c.KeyValue
				}
				if c.Line > 0 {
					row[5] = strconv.Itoa(c.Line)
				}
				list = append(list, row)
			}
		}
		after = page[len(page)-1].Seq
	}
}

func printIDs(env *environment.Env, o *options) error {
	return o.withRun(env, func(ctx context.Context, db *store.DB, r *history.Run) error {
		set, err := changes.OfRun(ctx, db, r.ID)
		if err != nil {
			return err
		}
		if set == nil || set.Forgotten {
			return &usage.Error{
				Message: fmt.Sprintf("no changes of run %d are recorded", r.ID),
				Hint:    "'phscript apply' and 'phscript run --undoable' record changes for 30 days; other runs record only deletes",
			}
		}
		list, unknown, err := idRows(ctx, db, set.ID)
		if err != nil {
			return err
		}
		if unknown > 0 {
			fmt.Fprintf(env.Stderr, "%s no id: metrics, activities, and new records whose ids Planhat did not return\n", english.Plural(unknown, "change has", "changes have"))
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		_ = w.Write(columns) // a buffer takes everything
		_ = w.WriteAll(list)
		if o.file == "" {
			_, err = env.Stdout.Write(out.Bytes())
			return err
		}
		switch err := printing.WriteNew(env.Path(o.file), out.Bytes(), 0o600); {
		case errors.Is(err, os.ErrExist):
			return &usage.Error{Message: o.file + " already exists", Hint: "name a new file; nothing is overwritten"}
		case err != nil:
			return &usage.Error{Message: err.Error()}
		}
		fmt.Fprintf(env.Stdout, "wrote the ids of %s to %s\n", english.Plural(len(list), "change", ""), o.file)
		return nil
	})
}
