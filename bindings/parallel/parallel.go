// Package parallel holds the Lua module parallel.
package parallel

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/internal/luajson"
	"github.com/phscript/phscript/planhat"
)

// defaultLimit is how many items are worked on at once, and mostLimit how many can be.
const (
	defaultLimit = 8
	mostLimit    = 64
)

// Values of the option errors.
const (
	raise   = "raise"
	collect = "collect"
)

var policies = []string{raise, collect}

var errorShape = &bindings.Shape{Name: "ParallelError", Doc: "An item whose function raised an error.", Fields: []bindings.Field{
	{Name: "index", Type: "integer", Doc: "The position of the item in the list."},
	{Name: "item", Type: "any", Doc: "The item."},
	{Name: "error", Type: "any", Doc: "What the function raised: an error object, such as `http` and `planhat` raise, or the message of another error."},
	{Name: "message", Type: "string", Doc: "The error as text."},
}}

// Module returns the module parallel, which lets a script wait for several things at once.
func Module() *bindings.Module {
	return &bindings.Module{
		Name: "parallel", Required: true,
		Doc: "Waits for several responses at once. A script that asks another system about one record after another gets faster.\n\n" +
			"Your functions do not run at the same time: while one waits in `http`, in a call to Planhat or in `time.sleep`, another one continues. " +
			"Between two such calls nothing else runs, so `count = count + 1` is safe. Rates, quotas, deadlines and dry runs apply as they do without `parallel`. " +
			"Other calls that wait also work, but no other function runs meanwhile: those of `state` and `notify`, and `import`, `export` and `sync_target` of a model.",
		Records: []*bindings.Shape{errorShape},
		Funcs: []*bindings.Func{{
			Name: "map",
			Doc: "Calls a function for each item of a list, and returns the results in the same order. Up to `limit` calls wait at once. Items begin in the order of the list.\n\n" +
				"If a call raises an error, no further items begin. Those that have begun finish, and then the error is raised. An error object has the position of the item as `index`, and its message ends with it. A table that your code raised stays as it is. " +
				"If other items fail as well, their errors are logged. With `errors = \"collect\"`, all items begin, and the errors are returned.\n\n" +
				"You can call `map` inside of the function; each call has its own limit. The function cannot yield, except in coroutines that it makes. Items that read from the same `each` iterator share its records.",
			Params: []bindings.Param{
				{Name: "list", Type: "any[]", Doc: "The items."},
				{Name: "fn", Type: "fun(item: any, index: integer): any", Doc: "What to do with an item. It gets the item and its position; a function that is part of phscript, such as `planhat.company.get_by_id`, gets the item alone. Only the first result counts."},
				{Name: "options", Type: "table", Optional: true, Doc: "How to work on them.", Fields: []bindings.Field{
					{Name: "limit", Type: "integer", Doc: fmt.Sprintf("How many items to work on at once, at most %d. Default: %d.", mostLimit, defaultLimit), Number: refusedLimit},
					{Name: "errors", Type: "string", Doc: "`raise` or `collect`. Default: `raise`.", Values: policies},
				}},
			},
			Returns: []bindings.Return{
				{Type: "any[]", Doc: "The results: `results[i]` belongs to `list[i]`. It is nil if the function returned nothing or failed, so loop to `n = #list`."},
				{Type: "ParallelError[]?", Doc: "With `errors = \"collect\"`, the items that failed, by position. The list is empty if all succeeded."},
			},
			Errors: "The error of the first item that fails, unless `errors` is `collect`.",
			Example: "local http, parallel = require \"http\", require \"parallel\"\n" +
				"local users = parallel.map({ 1, 2, 3 }, function(id)\n  return http.get(\"https://api.example.com/users/\" .. id):json()\nend, { limit = 4 })",
			Call: run,
		}},
	}
}

// job is one call of map.
type job struct {
	*bindings.Args
	list, results *lua.LTable
	fn            *lua.LFunction
	collects      bool

	// length is how many items the list has, begun how many of them have begun.
	length, begun int
	failed        []failure
	// as makes the calls that led to the first failure those of the error that is raised.
	as func(lua.LValue)
}

// failure is an error of an item.
type failure struct {
	index int
	cause lua.LValue
}

func run(a *bindings.Args) (int, error) {
	j := &job{Args: a, list: a.Table(0), fn: a.Function(1)}
	if a.Host.Threads == nil || a.Host.Call == nil {
		return 0, &planhat.Error{Kind: planhat.KindConfig, Message: "scripts of this program cannot use parallel.map"}
	}
	j.length = j.list.Len()
	if k, _ := luajson.AfterItems(j.list, j.length); k != lua.LNil {
		return 0, a.Errorf("'list' must be a list, { a, b, c }, but it has the key %s; put the items into a list first", bindings.ShowLine(a.L, k, 1, 60))
	}
	limit, err := j.options()
	if err != nil {
		return 0, err
	}
	j.results = a.L.CreateTable(j.length, 0)
	bindings.CodecOf(a.L).MarkArray(j.results)
	a.L.Push(j.results) // so its memory counts
	if threads := min(limit, j.length); threads > 0 {
		if err := a.Host.Threads.Run(a.L, threads, j.work); err != nil {
			return 0, a.Errorf("%w", err)
		}
	}
	if j.collects {
		return a.Push(j.results, j.errors())
	}
	if len(j.failed) > 0 {
		return 0, j.first()
	}
	return a.Push(j.results)
}

func refusedLimit(n float64) error {
	if n < 1 || n > mostLimit {
		return fmt.Errorf("option 'limit' must be from 1 to %d, not %s", mostLimit, lua.LNumber(n))
	}
	return nil
}

func (j *job) options() (limit int, err error) {
	o := j.Options(2)
	limit = defaultLimit
	if o.Has("limit") {
		limit = o.Int("limit")
	}
	if err := refusedLimit(float64(limit)); err != nil {
		return 0, j.Errorf("%w", err)
	}
	policy := o.String("errors")
	if o.Has("errors") && !slices.Contains(policies, policy) {
		return 0, j.Errorf("option 'errors' must be %q or %q, not %q", raise, collect, policy)
	}
	j.collects = policy == collect
	return limit, nil
}

// work calls the function for one item after another, until no more may begin.
func (j *job) work(L *lua.LState) {
	for j.begun < j.length && (j.collects || len(j.failed) == 0) {
		j.begun++
		i := j.begun
		arguments := []lua.LValue{j.list.RawGetInt(i)}
		if !j.fn.IsG { // those of modules take no further argument
			arguments = append(arguments, lua.LNumber(i))
		}
		results, err := j.Host.Call(L, j.fn, arguments...)
		if err != nil {
			j.fail(L, i, err)
		} else if len(results) > 0 && results[0] != lua.LNil {
			j.results.RawSetInt(i, results[0])
		}
	}
}

// fail notes the error of an item.
func (j *job) fail(L *lua.LState, i int, err error) {
	cause := lua.LValue(lua.LString(err.Error()))
	if raised, ok := err.(*lua.ApiError); ok && raised.Object != nil { //nolint:errorlint // Call returns it as it is
		cause = raised.Object
	}
	if len(j.failed) == 0 {
		j.as = j.Host.Threads.Keep(L, cause)
	}
	j.failed = append(j.failed, failure{i, cause})
}

// errors returns the table of all errors.
func (j *job) errors() *lua.LTable {
	slices.SortFunc(j.failed, func(x, y failure) int { return x.index - y.index })
	list := j.L.CreateTable(len(j.failed), 0)
	bindings.CodecOf(j.L).MarkArray(list)
	for _, f := range j.failed {
		t := j.L.CreateTable(0, 4)
		t.RawSetString("index", lua.LNumber(f.index))
		t.RawSetString("item", j.list.RawGetInt(f.index))
		t.RawSetString("error", f.cause)
		t.RawSetString("message", lua.LString(j.text(f.cause)))
		list.Append(t)
	}
	return list
}

// first returns the error to raise, and logs the others.
func (j *job) first() error {
	for _, f := range j.failed[1:] {
		j.Host.Log.Write(j.Context(), slog.LevelWarn, fmt.Sprintf("parallel.map: item %d failed as well: %s", f.index, j.text(f.cause)), nil)
	}
	f := j.failed[0]
	item := fmt.Sprintf(" (item %d)", f.index)
	raised := f.cause
	switch cause := raised.(type) {
	case lua.LString:
		raised = cause + lua.LString(item)
	case *lua.LTable:
		if bindings.ErrorFrom(cause) == nil {
			break // a table of the script, which may use it again
		}
		bindings.Fill(cause)
		cause.RawSetString("index", lua.LNumber(f.index))
		if message, ok := cause.RawGetString("message").(lua.LString); ok && !strings.HasSuffix(string(message), item) {
			cause.RawSetString("message", message+lua.LString(item))
		}
	}
	j.as(raised)
	return &lua.ApiError{Type: lua.ApiErrorRun, Object: raised}
}

// text returns an error as one line.
func (j *job) text(cause lua.LValue) string {
	if text, ok := cause.(lua.LString); ok {
		return string(text)
	}
	if bindings.ErrorFrom(cause) != nil {
		return j.L.ToStringMeta(cause).String()
	}
	return bindings.ShowLine(j.L, cause, 3, 12)
}
