package pages

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/rejects"
	"github.com/phscript/phscript/runtime/internal/web"
)

// storedRows is what a stored summary has of rejected rows.
type storedRows struct {
	Rows    []outcome.RejectedRow `json:"rejected_rows"`
	LeftOut int                   `json:"rejected_rows_left_out"`
}

// rejected sends the rejected rows of a run as a file: as CSV that can be mended and imported
// again, or as JSON.
func (o Options) rejected(q *web.Request) error {
	r, err := o.runOf(q)
	if err != nil {
		return err
	}
	var stored storedRows
	if len(r.Summary) > 0 {
		if err := json.Unmarshal(r.Summary, &stored); err != nil {
			return fmt.Errorf("the summary of run %d: %w", r.ID, err)
		}
	}
	if len(stored.Rows) == 0 {
		return web.NotFound(fmt.Sprintf("list of rejected rows of run %d", r.ID))
	}
	var out bytes.Buffer
	kind, ending := "text/csv; charset=utf-8", "csv"
	if q.URL.Query().Get("as") == "json" {
		kind, ending = "application/json", "json"
		text, err := json.MarshalIndent(stored, "", "  ")
		if err != nil {
			return err
		}
		out.Write(append(text, '\n'))
	} else if _, err := rejects.Write(&out, rejects.Of(stored.Rows)); err != nil {
		return err
	}
	h := q.W.Header()
	h.Set("Content-Type", kind)
	// The name is made of the number alone, so nothing in it can lead elsewhere.
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="run-%d-rejected.%s"`, r.ID, ending))
	_, err = q.W.Write(out.Bytes())
	return err
}
