package bindings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/dustin/go-humanize"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// listFields describes the options of a list and the model's filters.
func (b binding) listFields() []Field {
	limit := b.op.Parameter("limit")
	fields := []Field{
		{Name: "select", Type: "string|string[]", Doc: "The properties to return. `_id` is always included. Default: all."},
		{Name: "sort", Type: "string", Doc: "The property to sort by, with `-` in front for descending order. Default: `_id`, which keeps pages from overlapping."},
		{Name: "limit", Type: "integer", Doc: "The maximum number of records in total. Default: all.", Number: refusedPaging("limit", 1)},
		{Name: "offset", Type: "integer", Doc: "How many records to skip. Default: 0.", Number: refusedPaging("offset", 0)},
		{Name: "page_size", Type: "integer", Doc: fmt.Sprintf("How many records per request. Default: %s, the most that Planhat allows here.", humanize.Comma(int64(limit.Max))), Number: refusedPaging("page_size", 1)},
	}
	for _, q := range b.op.Filters() {
		fields = append(fields, Field{Name: q.Name, Type: filterType(q.Type), Doc: sentence(q.Doc), Text: refusedFilter(q)})
	}
	return fields
}

func filterType(t catalog.Type) spec.Type {
	switch t {
	case catalog.Boolean:
		return "boolean"
	case catalog.Integer:
		return "integer"
	}
	return "string|string[]"
}

func (b binding) listOptions(opt Options) planhat.ListOptions {
	return planhat.ListOptions{
		Select: opt.Strings("select"), Sort: opt.String("sort"),
		Offset: opt.Int("offset"), Limit: opt.Int("limit"), PageSize: opt.Int("page_size"),
		Filter: b.filter(opt),
	}
}

// filter reads the model's query parameters; lists are joined by commas.
func (b binding) filter(opt Options) map[string]string {
	filter := make(map[string]string)
	for _, q := range b.op.Filters() {
		if !opt.Has(q.Name) {
			continue
		}
		if v, ok := opt.Get(q.Name).(lua.LBool); ok {
			filter[q.Name] = v.String()
			continue
		}
		filter[q.Name] = strings.Join(opt.Strings(q.Name), ",")
	}
	return filter
}

func (b binding) optionsParam() Param {
	return Param{Name: "options", Type: "table", Optional: true, Doc: "What to list.", Fields: b.listFields()}
}

// checkList rejects invalid paging, and warns of unknown properties in select
// and sort.
func (b binding) checkList(a *Args, opt Options) error {
	if err := checkPaging(a, opt); err != nil {
		return err
	}
	warn := func(option, property string) {
		if name, _, _ := strings.Cut(strings.TrimSpace(property), "."); name != "" && b.model.Property(name) == nil {
			unknownProperty(a, b.model, option, name, "the option '"+option+"' requests it anyway")
		}
	}
	for _, list := range opt.Strings("select") {
		for property := range strings.SplitSeq(list, ",") {
			warn("select", property)
		}
	}
	warn("sort", strings.TrimPrefix(opt.String("sort"), "-"))
	return nil
}

// checkPaging rejects numbers that are not positive.
func checkPaging(a *Args, opt Options) error {
	for name, least := range map[string]int{"limit": 1, "offset": 0, "page_size": 1} {
		if !opt.Has(name) {
			continue
		}
		if err := refusedPaging(name, least)(float64(lua.LVAsNumber(opt.Get(name)))); err != nil {
			return a.Errorf("%w", err)
		}
	}
	return nil
}

func refusedPaging(name string, least int) func(float64) error {
	return func(n float64) error {
		if int(n) < least {
			return fmt.Errorf("option '%s' must be a positive number, not %v", name, lua.LNumber(n))
		}
		return nil
	}
}

func (b binding) getList() *Func {
	return &Func{
		Name: "get_list",
		Doc: "Reads a list of records into a table: " + b.endpoint() + ". It reads all pages automatically. " +
			"For very many records, use `each`, which does not keep all of them in memory.",
		Params:  []Param{b.optionsParam()},
		Returns: []Return{{Type: b.typ() + "[]", Doc: "The records."}},
		Errors:  listErrors,
		Example: "local records = " + b.lua("get_list{ limit = 50 }") + "\nprint(#records)",
		Source:  "§5 Lists",
		Call:    b.list(b.pages),
	}
}

// openPages returns what opens the pages that a call asks for.
type openPages func(a *Args) (func(*planhat.Resource) *planhat.Pager, error)

func (b binding) pages(a *Args) (func(*planhat.Resource) *planhat.Pager, error) {
	opt := b.listOptions(a.Options(0))
	return func(r *planhat.Resource) *planhat.Pager { return r.Pages(opt) }, nil
}

func (b binding) pager(a *Args, open openPages) (*planhat.Pager, error) {
	pages, err := open(a)
	if err != nil {
		return nil, err
	}
	if err := b.checkList(a, a.Options(0)); err != nil {
		return nil, err
	}
	r, err := b.resource(a)
	if err != nil {
		return nil, err
	}
	return pages(r), nil
}

// list makes a function that returns all records. It requests pages while it decodes
// others.
func (b binding) list(open openPages) func(a *Args) (int, error) {
	return func(a *Args) (int, error) {
		pager, err := b.pager(a, open)
		if err != nil {
			return 0, err
		}
		ctx, cancel := context.WithCancel(a.Context())
		defer cancel()
		t := a.L.NewTable()
		for {
			records, err := waiting(a.Host, a.L, func() ([]planhat.Record, error) { return pager.Next(ctx) })
			if len(records) == 0 || err != nil {
				CodecOf(a.L).MarkArray(t)
				return a.give(t, err)
			}
			pager.Ahead(ctx)
			if err := appendRecords(a.L, t, records); err != nil {
				return 0, err
			}
		}
	}
}

func appendRecords(L *lua.LState, t *lua.LTable, records []planhat.Record) error {
	codec := CodecOf(L)
	for _, record := range records {
		v, err := codec.Record(record)
		if err != nil {
			return err
		}
		t.Append(v)
	}
	return nil
}

func (b binding) each() *Func {
	return &Func{
		Name: "each",
		Doc: "Returns an iterator over a list of records: " + b.endpoint() + ". Pages are read as the loop needs them, " +
			"the next one while it works on the last, and up to 8 at once if it is faster than Planhat. If you leave the loop with `break`, no more are read. `limit` is the total, `page_size` the number per request.",
		Params:  []Param{b.optionsParam()},
		Returns: []Return{{Type: "fun(): " + b.typ() + "?", Doc: "An iterator for `for`."}},
		Errors:  listErrors,
		Example: "for record in " + b.lua("each{ limit = 1000 }") + " do\n  print(record._id)\nend",
		Source:  "§5 Lists",
		Call:    b.iterate(b.pages),
	}
}

// errShared is the error of an iterator that another function of parallel.map waits for.
var errShared = errors.New("another function of parallel.map is reading from the same iterator, which a module cannot wait for while it is loaded; read the records before parallel.map")

// iterate makes a function that returns an iterator over records. After a tenth of
// a page, the next one is requested.
func (b binding) iterate(open openPages) func(a *Args) (int, error) {
	return func(a *Args) (int, error) {
		pager, err := b.pager(a, open)
		if err != nil {
			return 0, err
		}
		ctx := a.Context()
		codec := CodecOf(a.L)
		var records []planhat.Record
		aheadAt := 0
		var one sync.Mutex
		return a.Push(a.Host.Function(a.L, func(L *lua.LState) (int, error) {
			// Functions of parallel.map may share the iterator.
			locked := one.TryLock()
			if !locked {
				a.Host.Wait(L, func(turn Turn) {
					if locked = turn != nil; locked {
						one.Lock()
					}
				})
			}
			if !locked {
				return 0, errShared
			}
			defer one.Unlock()
			if len(records) == 0 {
				if records, err = waiting(a.Host, L, func() ([]planhat.Record, error) { return pager.Next(ctx) }); err != nil {
					return 0, err
				}
				aheadAt = len(records) - len(records)/10
			}
			if len(records) == 0 {
				L.Push(lua.LNil)
				return 1, nil
			}
			// A script may keep single records, which must not keep their page.
			v, err := codec.Record(bytes.Clone(records[0]))
			if err != nil {
				return 0, err
			}
			if records = records[1:]; len(records) == aheadAt {
				pager.Ahead(ctx)
			}
			L.Push(v)
			return 1, nil
		}))
	}
}

func (b binding) leanList() *Func {
	var fields []Field
	for _, q := range b.op.Query {
		doc := sentence(q.Doc)
		if doc == "" {
			doc = "Only companies with this `" + q.Name + "`."
		}
		fields = append(fields, Field{Name: q.Name, Type: "string", Doc: doc})
	}
	return &Func{
		Name:    "get_lean_list",
		Doc:     "Lists companies with only their ids and names: " + b.endpoint() + ". It makes a single request, so it is the fastest way to map your ids to Planhat's.",
		Params:  []Param{{Name: "options", Type: "table", Optional: true, Fields: fields, Doc: "Which companies to list. Default: all."}},
		Returns: []Return{{Type: b.typ() + "[]", Doc: "Records with `_id`, `name`, `externalId` and `sourceId`."}},
		Errors:  listErrors,
		Example: "local ids = {}\nfor _, c in ipairs(planhat.company.get_lean_list()) do\n  if c.externalId then ids[c.externalId] = c._id end\nend",
		Source:  "§5 Lists, lean companies",
		Call: func(a *Args) (int, error) {
			r, err := b.resource(a)
			if err != nil {
				return 0, err
			}
			opt := a.Options(0)
			filter := make(map[string]string)
			for _, q := range b.op.Query {
				if opt.Has(q.Name) {
					filter[q.Name] = opt.String(q.Name)
				}
			}
			ctx := a.Context()
			records, err := waiting(a.Host, a.L, func() ([]planhat.Record, error) { return r.GetLeanList(ctx, planhat.LeanOptions{Filter: filter}) })
			if err != nil {
				return 0, err
			}
			t := a.L.CreateTable(len(records), 0)
			CodecOf(a.L).MarkArray(t)
			return a.give(t, appendRecords(a.L, t, records))
		},
	}
}
