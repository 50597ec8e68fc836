package bindings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/luajson"
	"github.com/phscript/phscript/bindings/internal/precheck"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

var bulkOptionFields = []Field{
	{Name: "chunk_size", Type: "integer", Doc: "The maximum number of rows per request. Default: Planhat's limit. Requests are also split by size.", Number: refusedChunk},
	{Name: "strict", Type: "boolean", Doc: "Raise an error if a row is rejected. Default: false, or true with `--strict`."},
	retryForField,
	checkpointField,
	{Name: "progress", Type: "fun(done: integer, total: integer?)", Doc: "Called after each request with the number of rows processed so far and the total. The total is nil while an iterator has more rows."},
	{Name: "check_references", Type: "boolean", Doc: "Whether to look for the records that rows refer to, such as their companies, and to reject rows whose record does not exist. The ids of each model that is referred to are listed once. References to the rows' own model are not checked. Default: false."},
	{Name: "keys", Type: "boolean", Doc: "Keep `ids` and `outcomes` of all rows in the result. Default: true for a list, false for an iterator."},
}

// retryForField is the option of calls that retryFor reads.
var retryForField = Field{Name: "retry_for", Type: "number|string", Doc: "How long to retry while Planhat does not respond, in seconds or as `10m`. Default: the setting `retry_for`, 15 minutes.", Text: refusedLength}

// retryFor returns the context of a call as its options in argument i say.
func retryFor(a *Args, i int) (context.Context, error) {
	switch v := a.Options(i).Get(retryForField.Name).(type) {
	case lua.LNumber:
		return planhat.WithRetryFor(a.Context(), time.Duration(float64(v)*float64(time.Second))), nil
	case lua.LString:
		span, err := calendar.ParseSpan(string(v))
		if err != nil {
			return nil, err
		}
		length, err := span.Length()
		return planhat.WithRetryFor(a.Context(), length), err
	default:
		return a.Context(), nil
	}
}

var bulkOptionsParam = Param{Name: "options", Type: "table", Optional: true, Doc: "How to send them.", Fields: bulkOptionFields}

type bulkCall func(r *planhat.Resource, ctx context.Context, rows iter.Seq2[planhat.Row, error], opt planhat.BulkOptions) (*planhat.BulkResult, error)

func (b binding) bulkUpsert() *Func {
	return &Func{
		Name: "bulk_upsert",
		Doc: "Creates and updates many records: " + b.endpoint() + ". Each row is matched by the first of " + b.keys() +
			" that it has. A row that matches no record creates one." + b.required() +
			"\n\nRows are sent in order, at most " + humanize.Comma(int64(b.op.MaxItems)) + " per request, while later ones are read. " +
			"A rejected row does not raise an error: it is listed in `result.errors` and counts in the run's summary and exit code.",
		Params: []Param{
			{Name: "rows", Type: b.typ() + "[]|fun(): " + b.typ() + "?", Doc: "The rows: a list, or an iterator such as `csv.rows(...)` or `each`, whose rows are sent while they are read."},
			bulkOptionsParam,
		},
		Returns: []Return{{Type: "BulkResult", Doc: "What happened to the rows."}},
		Errors:  bulkErrors,
		Example: "local result = " + b.lua("bulk_upsert{ { "+b.exampleRow()+" } }") + "\nlog.info(\"done\", { created = result.created, rejected = result.rejected })",
		Source:  "§6 Bulk upsert",
		Lazy:    true,
		Call:    func(a *Args) (int, error) { return b.bulk(a, (*planhat.Resource).BulkUpsertSeq) },
	}
}

func (b binding) keys() string {
	return "`" + strings.Join(b.model.Keyables.Bulk, "`, `") + "`"
}

// bulk sends rows while it reads them. A row without a JSON form stops the call: before
// anything changes if it is among those of the first request.
func (b binding) bulk(a *Args, call bulkCall) (int, error) {
	r, err := b.resource(a)
	if err != nil {
		return 0, err
	}
	rows, err := newRowSource(a, b.model, a.Get(0))
	if err != nil {
		return 0, err
	}
	if rows.refs, err = b.references(a, a.Options(1)); err != nil {
		return 0, err
	}
	opt, err := b.bulkOptions(a, 1, len(rows.list), rows.next == nil)
	if err != nil {
		return 0, err
	}
	rows.first = cmp.Or(opt.ChunkRows, b.op.MaxItems)
	ctx, err := retryFor(a, 1)
	if err != nil {
		return 0, err
	}
	if ctx, err = checkpointed(ctx, a, 1); err != nil {
		return 0, err
	}
	var result *planhat.BulkResult
	a.Host.Wait(a.L, func(turn Turn) {
		rows.turn = turn
		if progress := opt.Progress; progress != nil {
			opt.Progress = func(p planhat.BulkProgress) { turn.Take(func() { progress(p) }) }
		}
		result, err = call(r, ctx, rows.seq, opt)
		rows.turn = nil
	})
	var failed *planhat.Error
	if rows.failed != nil && errors.As(err, &failed) {
		return 0, rows.fault(failed)
	}
	if err != nil {
		return 0, err
	}
	if result.Rows == 0 {
		a.Host.Log.Write(a.Context(), slog.LevelInfo, spec.Qualify(b.model.Snake, b.op.Name)+" got no rows, so nothing was sent", nil)
	}
	if b.strict(a) && len(result.Errors) > 0 {
		return 0, rejection(b.model.Snake, b.op.Name, result)
	}
	return a.Push(bulkResult(a.L, result, rows.list))
}

// strict reports whether a rejected row is an error of the call.
func (b binding) strict(a *Args) bool {
	if opt := a.Options(1); opt.Has("strict") {
		return opt.Bool("strict")
	}
	return a.Host.Strict
}

// bulkOptions reads the options in argument i of a call. rows is how many rows it has, 0 if
// that is unknown, and keys whether their keys are kept unless an option says so.
func (b binding) bulkOptions(a *Args, i, rows int, keys bool) (planhat.BulkOptions, error) {
	opt := a.Options(i)
	if opt.Has("chunk_size") {
		if err := refusedChunk(float64(lua.LVAsNumber(opt.Get("chunk_size")))); err != nil {
			return planhat.BulkOptions{}, a.Errorf("%w", err)
		}
	}
	bulk := planhat.BulkOptions{ChunkRows: opt.Int("chunk_size"), Rows: rows, Keys: keys}
	if opt.Has("keys") {
		bulk.Keys = opt.Bool("keys")
	}
	if fn, ok := opt.Get("progress").(*lua.LFunction); ok {
		bulk.Progress = func(p planhat.BulkProgress) {
			if a.Context().Err() != nil {
				return
			}
			total := lua.LNil
			if p.TotalRows > 0 {
				total = lua.LNumber(p.TotalRows)
			}
			if _, err := a.Host.Call(a.L, fn, lua.LNumber(p.Rows), total); err != nil {
				reason, _, _ := strings.Cut(err.Error(), "\n")
				a.Host.Log.WarnOnce(a.Context(), "progress", "the progress function failed: "+reason)
			}
		}
	}
	return bulk, nil
}

func refusedChunk(n float64) error {
	if n < 1 {
		return fmt.Errorf("option 'chunk_size' must be at least 1, not %v", lua.LNumber(n))
	}
	return nil
}

func (b binding) duplicate() *Func {
	return &Func{
		Name:    "duplicate",
		Doc:     "Copies " + b.noun() + " or several: " + b.endpoint() + ". Planhat ignores ids that do not exist.",
		Params:  []Param{{Name: "ids", Type: "string|string[]", Doc: "The `_id`s."}},
		Returns: []Return{{Type: "BulkResult", Doc: "What was created."}},
		Errors:  writeErrors + " If the response to a copy is lost, it is not repeated: the call fails and says so.",
		Example: b.lua(`duplicate{ "67d08140557181002fd170dd" }`),
		Source:  "§11 Model oddities",
		Call: func(a *Args) (int, error) {
			r, err := b.resource(a)
			if err != nil {
				return 0, err
			}
			ctx, ids := a.Context(), texts(a.Get(0))
			result, err := waiting(a.Host, a.L, func() (*planhat.BulkResult, error) { return r.Duplicate(ctx, ids) })
			if err != nil {
				return 0, err
			}
			return a.Push(bulkResult(a.L, result, nil))
		},
	}
}

// rowSource passes the rows of a bulk call to the client, one after another. It runs
// on the script's goroutine, and uses the Lua state in its turn only.
type rowSource struct {
	a      *Args
	turn   Turn
	codec  *Codec
	doubts doubts
	opt    EncodeOptions
	// list are the rows of a list, next is the iterator of others.
	list []lua.LValue
	next *lua.LFunction
	// rows counts those that were read, first those that the first request may have, and
	// text is the JSON of the last one.
	rows  int
	first int
	text  []byte
	// failed is why the rows could not be read to the end; raised is the same if the
	// iterator raised it.
	failed error
	raised *lua.ApiError
	// wrong is why Planhat would reject the row that is being read. refs, if set, looks for
	// the records that rows refer to.
	wrong string
	refs  *precheck.References
}

// newRowSource reads rows from a list or from an iterator.
func newRowSource(a *Args, m *catalog.Model, v lua.LValue) (*rowSource, error) {
	s := &rowSource{a: a, codec: CodecOf(a.L), doubts: doubts{a: a, model: m}}
	s.opt = s.doubts.options()
	if m.Operation("bulk_upsert") != nil {
		s.rejectValues()
	}
	if next, ok := v.(*lua.LFunction); ok {
		s.next = next
		return s, nil
	}
	list := v.(*lua.LTable)
	Fill(list)
	if k, _ := luajson.AfterItems(list, list.Len()); k != lua.LNil {
		return nil, a.Errorf("'rows' must be a list of records, { {...}, {...} }; put a single record in a list")
	}
	s.list = items(list)
	return s, nil
}

// seq passes the rows. A row without a JSON form ends it with an error, as does an
// error of the iterator, which is kept.
func (s *rowSource) seq(yield func(planhat.Row, error) bool) {
	for more := true; more; {
		var row planhat.Row
		var err error
		s.turn.Take(func() { row, more, err = s.read() })
		if s.failed = err; more && (!yield(row, err) || err != nil) {
			break
		}
	}
	if s.failed == nil {
		s.turn.Take(s.doubts.warn)
	}
}

// read returns the next row of the script, if there is one more.
func (s *rowSource) read() (row planhat.Row, more bool, err error) {
	var v lua.LValue
	switch {
	case s.next != nil:
		v, err = s.pull()
	case s.rows < len(s.list):
		v = s.list[s.rows]
	default:
		return row, false, nil
	}
	if v == lua.LNil {
		return row, false, nil
	}
	if err == nil {
		s.rows++
		row, err = s.row(v)
	}
	return row, true, err
}

// pull calls the iterator. It leaves the stack of a call that failed as it is, so that
// the error can be raised again later with its traceback.
func (s *rowSource) pull() (row lua.LValue, err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		raised, ok := p.(*lua.ApiError)
		if !ok {
			panic(p)
		}
		s.raised, err = raised, raised
	}()
	s.a.L.Push(s.next)
	s.a.L.Call(0, 1)
	row = s.a.L.Get(-1)
	s.a.L.Pop(1)
	return row, nil
}

// row encodes a row.
func (s *rowSource) row(v lua.LValue) (planhat.Row, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return planhat.Row{}, fmt.Errorf("row %d must be a table, not %s", s.rows, describeValue(v))
	}
	s.wrong = s.doubts.row(t)
	// Once rows of a list are sent, all are accounted for, also at the end of the run.
	s.opt.Patient = s.next == nil && s.rows > s.first
	text, err := s.codec.AppendBytes(s.text[:0], t, s.opt)
	if err != nil {
		return planhat.Row{}, fmt.Errorf("row %d: %w", s.rows, err)
	}
	s.text = text
	if s.refs != nil && s.wrong == "" {
		ctx := s.a.Context()
		if s.wrong, err = waiting(s.a.Host, s.a.L, func() (string, error) { return s.refs.Missing(ctx, text) }); err != nil {
			return planhat.Row{}, fmt.Errorf("row %d: looking for the records that it refers to failed: %w", s.rows, err)
		}
	}
	row := planhat.Row{Record: text, Valid: true, Rejected: s.wrong}
	if at, known := placeOf(t); known {
		row.File, row.Line = at.file, at.line
		if at.row == nil && len(at.nulls) > 0 {
			at.row = t
		}
		if at.cells != nil || at.row != nil {
			row.Source = func() (source planhat.Record) {
				s.turn.Take(func() { source = at.source(s.a.L) })
				return source
			}
		}
	}
	return row, nil
}

// fault returns the error of a call that could not read its rows to the end, or raises
// the one that the iterator raised. It says what was sent before.
func (s *rowSource) fault(failed *planhat.Error) error {
	r := failed.Result
	sent := fmt.Sprintf("of the %d rows before it, %d were sent", r.Rows, r.Sent)
	if s.raised == nil {
		if r.Sent == 0 {
			sent = "nothing was sent"
		}
		return s.a.Errorf("%v; %s", s.failed, sent)
	}
	if r.Sent > 0 {
		sent = fmt.Sprintf(" (asked for row %d; %s)", r.Rows+1, sent)
		object := s.raised.Object
		if t, ok := object.(*lua.LTable); ok && ErrorFrom(object) != nil {
			t.RawSetString("message", lua.LString(lua.LVAsString(t.RawGetString("message"))+sent))
		} else if text, ok := object.(lua.LString); ok {
			s.raised.Object = text + lua.LString(sent)
		} else {
			s.a.Host.Log.WarnOnce(s.a.Context(), "rows", s.a.qualified()+": the iterator failed"+sent)
		}
	}
	panic(s.raised)
}

// drained returns what a script's iterator returns until nil. It does not catch
// errors.
func drained(L *lua.LState, next *lua.LFunction) iter.Seq[lua.LValue] {
	return func(yield func(lua.LValue) bool) {
		for {
			L.Push(next)
			L.Call(0, 1)
			row := L.Get(-1)
			L.Pop(1)
			if row == lua.LNil || !yield(row) {
				return
			}
		}
	}
}

// items returns the items of a list.
func items(list *lua.LTable) []lua.LValue {
	all := make([]lua.LValue, list.Len())
	for i := range all {
		all[i] = list.RawGetInt(i + 1)
	}
	return all
}
