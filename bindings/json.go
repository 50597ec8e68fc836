package bindings

import (
	"errors"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/internal/luajson"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

var (
	jsonNulls     = Field{Name: "nulls", Type: "boolean", Doc: "Whether to keep null fields as `json.null` instead of leaving them out. Nulls in lists are always kept. Default: false."}
	jsonEncodeOpt = []Field{
		{Name: "pretty", Type: "boolean", Doc: "Whether to write one field or item per line, indented. Default: false."},
		{Name: "indent", Type: "string|integer", Doc: "The indentation of one level: spaces and tabs, or a number of spaces. Implies `pretty`. Default: 2 spaces.", Text: refusedBlanks, Number: refusedIndent},
		{Name: "sort_keys", Type: "boolean", Doc: "Whether to write fields in alphabetical order instead of the order in which they were set. Default: false."},
	}
	jsonRowsOpt = []Field{jsonNulls, {Name: "lines", Type: "boolean", Doc: "Whether each line holds one value even if the first value is a list. Default: false."},
		{Name: "on_error", Type: "string", Doc: "What to do with a line that is not valid JSON: `\"stop\"` (default) raises an error; `\"collect\"` leaves it out, logs a warning at the end, and adds a `JsonProblem` to the list that the function returns after the iterator. Each line is then read as one value. If no line is valid, it raises an error all the same.", Values: []string{"stop", "collect"}}}
	jsonWriterOpt = []Field{{Name: "append", Type: "boolean", Doc: "Add to the end of the file instead of replacing it. Default: false."}}
)

const (
	decodeErrors = "With kind `validation` when the text is not valid JSON; the message names the line."
	encodeErrors = "With kind `validation` when part of the value has no JSON form: a function, a table that contains itself, a table with both list items and fields, or text that is not UTF-8. The message says which part."
)

// JSON returns the module json: encoding and decoding, whole or as a stream.
func JSON() *Module {
	return &Module{
		Name: "json",
		Doc: "Encodes Lua values as JSON and decodes JSON. Objects become tables with named fields, and lists become lists. " +
			"`json.null` is JSON's null, which clears a field in Planhat; a field that is nil is left out. " +
			"An empty table is encoded as `{}` unless it came from a JSON list or `json.array` marked it as a list. " +
			"Whole numbers of more than 14 digits become text, because Lua shortens such numbers when it makes text of them: ids stay exact.",
		Funcs: slices.Concat(jsonTexts(), jsonFiles(), jsonKinds()),
		Values: []*Value{{
			Name: "null", Type: "userdata", Doc: "JSON's null. Unlike `nil`, a table can hold it, and it counts as true. Test for it with `value == json.null` or `json.is_null`.",
			Make: func(L *lua.LState) lua.LValue { return CodecOf(L).Null() },
		}},
		Records: []*Shape{
			{Name: "JsonDecodeOptions", Doc: "How JSON is read.", Fields: []Field{jsonNulls}},
			{Name: "JsonEncodeOptions", Doc: "How JSON is written.", Fields: jsonEncodeOpt},
			{Name: "JsonRowsOptions", Doc: "How a file of JSON values is read.", Fields: jsonRowsOpt},
			{Name: "JsonProblem", Doc: "A line that `on_error = \"collect\"` left out.", Fields: append(slices.Clone(problemFields), Field{Name: "text", Type: "string", Doc: "The line."})},
			{Name: "JsonWriterOptions", Doc: "How a file of JSON values is written.", Fields: jsonWriterOpt},
			{Name: "JsonWriter", Doc: "What `json.writer` returns.", Fields: []Field{
				{Name: "write", Type: "fun(self, value: any)", Doc: "Writes one value on one line."},
				{Name: "count", Type: "fun(self): integer", Doc: "Returns how many values were written."},
				{Name: "close", Type: "fun(self)", Doc: "Completes the file. The file does not appear until you call it."},
			}},
		},
	}
}

func jsonTexts() []*Func {
	return []*Func{
		{
			Name: "encode",
			Doc:  "Encodes a value as JSON text.",
			Params: []Param{{Name: "value", Type: "any", Optional: true, Doc: "The value. nil is encoded as `null`."},
				{Name: "options", Type: "JsonEncodeOptions", Optional: true, Doc: "How to write it.", Fields: jsonEncodeOpt}},
			Returns: []Return{{Type: "string", Doc: "The text, without a newline at the end."}},
			Errors:  encodeErrors,
			Example: `print(json.encode({ name = "Acme", tags = json.array{} })) --> {"name":"Acme","tags":[]}`,
			Lazy:    true,
			Call: func(a *Args) (int, error) {
				b, err := encodeCall(a, 0, 1, a.Host.MaxString)
				return a.give(lua.LString(b), err)
			},
		},
		{
			Name: "decode",
			Doc:  "Decodes a JSON text.",
			Params: []Param{{Name: "text", Type: "string", Doc: "The text of one JSON value."},
				{Name: "options", Type: "JsonDecodeOptions", Optional: true, Doc: "How to read it.", Fields: []Field{jsonNulls}}},
			Returns: []Return{{Type: "any", Doc: "The value. If the text is `null`, this is `json.null`."}},
			Errors:  decodeErrors,
			Example: `print(json.decode('{"name":"Acme"}').name) --> Acme`,
			Call:    onJSON(textSource, (*jsonReader).only),
		},
	}
}

func jsonFiles() []*Func {
	return []*Func{
		{
			Name: "decode_file",
			Doc:  "Reads a file that holds one JSON value. For a large list, use `json.rows`.",
			Params: []Param{fileName,
				{Name: "options", Type: "JsonDecodeOptions", Optional: true, Doc: "How to read it.", Fields: []Field{jsonNulls}}},
			Returns: []Return{{Type: "any", Doc: "The value."}},
			Errors:  decodeErrors + " With kind `io` when the file cannot be read, `permission` when the run may not read it.",
			Example: `local mapping = json.decode_file("mapping.json")`,
			Call:    onJSON(openSource, (*jsonReader).only),
		},
		{
			Name: "rows",
			Doc: "Returns an iterator over the values of a file: the items of one list, or the values of a JSON Lines file. It holds one value at a time, so " +
				"files can be any size.",
			Params: []Param{fileName,
				{Name: "options", Type: "JsonRowsOptions", Optional: true, Doc: "How to read it.", Fields: jsonRowsOpt}},
			Returns: []Return{{Type: "fun(): any, integer?", Doc: "An iterator for `for value, number in ...`; the number counts the values from 1."},
				{Type: "JsonProblem[]?", Doc: "With `on_error = \"collect\"`, the lines that were left out."}},
			Errors:  decodeErrors + " With kind `io` when the file cannot be read, `permission` when the run may not read it.",
			Example: `for event in json.rows("events.jsonl") do print(event.email) end`,
			Call:    onJSON(openSource, (*jsonReader).rows),
		},
		{
			Name: "encode_file",
			Doc:  "Writes a value to a file as JSON. If this fails, no partial file appears.",
			Params: []Param{fileName, {Name: "value", Type: "any", Optional: true, Doc: "The value."},
				{Name: "options", Type: "JsonEncodeOptions", Optional: true, Doc: "How to write it.", Fields: jsonEncodeOpt}},
			Errors:  encodeErrors + " With kind `io` when the file cannot be written, `permission` when the run may not write there.",
			Example: `json.encode_file("companies.json", companies, { pretty = true })`,
			Lazy:    true,
			Call: func(a *Args) (int, error) {
				b, err := encodeCall(a, 1, 2, 0)
				if err != nil {
					return 0, err
				}
				to, err := openTarget(a, a.String(0), false)
				if err != nil {
					return 0, err
				}
				_, err = to.Write(append(b, '\n'))
				return 0, to.finish(to.fail(err))
			},
		},
		{
			Name: "writer",
			Doc:  "Opens a file for writing values one after another, each on its own line (JSON Lines). Close it at the end: until then, the file does not appear under its name.",
			Params: []Param{fileName,
				{Name: "options", Type: "JsonWriterOptions", Optional: true, Doc: "How to write.", Fields: jsonWriterOpt}},
			Returns: []Return{{Type: "JsonWriter", Doc: "A writer with the methods `write(value)`, `count()` and `close()`."}},
			Errors:  encodeErrors + " With kind `io` when the file cannot be written, `permission` when the run may not write there.",
			Example: `local out = json.writer("companies.jsonl")
for company in planhat.company.each() do out:write(company) end
out:close()`,
			Call: jsonWriter,
		},
	}
}

func jsonKinds() []*Func {
	mark := func(name, doc, example string, set func(*Codec, *lua.LTable)) *Func {
		return &Func{
			Name: name, Doc: doc,
			Params:  []Param{{Name: "t", Type: "table", Optional: true, Doc: "The table. Default: a new one."}},
			Returns: []Return{{Type: "table", Doc: "The same table."}},
			Errors:  "When the table already has another metatable.",
			Example: example,
			Call: func(a *Args) (int, error) {
				t := a.Table(0)
				if t == nil {
					t = a.L.NewTable()
				}
				c := CodecOf(a.L)
				if mt, ok := t.Metatable.(*lua.LTable); ok && mt.RawGetString(luajson.PrintField) == lua.LNil && !c.Marks(mt) {
					return 0, a.Errorf("the table already has a metatable, which this would replace")
				}
				set(c, t)
				return a.Push(t)
			},
		}
	}
	return []*Func{
		mark("array", "Marks a table as a list, so that it is encoded as `[]` even if it is empty.", `planhat.company.update(id, { tags = json.array{} })`, (*Codec).MarkArray),
		mark("object", "Marks a table as an object, so that it is encoded as `{}` if it is empty.", `local custom = json.object{}`, (*Codec).MarkObject),
		{
			Name:    "is_null",
			Doc:     "Reports whether a value is `json.null`.",
			Params:  []Param{{Name: "value", Type: "any", Optional: true, Doc: "The value."}},
			Returns: []Return{{Type: "boolean", Doc: "Whether it is `json.null`; false for nil."}},
			Example: `if json.is_null(row.owner) then print("no owner") end`,
			Call:    func(a *Args) (int, error) { return a.Push(lua.LBool(CodecOf(a.L).IsNull(a.Get(0)))) },
		},
	}
}

// encodeCall encodes argument value by the options in argument options, as encodeText.
func encodeCall(a *Args, value, options, most int) ([]byte, error) {
	o := a.Options(options)
	indent, err := indentOption(a, o)
	if err != nil {
		return nil, err
	}
	if err := refusedBlanks(indent); err != nil {
		return nil, a.Errorf("%w", err)
	}
	text, err := encodeText(a.L, a.Get(value), most)
	pretty := o.Bool("pretty") || o.Has("indent")
	if err != nil || !pretty && !o.Bool("sort_keys") {
		return text, err
	}
	format := []jsontext.Options{
		jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(true), jsontext.ReorderRawObjects(o.Bool("sort_keys")),
	}
	if pretty {
		format = append(format, jsontext.WithIndent(indent))
	}
	err = text.Format(format...)
	return text, err
}

// encodeText returns a value as JSON on one line, of at most most bytes
// unless that is 0.
func encodeText(L *lua.LState, v lua.LValue, most int) (jsontext.Value, error) {
	text, err := CodecOf(L).EncodeBytes(v, EncodeOptions{Most: most})
	var encode *luajson.EncodeError
	if errors.As(err, &encode) {
		err = invalid.Errorf("", "the value cannot be written as JSON: %v", encode)
	}
	return text, err
}

type (
	// Codec turns JSON into Lua values and back. There is one for each Lua state. Like
	// the state, it serves one goroutine at a time.
	Codec = luajson.Codec
	// DecodeOptions say how JSON becomes Lua values.
	DecodeOptions = luajson.DecodeOptions
	// EncodeOptions say how Lua values become JSON.
	EncodeOptions = luajson.EncodeOptions
	// Filler knows the contents of tables that are not there yet.
	Filler = luajson.Filler
)

// FillField is a field of the metatable of a table whose contents are not there yet.
// It holds userdata with a [Filler]. Code in Go that looks into a table calls [Fill]
// first.
const FillField = luajson.FillField

// CodecOf returns the codec of L's state; coroutines share their state's.
func CodecOf(L *lua.LState) *Codec {
	if c := luajson.Of(L); c != nil {
		return c
	}
	return luajson.New(L, luajson.Texts{
		Record: func(t *lua.LTable) string { return Show(L, t, maxLine) },
		Result: resultText,
	})
}

// Fill puts the contents of a table that a script sees into it, if they are not there
// yet.
func Fill(t *lua.LTable) { luajson.Fill(t) }

// Whole fills all tables that a value holds.
func Whole(v lua.LValue) { luajson.Whole(v) }

func refusedBlanks(indent string) error {
	if strings.Trim(indent, " \t") != "" {
		return errors.New("'indent' must be spaces and tabs, or a number of spaces")
	}
	return nil
}
