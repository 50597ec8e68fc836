// Package luajson turns JSON into Lua values and back.
package luajson

import (
	"bytes"
	"cmp"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// Codec turns JSON into Lua values and back, token by token. There is one for
// each Lua state; it interns object keys, which repeat from record to record.
// Like the state, it serves one goroutine at a time.
type Codec struct {
	l      *lua.LState
	null   *lua.LUserData
	array  *lua.LTable
	object *lua.LTable
	// records and results are the metatables of tables that print shows in
	// their own way.
	records *lua.LTable
	results *lua.LTable
	// lazyRecords and lazyParts are the metatables of records, and of objects in them,
	// whose contents are still JSON; lazyRows is that of rows whose contents are cells.
	lazyRecords *lua.LTable
	lazyParts   *lua.LTable
	lazyRows    *lua.LTable
	// missed is told about properties that records do not have, whose JSON begins with
	// missedOf.
	missed   func(record []byte, name string)
	missedOf []byte
	keys     map[string]lua.LValue

	// names and values are stacks of what is being read, so that each table gets
	// its exact size.
	names  []lua.LValue
	values []lua.LValue
	// members and spans are room for those of an object that is being read.
	members []planhat.Member
	spans   []span
	// shapes are those of the last objects, and after is the place of the field that Next
	// returned last.
	shapes []*shape
	after  int

	// path leads from the part that an error is about up to the value; depth is that of
	// the part being encoded, and most is how many bytes its JSON may have, 0 without a
	// limit.
	path  []step
	depth int
	most  int

	// passed counts the values that were read or written; patient makes what is being
	// read end even if the run has to.
	passed  int
	patient bool

	// out is the JSON that is being written, from start on. spare is memory for it.
	out    []byte
	start  int
	spare  []byte
	labels [mostLabels]label

	dec *jsontext.Decoder
}

const (
	codecField    = "phscript.codec"
	mostInterned  = 1 << 14
	mostDepth     = 200
	jsonTypeField = "__jsontype"
)

// Texts are what print shows of tables that it shows in their own way.
type Texts struct {
	Record, Result func(t *lua.LTable) string
}

// New makes the codec of a state that has none. Of finds it from then on.
func New(L *lua.LState, texts Texts) *Codec {
	c := &Codec{l: L, keys: make(map[string]lua.LValue)}
	c.null = L.NewUserData()
	c.null.Value = c
	meta := L.CreateTable(0, 1)
	meta.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("null"))
		return 1
	}))
	c.null.Metatable = meta
	c.array, c.object = L.CreateTable(0, 1), L.CreateTable(0, 1)
	c.records = printed(L, texts.Record)
	c.results = printed(L, texts.Result)
	c.lazyRecords = c.lazies(texts.Record, objects{c})
	c.lazyParts = c.lazies(nil, objects{c})
	c.lazyRows = c.lazies(nil, rows{c})
	c.array.RawSetString(jsonTypeField, lua.LString("array"))
	c.object.RawSetString(jsonTypeField, lua.LString("object"))
	c.dec = jsontext.NewDecoder(new(bytes.Buffer))
	ud := L.NewUserData()
	ud.Value = c
	L.Get(lua.RegistryIndex).(*lua.LTable).RawSetString(codecField, ud)
	return c
}

// smallNumbers are the first whole numbers, which need no memory.
var smallNumbers = func() (values [256]lua.LValue) {
	for i := range values {
		values[i] = lua.LNumber(i)
	}
	return values
}()

// Of returns the codec of L's state, nil if it has none yet; coroutines share their
// state's.
func Of(L *lua.LState) *Codec {
	if ud, ok := L.Get(lua.RegistryIndex).(*lua.LTable).RawGetString(codecField).(*lua.LUserData); ok {
		return ud.Value.(*Codec)
	}
	return nil
}

// pass is called for each value. A script cannot be interrupted while a function in
// Go works, so it looks now and then whether it should be.
func (c *Codec) pass() error {
	if c.passed++; c.passed%patience > 0 {
		return nil
	}
	return c.look()
}

// patience is how many values pass between two looks.
const patience = 1 << 10

func (c *Codec) look() error {
	if c.patient {
		return nil
	}
	return Ended(cmp.Or(c.l.G.MainThread, c.l))
}

// Ended returns the error of a state's context.
func Ended(L *lua.LState) error {
	if ctx := L.Context(); ctx != nil {
		return ctx.Err()
	}
	return nil
}

// Null returns JSON's null (json.null).
func (c *Codec) Null() *lua.LUserData { return c.null }

// IsNull reports whether v is JSON's null.
func (c *Codec) IsNull(v lua.LValue) bool { return v == lua.LValue(c.null) }

// MarkArray makes t encode as a list even if it is empty.
func (c *Codec) MarkArray(t *lua.LTable) { t.Metatable = c.array }

// MarkObject makes t encode as an object even if it is empty.
func (c *Codec) MarkObject(t *lua.LTable) { t.Metatable = c.object }

// MarkResult makes print show t as the result of a bulk call.
func (c *Codec) MarkResult(t *lua.LTable) { t.Metatable = c.results }

// Marks reports whether a metatable is one that MarkArray or MarkObject sets.
func (c *Codec) Marks(meta *lua.LTable) bool { return meta == c.array || meta == c.object }

// PrintField is a field of metatables, PrintField in the runtime's Lua library.
// It holds the function that returns a table's text for print and tostring.
// getmetatable hides these metatables from scripts.
const PrintField = "phscript.print"

// printed makes the metatable of tables that print shows in their own way.
func printed(L *lua.LState, text func(t *lua.LTable) string) *lua.LTable {
	meta := L.CreateTable(0, 1)
	meta.RawSetString(PrintField, L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(text(L.CheckTable(1))))
		return 1
	}))
	return meta
}

// Record makes a table of a Planhat record. print shows its contents. The table keeps
// the record's memory until it is filled.
func (c *Codec) Record(raw []byte) (lua.LValue, error) {
	if len(raw) > 0 && raw[0] == '{' && !isEmptyObject(raw) {
		return c.newLazy(c.lazyRecords, raw), nil
	}
	v, err := c.DecodeBytes(raw, DecodeOptions{})
	if t, ok := v.(*lua.LTable); ok && t.Metatable == lua.LNil {
		t.Metatable = c.records
	}
	return v, err
}
