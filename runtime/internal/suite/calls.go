package suite

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/simulator"
)

var filterParam = bindings.Param{
	Name: "filter", Type: "CallFilter", Optional: true, Fields: callFilter, Doc: "Which calls are meant. Default: all.",
}

// filterArg reads argument 0.
func filterArg(a *bindings.Args) func(c simulator.Call) bool {
	o := a.Options(0)
	model, operation, method, status := o.String("model"), o.String("operation"), strings.ToUpper(o.String("method")), o.Int("status")
	return func(c simulator.Call) bool {
		return (model == "" || c.Model == model) && (operation == "" || c.Operation == operation) &&
			(method == "" || c.Method == method) && (!o.Has("status") || c.Status == status)
	}
}

// received are the functions about the calls that Planhat got.
func received() []*bindings.Func {
	return []*bindings.Func{
		{
			Name:    "calls",
			Doc:     "Returns the calls that were made, the oldest first: at most the last 10,000.",
			Params:  []bindings.Param{filterParam},
			Returns: []bindings.Return{{Type: "SimulatedCall[]", Doc: "The calls."}},
			Errors:  "When the filter has a field that is not known.",
			Example: `planhat.company.get_list()
expect(simulator.calls{ model = "company" }[1].operation).to_equal("get_list")`,
			Call: onServer(func(a *bindings.Args, _ *world, s *simulator.Server) (int, error) {
				wanted, list := filterArg(a), a.L.NewTable()
				for _, c := range s.Calls() {
					if wanted(c) {
						list.Append(callTable(a.L, c))
					}
				}
				return a.Push(list)
			}),
		},
		{
			Name:    "call_count",
			Doc:     "Returns how many calls were made.",
			Params:  []bindings.Param{filterParam},
			Returns: []bindings.Return{{Type: "integer", Doc: "The number of calls."}},
			Errors:  "When the filter has a field that is not known.",
			Example: `expect(simulator.call_count{ method = "GET" }).to_equal(0)`,
			Call: onServer(func(a *bindings.Args, _ *world, s *simulator.Server) (int, error) {
				wanted, n := filterArg(a), 0
				for _, c := range s.Calls() {
					if wanted(c) {
						n++
					}
				}
				return a.Push(lua.LNumber(n))
			}),
		},
		{
			Name: "writes",
			Doc:  "Returns the calls that write, the oldest first, with what they sent.",
			Params: []bindings.Param{
				{Name: "filter", Type: "CallFilter", Optional: true, Fields: callFilter, Doc: "Which calls are meant. Default: all."},
			},
			Returns: []bindings.Return{{Type: "SimulatedWrite[]", Doc: "The writes."}},
			Errors:  "When the filter has a field that is not known.",
			Example: `planhat.company.create{ name = "Acme" }
local sent = simulator.writes()[1]
expect(sent.operation).to_equal("create")
expect(sent.body).to_equal({ name = "Acme" })`,
			Call: onServer(func(a *bindings.Args, w *world, _ *simulator.Server) (int, error) {
				wanted, list := filterArg(a), a.L.NewTable()
				for _, one := range w.recorder.list() {
					if !wanted(one.Call) {
						continue
					}
					t := callTable(a.L, one.Call)
					if len(one.body) > 0 {
						// What is no JSON is shown as it was sent.
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
	text := func(name, value string) {
		if value != "" {
			t.RawSetString(name, lua.LString(value))
		}
	}
	text("method", c.Method)
	text("path", c.Path)
	text("query", c.Query)
	text("model", c.Model)
	text("operation", c.Operation)
	text("fault", c.Fault)
	t.RawSetString("rows", lua.LNumber(c.Rows))
	t.RawSetString("status", lua.LNumber(c.Status))
	t.RawSetString("applied", lua.LBool(c.Applied))
	return t
}

// misbehaving are the functions that make Planhat refuse and fail.
func misbehaving() []*bindings.Func {
	permissions := bindings.Param{
		Name: "permissions", Type: "string", Optional: true,
		Doc: "What is meant: `company` is all of a model, `company.read`, `company.create`, `company.update` and `company.delete` a part, `*.delete` a part of every model. More may follow.",
	}
	permit := func(name, doc string, do func(s *simulator.Server, permissions []string)) *bindings.Func {
		return &bindings.Func{
			Name: name, Doc: doc, Params: []bindings.Param{permissions}, Variadic: true,
			Example: `simulator.` + name + `("company.create", "*.delete")`,
			Call: onServer(func(a *bindings.Args, _ *world, s *simulator.Server) (int, error) {
				var list []string
				for i := range a.Len() {
					list = append(list, a.String(i))
				}
				do(s, list)
				return 0, nil
			}),
		}
	}
	return []*bindings.Func{
		{
			Name:    "faults",
			Doc:     "Makes Planhat misbehave, in addition to the faults that were set before.\n\n```text\n" + simulator.FaultGrammar + "\n```",
			Params:  []bindings.Param{{Name: "faults", Type: "string", Doc: "The faults, such as `500:every=2` or `429:first=1,model=company`."}},
			Errors:  "When the text is not understood.",
			Example: `simulator.faults("500:first=1; reset-after:model=task,nth=2")`,
			Call: onServer(func(a *bindings.Args, _ *world, s *simulator.Server) (int, error) {
				faults, err := simulator.ParseFaults(a.String(0))
				if err != nil {
					return 0, a.Errorf("%s", trimmed(err))
				}
				s.InjectFaults(faults...)
				return 0, nil
			}),
		},
		{
			Name:    "clear_faults",
			Doc:     "Makes Planhat behave again.",
			Example: `simulator.clear_faults()`,
			Call: onServer(func(_ *bindings.Args, _ *world, s *simulator.Server) (int, error) {
				s.ClearFaults()
				return 0, nil
			}),
		},
		permit("deny", "Takes permissions from the token: calls that need them are refused.",
			func(s *simulator.Server, list []string) { s.Deny(list...) }),
		permit("allow", "Gives permissions back that `simulator.deny` took, by the same words.",
			func(s *simulator.Server, list []string) { s.Allow(list...) }),
		{
			Name: "switches",
			Doc: "Sets what Planhat's documentation leaves open, by the names that `phscript simulate --help` lists. " +
				"It stands at the beginning of a test, before Planhat is used.",
			Params:  []bindings.Param{{Name: "switches", Type: "string", Doc: "The switches, as `name=value,name=value`."}},
			Errors:  "When a name or a value is not known, or Planhat was used before.",
			Example: `simulator.switches("` + simulator.SwitchDocs()[0].Name + `=` + simulator.SwitchDocs()[0].Default + `")`,
			Call: func(a *bindings.Args) (int, error) {
				w := worldOf(a.Context())
				if w == nil {
					return 0, a.Errorf("there is no test whose Planhat it could be; tests are run by 'phscript test'")
				}
				switches, err := simulator.ParseSwitches(a.String(0))
				if err != nil {
					return 0, a.Errorf("%s", trimmed(err))
				}
				if !w.setSwitches(switches) {
					return 0, a.Errorf("Planhat was used already; set switches at the beginning of the test")
				}
				return 0, nil
			},
		},
	}
}

// setSwitches reports whether it was early enough.
func (w *world) setSwitches(s simulator.Switches) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.server != nil {
		return false
	}
	w.options.Switches = s
	return true
}

// trimmed returns an error's text without the name of the package.
func trimmed(err error) string { return strings.TrimPrefix(err.Error(), "simulator: ") }
