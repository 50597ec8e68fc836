package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/explain"
)

func simulatorModule() *bindings.Module {
	return &bindings.Module{
		Name: "simulator",
		Doc: "The simulated Planhat of the running test. Fill it, look into it, and make it fail. Each test starts with an " +
			"empty one that allows everything. It has no quota, so scripts do not wait.",
		Funcs: slices.Concat(stored(), received(), misbehaving()),
		Records: []*bindings.Shape{
			{Name: "CallFilter", Doc: "Selects calls. Fields that you leave out match every call.", Fields: callFilter},
			{Name: "SimulatedCall", Doc: "A call that the simulated Planhat received.", Fields: callFields},
			{Name: "SimulatedWrite", Doc: "A write call, with what it sent.", Fields: append(slices.Clone(callFields),
				bindings.Field{Name: "body", Type: "any", Doc: "What was sent: a record, or the list of rows of a bulk call."})},
		},
	}
}

var callFilter = []bindings.Field{
	{Name: "model", Type: "string", Doc: "The model, such as `company`."},
	{Name: "operation", Type: "string", Doc: "The operation, such as `bulk_upsert`."},
	{Name: "method", Type: "string", Doc: "The HTTP method, such as `PUT`."},
	{Name: "status", Type: "integer", Doc: "The HTTP status of the answer."},
}

var callFields = []bindings.Field{
	{Name: "method", Type: "string", Doc: "The HTTP method."},
	{Name: "path", Type: "string", Doc: "The path, without the tenant token."},
	{Name: "query", Type: "string", Doc: "The query string, without `?`."},
	{Name: "model", Type: "string", Doc: "The model, such as `company`."},
	{Name: "operation", Type: "string", Doc: "The operation, such as `bulk_upsert`."},
	{Name: "rows", Type: "integer", Doc: "How many rows a bulk call sent; 1 for a single record."},
	{Name: "status", Type: "integer", Doc: "The HTTP status of the answer; 0 if the connection was cut."},
	{Name: "fault", Type: "string?", Doc: "The fault that affected the call."},
	{Name: "applied", Type: "boolean", Doc: "Whether the call took effect."},
}

// onServer adapts a function on the test's Planhat to a Call.
func onServer(call func(a *bindings.Args, w *environment, s *simulator.Server) (int, error)) func(*bindings.Args) (int, error) {
	return func(a *bindings.Args) (int, error) {
		w, err := running(a)
		if err != nil {
			return 0, err
		}
		s, err := w.planhat()
		if err != nil {
			return 0, err
		}
		return call(a, w, s)
	}
}

func modelArg(a *bindings.Args, i int, w *environment) (*catalog.Model, error) {
	var names []string
	for _, m := range slices.Concat(w.options.Models, catalog.Load().Models) {
		if m.Snake == a.String(i) {
			return m, nil
		}
		names = append(names, m.Snake)
	}
	return nil, a.Errorf("unknown model '%s'%s", a.String(i), catalog.Aside(explain.Likeliest(a.String(i), names)))
}

var modelParam = bindings.Param{Name: "model", Type: "string", Doc: "The model, such as `company`."}

// stored are the functions on records.
func stored() []*bindings.Func {
	return []*bindings.Func{
		{
			Name: "seed",
			Doc: "Stores records as given, including read-only properties, and fills in what is missing, such as `_id`. " +
				"It does not count as a call. Seed companies first; other records name theirs, such as `companyId = \"extid-a-1\"`.",
			Params:  []bindings.Param{modelParam, {Name: "records", Type: "table", Doc: "A list of records, or one record."}},
			Errors:  "When a record is invalid, or has a property that its model does not have. Put custom fields in `custom`.",
			Example: `simulator.seed("company", { { externalId = "a-1", name = "Acme" }, { externalId = "a-2", name = "Bolt" } })`,
			Call:    onServer(seed),
		},
		{
			Name:    "generate",
			Doc:     "Stores generated companies with contacts, licenses and so on. The same number always gives the same records, dated relative to the clock.",
			Params:  []bindings.Param{{Name: "companies", Type: "integer", Doc: "How many."}},
			Example: `simulator.generate(100)`,
			Call: onServer(func(a *bindings.Args, _ *environment, s *simulator.Server) (int, error) {
				s.Generate(a.Int(0))
				return 0, nil
			}),
		},
		{
			Name:    "load",
			Doc:     "Stores the records of a folder of fixtures, such as one that `phscript snapshot` wrote. It does not count as a call.",
			Params:  []bindings.Param{{Name: "folder", Type: "string", Doc: "The folder, relative to the folder of the test file."}},
			Errors:  "When the folder does not exist, or a file in it is invalid.",
			Example: `simulator.load("fixtures")`,
			Call:    onServer(load),
		},
		{
			Name:    "records",
			Doc:     "Returns all current records of a model. It does not count as a call.",
			Params:  []bindings.Param{modelParam},
			Returns: []bindings.Return{{Type: "table[]", Doc: "The records, oldest first."}},
			Errors:  "When the model is unknown.",
			Example: `expect(simulator.records("company")).to_have_length(0)`,
			Call: onServer(func(a *bindings.Args, w *environment, s *simulator.Server) (int, error) {
				m, err := modelArg(a, 0, w)
				if err != nil {
					return 0, err
				}
				list := a.L.NewTable()
				for _, text := range s.RecordsJSON(m.Snake) {
					v, err := bindings.CodecOf(a.L).DecodeBytes(text, bindings.DecodeOptions{})
					if err != nil {
						return 0, err
					}
					list.Append(v)
				}
				return a.Push(list)
			}),
		},
		{
			Name: "record",
			Doc:  "Returns one current record, or `nil`. It does not count as a call.",
			Params: []bindings.Param{modelParam,
				{Name: "id", Type: "string", Doc: "Its `_id`, or a key such as `extid-a-1`."}},
			Returns: []bindings.Return{{Type: "table|nil", Doc: "The record."}},
			Errors:  "When the model is unknown.",
			Example: `simulator.seed("company", { externalId = "a-1", name = "Acme" })
expect(simulator.record("company", "extid-a-1").name).to_equal("Acme")`,
			Call: onServer(func(a *bindings.Args, w *environment, s *simulator.Server) (int, error) {
				m, err := modelArg(a, 0, w)
				if err != nil {
					return 0, err
				}
				record := s.Record(m.Snake, a.String(1))
				if record == nil {
					return a.Push(lua.LNil)
				}
				return pushJSON(a, record)
			}),
		},
	}
}

// load stores the records of a folder.
func load(a *bindings.Args, w *environment, s *simulator.Server) (int, error) {
	folder := filepath.Join(w.dir, filepath.FromSlash(a.String(0)))
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return 0, a.Errorf("there is no folder %s beside the test file", a.String(0))
	}
	if err := s.Load(os.DirFS(folder)); err != nil {
		return 0, a.Errorf("%s: %v", a.String(0), err)
	}
	return 0, nil
}

// seed stores a list of records, or one record.
func seed(a *bindings.Args, w *environment, s *simulator.Server) (int, error) {
	m, err := modelArg(a, 0, w)
	if err != nil {
		return 0, err
	}
	records := a.Table(1)
	if first, _ := records.Next(lua.LNil); first == lua.LNil {
		return 0, nil
	}
	if records.Len() == 0 {
		list := a.L.NewTable()
		list.Append(records)
		records = list
	}
	var all []json.RawMessage
	for i := 1; i <= records.Len(); i++ {
		text, err := bindings.CodecOf(a.L).EncodeBytes(records.RawGetInt(i), bindings.EncodeOptions{Model: m})
		if err != nil {
			return 0, a.Errorf("record %d: %v", i, err)
		}
		all = append(all, json.RawMessage(text))
	}
	text, err := json.Marshal(all)
	if err != nil {
		return 0, err
	}
	if err := s.PutJSON(m.Snake, text); err != nil {
		return 0, a.Errorf("%s", trimmed(err))
	}
	return 0, nil
}

func pushJSON(a *bindings.Args, v any) (int, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return 0, err
	}
	out, err := bindings.CodecOf(a.L).DecodeBytes(text, bindings.DecodeOptions{})
	if err != nil {
		return 0, fmt.Errorf("the result is not valid JSON: %w", err)
	}
	return a.Push(out)
}

// nothingRead says which models a test has read although its Planhat had no record of them,
// or returns "".
func (w *environment) nothingRead() string {
	w.mu.Lock()
	s := w.server
	w.mu.Unlock()
	if s == nil {
		return ""
	}
	read, written := map[string]bool{}, map[string]bool{}
	for _, c := range s.Calls() {
		switch {
		case c.Model == "" || c.Fault != "" || !c.Applied:
		case c.Method == http.MethodGet:
			read[c.Model] = true
		default:
			written[c.Model] = true
		}
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(read)) {
		if !written[name] && len(s.RecordsJSON(name)) == 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "the simulated Planhat of the test had no " + english.WordSeries(slices.Clone(names), "and") +
		" when the test read it; store records first: simulator.seed(\"" + names[0] + "\", { ... })"
}
