package bindings

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/planhat"
)

// Rejections takes the rows that a script itself rejects.
type Rejections interface {
	Reject(row planhat.RowError)
}

// Events are the events of a webhook that a run handles. It is safe for concurrent use.
type Events interface {
	// List returns them in order.
	List(ctx context.Context) ([]Event, error)
	// Done notes that the script has handled one. It is not handed out again, also if the
	// run fails.
	Done(ctx context.Context, number int64) error
}

// Event is an event of another system.
type Event struct {
	// Number is its number in the store, and ID what the sender calls it.
	Number           int64
	ID, Webhook, Key string
	Method, Path     string
	Header           http.Header
	// Body is as it was sent, without compression.
	Body     []byte
	Received time.Time
	// Attempt counts the tries from 1. ReplayedBy says who has asked for it again.
	Attempt    int
	Replay     bool
	ReplayedBy string
}

// Outbox keeps messages to other systems until they are sent.
type Outbox interface {
	// Put stores a message. It reports false if it cannot, so the caller must send it.
	Put(ctx context.Context, m OutMessage) (bool, error)
}

// OutMessage is a message to another system, which is signed with a secret unless that is
// empty.
type OutMessage struct {
	ID, URL, Secret string
	Header          http.Header
	Body            []byte
}

type (
	// RejectedRow is a row of a file of rejected rows. csv reads such a file like the
	// files that its rows came from.
	RejectedRow = csvtext.Rejected
	// RejectedWriter writes a file of rejected rows.
	RejectedWriter = csvtext.RejectedWriter
)

// RejectedColumns are the columns of a file of rejected rows that come before the
// rows' own.
var RejectedColumns = csvtext.RejectedColumns

// RejectedCells and RejectedText are columns that only some of these files have, for rows
// that could not be read.
const (
	RejectedCells = csvtext.RejectedCells
	RejectedText  = csvtext.RejectedText
)

// ColumnName returns the name of a column without one, counted from 0.
func ColumnName(i int) string { return csvtext.ColumnName(i) }

// NewRejectedWriter writes the header of a file of rejected rows, whose own columns
// are given.
func NewRejectedWriter(to io.Writer, columns []string) (*RejectedWriter, error) {
	return csvtext.NewRejectedWriter(to, columns)
}

// UnguardedCell is a cell of a file of rejected rows without the ' that keeps spreadsheets from
// taking it for a formula.
func UnguardedCell(cell string) string { return csvtext.Unguarded(cell) }

// Run returns the module run, with which a script reports on its rows.
func Run() *Module {
	return &Module{
		Name: "run",
		Doc: "Reports rows that the script itself rejects. They count like those that Planhat rejects: in the summary, in the exit code, in " +
			"`phscript runs rejected`, and in the CSV file of `phscript run --rejects FILE`, which you can correct and read again with the same script.\n\n" +
			"    for row in csv.rows(args[1]) do\n" +
			"      if row.id then\n" +
			"        companies[#companies + 1] = run.from(row, { externalId = row.id, name = row.name })\n" +
			"      else\n" +
			"        run.reject(row, \"the account has no id\")\n" +
			"      end\n" +
			"    end",
		Funcs: []*Func{
			{
				Name: "reject",
				Doc: "Counts a row as rejected, and continues. If the row was read by `csv` or `json`, the report names its file and line. " +
					"Each call counts, but the file of `--rejects` has a row of a file once, with all reasons. Rows that Planhat rejects count without it.",
				Params: []Param{
					{Name: "row", Type: "table", Doc: "The row, preferably exactly as it was read."},
					{Name: "reason", Type: "string", Doc: "What is wrong with it."},
				},
				Errors:  "`partial`, with `--strict`. Also when the row cannot be written as JSON, such as one that holds a function.",
				Example: "run.reject({ id = \"A-1\" }, \"the account has no name\")",
				Call:    reject,
			},
			{
				Name: "from",
				Doc: "Records which row a record was made from, and returns the record. If Planhat then rejects the record, the report and the file of `--rejects` " +
					"have the row as it was read, with its file and line. Otherwise they have the record as it was sent.",
				Params: []Param{
					{Name: "row", Type: "table", Doc: "The row, such as one of `csv.rows`."},
					{Name: "record", Type: "table", Doc: "The record."},
				},
				Returns: []Return{{Type: "table", Doc: "The record."}},
				Example: "local row = csv.parse(\"id,name\\nA-1,Acme\\n\")[1]\n" +
					"planhat.company.bulk_upsert{ run.from(row, { externalId = row.id, name = row.name }) }",
				Call: func(a *Args) (int, error) {
					linkPlace(a.Table(0), a.Table(1))
					return a.Push(a.Table(1))
				},
			},
		},
	}
}

// reject is run.reject.
func reject(a *Args) (int, error) {
	row := a.Table(0)
	rejected := planhat.RowError{Index: -1, Key: keyOf(row), Message: strings.TrimSpace(a.String(1)), Kind: planhat.KindValidation}
	if rejected.Message == "" {
		return 0, a.Errorf("the reason is empty; say what is wrong with the row")
	}
	if at := originOf(a.L, row); at != nil {
		rejected.Row, at.Row = at.Row, nil
		rejected.Origin = at
	}
	if rejected.Row == nil {
		text, err := CodecOf(a.L).EncodeBytes(row, EncodeOptions{})
		if err != nil {
			return 0, a.Errorf("the row cannot be reported: %v", err)
		}
		rejected.Row = planhat.Record(text)
	}
	if frames := Stack(a.L); a.Host.Calling != nil && len(frames) > 0 {
		rejected.Caller = planhat.Caller{Script: frames[0].Script, Line: frames[0].Line}
	}
	a.Host.Rejects.Reject(rejected)
	if !a.Host.Strict {
		return 0, nil
	}
	return 0, &planhat.Error{
		Kind: planhat.KindPartial, Model: "run", Operation: "reject", Items: []planhat.RowError{rejected},
		Message: "the script rejected a row" + aside(rejected) + ": " + rejected.Message,
		Hint:    "without strict, the row is listed in the summary and the script continues",
	}
}

// keyOf returns what identifies a row for a reader, such as "externalId a-1", or "".
func keyOf(row *lua.LTable) string {
	for _, key := range []string{"_id", "sourceId", "externalId", "email", "id", "name"} {
		for k, v := row.Next(lua.LNil); k != lua.LNil; k, v = row.Next(k) {
			name, isName := k.(lua.LString)
			text := lua.LVAsString(v)
			if isName && strings.EqualFold(string(name), key) && strings.TrimSpace(text) != "" {
				return string(name) + " " + text
			}
		}
	}
	return ""
}

// aside names a row for a message: " (externalId a-1; accounts.csv, line 3)", or "".
func aside(row planhat.RowError) string {
	parts := []string{}
	for _, part := range []string{row.Key, row.Origin.String()} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, "; ") + ")"
}
