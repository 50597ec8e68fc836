package bindings

import (
	"cmp"
	"log/slog"
	"math"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/luatext"
)

// Log returns the module log, which writes the script's log.
func Log() *Module { return logModule("log", nil) }

// logModule makes the module. Every line has the bound fields.
func logModule(name string, bound []slog.Attr) *Module {
	return &Module{
		Name: name,
		Doc: "Writes log lines: a message and named fields, at one of four levels. They go to standard error as readable text " +
			"or as JSON (`--log-format`). `--log-level` sets the lowest level to show. Tokens are never shown.\n\n" +
			"    log.info(\"synced\", { created = 3, rejected = 0 })",
		Funcs: []*Func{
			logFunc(bound, "debug", slog.LevelDebug, "Logs a detail, shown only with `--log-level debug`."),
			logFunc(bound, "info", slog.LevelInfo, "Logs what the script did."),
			logFunc(bound, "warn", slog.LevelWarn, "Logs a problem that does not stop the script."),
			logFunc(bound, "error", slog.LevelError, "Logs a failure. The script continues; to stop it, call `error`."),
			{
				Name: "with",
				Doc:  "Returns a log that adds the given fields to every line. It has the same functions, including `with`.",
				Params: []Param{
					{Name: "fields", Type: "table", Doc: "Names and values, such as `{ import = \"crm\" }`."},
				},
				Returns: []Return{{Type: "log", Doc: "A log with `debug`, `info`, `warn`, `error` and `with`."}},
				Errors:  "When `fields` is not a table of named fields.",
				Example: `local crm = log.with{ import = "crm" }
crm.info("started")  -- INFO started import=crm`,
				Call: func(a *Args) (int, error) {
					fields, err := logFields(a, 0)
					if err != nil {
						return 0, err
					}
					return a.Push(Open(a.L, a.Host, logModule(name, slices.Concat(bound, fields))))
				},
			},
		},
	}
}

func logFunc(bound []slog.Attr, name string, level slog.Level, doc string) *Func {
	return &Func{
		Name: name,
		Doc:  doc + " Tables in the fields are written as Lua on one line, at most 4 levels deep and 20 items each. An error object is written as one line of text.",
		Params: []Param{
			{Name: "message", Type: "any", Doc: "The text. Other values are converted as by `tostring`, tables as in the fields."},
			{Name: "fields", Type: "table", Optional: true, Doc: "Names and values to write after the message, in alphabetical order, or an error object. Every line already has `time`, `level` and `msg`, so fields with these names get a `_` at the end."},
		},
		Errors:  "When `fields` is not a table of named fields.",
		Example: `log.` + name + `("upserted companies", { created = 12, seconds = 1.5 })`,
		Call: func(a *Args) (int, error) {
			fields, err := logFields(a, 1)
			if err != nil {
				return 0, err
			}
			a.Host.Log.Write(a.Context(), level, logMessage(a), slices.Concat(bound, fields))
			return 0, nil
		},
	}
}

// logMessage returns the message as text. Tables without __tostring are written
// as inspect writes them.
func logMessage(a *Args) string {
	if t, ok := a.Get(0).(*lua.LTable); ok && a.L.GetMetaField(t, "__tostring") == lua.LNil {
		return inspectCompact(a.L, t)
	}
	return a.L.ToStringMeta(a.Get(0)).String()
}

// ownFields are the names that every line of a JSON log already has.
var ownFields = []string{slog.TimeKey, slog.LevelKey, slog.MessageKey}

// fieldName returns what a field is called in the log.
func fieldName(name string) string {
	if slices.Contains(ownFields, name) {
		return name + "_"
	}
	return name
}

// logFields returns argument i as attributes, ordered by name.
func logFields(a *Args, i int) ([]slog.Attr, error) {
	t := a.Table(i)
	if t == nil {
		return nil, nil
	}
	if isErrorObject(t) {
		return []slog.Attr{slog.String("error", errorLine(t))}, nil
	}
	var fields []slog.Attr
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return nil, a.Errorf("'fields' takes named fields only, such as { count = 3 }, not the item %s", k)
		}
		fields = append(fields, slog.Attr{Key: fieldName(string(name)), Value: logValue(a.L, v)})
	}
	slices.SortFunc(fields, func(x, y slog.Attr) int { return cmp.Compare(x.Key, y.Key) })
	return fields, nil
}

func logValue(L *lua.LState, v lua.LValue) slog.Value {
	switch v := v.(type) {
	case lua.LString:
		return slog.StringValue(string(v))
	case lua.LBool:
		return slog.BoolValue(bool(v))
	case lua.LNumber:
		if f := float64(v); luatext.IsWhole(f) {
			return slog.Int64Value(int64(f))
		}
		if f := float64(v); !math.IsInf(f, 0) && !math.IsNaN(f) {
			return slog.Float64Value(f)
		}
	case *lua.LTable:
		if isErrorObject(v) {
			return slog.StringValue(errorLine(v))
		}
	}
	return slog.StringValue(inspectCompact(L, v))
}

func isErrorObject(t *lua.LTable) bool { return ErrorFrom(t) != nil }
