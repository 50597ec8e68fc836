package runs

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// storedRows is what a stored summary has of rejected rows.
type storedRows struct {
	Rows    []outcome.RejectedRow `json:"rejected_rows"`
	LeftOut int                   `json:"rejected_rows_left_out"`
}

func printRejected(env *environment.Env, o *options) error {
	return o.withRun(env, func(r *history.Run) error {
		var stored storedRows
		if len(r.Summary) > 0 {
			if err := json.Unmarshal(r.Summary, &stored); err != nil {
				return fmt.Errorf("the summary of run %d: %w", r.ID, err)
			}
		}
		if len(stored.Rows) == 0 {
			return &usage.Error{Message: fmt.Sprintf("run %d has no rejected rows", r.ID), Hint: "'phscript runs list --status rejected' lists runs that have some"}
		}
		text, err := o.rejectedText(stored.Rows)
		if err != nil {
			return err
		}
		if stored.LeftOut > 0 {
			fmt.Fprintf(env.Stderr, "the last %d rejected rows were not kept; run the script with --summary to keep all\n", stored.LeftOut)
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
		fmt.Fprintf(env.Stdout, "wrote %d rejected rows to %s\n", len(stored.Rows), o.file)
		return nil
	})
}

// rejectedText writes rows as JSON or CSV. The CSV has the row's own properties
// as further columns, so that it can be mended and imported again.
func (o *options) rejectedText(rows []outcome.RejectedRow) ([]byte, error) {
	var out bytes.Buffer
	if o.json || strings.HasSuffix(o.file, ".json") {
		text, err := json.MarshalIndent(rows, "", "  ")
		return append(text, '\n'), err
	}
	data := make([]map[string]json.RawMessage, len(rows))
	columns := map[string]bool{}
	for i, row := range rows {
		_ = json.Unmarshal(row.Data, &data[i])
		for name := range data[i] {
			columns[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(columns))
	w := csv.NewWriter(&out)
	head := []string{"_model", "_operation", "_row", "_key", "_kind", "_message"}
	if err := w.Write(append(head, names...)); err != nil {
		return nil, err
	}
	for i, row := range rows {
		fields := []string{row.Model, row.Operation, strconv.Itoa(row.Row), row.Key, row.Kind, row.Message}
		for _, name := range names {
			value := string(data[i][name])
			var text string
			if json.Unmarshal(data[i][name], &text) == nil {
				value = text
			}
			fields = append(fields, value)
		}
		if err := w.Write(fields); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}
