package bindings

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/bindings/internal/luajson"

	"github.com/dustin/go-humanize"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat"
)

var bulkOptionFields = []Field{
	{Name: "chunk_size", Type: "integer", Doc: "The maximum number of rows per request. Default: Planhat's limit. Requests are also split by size."},
	{Name: "strict", Type: "boolean", Doc: "Raise an error if a row is rejected. Default: false, or true with `--strict`."},
	retryForField,
	{Name: "progress", Type: "fun(done: integer, total: integer)", Doc: "Called after each request with the number of rows processed so far and the total."},
}

// retryForField is the option of calls that retryFor reads.
var retryForField = Field{Name: "retry_for", Type: "number|string", Doc: "How long to retry while Planhat does not respond, in seconds or as `10m`. Default: the setting `retry_for`, 15 minutes."}

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

type bulkCall func(r *planhat.Resource, ctx context.Context, rows []planhat.Record, opt planhat.BulkOptions) (*planhat.BulkResult, error)

func (b binding) bulkUpsert() *Func {
	return &Func{
		Name: "bulk_upsert",
		Doc: "Creates and updates many records: " + b.endpoint() + ". Each row is matched by the first of " + b.keys() +
			" that it has. A row that matches no record creates one." + b.required() +
			"\n\nRows are sent in order, at most " + humanize.Comma(int64(b.op.MaxItems)) + " per request. " +
			"A rejected row does not raise an error: it is listed in `result.errors` and counts in the run's summary and exit code.",
		Params: []Param{
			{Name: "rows", Type: b.typ() + "[]|fun(): " + b.typ() + "?", Doc: "The rows: a list, or an iterator such as `csv.rows(...)`."},
			bulkOptionsParam,
		},
		Returns: []Return{{Type: "BulkResult", Doc: "What happened to the rows."}},
		Errors:  bulkErrors,
		Example: "local result = " + b.lua("bulk_upsert{ { "+b.exampleRow()+" } }") + "\nlog.info(\"done\", { created = result.created, rejected = result.rejected })",
		Source:  "§6 Bulk upsert",
		Lazy:    true,
		Call:    func(a *Args) (int, error) { return b.bulk(a, (*planhat.Resource).BulkUpsert) },
	}
}

func (b binding) keys() string {
	return "`" + strings.Join(b.model.Keyables.Bulk, "`, `") + "`"
}

// bulk encodes all rows before it sends the first, so a row without a JSON form
// stops the call before anything changes.
func (b binding) bulk(a *Args, call bulkCall) (int, error) {
	r, err := b.resource(a)
	if err != nil {
		return 0, err
	}
	values, err := b.rows(a, a.Get(0))
	if err != nil {
		return 0, err
	}
	if len(values) == 0 {
		a.Host.Log.Write(a.Context(), slog.LevelInfo, spec.Qualify(b.model.Snake, b.op.Name)+" got no rows, so nothing was sent", nil)
	}
	records, err := b.encodeRows(a, values)
	if err != nil {
		return 0, err
	}
	opt, err := b.bulkOptions(a)
	if err != nil {
		return 0, err
	}
	ctx, err := retryFor(a, 1)
	if err != nil {
		return 0, err
	}
	result, err := call(r, a.located(ctx, values), records, opt)
	if err != nil {
		return 0, err
	}
	strict := a.Host.Strict
	if opt := a.Options(1); opt.Has("strict") {
		strict = opt.Bool("strict")
	}
	if strict && len(result.Errors) > 0 {
		return 0, rejection(b.model.Snake, b.op.Name, result)
	}
	return a.Push(bulkResult(a.L, result, values))
}

// rejection is the error of a strict call with rejected rows.
func rejection(model, operation string, r *planhat.BulkResult) error {
	first := r.Errors[0]
	where := "an unknown row"
	if first.Index >= 0 {
		where = fmt.Sprintf("row %d", first.Index+1)
	}
	where += aside(first)
	message := fmt.Sprintf("%d of %d rows were rejected; the first is %s: %s", len(r.Errors), r.Rows, where, first.Message)
	if len(r.Errors) == 1 {
		message = fmt.Sprintf("1 of %d rows was rejected, %s: %s", r.Rows, where, first.Message)
	}
	return &planhat.Error{
		Kind: planhat.KindPartial, Model: model, Operation: operation, Items: r.Errors, Result: r,
		Message: message,
		Hint:    "err.items lists them; without strict, they are in result.errors and the script continues",
	}
}

// rows reads the rows of a list or of an iterator.
func (b binding) rows(a *Args, v lua.LValue) ([]lua.LValue, error) {
	if next, ok := v.(*lua.LFunction); ok {
		return slices.Collect(drained(a.L, next)), nil
	}
	list := v.(*lua.LTable)
	Fill(list)
	if k, _ := luajson.AfterItems(list, list.Len()); k != lua.LNil {
		return nil, a.Errorf("'rows' must be a list of records, { {...}, {...} }; put a single record in a list")
	}
	return items(list), nil
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

func (b binding) encodeRows(a *Args, values []lua.LValue) ([]planhat.Record, error) {
	codec, doubts := CodecOf(a.L), doubts{a: a, model: b.model}
	opt := doubts.options()
	records := make([]planhat.Record, len(values))
	for i, v := range values {
		row, ok := v.(*lua.LTable)
		if !ok {
			return nil, a.Errorf("row %d must be a table, not %s; nothing was sent", i+1, describeValue(v))
		}
		doubts.row(row)
		raw, err := codec.EncodeBytes(v, opt)
		if err != nil {
			return nil, a.Errorf("row %d: %v; nothing was sent", i+1, err)
		}
		records[i] = planhat.Record(raw)
	}
	doubts.warn()
	return records, nil
}

func (b binding) bulkOptions(a *Args) (planhat.BulkOptions, error) {
	opt := a.Options(1)
	if opt.Has("chunk_size") && opt.Int("chunk_size") < 1 {
		return planhat.BulkOptions{}, a.Errorf("option 'chunk_size' must be at least 1, not %v", opt.Get("chunk_size"))
	}
	bulk := planhat.BulkOptions{ChunkRows: opt.Int("chunk_size")}
	if fn, ok := opt.Get("progress").(*lua.LFunction); ok {
		// The script's function runs between two requests, on the script's
		// own goroutine: bulk calls are made one at a time here.
		bulk.Progress = func(p planhat.BulkProgress) {
			if a.Context().Err() != nil {
				return
			}
			if _, err := a.Host.Call(a.L, fn, lua.LNumber(p.Rows), lua.LNumber(p.TotalRows)); err != nil {
				reason, _, _ := strings.Cut(err.Error(), "\n")
				a.Host.Log.WarnOnce(a.Context(), "progress", "the progress function failed: "+reason)
			}
		}
	}
	return bulk, nil
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
			result, err := r.Duplicate(a.Context(), texts(a.Get(0)))
			if err != nil {
				return 0, err
			}
			return a.Push(bulkResult(a.L, result, nil))
		},
	}
}
