package bindings

import (
	"cmp"
	"log/slog"
	"math"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// Log returns the module log, which writes the script's log.
func Log() *Module { return logModule("log", nil) }

// logModule makes the module, with fields that every line carries.
func logModule(name string, bound []slog.Attr) *Module {
	return &Module{
		Name: name,
		Doc: "Writes the script's log: a message and named fields, at one of four levels. Lines go to standard error, " +
			"as readable text or as JSON (`--log-format`); `--log-level` says from which level on. Tokens never show.\n\n" +
			"    log.info(\"synced\", { created = 3, rejected = 0 })",
		Funcs: []*Func{
			logFunc(bound, "debug", slog.LevelDebug, "Logs a detail that is shown only with `--log-level debug`."),
			logFunc(bound, "info", slog.LevelInfo, "Logs what the script did."),
			logFunc(bound, "warn", slog.LevelWarn, "Logs something doubtful that does not stop the script."),
			logFunc(bound, "error", slog.LevelError, "Logs a failure. The script goes on; to stop it, call `error`."),
			{
				Name: "with",
				Doc:  "Returns a log whose lines all carry the given fields. It has the same functions, `with` included.",
				Params: []Param{
					{Name: "fields", Type: "table", Doc: "Names and values, such as `{ import = \"crm\" }`."},
				},
				Returns: []Return{{Type: "log", Doc: "A log with `debug`, `info`, `warn`, `error` and `with`."}},
				Errors:  "When `fields` is no table of named fields.",
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
		Doc:  doc + " Tables in the fields are written in Lua's notation on one line, at most 4 deep and 20 items each; an error object is written as its message.",
		Params: []Param{
			{Name: "message", Type: "any", Doc: "The text; other values are turned into text as `tostring` does, tables as in the fields."},
			{Name: "fields", Type: "table", Optional: true, Doc: "Names and values to put behind the message, in alphabetical order; or an error object. `time`, `level` and `msg`, which each line has of its own, get a `_` at their end."},
		},
		Errors:  "When `fields` is no table of named fields.",
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

// logMessage returns the message as text: a table that has no text of its own in
// Lua's notation.
func logMessage(a *Args) string {
	if t, ok := a.Get(0).(*lua.LTable); ok && a.L.GetMetaField(t, "__tostring") == lua.LNil {
		return inspectCompact(a.L, t)
	}
	return a.L.ToStringMeta(a.Get(0)).String()
}

// ownFields are the names that every line of a log in JSON has of its own.
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
		return []slog.Attr{slog.String("error", ErrorLine(t))}, nil
	}
	var fields []slog.Attr
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return nil, a.Errorf("'fields' takes named fields only, such as { count = 3 }; it holds the item %s", k)
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
		if f := float64(v); f == math.Trunc(f) && math.Abs(f) <= largestSafe {
			return slog.Int64Value(int64(f))
		}
		if f := float64(v); !math.IsInf(f, 0) && !math.IsNaN(f) {
			return slog.Float64Value(f)
		}
	case *lua.LTable:
		if isErrorObject(v) {
			return slog.StringValue(ErrorLine(v))
		}
	}
	return slog.StringValue(inspectCompact(L, v))
}

func isErrorObject(t *lua.LTable) bool { return ErrorFrom(t) != nil }
