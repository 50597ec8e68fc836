package luajson

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
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
	// Date is called for each text of a date property that is not a date in Planhat's
	// form.
	Date func(p *catalog.Property, text string)
	// Most is how many bytes the JSON may have; 0 is no limit.
	Most int
	// Patient keeps the end of the run from ending the work.
	Patient bool
	// Shortened is called for each id that looks like a shortened number, such as
	// 1.23457E+12.
	Shortened func(name, id string)
}

// EncodeError reports the part of a value that has no JSON form.
type EncodeError struct {
	// Path leads to the part, such as "custom.Tier" or "[3]", and Message says what is
	// wrong with it.
	Path, Message string
}

func (e *EncodeError) Error() string {
	if e.Path == "" {
		return e.Message
	}
	return "at " + ShortPath(e.Path) + ": " + e.Message
}

// ShortPath leaves out the middle of a long path.
func ShortPath(path string) string {
	const ends = 30
	if len(path) <= 3*ends {
		return path
	}
	return strings.ToValidUTF8(path[:ends], "") + " ... " + strings.ToValidUTF8(path[len(path)-ends:], "")
}

// EncodeBytes returns v as JSON, which is the caller's. Fields keep the order in
// which they were set. An error names the part that has no JSON form.
func (c *Codec) EncodeBytes(v lua.LValue, opt EncodeOptions) (jsontext.Value, error) {
	out, err := c.AppendBytes(c.spare[:0], v, opt)
	if err != nil {
		return nil, err
	}
	if c.spare = out; cap(out) > mostSpare {
		c.spare = nil
		return out, nil
	}
	return bytes.Clone(out), nil
}

// mostSpare is how much memory is kept for the next JSON.
const mostSpare = 1 << 20

// AppendBytes appends v as JSON.
func (c *Codec) AppendBytes(to []byte, v lua.LValue, opt EncodeOptions) ([]byte, error) {
	out, start := c.out, c.start
	c.out, c.start = to, len(to)
	c.path, c.most = c.path[:0], opt.Most
	before := c.patient
	c.patient = before || opt.Patient
	err := c.encodeRecord(v, opt)
	to = c.out
	c.patient, c.out, c.start = before, out, start
	if err != nil {
		return nil, err
	}
	return to, nil
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

func (c *Codec) encode(v lua.LValue) error {
	if err := c.pass(); err != nil {
		return err
	}
	switch v := v.(type) {
	case lua.LString:
		return c.text(string(v))
	case lua.LNumber:
		return c.float(float64(v))
	case lua.LBool:
		return c.word(v.String())
	case *lua.LTable:
		return c.encodeTable(v)
	case *lua.LNilType:
		return c.word("null")
	}
	if c.IsNull(v) {
		return c.word("null")
	}
	return c.errorf("a %s has no JSON form", v.Type())
}

func (c *Codec) text(s string) error {
	size := len(c.out) - c.start + len(s)
	if len(s) > longText {
		// Control characters take six bytes, such as \u0001.
		for i := range len(s) {
			if s[i] < ' ' {
				size += 5
			}
		}
	}
	if c.most > 0 && size > c.most {
		return invalid.Errorf("write it into a file with json.encode_file or json.writer", "the JSON text would be larger than %s", humanize.IBytes(uint64(c.most)))
	}
	if len(s) > longText && !c.patient {
		if err := Ended(cmp.Or(c.l.G.MainThread, c.l)); err != nil {
			return err
		}
	}
	return c.quote(s)
}

// longText is how many bytes of text take as long as many values.
const longText = 1 << 16

func (c *Codec) float(f float64) error {
	switch {
	case luatext.IsWhole(f):
		c.out = strconv.AppendInt(c.out, int64(f), 10)
		return nil
	case math.IsNaN(f) || math.IsInf(f, 0):
		return c.errorf("%v is not a number that JSON allows; look for a division by zero", lua.LNumber(f))
	}
	c.out = appendFloat(c.out, f)
	return nil
}

func (c *Codec) encodeTable(t *lua.LTable) error {
	if len(c.path) > mostDepth {
		return c.errorf("nested more than %d deep; does the table contain itself?", mostDepth)
	}
	if r := c.lazy(t); r != nil && r.untouched() {
		return c.raw(r.raw)
	}
	if r := c.unfilled(t); r != nil {
		return c.encodeLazy(r, func(_ string, v lua.LValue) error { return c.encode(v) })
	}
	if r := c.row(t); r != nil {
		return c.encodeRow(r, func(_ string, v lua.LValue) error { return c.encode(v) })
	}
	n := t.Len()
	if n > 0 || t.Metatable == lua.LValue(c.array) {
		return c.encodeList(t, n)
	}
	return c.encodeFields(t, func(k lua.LValue) error { return c.keyError(k, 0) }, func(_ string, v lua.LValue) error { return c.encode(v) })
}

// encodeFields writes an object. notName returns the error about a key that is not
// text.
func (c *Codec) encodeFields(t *lua.LTable, notName func(k lua.LValue) error, write func(name string, v lua.LValue) error) error {
	c.out = append(c.out, '{')
	for k, v := range fields(t) {
		name, ok := k.(lua.LString)
		if !ok {
			return notName(k)
		}
		if err := c.encodeField(string(name), v, write); err != nil {
			return err
		}
	}
	return c.word("}")
}

func (c *Codec) encodeField(name string, v lua.LValue, write func(name string, v lua.LValue) error) error {
	c.path = append(c.path, step{name: name})
	if err := c.name(name); err != nil {
		return err
	}
	if err := write(name, v); err != nil {
		return err
	}
	c.path = c.path[:len(c.path)-1]
	return nil
}

// encodeRow writes the cells of a row.
func (c *Codec) encodeRow(r *row, write func(name string, v lua.LValue) error) error {
	c.out = append(c.out, '{')
	for i := range r.cells {
		v := r.value(i)
		if v == lua.LNil {
			continue
		}
		if err := c.encodeField(string(r.columns.names[i].(lua.LString)), v, write); err != nil {
			return err
		}
	}
	return c.word("}")
}

// encodeList writes the n items of a list. It rejects tables that also have
// named fields, which would be lost.
func (c *Codec) encodeList(t *lua.LTable, n int) error {
	if k, _ := AfterItems(t, n); k != lua.LNil {
		return c.keyError(k, n)
	}
	c.out = append(c.out, '[')
	for i := 1; i <= n; i++ {
		v := t.RawGetInt(i)
		if v == lua.LNil {
			return c.errorf("item %d of %d is nil; use json.null there, or close the gap", i, n)
		}
		if i > 1 {
			c.out = append(c.out, ',')
		}
		c.path = append(c.path, step{index: i})
		if err := c.encode(v); err != nil {
			return err
		}
		c.path = c.path[:len(c.path)-1]
	}
	return c.word("]")
}

// AfterItems returns the first field of a table that follows its list items.
func AfterItems(t *lua.LTable, n int) (key, value lua.LValue) {
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

// encodeRecord writes a record of a model, whose list properties and days need the
// model's types, or any value without one.
func (c *Codec) encodeRecord(v lua.LValue, opt EncodeOptions) error {
	t, ok := v.(*lua.LTable)
	if !ok || opt.Model == nil {
		return c.encode(v)
	}
	if t.Len() > 0 {
		return c.errorf("%s must be a table of named fields, such as { %s = ... }, not a list", catalog.WithArticle(opt.Model.Noun), exampleProperty(opt.Model))
	}
	if r := c.unfilled(t); r != nil {
		return c.encodeLazy(r, func(name string, v lua.LValue) error { return c.encodeProperty(opt, name, v) })
	}
	if r := c.row(t); r != nil {
		return c.encodeRow(r, func(name string, v lua.LValue) error { return c.encodeProperty(opt, name, v) })
	}
	notName := func(k lua.LValue) error {
		return c.errorf("%s takes named fields only; the key %v is a %s", catalog.WithArticle(opt.Model.Noun), k, k.Type())
	}
	return c.encodeFields(t, notName, func(name string, v lua.LValue) error { return c.encodeProperty(opt, name, v) })
}

func exampleProperty(m *catalog.Model) string {
	if len(m.RequiredOnCreate) > 0 {
		return m.RequiredOnCreate[0]
	}
	return m.Properties[len(m.Properties)-1].Name
}

// shortened matches numbers with many digits as spreadsheets show them and as Lua
// writes them.
var shortened = regexp.MustCompile(`^\d([.,]\d+)?E\+\d+$|\d\.\d+e\+\d\d$`)

// checkID rejects an id that is a number with too many digits, and reports a text
// that seems to have lost digits.
func (c *Codec) checkID(opt EncodeOptions, name string, v lua.LValue) error {
	switch v := v.(type) {
	case lua.LNumber:
		if math.Abs(float64(v)) >= luatext.LargestWhole {
			return c.errorf("the id %s is a number, and numbers from 2^53 on lose digits; read or write such ids as text", strconv.FormatFloat(float64(v), 'f', -1, 64))
		}
	case lua.LString:
		if opt.Shortened != nil && strings.Contains(string(v), "+") && shortened.MatchString(string(v)) {
			opt.Shortened(name, string(v))
		}
	}
	return nil
}

// isID reports whether a property, nil if it is unknown, holds an id.
func isID(p *catalog.Property, name string) bool {
	return strings.HasSuffix(name, "Id") || name == "_id" || p != nil && p.Type == catalog.ObjectID
}

func (c *Codec) encodeProperty(opt EncodeOptions, name string, v lua.LValue) error {
	p := opt.Model.Property(name)
	if isID(p, name) {
		if err := c.checkID(opt, name, v); err != nil {
			return err
		}
	}
	if p == nil {
		if opt.Unknown != nil {
			opt.Unknown(name)
		}
		return c.encode(v)
	}
	if p.ReadOnly && opt.ReadOnly != nil && name != "_id" && name != "custom" && !slices.Contains(opt.Model.Keyables.Bulk, name) {
		opt.ReadOnly(name)
	}
	if text, ok := v.(lua.LString); ok && opt.Value != nil && len(p.Enum) > 0 && !slices.Contains(p.Enum, string(text)) {
		opt.Value(p, string(text))
	}
	if text, ok := v.(lua.LString); ok && opt.Date != nil && p.Type == catalog.Date && text != "" {
		if _, err := calendar.EpochDays(string(text[:min(len(text), len(time.DateOnly))])); err != nil && strings.Trim(string(text), "0123456789") != "" {
			opt.Date(p, string(text))
		}
	}
	switch p.Type {
	case catalog.Days:
		if s, ok := v.(lua.LString); ok {
			days, err := calendar.EpochDays(string(s))
			if err != nil {
				return c.errorf("%v", err)
			}
			c.out = strconv.AppendInt(c.out, int64(days), 10)
			return nil
		}
	case catalog.Array:
		if t, ok := v.(*lua.LTable); ok && IsEmpty(t) {
			return c.word("[]")
		}
	}
	return c.encode(v)
}

// IsEmpty reports whether a table has no fields.
func IsEmpty(t *lua.LTable) bool {
	k, _ := t.Next(lua.LNil)
	return k == lua.LNil
}
