package bindings

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/reconcile"
	"github.com/phscript/phscript/planhat"
)

var bulkResultShape = &Shape{
	Name: "BulkResult",
	Doc:  "What happened to the rows of a bulk call.",
	Fields: []Field{
		{Name: "rows", Type: "integer", Required: true, Doc: "How many rows you passed."},
		{Name: "created", Type: "integer", Required: true, Doc: "How many records were created."},
		{Name: "updated", Type: "integer", Required: true, Doc: "How many records were updated."},
		{Name: "unchanged", Type: "integer", Required: true, Doc: "How many records already had these values."},
		{Name: "rejected", Type: "integer", Required: true, Doc: "How many rows were rejected: `#result.errors`."},
		{Name: "errors", Type: "RowError[]", Required: true, Doc: "The rejected rows, in the order of the input."},
		{Name: "uncertain_outcome", Type: "integer", Required: true, Doc: "How many rows are stored without it being known whether they were created, updated or unchanged: the response to their request was lost, and its repetition found them unchanged."},
		{Name: "outcomes", Type: "table<integer, string>?", Doc: "What happened to each row, by its position in the input: `created`, `updated`, `unchanged`, `uncertain` (it is not known whether it is stored, or how), `rejected` or `planned`; nil if the response does not say. For rows of an iterator, only with `keys = true`."},
		{Name: "ids", Type: "table<integer, string>?", Doc: "`_id` by the row's position, if the response includes it. For rows of an iterator, only with `keys = true`."},
		{Name: "unmatched_ids", Type: "string[]?", Doc: "The `_id` of each new record that the response does not tie to a row, because several rows have no key. Where there is `ids`."},
		{Name: "planned", Type: "integer", Required: true, Doc: "How many rows a dry run withheld. They are also in the other counts, as a real run would count them."},
		{Name: "chunks", Type: "integer", Required: true, Doc: "How many requests the rows were split into."},
		{Name: "failed_chunks", Type: "integer", Required: true, Doc: "How many of these requests got no usable response."},
	},
}

var rowErrorShape = &Shape{
	Name: "RowError",
	Doc:  "A rejected row.",
	Fields: []Field{
		{Name: "index", Type: "integer?", Doc: "Its position in the input, counted from 1; nil if the response does not say which row it means."},
		{Name: "row", Type: "table?", Doc: "The row as you passed it. Of an iterator, the row as it was sent."},
		{Name: "key", Type: "string?", Doc: "What identifies it, such as `externalId a-1`."},
		{Name: "message", Type: "string", Required: true, Doc: "What is wrong with it."},
		{Name: "kind", Type: "string", Required: true, Doc: "The kind of error, as in a PlanhatError."},
		{Name: "raw", Type: "any", Doc: "Planhat's own description of the error, if there is one."},
		{Name: "file", Type: "string?", Doc: "The file that the row was read from, if that is known; see `run.from`."},
		{Name: "line", Type: "integer?", Doc: "The line where it begins."},
		{Name: "uncertain", Type: "boolean", Required: true, Doc: "Whether it may have been stored anyway. Check before you send it again."},
	},
}

// bulkResult makes the Lua form of a result. rows, if not nil, are the script's
// own tables, which errors refer to.
func bulkResult(L *lua.LState, r *planhat.BulkResult, rows []lua.LValue) *lua.LTable {
	t := L.CreateTable(0, len(bulkResultShape.Fields))
	CodecOf(L).MarkResult(t)
	number := func(name string, n int) { t.RawSetString(name, lua.LNumber(n)) }
	number("rows", r.Rows)
	number("created", r.Created)
	number("updated", r.Updated)
	number("unchanged", r.Unchanged)
	number("uncertain_outcome", r.UncertainOutcome)
	number("rejected", len(r.Errors))
	t.RawSetString("errors", rowErrors(L, r.Errors, rows))
	if !r.Keyless {
		ids := L.CreateTable(0, len(r.Keys))
		for _, k := range r.Keys {
			ids.RawSetInt(k.Index+1, lua.LString(k.ID))
		}
		t.RawSetString("ids", ids)
		unmatched := L.CreateTable(len(r.Unmatched), 0)
		for i, id := range r.Unmatched {
			unmatched.RawSetInt(i+1, lua.LString(id))
		}
		CodecOf(L).MarkArray(unmatched)
		t.RawSetString("unmatched_ids", unmatched)
		t.RawSetString("outcomes", outcomes(L, r))
	}
	number("planned", r.Planned)
	number("chunks", r.Chunks)
	number("failed_chunks", r.FailedChunks)
	return t
}

func rowErrors(L *lua.LState, failed []planhat.RowError, rows []lua.LValue) *lua.LTable {
	codec := CodecOf(L)
	list := L.CreateTable(len(failed), 0)
	codec.MarkArray(list)
	for _, e := range failed {
		t := L.CreateTable(0, len(rowErrorShape.Fields))
		switch {
		case e.Index >= 0 && e.Index < len(rows):
			t.RawSetString("row", rows[e.Index])
		case len(e.Row) > 0:
			t.RawSetString("row", decodeLoosely(codec, e.Row))
		}
		if e.Index >= 0 {
			t.RawSetString("index", lua.LNumber(e.Index+1))
		}
		if e.Key != "" {
			t.RawSetString("key", lua.LString(e.Key))
		}
		t.RawSetString("message", lua.LString(e.Message))
		t.RawSetString("kind", lua.LString(e.Kind))
		if len(e.Raw) > 0 {
			t.RawSetString("raw", decodeLoosely(codec, e.Raw))
		}
		if at := e.Origin; at != nil && at.File != "" {
			t.RawSetString("file", lua.LString(at.File))
		}
		if at := e.Origin; at != nil && at.Line > 0 {
			t.RawSetString("line", lua.LNumber(at.Line))
		}
		t.RawSetString("uncertain", lua.LBool(e.Uncertain))
		list.Append(t)
	}
	return list
}

// decodeLoosely decodes JSON; anything else stays text.
func decodeLoosely(codec *Codec, raw planhat.Record) lua.LValue {
	v, err := codec.DecodeBytes(raw, DecodeOptions{Nulls: true})
	if err != nil {
		return lua.LString(raw)
	}
	return v
}

// The outcomes of a row, as result.outcomes names them.
const (
	outcomeCreated   = "created"
	outcomeUpdated   = "updated"
	outcomeUnchanged = "unchanged"
	outcomeUncertain = "uncertain"
	outcomeRejected  = "rejected"
	outcomePlanned   = "planned"
)

// outcomes makes the table of outcomes by row position. Planhat does not name
// every row; those it does not name are left out, unless the counts leave only
// one outcome for all of them.
func outcomes(L *lua.LState, r *planhat.BulkResult) *lua.LTable {
	of := make([]string, r.Rows)
	left := map[string]int{
		outcomeCreated: r.Created, outcomeUpdated: r.Updated, outcomeUnchanged: r.Unchanged, outcomeUncertain: r.UncertainOutcome,
		outcomePlanned: max(0, r.Planned-r.Created-r.Updated-r.Unchanged),
	}
	open := r.Rows
	settle := func(i int, outcome string) bool {
		if i < 0 || i >= len(of) || of[i] != "" {
			return false
		}
		of[i] = outcome
		open--
		return true
	}
	for _, e := range r.Errors {
		outcome := outcomeRejected
		if e.Uncertain {
			outcome = outcomeUncertain
		}
		settle(e.Index, outcome)
	}
	for _, k := range r.Keys {
		outcome := outcomeUpdated
		if k.Created {
			outcome = outcomeCreated
		}
		if settle(k.Index, outcome) {
			left[outcome]--
		}
	}
	rest := restOf(left, open)
	t := L.CreateTable(len(of), 0)
	for i, outcome := range of {
		if outcome == "" {
			outcome = rest
		}
		if outcome != "" {
			t.RawSetInt(i+1, lua.LString(outcome))
		}
	}
	return t
}

// restOf returns the one outcome that the counts leave for all open rows, or "".
func restOf(left map[string]int, open int) string {
	rest := ""
	for outcome, n := range left {
		switch {
		case n == 0:
		case n == open && rest == "":
			rest = outcome
		default:
			return ""
		}
	}
	return rest
}

// resultText says what happened to the rows of a bulk call, or what an export wrote.
func resultText(t *lua.LTable) string {
	if file := t.RawGetString("path"); file != lua.LNil { // of an export
		return fmt.Sprintf("%s: %s", lua.LVAsString(file), english.Plural(int(lua.LVAsNumber(t.RawGetString("rows"))), "row", ""))
	}
	count := func(name string) int { return int(lua.LVAsNumber(t.RawGetString(name))) }
	var parts []string
	for _, name := range []string{outcomeCreated, outcomeUpdated, outcomeUnchanged, outcomeRejected, outcomePlanned} {
		if n := count(name); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	if n := count("failed_chunks"); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d requests failed", n, count("chunks")))
	}
	text := english.Plural(count("rows"), "row", "")
	if len(parts) == 0 {
		return text
	}
	return text + ": " + strings.Join(parts, ", ")
}

// counts makes a table of counts by name.
func counts(L *lua.LState, of map[string]int) *lua.LTable {
	t := L.CreateTable(0, len(of))
	for name, n := range of {
		t.RawSetString(name, lua.LNumber(n))
	}
	return t
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

func syncResult(L *lua.LState, r *reconcile.Result, rows []lua.LValue, o reconcile.Options) *lua.LTable {
	t := bulkResult(L, r.BulkResult, rows)
	t.RawSetString("changed", counts(L, r.Changed))
	t.RawSetString("archived", lua.LNumber(r.Archived))
	if o.Missing != reconcile.Ignore {
		missing := L.CreateTable(len(r.Missing), 0)
		CodecOf(L).MarkArray(missing)
		for _, of := range r.Missing {
			missing.Append(namedRecord(L, of))
		}
		t.RawSetString("missing", missing)
	}
	if o.Changes {
		changes := L.CreateTable(len(r.Changes), 0)
		CodecOf(L).MarkArray(changes)
		for _, change := range r.Changes {
			row := namedRecord(L, change.Record)
			row.RawSetString("index", lua.LNumber(change.Index+1))
			fields := L.CreateTable(len(change.Fields), 0)
			CodecOf(L).MarkArray(fields)
			for _, name := range change.Fields {
				fields.Append(lua.LString(name))
			}
			row.RawSetString("fields", fields)
			changes.Append(row)
		}
		t.RawSetString("changes", changes)
	}
	return t
}

// matchResult adds to a result what rows found by another property than their key.
func matchResult(L *lua.LState, r *reconcile.Result, t *lua.LTable) *lua.LTable {
	t.RawSetString("adopted", lua.LNumber(r.Adopted))
	t.RawSetString("shared", lua.LNumber(r.Shared))
	links := L.CreateTable(0, len(r.Links))
	for key, link := range r.Links {
		links.RawSetString(key, lua.LString(link))
	}
	t.RawSetString("links", links)
	return t
}
