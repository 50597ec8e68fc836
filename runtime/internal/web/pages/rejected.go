package pages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

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
// again, as a workbook, or as JSON.
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
	switch q.URL.Query().Get("as") {
	case "json":
		kind, ending = "application/json", "json"
		var text []byte
		text, err = json.MarshalIndent(stored, "", "  ")
		out.Write(append(text, '\n'))
	case "xlsx":
		kind, ending = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"
		if err = rejects.WriteWorkbook(&out, rejects.Of(stored.Rows)); err != nil {
			err = &web.Problem{Status: http.StatusUnprocessableEntity, Title: "The rows do not fit into a workbook", Text: err.Error() + ".", Hint: "Download them as CSV or JSON."}
		}
	default:
		_, err = rejects.Write(&out, rejects.Of(stored.Rows))
	}
	if err != nil {
		return err
	}
	h := q.W.Header()
	h.Set("Content-Type", kind)
	// The name is made of the number alone, so nothing in it can lead elsewhere.
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="run-%d-rejected.%s"`, r.ID, ending))
	_, err = q.W.Write(out.Bytes())
	return err
}
