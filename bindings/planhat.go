package bindings

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// Planhat returns the module planhat: one inner module for each model, with a
// function for each of its operations.
func Planhat() *Module {
	m := planhatModule("planhat", func(a *Args) (*planhat.Client, error) { return a.Host.Clients.Default(a.Context()) })
	m.Funcs = append(m.Funcs, newClient(), try(), isError(), models())
	return m
}

// clientOf finds the client that a call uses.
type clientOf func(a *Args) (*planhat.Client, error)

// planhatModule makes what every client has, the default one and those of
// planhat.new.
func planhatModule(name string, client clientOf) *Module {
	m := &Module{
		Name: name,
		Doc: "The Planhat client. Each model has its own functions, such as those of `planhat.company`. " +
			"A failed call raises a [PlanhatError](#planhaterror).\n\n" +
			"All scripts that use the same token share one quota. Calls wait for it, and are retried if that is safe.",
		Funcs: []*Func{quota(client), sendRequest(client), anyModel(name, client), reference("extid", "externalId"), reference("srcid", "sourceId")},
	}
	for _, model := range catalog.Load().Models {
		m.Modules = append(m.Modules, modelModule(name, model, client))
	}
	m.Records = []*Shape{ErrorShape, bulkResultShape, rowErrorShape, exportResultShape, importColumnShape, importResultShape, syncResultShape, syncTargetShape, rowChangeShape, missingRecordShape}
	return m
}

func modelModule(parent string, model *catalog.Model, client clientOf) *Module {
	m := &Module{Name: modelName(parent, model), Doc: model.Doc}
	for _, op := range model.Operations {
		for _, fn := range operations[op.Name] {
			m.Funcs = append(m.Funcs, fn(binding{model: model, op: op, client: client}))
		}
		if op.Name == "bulk_upsert" && model.Operation("get_list") != nil {
			b := binding{model: model, op: op, client: client}
			m.Funcs = append(m.Funcs, b.sync(), b.syncTarget())
		}
	}
	if model.Operation("get_dimension_data") != nil {
		m.Funcs = append(m.Funcs, epochDaysFormat())
	}
	m.Records = []*Shape{recordShape(model)}
	return m
}

func recordShape(model *catalog.Model) *Shape {
	s := &Shape{Name: model.Name, Doc: model.Doc}
	for _, p := range model.Properties {
		s.Fields = append(s.Fields, Field{Name: p.Name, Type: luaType(p.Type) + "?", Doc: sentence(p.Doc)})
	}
	return s
}

// sentence turns one of the catalog's short remarks into a sentence.
func sentence(remark string) string {
	if remark == "" {
		return ""
	}
	return strings.ToUpper(remark[:1]) + strings.TrimRight(remark[1:], ".") + "."
}

// luaType returns the type that a property has in scripts.
func luaType(t catalog.Type) spec.Type {
	switch t {
	case catalog.Number:
		return "number"
	case catalog.Integer:
		return "integer"
	case catalog.Days:
		return "integer|string"
	case catalog.Boolean:
		return "boolean"
	case catalog.Array, catalog.Object:
		return "table"
	}
	return "string"
}

func newClient() *Func {
	return &Func{
		Name: "new",
		Doc: "Makes another client, for a second tenant or token. Options you leave out come from the configuration. " +
			"The client has the same functions as `planhat` itself.",
		Params: []Param{{Name: "options", Type: "table", Optional: true, Doc: "The options that differ from the configuration.", Fields: []Field{
			{Name: "api_token", Type: "string", Doc: "Access token for the main API."},
			{Name: "tenant_token", Type: "string", Doc: "Tenant token, for metrics and user activities."},
			{Name: "api_url", Type: "string", Doc: "The URL of the main API, such as `https://api-us2.planhat.com`."},
			{Name: "analytics_url", Type: "string", Doc: "The URL of the API for metrics and activities."},
			{Name: "calls_per_min", Type: "integer", Doc: "The quota in calls per minute. Default: the configured quota, or 200."},
		}}},
		Returns: []Return{{Type: "planhat", Doc: "The client."}},
		Errors:  "`config` when there is no token.",
		Example: "local sandbox = planhat.new{ api_token = env.require(\"SANDBOX_TOKEN\") }\nprint(#sandbox.company.get_list{ limit = 10 })",
		Source:  "§1 Hosts, §2 Authentication",
		Call: func(a *Args) (int, error) {
			opt := a.Options(0)
			c, err := a.Host.Clients.New(a.Context(), ClientOptions{
				APIToken: opt.String("api_token"), TenantToken: opt.String("tenant_token"),
				APIURL: opt.String("api_url"), AnalyticsURL: opt.String("analytics_url"),
				CallsPerMinute: opt.Int("calls_per_min"),
			})
			if err != nil {
				return 0, err
			}
			m := planhatModule("planhat", func(*Args) (*planhat.Client, error) { return c, nil })
			return a.Push(Open(a.L, a.Host, m))
		},
	}
}

func try() *Func {
	return &Func{
		Name: "try",
		Doc: "Calls a function and returns its results. If it fails, returns nil and the error instead of raising it. " +
			"A run that has timed out or was interrupted still ends.",
		Params: []Param{
			{Name: "fn", Type: "function", Doc: "The function."},
			{Name: "argument", Type: "any", Optional: true, Doc: "Its arguments."},
		},
		Variadic: true,
		Returns: []Return{
			{Type: "any", Doc: "The function's results, or nil."},
			{Type: "PlanhatError|string|nil", Doc: "The error."},
		},
		Example: "local company, err = planhat.try(planhat.company.get_by_id, \"extid-42\")\nif not company then log.warn(\"skipped\", { reason = tostring(err) }) end",
		Lua: `local function pass(ok, ...)
  if ok then return ... end
  return nil, (...)
end
local pcall = pcall
return function(fn, ...) return pass(pcall(fn, ...)) end`,
	}
}

func isError() *Func {
	return &Func{
		Name:    "is_error",
		Doc:     "Reports whether a value is an error object that a module raised.",
		Params:  []Param{{Name: "value", Type: "any", Optional: true, Doc: "Any value."}},
		Returns: []Return{{Type: "boolean", Doc: "True for an error object."}},
		Example: "local ok, err = pcall(planhat.company.delete, id)\nif planhat.is_error(err) and err.kind == \"not_found\" then ok = true end",
		Call:    func(a *Args) (int, error) { return a.Push(lua.LBool(ErrorFrom(a.Get(0)) != nil)) },
	}
}

func models() *Func {
	return &Func{
		Name:    "models",
		Doc:     "Returns the names of all models, those of `phscript.toml` included.",
		Returns: []Return{{Type: "string[]", Doc: "The names, such as `company` and `time_entry`."}},
		Example: "for _, name in ipairs(planhat.models()) do print(name) end",
		Call: func(a *Args) (int, error) {
			return a.Push(stringList(a.L, modelNames(a.Host)))
		},
	}
}

// modelNames returns the names of the catalog's models and of the declared ones.
func modelNames(h *Host) []string {
	var names []string
	for _, m := range slices.Concat(catalog.Load().Models, h.Models) {
		if !slices.Contains(names, m.Snake) {
			names = append(names, m.Snake)
		}
	}
	return names
}

func quota(client clientOf) *Func {
	return &Func{
		Name: "quota",
		Doc:  "Returns how much of the call quota per minute is used.",
		Returns: []Return{{Type: "table", Doc: "`limit` (calls per minute), `used`, `free`, `wait` (the seconds " +
			"that a call made now would wait) and `blocked_for` (the seconds for which a 429 response holds back all calls)."}},
		Example: "print(planhat.quota().free .. \" calls left\")",
		Source:  "§3 Limits",
		Call: func(a *Args) (int, error) {
			c, err := client(a)
			if err != nil {
				return 0, err
			}
			state, err := c.Limiter().State(a.Context())
			if err != nil {
				return 0, err
			}
			t := a.L.NewTable()
			for name, n := range map[string]float64{
				"limit": float64(state.Limit), "used": float64(state.Used), "free": float64(state.Limit - state.Used),
				"wait": state.Next.Seconds(), "blocked_for": state.Blocked.Seconds(),
			} {
				t.RawSetString(name, lua.LNumber(n))
			}
			return a.Push(t)
		},
	}
}

func reference(prefix, property string) *Func {
	return &Func{
		Name: prefix,
		Doc: fmt.Sprintf("Turns the `%s` of a record into a reference that Planhat accepts instead of an `_id`, with `%s-` in front.",
			property, prefix),
		Params:  []Param{{Name: "id", Type: "string", Doc: "The id in your own system."}},
		Returns: []Return{{Type: "string", Doc: "The reference."}},
		Errors:  "When the id is empty.",
		Example: fmt.Sprintf("planhat.task.create{ mainType = \"task\", action = \"Call\", companyId = planhat.%s(row.account) }", prefix),
		Source:  "§4 Single record operations",
		Call: func(a *Args) (int, error) {
			id := a.String(0)
			if id == "" {
				return 0, a.Errorf("the id is empty")
			}
			return a.Push(lua.LString(prefix + "-" + id))
		},
	}
}

// sendRequest is the way to what the catalog does not know.
func sendRequest(client clientOf) *Func {
	return &Func{
		Name: "request",
		Doc: "Sends any request to Planhat's main host, for what no other function covers: new models, custom models, undocumented endpoints. " +
			"It waits for the quota, is retried if that is safe, and is withheld in a dry run, like every other call. " +
			"phscript does not know what the request does, so it neither checks the body nor counts records. " +
			"A `DELETE` needs the same consent as every other delete, and a plan shows it.\n\n" +
			"A `POST` or `PATCH` whose response is lost is not repeated: the call fails with `uncertain = true`.",
		Params: []Param{{Name: "request", Type: "table", Doc: "What to send.", Fields: []Field{
			{Name: "method", Type: "string", Doc: "`GET` (the default), `POST`, `PUT`, `PATCH` or `DELETE`.", Text: refusedMethod},
			{Name: "path", Type: "string", Required: true, Doc: "The path, such as `/companies/67d0`, without the host and the query.", Text: refusedPath},
			{Name: "query", Type: "table", Doc: "The query parameters, by name."},
			{Name: "body", Type: "table", Doc: "The body, which is sent as JSON."},
		}}},
		Returns: []Return{{Type: "any", Doc: "The response, decoded from JSON; nil if it is empty or the request was withheld."}},
		Errors:  "`config` when the method or the path cannot be used; " + writeErrors,
		Example: "local me = planhat.request{ path = \"/myprofile\" }\nprint(me)",
		Source:  "§15 Open questions",
		Call: func(a *Args) (int, error) {
			c, err := client(a)
			if err != nil {
				return 0, err
			}
			opt := a.Options(0)
			r := planhat.Request{Method: "GET", Path: opt.String("path"), Query: map[string]string{}}
			if opt.Has("method") {
				r.Method = opt.String("method")
			}
			if query, ok := opt.Get("query").(*lua.LTable); ok {
				query.ForEach(func(k, v lua.LValue) { r.Query[k.String()] = v.String() })
			}
			if opt.Has("body") {
				if r.Body, err = CodecOf(a.L).EncodeBytes(opt.Get("body"), EncodeOptions{}); err != nil {
					return 0, a.Errorf("the body cannot be sent: %v", err)
				}
			}
			ctx := a.Context()
			raw, err := waiting(a.Host, a.L, func() (planhat.Record, error) { return c.Request(ctx, r) })
			if err != nil || len(raw) == 0 {
				return a.give(lua.LNil, err)
			}
			v, err := CodecOf(a.L).Record(raw)
			return a.give(v, err)
		},
	}
}

func refusedMethod(method string) error { return planhat.Request{Method: method, Path: "/"}.Check() }

func refusedPath(path string) error { return planhat.Request{Method: "GET", Path: path}.Check() }

// anyModel is the way to models that the catalog does not know.
func anyModel(parent string, client clientOf) *Func {
	return &Func{
		Name: "model",
		Doc: "Returns the functions of a model by its name, such as those of `planhat.company`. Use it for your tenant's custom models, which phscript cannot " +
			"know: declare them once in `phscript.toml`, or here with `path`. They have `create`, `update`, `get_by_id`, `get_list`, `each`, `delete` and " +
			"`bulk_upsert`, with the same quota, retries, dry run and reports of rejected rows. Their records may have any property.\n\n" +
			"Planhat does not document the paths of custom models. A wrong path fails with `not_found`; so does a model under `--simulate` that `phscript.toml` does not declare.\n\n" +
			"For a built-in model, `keys` and `limit` replace its own, such as for a property that you made a key in Planhat.",
		Params: []Param{
			{Name: "name", Type: "string", Doc: "The model's name, such as `contract`."},
			{Name: "options", Type: "table", Optional: true, Doc: "How the model works.", Fields: []Field{
				{Name: "path", Type: "string", Doc: "The path of its records, such as `/contracts`. Required unless the model is known or declared in `phscript.toml`."},
				{Name: "keys", Type: "string[]", Doc: "The properties by which `bulk_upsert` finds a record, in Planhat's order. Default: `_id`, `sourceId`, `externalId`."},
				{Name: "limit", Type: "integer", Doc: "The most records that one list request may ask for. Default: 2,000."},
				{Name: "filters", Type: "string[]", Doc: "The query parameters of its list, besides `companyId`."},
			}},
		},
		Returns: []Return{{Type: "table", Doc: "The model's functions."}},
		Errors:  "When the model is unknown and has no `path`, or an option is invalid.",
		Example: "local contracts = planhat.model(\"contract\", { path = \"/contracts\", keys = { \"contractNumber\" } })\n" +
			"contracts.bulk_upsert{ { contractNumber = \"C-1\", value = 1200 } }",
		Source: "§15 Open questions",
		Call: func(a *Args) (int, error) {
			opt := a.Options(1)
			model := catalog.Load().Model(a.String(0))
			for _, m := range a.Host.Models {
				if m.Snake == a.String(0) {
					model = m
				}
			}
			if names := modelNames(a.Host); model == nil && !opt.Has("path") {
				return 0, a.Errorf("unknown model '%s'%s; for a custom model, give its path, such as { path = \"/contracts\" }", a.String(0), catalog.DidYouMean(a.String(0), names))
			}
			if opt.Has("path") || opt.Has("keys") || opt.Has("limit") || opt.Has("filters") {
				d := catalog.Declaration{
					Name: a.String(0), Path: opt.String("path"), Limit: opt.Int("limit"), Keys: opt.Strings("keys"), Filters: opt.Strings("filters"),
				}
				if model != nil && model.Open && d.Path == "" {
					d.Path = model.Path
				}
				var err error
				if model, err = catalog.Declare(d); err != nil {
					return 0, a.Errorf("%v", err)
				}
			}
			m := customModule(parent, model, client)
			t := Open(a.L, a.Host, m)
			opened(a.L).RawSetString(m.Name, &lua.LUserData{Value: OpenedModel{m, t}})
			return a.Push(t)
		},
	}
}

// modelName is how scripts get the functions of a model.
func modelName(parent string, model *catalog.Model) string {
	if catalog.Load().Model(model.Snake) == nil {
		return fmt.Sprintf("%s.model(%q)", parent, model.Snake)
	}
	return parent + "." + model.Snake
}

// customModule is the module of a model that catalog.Declare made, maybe under the name
// of a built-in one.
func customModule(parent string, model *catalog.Model, client clientOf) *Module {
	m := modelModule(parent, model, client)
	if catalog.Load().Model(model.Snake) == nil {
		m.Doc = fmt.Sprintf("A custom model with the path `%s`. See `planhat.model`.", model.Path)
		m.Records[0].Doc = "A record of a custom model. It may have any property besides these."
	}
	return m
}

// DeclaredModels returns the modules of models that catalog.Declare made, for help and
// completion.
func DeclaredModels(models []*catalog.Model) (list []*Module) {
	for _, model := range models {
		list = append(list, customModule("planhat", model, nil))
	}
	return list
}

// OpenedModel is what planhat.model returned.
type OpenedModel struct {
	Module *Module
	Table  *lua.LTable
}

// OpenedModels returns what planhat.model returned last for each name in a state.
func OpenedModels(L *lua.LState) (list []OpenedModel) {
	opened(L).ForEach(func(_, v lua.LValue) { list = append(list, v.(*lua.LUserData).Value.(OpenedModel)) })
	return list
}

// openedKey is the key of the table of opened models in the registry, which scripts
// cannot reach.
const openedKey = "phscript.models"

func opened(L *lua.LState) *lua.LTable {
	t, ok := L.G.Registry.RawGetString(openedKey).(*lua.LTable)
	if !ok {
		t = L.NewTable()
		L.G.Registry.RawSetString(openedKey, t)
	}
	return t
}
