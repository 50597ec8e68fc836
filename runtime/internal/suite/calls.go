package suite

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/simulator"
)

var filterParam = bindings.Param{
	Name: "filter", Type: "CallFilter", Optional: true, Fields: callFilter, Doc: "Which calls to select (default all).",
}

// selected returns the calls that the filter selects.
func selected(a *bindings.Args, s *simulator.Server) []simulator.Call {
	wanted := filterArg(a)
	return slices.DeleteFunc(s.Calls(), func(c simulator.Call) bool { return !wanted(c) })
}

func filterArg(a *bindings.Args) func(c simulator.Call) bool {
	o := a.Options(0)
	model, operation, method, status := o.String("model"), o.String("operation"), strings.ToUpper(o.String("method")), o.Int("status")
	return func(c simulator.Call) bool {
		return (model == "" || c.Model == model) && (operation == "" || c.Operation == operation) &&
			(method == "" || c.Method == method) && (!o.Has("status") || c.Status == status)
	}
}

func received() []*bindings.Func {
	return []*bindings.Func{
		{
			Name:    "calls",
			Doc:     "Returns the calls that Planhat received, oldest first; at most the last 10,000.",
			Params:  []bindings.Param{filterParam},
			Returns: []bindings.Return{{Type: "SimulatedCall[]", Doc: "The calls."}},
			Errors:  "When the filter has an unknown field.",
			Example: `planhat.company.get_list()
expect(simulator.calls{ model = "company" }[1].operation).to_equal("get_list")`,
			Call: onServer(func(a *bindings.Args, _ *environment, s *simulator.Server) (int, error) {
				list := a.L.NewTable()
				for _, c := range selected(a, s) {
					list.Append(callTable(a.L, c))
				}
				return a.Push(list)
			}),
		},
		{
			Name:    "call_count",
			Doc:     "Counts the calls that Planhat received.",
			Params:  []bindings.Param{filterParam},
			Returns: []bindings.Return{{Type: "integer", Doc: "The number of calls."}},
			Errors:  "When the filter has an unknown field.",
			Example: `expect(simulator.call_count{ method = "GET" }).to_equal(0)`,
			Call: onServer(func(a *bindings.Args, _ *environment, s *simulator.Server) (int, error) {
				return a.Push(lua.LNumber(len(selected(a, s))))
			}),
		},
		{
			Name:    "writes",
			Doc:     "Returns the write calls, oldest first, with what they sent.",
			Params:  []bindings.Param{filterParam},
			Returns: []bindings.Return{{Type: "SimulatedWrite[]", Doc: "The writes."}},
			Errors:  "When the filter has an unknown field.",
			Example: `planhat.company.create{ name = "Acme" }
local sent = simulator.writes()[1]
expect(sent.operation).to_equal("create")
expect(sent.body).to_equal({ name = "Acme" })`,
			Call: onServer(func(a *bindings.Args, w *environment, _ *simulator.Server) (int, error) {
				wanted, list := filterArg(a), a.L.NewTable()
				for _, one := range w.writes.all() {
					if !wanted(one.Call) {
						continue
					}
					t := callTable(a.L, one.Call)
					if len(one.body) > 0 {
						// A body that is not JSON is returned as it was sent.
						body, err := bindings.CodecOf(a.L).DecodeBytes(one.body, bindings.DecodeOptions{Nulls: true})
						if err != nil {
							body = lua.LString(one.body)
						}
						t.RawSetString("body", body)
					}
					list.Append(t)
				}
				return a.Push(list)
			}),
		},
	}
}

func callTable(L *lua.LState, c simulator.Call) *lua.LTable {
	t := L.NewTable()
	for name, value := range map[string]string{
		"method": c.Method, "path": c.Path, "query": c.Query, "model": c.Model, "operation": c.Operation, "fault": c.Fault,
	} {
		if value != "" {
			t.RawSetString(name, lua.LString(value))
		}
	}
	t.RawSetString("rows", lua.LNumber(c.Rows))
	t.RawSetString("status", lua.LNumber(c.Status))
	t.RawSetString("applied", lua.LBool(c.Applied))
	return t
}

// misbehaving are the functions that make Planhat refuse calls and fail.
func misbehaving() []*bindings.Func {
	permissions := bindings.Param{
		Name: "permissions", Type: "string", Optional: true,
		Doc: "One or more permissions: `company` is everything on a model; `company.read`, `company.create`, `company.update` and `company.delete` are one action on it; `*.delete` is one action on every model.",
	}
	permit := func(name, doc string, do func(s *simulator.Server, permissions ...string) error) *bindings.Func {
		return &bindings.Func{
			Name: name, Doc: doc, Params: []bindings.Param{permissions}, Variadic: true,
			Errors:  "When a permission is unknown.",
			Example: `simulator.` + name + `("company.create", "*.delete")`,
			Call: onServer(func(a *bindings.Args, _ *environment, s *simulator.Server) (int, error) {
				var list []string
				for i := range a.Len() {
					list = append(list, a.String(i))
				}
				if err := do(s, list...); err != nil {
					return 0, a.Errorf("%s", trimmed(err))
				}
				return 0, nil
			}),
		}
	}
	return []*bindings.Func{
		{
			Name:    "faults",
			Doc:     "Makes Planhat fail. Adds to the faults set before.\n\n```text\n" + simulator.FaultGrammar + "\n```",
			Params:  []bindings.Param{{Name: "faults", Type: "string", Doc: "The faults, such as `500:every=2` or `429:first=1,model=company`."}},
			Errors:  "When the text is invalid.",
			Example: `simulator.faults("500:first=1; reset-after:model=task,nth=2")`,
			Call: onServer(func(a *bindings.Args, w *environment, s *simulator.Server) (int, error) {
				faults, err := simulator.ParseFaults(a.String(0), w.options.Models...)
				if err != nil {
					return 0, a.Errorf("%s", trimmed(err))
				}
				if err := s.InjectFaults(faults...); err != nil {
					return 0, a.Errorf("%s", trimmed(err))
				}
				return 0, nil
			}),
		},
		{
			Name:    "clear_faults",
			Doc:     "Removes all faults.",
			Example: `simulator.clear_faults()`,
			Call: onServer(func(_ *bindings.Args, _ *environment, s *simulator.Server) (int, error) {
				s.ClearFaults()
				return 0, nil
			}),
		},
		permit("deny", "Removes permissions from the token. Calls that need them are refused.", (*simulator.Server).Deny),
		permit("allow", "Restores permissions that `simulator.deny` removed.", (*simulator.Server).Allow),
		{
			Name: "switches",
			Doc: "Chooses how Planhat behaves where its documentation does not say. `phscript simulate --help` lists the switches. " +
				"Call it at the start of a test, before Planhat is used.",
			Params:  []bindings.Param{{Name: "switches", Type: "string", Doc: "The switches, such as `name=value,name=value`."}},
			Errors:  "When a name or a value is unknown, or the test has already used Planhat.",
			Example: `simulator.switches("` + simulator.SwitchDocs()[0].Name + `=` + simulator.SwitchDocs()[0].Default + `")`,
			Call: func(a *bindings.Args) (int, error) {
				w, err := running(a)
				if err != nil {
					return 0, err
				}
				switches, err := simulator.ParseSwitches(a.String(0))
				if err != nil {
					return 0, a.Errorf("%s", trimmed(err))
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				if w.server != nil {
					return 0, a.Errorf("the test has already used Planhat; set switches at its start")
				}
				w.options.Switches = switches
				return 0, nil
			},
		},
	}
}

func trimmed(err error) string { return strings.TrimPrefix(err.Error(), "simulator: ") }
