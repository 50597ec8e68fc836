package luajson

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"math"
	"reflect"
	"strconv"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"
)

// DecodeOptions say how JSON becomes Lua values.
type DecodeOptions struct {
	// Nulls keeps the nulls in objects as json.null; otherwise such fields are
	// absent. In lists, null is always json.null, so that items keep their
	// positions.
	Nulls bool
	// Numbers keeps whole numbers of more than 14 digits as numbers. It is for JSON
	// that was encoded from Lua values.
	Numbers bool
	// Omitted, if not nil, gets the names of the absent fields of the value itself.
	Omitted *[]string
}

// DecodeBytes reads one JSON value that fills b.
func (c *Codec) DecodeBytes(b []byte, opt DecodeOptions) (lua.LValue, error) {
	c.dec.Reset(bytes.NewBuffer(b), jsontext.AllowDuplicateNames(true))
	v, err := c.Decode(c.dec, opt)
	if err != nil {
		return nil, err
	}
	if _, err := c.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, &TrailingError{Offset: c.dec.InputOffset()}
	}
	return v, nil
}

// TrailingError reports text after the JSON value.
type TrailingError struct{ Offset int64 }

func (e *TrailingError) Error() string {
	return "text follows the JSON value at byte " + strconv.FormatInt(e.Offset, 10)
}

// Decode reads the next JSON value. Lists are marked as such, so that an empty
// one is encoded as [] again. Whole numbers of more than 14 digits, which Lua
// would shorten in a text, become text.
func (c *Codec) Decode(dec *jsontext.Decoder, opt DecodeOptions) (lua.LValue, error) {
	if err := c.pass(); err != nil {
		return nil, err
	}
	switch dec.PeekKind() {
	case jsontext.KindBeginObject:
		return c.decodeObject(dec, opt)
	case jsontext.KindBeginArray:
		return c.decodeArray(dec, opt)
	}
	raw, err := dec.ReadValue()
	if err != nil {
		return nil, err
	}
	switch raw.Kind() {
	case jsontext.KindNull:
		return c.null, nil
	case jsontext.KindTrue:
		return lua.LTrue, nil
	case jsontext.KindFalse:
		return lua.LFalse, nil
	case jsontext.KindString:
		s, err := unquote(raw)
		return lua.LString(s), err
	}
	if opt.Numbers {
		return number(raw), nil
	}
	return c.number(raw), nil
}

func (c *Codec) decodeObject(dec *jsontext.Decoder, opt DecodeOptions) (lua.LValue, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	omitted := opt.Omitted
	opt.Omitted = nil
	names, base := len(c.names), len(c.values)
	defer func() {
		c.names = c.names[:names]
		c.drop(base)
	}()
	for dec.PeekKind() == jsontext.KindString {
		raw, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		name, err := c.intern(raw)
		if err != nil {
			return nil, err
		}
		v, err := c.Decode(dec, opt)
		if err != nil {
			return nil, err
		}
		if !opt.Nulls && c.IsNull(v) {
			if omitted != nil {
				*omitted = append(*omitted, lua.LVAsString(name))
			}
			continue
		}
		c.names, c.values = append(c.names, name), append(c.values, v)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	t := NewObject(c.l, c.names[names:], c.values[base:])
	if len(c.names) == names {
		c.MarkObject(t)
	}
	return t, nil
}

func (c *Codec) decodeArray(dec *jsontext.Decoder, opt DecodeOptions) (lua.LValue, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	opt.Omitted = nil
	base := len(c.values)
	defer c.drop(base)
	for {
		switch dec.PeekKind() {
		case jsontext.KindEndArray, jsontext.KindInvalid:
			_, err := dec.ReadToken()
			return c.list(c.values[base:]), err
		}
		v, err := c.Decode(dec, opt)
		if err != nil {
			return nil, err
		}
		c.values = append(c.values, v)
	}
}

// list makes a table of the items, in its exact size: most lists in records
// hold one or two.
func (c *Codec) list(items []lua.LValue) *lua.LTable {
	t := c.l.CreateTable(len(items), 0)
	c.MarkArray(t)
	for _, v := range items {
		t.Append(v)
	}
	return t
}

// drop cuts the stack of values down to base.
func (c *Codec) drop(base int) {
	clear(c.values[base:])
	c.values = c.values[:base]
	if base == 0 && cap(c.values) > mostInterned {
		c.values = nil // a very long list was the exception
	}
}

// intern returns a quoted object key as a Lua string, shared with its earlier
// occurrences.
func (c *Codec) intern(raw jsontext.Value) (lua.LValue, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		plain := raw[1 : len(raw)-1]
		if key, ok := c.keys[string(plain)]; ok {
			return key, nil
		}
	}
	s, err := unquote(raw)
	key := lua.LValue(lua.LString(s))
	if err == nil && len(c.keys) < mostInterned {
		c.keys[s] = key
	}
	return key, err
}

func unquote(raw jsontext.Value) (string, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	b, err := jsontext.AppendUnquote(nil, raw)
	return string(b), err
}

// MostDigits is how many digits Lua's .. and tostring write of a whole number.
const MostDigits = 14

func (c *Codec) number(raw jsontext.Value) lua.LValue {
	digits := raw
	if digits[0] == '-' {
		digits = digits[1:]
	}
	whole := int64(0)
	for i, d := range digits {
		if d < '0' || d > '9' {
			return number(raw)
		}
		if i < MostDigits {
			whole = whole*10 + int64(d-'0')
		}
	}
	switch {
	case len(digits) > MostDigits:
		return lua.LString(raw)
	case raw[0] == '-':
		return lua.LNumber(-whole)
	case whole < int64(len(smallNumbers)):
		return smallNumbers[whole]
	}
	return lua.LNumber(whole)
}

func number(raw jsontext.Value) lua.LValue {
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || math.IsInf(f, 0) {
		return lua.LString(raw)
	}
	return lua.LNumber(f)
}

// tableParts has the layout of lua.LTable, which keeps its text keys in a map, a
// list for their order and a map of their positions. Its own methods grow the
// latter two key by key, which takes four times as long as filling all three in
// their known size, and most of the time of reading a page of records.
type tableParts struct {
	_       lua.LValue // Metatable
	array   []lua.LValue
	_       map[lua.LValue]lua.LValue // dict
	strdict map[string]lua.LValue
	keys    []lua.LValue
	k2i     map[lua.LValue]int
}

// fields returns the fields of a table as its Next does, in a fraction of the time.
func fields(t *lua.LTable) iter.Seq2[lua.LValue, lua.LValue] {
	return func(yield func(k, v lua.LValue) bool) {
		if p := (*tableParts)(unsafe.Pointer(t)); LayoutKnown && len(p.array) == 0 {
			for _, k := range p.keys {
				v := lua.LNil
				if name, ok := k.(lua.LString); !ok {
					v = t.RawGetH(k)
				} else if field, ok := p.strdict[string(name)]; ok {
					v = field
				}
				if v != lua.LNil && !yield(k, v) {
					return
				}
			}
			return
		}
		for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
			if !yield(k, v) {
				return
			}
		}
	}
}

// onlyItems reports whether a table surely holds nothing but its n list items.
func onlyItems(t *lua.LTable, n int) bool {
	p := (*tableParts)(unsafe.Pointer(t))
	return LayoutKnown && len(p.array) == n && len(p.keys) == 0
}

// LayoutKnown reports whether this gopher-lua has tables of that layout. If not,
// tables are filled with their methods.
var LayoutKnown = sameParts(reflect.TypeFor[tableParts](), reflect.TypeFor[lua.LTable]())

// ListPart returns the list part of a table, nil if its layout is unknown.
func ListPart(t *lua.LTable) *[]lua.LValue {
	if !LayoutKnown {
		return nil
	}
	return &(*tableParts)(unsafe.Pointer(t)).array
}

func sameParts(mine, theirs reflect.Type) bool {
	if mine.NumField() != theirs.NumField() || mine.Size() != theirs.Size() {
		return false
	}
	for i := range mine.NumField() {
		m, t := mine.Field(i), theirs.Field(i)
		if m.Type != t.Type || m.Offset != t.Offset || m.Name != "_" && m.Name != t.Name {
			return false
		}
	}
	return true
}

// NewObject makes a table of keys, which are lua.LString, and values. The last
// value of a duplicate key wins.
func NewObject(L *lua.LState, keys, values []lua.LValue) *lua.LTable {
	t := L.CreateTable(0, len(keys))
	if !LayoutKnown || len(keys) == 0 {
		for i, k := range keys {
			t.RawSetString(string(k.(lua.LString)), values[i])
		}
		return t
	}
	p := (*tableParts)(unsafe.Pointer(t))
	p.keys = make([]lua.LValue, 0, len(keys))
	p.k2i = make(map[lua.LValue]int, len(keys))
	for i, k := range keys {
		known := len(p.strdict)
		p.strdict[string(k.(lua.LString))] = values[i]
		if len(p.strdict) > known {
			p.k2i[k] = len(p.keys)
			p.keys = append(p.keys, k)
		}
	}
	return t
}
