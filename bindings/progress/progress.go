// Package progress holds the Lua module progress.
package progress

import (
	"fmt"
	"runtime"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/internal/luajson"
)

var taskShape = &bindings.Shape{Name: "ProgressTask", Doc: "A task whose progress is shown.", Fields: []bindings.Field{
	{Name: "add", Type: "fun(self, items: integer?)", Doc: "Counts one more item as done, or several."},
	{Name: "set", Type: "fun(self, done: integer)", Doc: "Sets how many items are done."},
	{Name: "total", Type: "fun(self, items: integer?)", Doc: "Sets how many items there are; nil if that is not known."},
	{Name: "note", Type: "fun(self, text: string)", Doc: "Shows a short text after the numbers, such as the name of the item."},
	{Name: "finish", Type: "fun(self)", Doc: "Ends the task. Calls after it do nothing."},
}}

var options = []bindings.Field{
	{Name: "name", Type: "string", Doc: "What the task is called. Default: `progress`."},
	{Name: "total", Type: "integer", Doc: "How many items there are. Without it, only the count and the rate are shown.", Number: refusedTotal},
	{Name: "unit", Type: "string", Doc: "What the items are called, such as `rows`; `bytes` are shown as sizes. Default: `items`."},
}

// Module returns the module progress, which shows how far a script is in its loops.
func Module() *bindings.Module {
	return &bindings.Module{
		Name: "progress", Required: true,
		Doc: "Shows how far a script is in its loops. Lists, bulk calls, imports and large files show their progress without it. " +
			"On a terminal, progress is shown below the output; elsewhere, the log gets a line now and then. See `--progress`.\n\n" +
			"    local progress = require \"progress\"\n" +
			"    local companies = planhat.company.get_list()\n" +
			"    for company in progress.each(companies, { name = \"health checks\" }) do\n" +
			"      -- ... check a company ...\n" +
			"    end",
		Records: []*bindings.Shape{taskShape},
		Funcs: []*bindings.Func{
			{
				Name: "each",
				Doc: "Returns an iterator over a list, or over what another iterator returns, and shows how far the loop is. Of a list, it returns each item and its position; " +
					"its length is the total. When you leave the loop with `break`, its progress is shown for a while longer.",
				Params: []bindings.Param{
					{Name: "items", Type: "any[]|fun(): any", Doc: "A list, or an iterator such as `csv.rows(...)` or `planhat.company.each()`."},
					{Name: "options", Type: "table", Optional: true, Doc: "How to show it.", Fields: options},
				},
				Returns: []bindings.Return{{Type: "fun(): any", Doc: "An iterator for `for`."}},
				Example: "local progress = require \"progress\"\nfor company in progress.each(planhat.company.each(), { name = \"companies\" }) do\n  print(company.name)\nend",
				Call:    each,
			},
			{
				Name:    "start",
				Doc:     "Starts a task whose progress the script reports.",
				Params:  []bindings.Param{{Name: "options", Type: "table", Optional: true, Doc: "How to show it.", Fields: options}},
				Returns: []bindings.Return{{Type: "ProgressTask", Doc: "The task."}},
				Example: "local task = require(\"progress\").start{ name = \"mailboxes\", total = 3 }\nfor _, name in ipairs{ \"support\", \"sales\", \"billing\" } do\n  task:note(name)\n  -- ... read the mailbox ...\n  task:add()\nend\ntask:finish()",
				Call:    start,
			},
		},
	}
}

// handle is what a script has of a task. When the script has dropped it, the task ends.
type handle struct{ tracker bindings.Tracker }

// begin begins the task of the options in argument i; total is for a task without one.
func begin(a *bindings.Args, i, total int) (*handle, error) {
	o := a.Options(i)
	t := bindings.Task{Name: "progress", Total: int64(total), Unit: o.String("unit")}
	if name := o.String("name"); name != "" {
		t.Name = name
	}
	if o.Has("total") {
		t.Total = int64(o.Int("total"))
		if err := refusedTotal(float64(t.Total)); err != nil {
			return nil, a.Errorf("%w", err)
		}
	}
	h := &handle{nobody{}}
	if a.Host.Progress != nil {
		h.tracker = a.Host.Progress.Begin(t)
	}
	runtime.AddCleanup(h, bindings.Tracker.End, h.tracker)
	return h, nil
}

// nobody is the tracker where nothing is shown.
type nobody struct{}

func (nobody) Add(int64) {}

func (nobody) Set(int64) {}

func (nobody) Total(int64) {}

func (nobody) Note(string) {}

func (nobody) End() {}

func each(a *bindings.Args) (int, error) {
	if next, ok := a.Get(0).(*lua.LFunction); ok {
		h, err := begin(a, 1, 0)
		if err != nil {
			return 0, err
		}
		return a.Push(a.Host.Function(a.L, func(L *lua.LState) (int, error) { return h.pull(L, next) }))
	}
	list := a.Table(0)
	bindings.Fill(list)
	length := list.Len()
	if k, _ := luajson.AfterItems(list, length); k != lua.LNil {
		return 0, a.Errorf("'items' must be a list, { a, b, c }, but it has the key %s", bindings.ShowLine(a.L, k, 1, 60))
	}
	h, err := begin(a, 1, length)
	if err != nil {
		return 0, err
	}
	at := 0
	return a.Push(a.Host.Function(a.L, func(L *lua.LState) (int, error) {
		if at > 0 {
			h.tracker.Add(1)
		}
		if at++; at > length {
			h.tracker.End()
			return 0, nil
		}
		L.Push(list.RawGetInt(at))
		L.Push(lua.LNumber(at))
		return 2, nil
	}))
}

// pull returns what the iterator returns next. An item counts when the next one is asked
// for.
func (h *handle) pull(L *lua.LState, next *lua.LFunction) (int, error) {
	base := L.GetTop()
	L.Push(next)
	L.Call(0, lua.MultRet)
	if L.GetTop() == base || L.Get(base+1) == lua.LNil {
		h.tracker.End()
		return 0, nil
	}
	h.tracker.Add(1)
	return L.GetTop() - base, nil
}

func start(a *bindings.Args) (int, error) {
	h, err := begin(a, 0, 0)
	if err != nil {
		return 0, err
	}
	t := a.L.NewTable()
	for _, f := range h.methods() {
		t.RawSetString(f.Name, bindings.Method(a.L, a.Host, "progress", f, t))
	}
	return a.Push(t)
}

// methods are the functions of a task.
func refusedTotal(n float64) error {
	if n < 0 {
		return fmt.Errorf("option 'total' must not be negative, but it is %v", lua.LNumber(n))
	}
	return nil
}

func (h *handle) methods() []*bindings.Func {
	items := func(name string, optional bool) []bindings.Param {
		return []bindings.Param{{Name: name, Type: "integer", Optional: optional}}
	}
	number := func(name string, missing int, do func(n int64)) func(a *bindings.Args) (int, error) {
		return func(a *bindings.Args) (int, error) {
			n := missing
			if a.Given(0) {
				n = a.Int(0)
			}
			if n < 0 {
				return 0, a.Errorf("'%s' must not be negative, but it is %d", name, n)
			}
			do(int64(n))
			return 0, nil
		}
	}
	return []*bindings.Func{
		{Name: "add", Params: items("items", true), Call: number("items", 1, h.tracker.Add)},
		{Name: "set", Params: items("done", false), Call: number("done", 0, h.tracker.Set)},
		{Name: "total", Params: items("items", true), Call: number("items", 0, h.tracker.Total)},
		{Name: "note", Params: []bindings.Param{{Name: "text", Type: "string"}}, Call: func(a *bindings.Args) (int, error) {
			h.tracker.Note(a.String(0))
			return 0, nil
		}},
		{Name: "finish", Call: func(*bindings.Args) (int, error) {
			h.tracker.End()
			return 0, nil
		}},
	}
}
