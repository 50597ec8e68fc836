package bindings

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/planhat/catalog"
)

// EncodeOptions say how Lua values become JSON.
type EncodeOptions struct {
	// Model, if set, is the model that the value is a record of: empty tables
	// become [] for its list properties, and properties of type days may be
	// ISO dates.
	Model *catalog.Model
	// Unknown is called for each property that Model does not have.
	Unknown func(name string)
	// ReadOnly is called for each property that Planhat sets itself, except
	// the keys.
	ReadOnly func(name string)
	// Value is called for each text that is not a known value of its property.
	Value func(p *catalog.Property, text string)
}

// EncodeError reports the part of a value that has no JSON form.
type EncodeError struct {
	// Path leads to the part, such as "custom.Tier" or "[3]".
	Path, Message string
}

func (e *EncodeError) Error() string {
	if e.Path == "" {
		return e.Message
	}
	return "at " + shortPath(e.Path) + ": " + e.Message
}

// shortPath leaves out the middle of a long path.
func shortPath(path string) string {
	const ends = 30
	if len(path) <= 3*ends {
		return path
	}
	return strings.ToValidUTF8(path[:ends], "") + " ... " + strings.ToValidUTF8(path[len(path)-ends:], "")
}

// EncodeBytes returns v as JSON. The result is the caller's.
func (c *Codec) EncodeBytes(v lua.LValue, opt EncodeOptions) (jsontext.Value, error) {
	c.buf.Reset()
	c.enc.Reset(&c.buf, jsontext.AllowDuplicateNames(true))
	if err := c.Encode(c.enc, v, opt); err != nil {
		return nil, err
	}
	return bytes.Clone(bytes.TrimSuffix(c.buf.Bytes(), []byte("\n"))), nil
}

// Encode writes v as one JSON value. Fields keep the order in which they were
// set. An error is an *EncodeError, or the writer's own.
func (c *Codec) Encode(enc *jsontext.Encoder, v lua.LValue, opt EncodeOptions) error {
	c.path = c.path[:0]
	t, ok := v.(*lua.LTable)
	if !ok || opt.Model == nil {
		return c.encode(enc, v)
	}
	return c.encodeRecord(enc, t, opt)
}

// step leads from a value to a part of it.
type step struct {
	name  string
	index int
}

// errorf makes an error about the part that is being encoded.
func (c *Codec) errorf(format string, args ...any) error {
	var b strings.Builder
	for _, s := range c.path {
		switch {
		case s.name == "":
			fmt.Fprintf(&b, "[%d]", s.index)
		case b.Len() > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return &EncodeError{Path: b.String(), Message: fmt.Sprintf(format, args...)}
}

func (c *Codec) encode(enc *jsontext.Encoder, v lua.LValue) error {
	switch v := v.(type) {
	case lua.LString:
		return c.text(enc, string(v))
	case lua.LNumber:
		return c.float(enc, float64(v))
	case lua.LBool:
		return enc.WriteToken(jsontext.Bool(bool(v)))
	case *lua.LTable:
		return c.encodeTable(enc, v)
	case *lua.LNilType:
		return enc.WriteToken(jsontext.Null)
	}
	if c.IsNull(v) {
		return enc.WriteToken(jsontext.Null)
	}
	return c.errorf("a %s has no JSON form", v.Type())
}

func (c *Codec) text(enc *jsontext.Encoder, s string) error {
	if err := enc.WriteToken(jsontext.String(s)); err != nil {
		return c.textError(s, err)
	}
	return nil
}

func (c *Codec) textError(s string, err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return c.errorf("the text %q is not valid UTF-8; if it comes from a CSV file, name the file's encoding, such as encoding = \"windows-1252\"", invalid.Cut(s, 40))
	}
	return err
}

func (c *Codec) float(enc *jsontext.Encoder, f float64) error {
	switch {
	case f == math.Trunc(f) && math.Abs(f) <= largestSafe:
		return enc.WriteToken(jsontext.Int(int64(f)))
	case math.IsNaN(f) || math.IsInf(f, 0):
		return c.errorf("%v is not a number that JSON allows; look for a division by zero", lua.LNumber(f))
	}
	return enc.WriteToken(jsontext.Float(f))
}

func (c *Codec) encodeTable(enc *jsontext.Encoder, t *lua.LTable) error {
	if len(c.path) > mostDepth {
		return c.errorf("nested more than %d deep; does the table contain itself?", mostDepth)
	}
	n := t.Len()
	if n > 0 || t.Metatable == lua.LValue(c.array) {
		return c.encodeList(enc, t, n)
	}
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return c.keyError(k, n)
		}
		c.path = append(c.path, step{name: string(name)})
		if err := c.text(enc, string(name)); err != nil {
			return err
		}
		if err := c.encode(enc, v); err != nil {
			return err
		}
		c.path = c.path[:len(c.path)-1]
	}
	return enc.WriteToken(jsontext.EndObject)
}

// encodeList writes the n items of a list. It rejects tables that also have
// named fields, which would be lost.
func (c *Codec) encodeList(enc *jsontext.Encoder, t *lua.LTable, n int) error {
	if k, _ := afterItems(t, n); k != lua.LNil {
		return c.keyError(k, n)
	}
	if err := enc.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	for i := 1; i <= n; i++ {
		v := t.RawGetInt(i)
		if v == lua.LNil {
			return c.errorf("item %d of %d is nil; use json.null there, or close the gap", i, n)
		}
		c.path = append(c.path, step{index: i})
		if err := c.encode(enc, v); err != nil {
			return err
		}
		c.path = c.path[:len(c.path)-1]
	}
	return enc.WriteToken(jsontext.EndArray)
}

// afterItems returns the first field of a table that follows its list items.
func afterItems(t *lua.LTable, n int) (key, value lua.LValue) {
	if n == 0 {
		return t.Next(lua.LNil)
	}
	return t.Next(lua.LNumber(n))
}

// keyError says why a table with that key, and n list items, has no JSON form.
func (c *Codec) keyError(key lua.LValue, n int) error {
	switch k := key.(type) {
	case lua.LString:
		return c.errorf("the table holds both list items and the field %q; JSON allows only one or the other", string(k))
	case lua.LNumber:
		return c.errorf("the table has the number key %v, which is not part of a list from 1 to %d; use a string as the key", k, n)
	default:
		return c.errorf("the table has a %s as a key; JSON keys must be strings", k.Type())
	}
}

// encodeRecord writes a record of a model: list properties and days need the
// model's types.
func (c *Codec) encodeRecord(enc *jsontext.Encoder, t *lua.LTable, opt EncodeOptions) error {
	if t.Len() > 0 {
		return c.errorf("%s must be a table of named fields, such as { %s = ... }, not a list", catalog.WithArticle(opt.Model.Noun), exampleProperty(opt.Model))
	}
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for k, v := t.Next(lua.LNil); k != lua.LNil; k, v = t.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			return c.errorf("%s takes named fields only; the key %v is a %s", catalog.WithArticle(opt.Model.Noun), k, k.Type())
		}
		c.path = append(c.path, step{name: string(name)})
		if err := c.text(enc, string(name)); err != nil {
			return err
		}
		if err := c.encodeProperty(enc, opt, string(name), v); err != nil {
			return err
		}
		c.path = c.path[:len(c.path)-1]
	}
	return enc.WriteToken(jsontext.EndObject)
}

func exampleProperty(m *catalog.Model) string {
	if len(m.RequiredOnCreate) > 0 {
		return m.RequiredOnCreate[0]
	}
	return m.Properties[len(m.Properties)-1].Name
}

func (c *Codec) encodeProperty(enc *jsontext.Encoder, opt EncodeOptions, name string, v lua.LValue) error {
	p := opt.Model.Property(name)
	if p == nil {
		if opt.Unknown != nil {
			opt.Unknown(name)
		}
		return c.encode(enc, v)
	}
	if p.ReadOnly && opt.ReadOnly != nil && name != "_id" && name != "custom" && !slices.Contains(opt.Model.Keyables.Bulk, name) {
		opt.ReadOnly(name)
	}
	if text, ok := v.(lua.LString); ok && opt.Value != nil && len(p.Enum) > 0 && !slices.Contains(p.Enum, string(text)) {
		opt.Value(p, string(text))
	}
	switch p.Type {
	case catalog.Days:
		if s, ok := v.(lua.LString); ok {
			days, err := calendar.EpochDays(string(s))
			if err != nil {
				return c.errorf("%v", err)
			}
			return enc.WriteToken(jsontext.Int(int64(days)))
		}
	case catalog.Array:
		if t, ok := v.(*lua.LTable); ok && isEmpty(t) {
			if err := enc.WriteToken(jsontext.BeginArray); err != nil {
				return err
			}
			return enc.WriteToken(jsontext.EndArray)
		}
	}
	return c.encode(enc, v)
}

func isEmpty(t *lua.LTable) bool {
	k, _ := t.Next(lua.LNil)
	return k == lua.LNil
}
