package bindings

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/reconcile"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat"
)

var syncResultShape = &Shape{
	Name: "SyncResult",
	Doc:  "What sync found and did.",
	Fields: append(slices.DeleteFunc(slices.Clone(bulkResultShape.Fields), func(f Field) bool { return f.Name == "ids" || f.Name == "outcomes" }),
		Field{Name: "changed", Type: "table<string, integer>", Required: true, Doc: "How many rows differed from their record, by property, such as `name` or `custom.Tier`."},
		Field{Name: "changes", Type: "RowChange[]?", Doc: "The rows that differed from their record, in the order of the input. For rows of an iterator, only with `keys = true`."},
		Field{Name: "missing", Type: "MissingRecord[]?", Doc: "The records that have a key but no row, unless `missing` is `ignore`."},
		Field{Name: "archived", Type: "integer", Required: true, Doc: "How many of these were archived."},
		Field{Name: "adopted", Type: "integer?", Doc: "How many rows found a record without a key by the option `match` of `sync_target`, and gave it theirs."},
		Field{Name: "shared", Type: "integer?", Doc: "How many rows found a record with the key of another system by it, which keeps its key and its company."},
		Field{Name: "links", Type: "table<string, string>?", Doc: "What `learn` takes in later runs for the keys of such rows, if it has changed."},
	),
}

var rowChangeShape = &Shape{
	Name: "RowChange",
	Doc:  "A row that differed from its record.",
	Fields: []Field{
		{Name: "index", Type: "integer", Required: true, Doc: "Its position in the input, counted from 1."},
		{Name: "_id", Type: "string", Required: true, Doc: "The record's `_id`."},
		{Name: "key", Type: "string", Required: true, Doc: "The value by which the row found the record."},
		{Name: "fields", Type: "string[]", Required: true, Doc: "The properties that differed. Empty if several records have the key."},
	},
}

var missingRecordShape = &Shape{
	Name: "MissingRecord",
	Doc:  "A record that has a key but no row.",
	Fields: []Field{
		{Name: "_id", Type: "string", Required: true, Doc: "The record's `_id`."},
		{Name: "key", Type: "string", Required: true, Doc: "The value of the property that says which record a row is."},
	},
}

func (b binding) sync() *Func {
	keys := reconcile.Keys(b.model)
	missing := "What happens to records that have the key but no row: `ignore` them, `report` them in `result.missing`"
	if reconcile.ArchivedBy(b.model) != "" {
		missing += ", or `archive` them as well. Nothing is archived if there are no rows, if a row has no key, if a request failed, or if more records are missing than `max_missing` allows"
	}
	limit := []Field{{Name: "max_missing", Type: "number", Doc: "With `missing = \"archive\"`, the share of the records with a key that may be missing, from 0 to 1. If more are, nothing is archived, with a warning. Default: 0.05.", Number: refusedShare}}
	if reconcile.ArchivedBy(b.model) == "" {
		limit = nil
	}
	fields := slices.Concat([]Field{
		{Name: "key", Type: "string", Doc: "The property that says which record a row is: `" + strings.Join(keys, "`, `") + "`. Default: `" + reconcile.DefaultKey(b.model) + "`.", Values: keys},
		{Name: "fields", Type: "string[]", Doc: "The properties to compare, such as `{ \"name\", \"custom.Tier\" }`. Default: all that a row has. Name them if the rows come from an iterator, so that only these are read."},
		{Name: "only_changed", Type: "boolean", Doc: "Send only rows that are new or differ from their record. Default: true."},
		{Name: "missing", Type: "string", Doc: missing + ". Default: `ignore`.", Text: b.refusedMissing},
	}, limit, bulkOptionFields)
	return &Func{
		Name: "sync",
		Doc: "Makes records agree with rows: reads the records, compares, and sends only rows that are new or differ, as `bulk_upsert` does. " +
			"A second run sends nothing." +
			"\n\nValues are compared by what they mean: 1 and 1.0 are equal, as are the forms of a date, a reference such as `extid-a-17` and the `_id` of its record, and null, an empty text and an absent property. " +
			"Each field of `custom` is compared for itself. Properties that a row does not have are not compared and stay as they are.",
		Params: []Param{
			{Name: "rows", Type: b.typ() + "[]|fun(): " + b.typ() + "?", Doc: "The rows: a list, or an iterator."},
			{Name: "options", Type: "table", Optional: true, Doc: "How to compare and send them.", Fields: fields},
		},
		Returns: []Return{{Type: "SyncResult", Doc: "What was created, updated, unchanged and missing."}},
		Errors:  bulkErrors,
		Example: "local result = " + b.lua("sync({ { "+b.exampleRow()+" } }, { missing = \"report\" })") + "\nlog.info(\"done\", { created = result.created, updated = result.updated, missing = #result.missing })",
		Source:  "§6 Bulk upsert",
		Lazy:    true,
		Call:    b.reconcile,
	}
}

var syncTargetShape = &Shape{
	Name: "SyncTarget",
	Doc:  "Records that rows are compared with in several calls.",
	Fields: []Field{
		{Name: "send", Type: "fun(self, rows: table[], options: table?): SyncResult", Required: true, Doc: "Compares a list of rows with the records and with the rows of earlier calls, and sends those that differ or are new. The options are those of `bulk_upsert`."},
		{Name: "missing", Type: "fun(self, owned: table?): MissingRecord[]", Required: true, Doc: "Returns the records that have a key, are not archived, and had no row so far. `prefix` limits them to keys that begin with a text, `with` to records with these values, `known` to keys that `learn` or a row named."},
		{Name: "learn", Type: "fun(self, known: table<string, string>)", Required: true, Doc: "With `match`, tells what earlier runs knew of keys: `\"\"` if the rows' own system gave a record this key, or else the text of `links`."},
		{Name: "find", Type: "fun(self, key: string): MissingRecord?", Required: true, Doc: "Returns the record with a key, unless it is archived."},
		{Name: "keep", Type: "fun(self, key: string)", Required: true, Doc: "Notes that the record with a key is there although no row was sent for it, so it is not missing."},
		{Name: "known", Type: "fun(self): integer", Required: true, Doc: "Returns how many records have a key and are not archived."},
		{Name: "archives", Type: "boolean", Required: true, Doc: "Whether Planhat archives records of the model."},
		{Name: "archive", Type: "fun(self, records: MissingRecord[], archived: boolean?): BulkResult", Required: true, Doc: "Archives records; with false, takes them out of the archive."},
	},
}

func (b binding) syncTarget() *Func {
	keys := reconcile.Keys(b.model)
	return &Func{
		Name: "sync_target",
		Doc: "Reads the records, to compare rows with them in several calls. Use it in place of `sync` when the rows arrive in parts and you save " +
			"how far you got after each part.",
		Params: []Param{{Name: "options", Type: "table", Doc: "What to compare.", Fields: []Field{
			{Name: "key", Type: "string", Doc: "The property that says which record a row is: `" + strings.Join(keys, "`, `") + "`. Default: `" + reconcile.DefaultKey(b.model) + "`.", Values: keys},
			{Name: "fields", Type: "string[]", Required: true, Doc: "The properties to compare, such as `{ \"name\", \"custom.Tier\" }`. Only these are read."},
			{Name: "match", Type: "string", Doc: "A property of the rows by which those without a record with their key find one: an e-mail address, or a list of domains. A record without a key gets the row's key. A record with another one keeps it, and gets what it lacks. Default: none."},
			{Name: "prefix", Type: "string", Doc: "With `match`, how keys of the rows' own system begin."},
		}}},
		Returns: []Return{{Type: "SyncTarget", Doc: "The records."}},
		Errors:  listErrors,
		Example: "local target = " + b.lua("sync_target{ fields = { \""+b.exampleField()+"\" } }") + "\ntarget:send{ { " + b.exampleRow() + " } }",
		Source:  "§6 Bulk upsert",
		Call:    b.openTarget,
	}
}

// exampleField is a property that rows may have, other than a key.
func (b binding) exampleField() string {
	for _, p := range b.model.Properties {
		if !p.ReadOnly && !slices.Contains(b.model.Keyables.Bulk, p.Name) {
			return p.Name
		}
	}
	return "custom"
}

func (b binding) openTarget(a *Args) (int, error) {
	c, err := b.client(a)
	if err != nil {
		return 0, err
	}
	opt := a.Options(0)
	keys := reconcile.Keys(b.model)
	o := reconcile.Options{Key: cmp.Or(opt.String("key"), reconcile.DefaultKey(b.model)), Fields: opt.Strings("fields"), Remember: true, Companies: c.Company.Resource(),
		Match: reconcile.Matching{By: opt.String("match"), Prefix: opt.String("prefix")}}
	if !slices.Contains(keys, o.Key) {
		return 0, a.Errorf("option 'key' must be %s, not %s", english.WordSeries(keys, "or"), spec.Quote(o.Key))
	}
	if len(o.Fields) == 0 {
		return 0, a.Errorf("option 'fields' is empty: name the properties that rows have")
	}
	o.Read = o.Fields
	target, err := reconcile.Open(a.Context(), c.Resource(b.model), o)
	if err != nil {
		return 0, err
	}
	t := a.L.NewTable()
	for _, f := range b.targetFuncs(target) {
		t.RawSetString(f.Name, Method(a.L, a.Host, "target", f, t))
	}
	t.RawSetString("archives", lua.LBool(reconcile.ArchivedBy(b.model) != ""))
	return a.Push(t)
}

func (b binding) targetFuncs(target *reconcile.Target) []*Func {
	return []*Func{
		{
			Name: "send", Lazy: true, Params: []Param{{Name: "rows", Type: "table[]", Doc: "The rows."}, {Name: "options", Type: "table", Optional: true, Doc: "How to send them.", Fields: bulkOptionFields}},
			Call: func(a *Args) (int, error) {
				rows, err := newRowSource(a, b.model, a.Get(0))
				if err != nil {
					return 0, err
				}
				if rows.refs, err = b.references(a, a.Options(1)); err != nil {
					return 0, err
				}
				bulk, err := b.bulkOptions(a, 1, len(rows.list), true)
				if err != nil {
					return 0, err
				}
				ctx, err := retryFor(a, 1)
				if err != nil {
					return 0, err
				}
				result, err := target.Send(ctx, rows.seq, bulk)
				var failed *planhat.Error
				if rows.failed != nil && errors.As(err, &failed) {
					return 0, rows.fault(failed)
				}
				if err != nil {
					return 0, err
				}
				return a.Push(matchResult(a.L, result, syncResult(a.L, result, rows.list, reconcile.Options{Missing: reconcile.Ignore})))
			},
		},
		{
			Name: "learn", Params: []Param{{Name: "known", Type: "table", Doc: "What earlier runs knew, by key."}},
			Call: func(a *Args) (int, error) {
				a.Table(0).ForEach(func(key, link lua.LValue) { target.Learn(key.String(), lua.LVAsString(link)) })
				return 0, nil
			},
		},
		{
			Name: "missing", Params: []Param{{Name: "owned", Type: "table", Optional: true, Doc: "Which records may be missing.", Fields: []Field{
				{Name: "prefix", Type: "string", Doc: "How their keys begin."}, {Name: "with", Type: "table", Doc: "The values that they have, by property."},
				{Name: "known", Type: "boolean", Doc: "Only keys that `learn` or a row named."}}}},
			Call: func(a *Args) (int, error) {
				owned := reconcile.Owned{Prefix: a.Options(0).String("prefix"), Known: a.Options(0).Bool("known"), With: map[string][]byte{}}
				if with, ok := a.Options(0).Get("with").(*lua.LTable); ok {
					var err error
					with.ForEach(func(k, v lua.LValue) {
						text, bad := CodecOf(a.L).EncodeBytes(v, EncodeOptions{})
						err = cmp.Or(err, bad)
						owned.With[k.String()] = text
					})
					if err != nil {
						return 0, err
					}
				}
				missing := target.Missing(owned)
				list := a.L.CreateTable(len(missing), 0)
				CodecOf(a.L).MarkArray(list)
				for _, rec := range missing {
					list.Append(namedRecord(a.L, rec))
				}
				return a.Push(list)
			},
		},
		{
			Name: "find", Params: []Param{{Name: "key", Type: "string", Doc: "The key."}},
			Call: func(a *Args) (int, error) {
				rec, found := target.Find(a.String(0))
				if !found {
					return a.Push(lua.LNil)
				}
				return a.Push(namedRecord(a.L, rec))
			},
		},
		{
			Name: "keep", Params: []Param{{Name: "key", Type: "string", Doc: "The key."}},
			Call: func(a *Args) (int, error) {
				target.Keep(a.String(0))
				return 0, nil
			},
		},
		{Name: "known", Call: func(a *Args) (int, error) { return a.Push(lua.LNumber(target.Known())) }},
		{
			Name: "archive", Params: []Param{{Name: "records", Type: "table[]", Doc: "The records."}, {Name: "archived", Type: "boolean", Optional: true, Doc: "Whether they are archived afterwards. Default: true."}},
			Call: func(a *Args) (int, error) {
				if reconcile.ArchivedBy(b.model) == "" {
					return 0, a.Errorf("%s cannot be archived", b.model.Plural)
				}
				var records []reconcile.Record
				for i := 1; i <= a.Table(0).Len(); i++ {
					if t, ok := a.Table(0).RawGetInt(i).(*lua.LTable); ok {
						records = append(records, reconcile.Record{ID: lua.LVAsString(t.RawGetString("_id")), Key: lua.LVAsString(t.RawGetString("key"))})
					}
				}
				result, err := target.Archive(a.Context(), records, !a.Given(1) || lua.LVAsBool(a.Get(1)), planhat.BulkOptions{})
				if err != nil {
					return 0, err
				}
				return a.Push(bulkResult(a.L, result, nil))
			},
		},
	}
}

// namedRecord is a MissingRecord.
func namedRecord(L *lua.LState, of reconcile.Record) *lua.LTable {
	t := L.CreateTable(0, len(rowChangeShape.Fields))
	t.RawSetString("_id", lua.LString(of.ID))
	t.RawSetString("key", lua.LString(of.Key))
	return t
}

func refusedShare(n float64) error {
	if n >= 0 && n <= 1 {
		return nil
	}
	return fmt.Errorf("option 'max_missing' is a share from 0 to 1, such as 0.2, not %v", n)
}

// refusedMissing returns why sync cannot do something about missing records.
func (b binding) refusedMissing(what string) error {
	switch missing := reconcile.Missing(what); {
	case !slices.Contains([]reconcile.Missing{reconcile.Ignore, reconcile.Report, reconcile.Archive}, missing):
		return fmt.Errorf("option 'missing' must be \"ignore\", \"report\" or \"archive\", not %s", spec.Quote(what))
	case missing == reconcile.Archive && reconcile.ArchivedBy(b.model) == "":
		return fmt.Errorf("option 'missing': %s cannot be archived; use \"report\"", b.model.Plural)
	}
	return nil
}

func (b binding) syncOptions(a *Args, rows *rowSource) (reconcile.Options, error) {
	opt := a.Options(1)
	keys := reconcile.Keys(b.model)
	o := reconcile.Options{
		Key: reconcile.DefaultKey(b.model), Fields: opt.Strings("fields"), All: opt.Has("only_changed") && !opt.Bool("only_changed"),
		Missing: reconcile.Ignore, MaxMissing: 0.05,
	}
	if opt.Has("max_missing") {
		o.MaxMissing = float64(lua.LVAsNumber(opt.Get("max_missing")))
	}
	if err := refusedShare(o.MaxMissing); err != nil {
		return o, a.Errorf("%w", err)
	}
	if opt.Has("key") {
		o.Key = opt.String("key")
	}
	if !slices.Contains(keys, o.Key) {
		return o, a.Errorf("option 'key' must be %s, not %s", english.WordSeries(keys, "or"), spec.Quote(o.Key))
	}
	if opt.Has("missing") {
		o.Missing = reconcile.Missing(opt.String("missing"))
	}
	if err := b.refusedMissing(string(o.Missing)); err != nil {
		return o, a.Errorf("%w", err)
	}
	o.Read = o.Fields
	if len(o.Read) == 0 && rows.next == nil {
		o.Read = rows.names()
	}
	var err error
	o.Bulk, err = b.bulkOptions(a, 1, len(rows.list), rows.next == nil)
	o.Changes, o.Bulk.Keys = o.Bulk.Keys, false
	rows.first = cmp.Or(o.Bulk.ChunkRows, b.op.MaxItems)
	return o, err
}

// names returns the properties that the rows of a list have.
func (s *rowSource) names() []string {
	names := []string{}
	seen := make(map[lua.LString]bool)
	for _, v := range s.list {
		t, ok := v.(*lua.LTable)
		if !ok {
			continue
		}
		Fill(t)
		t.ForEach(func(k, _ lua.LValue) {
			if name, ok := k.(lua.LString); ok && !seen[name] {
				seen[name] = true
				names = append(names, string(name))
			}
		})
	}
	return names
}

func (b binding) reconcile(a *Args) (int, error) {
	c, err := b.client(a)
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
	o, err := b.syncOptions(a, rows)
	if err != nil {
		return 0, err
	}
	o.Companies = c.Company.Resource()
	ctx, err := retryFor(a, 1)
	if err != nil {
		return 0, err
	}
	if ctx, err = checkpointed(ctx, a, 1); err != nil {
		return 0, err
	}
	result, err := reconcile.Run(ctx, c.Resource(b.model), rows.seq, o)
	var failed *planhat.Error
	if rows.failed != nil && errors.As(err, &failed) {
		return 0, rows.fault(failed)
	}
	if err != nil {
		return 0, err
	}
	if result.Unsafe != "" {
		a.Host.Log.WarnOnce(a.Context(), b.model.Snake+" archive", "nothing was archived, because "+result.Unsafe)
	}
	if b.strict(a) && len(result.Errors) > 0 {
		return 0, rejection(b.model.Snake, b.op.Name, result.BulkResult)
	}
	return a.Push(syncResult(a.L, result, rows.list, o))
}
