package luajson

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

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
	out, start, depth := c.out, c.start, c.depth
	c.out, c.start, c.depth = to, len(to), 0
	c.path, c.most = c.path[:0], opt.Most
	before := c.patient
	c.patient = before || opt.Patient
	err := c.encodeRecord(v, &opt)
	to = c.out
	c.patient, c.out, c.start, c.depth = before, out, start, depth
	if err != nil {
		return nil, c.located(err)
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
	return &EncodeError{Message: fmt.Sprintf(format, args...)}
}

// within notes that an error is about a part of what is being encoded.
func (c *Codec) within(part step, err error) error {
	c.path = append(c.path, part)
	return err
}

// located adds the path to the part that an error is about, whose steps were noted from
// its end.
func (c *Codec) located(err error) error {
	e, ok := errors.AsType[*EncodeError](err)
	if !ok {
		return err
	}
	var b strings.Builder
	for _, s := range slices.Backward(c.path) {
		switch {
		case s.name == "":
			fmt.Fprintf(&b, "[%d]", s.index)
		case b.Len() > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	e.Path = b.String()
	return e
}

func (c *Codec) encode(v lua.LValue) error {
	if err := c.pass(); err != nil {
		return err
	}
	switch v := v.(type) {
	case lua.LString:
		if c.most > 0 || len(v) > longText || !plain(string(v)) {
			return c.text(string(v))
		}
		c.out = append(c.out, '"')
		c.out = append(c.out, v...)
		c.out = append(c.out, '"')
		return nil
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
	if c.most > 0 || len(s) > longText {
		if err := c.fits(s); err != nil {
			return err
		}
	}
	return c.quote(s)
}

// fits looks whether a text makes the JSON too large, or is so long that the end of the
// run counts.
func (c *Codec) fits(s string) error {
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
		return Ended(cmp.Or(c.l.G.MainThread, c.l))
	}
	return nil
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
	if c.depth > mostDepth {
		return c.errorf("nested more than %d deep; does the table contain itself?", mostDepth)
	}
	c.depth++
	err := c.encodeContents(t)
	c.depth--
	return err
}

func (c *Codec) encodeContents(t *lua.LTable) error {
	if t.Metatable != lua.LNil {
		if r := c.lazy(t); r != nil && r.untouched() {
			return c.raw(r.raw)
		}
		if done, err := c.encodeUnfilled(t, nil); done {
			return err
		}
	}
	n := t.Len()
	if n > 0 || t.Metatable == lua.LValue(c.array) {
		return c.encodeList(t, n)
	}
	return c.encodeFields(t, nil)
}

// encodeUnfilled writes a table whose contents are not in it. done is false if they are,
// or are from now on.
func (c *Codec) encodeUnfilled(t *lua.LTable, opt *EncodeOptions) (done bool, err error) {
	if r := c.unfilled(t); r != nil {
		return true, c.encodeLazy(r, opt)
	}
	if r := c.row(t); r != nil {
		return true, c.encodeRow(r, opt)
	}
	return false, nil
}

// encodeFields writes an object, with opt a record's.
func (c *Codec) encodeFields(t *lua.LTable, opt *EncodeOptions) error {
	c.out = append(c.out, '{')
	for k, v := range fields(t) {
		name, ok := k.(lua.LString)
		if !ok {
			return c.notName(k, opt)
		}
		err := c.name(string(name))
		switch {
		case err != nil:
		case opt == nil:
			err = c.encode(v)
		default:
			err = c.encodeProperty(opt, string(name), v)
		}
		if err != nil {
			return c.within(step{name: string(name)}, err)
		}
	}
	c.out = append(c.out, '}')
	return nil
}

func (c *Codec) notName(k lua.LValue, opt *EncodeOptions) error {
	if opt == nil {
		return c.keyError(k, 0)
	}
	return c.errorf("%s takes named fields only; the key %v is a %s", catalog.WithArticle(opt.Model.Noun), k, k.Type())
}

func (c *Codec) encodeField(name string, v lua.LValue, opt *EncodeOptions) error {
	err := c.name(name)
	if err == nil {
		err = c.encodeMember(name, v, opt)
	}
	if err != nil {
		return c.within(step{name: name}, err)
	}
	return nil
}

// encodeMember writes the value of a field, with opt that of a record's property.
func (c *Codec) encodeMember(name string, v lua.LValue, opt *EncodeOptions) error {
	if opt == nil {
		return c.encode(v)
	}
	return c.encodeProperty(opt, name, v)
}

// encodeRow writes the cells of a row.
func (c *Codec) encodeRow(r *row, opt *EncodeOptions) error {
	c.out = append(c.out, '{')
	for i := range r.cells {
		v := r.value(i)
		if v == lua.LNil {
			continue
		}
		if err := c.encodeField(string(r.columns.names[i].(lua.LString)), v, opt); err != nil {
			return err
		}
	}
	c.out = append(c.out, '}')
	return nil
}

// encodeList writes the n items of a list. It rejects tables that also have
// named fields, which would be lost.
func (c *Codec) encodeList(t *lua.LTable, n int) error {
	if !onlyItems(t, n) {
		if k, _ := AfterItems(t, n); k != lua.LNil {
			return c.keyError(k, n)
		}
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
		if err := c.encode(v); err != nil {
			return c.within(step{index: i}, err)
		}
	}
	c.out = append(c.out, ']')
	return nil
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

// IsEmpty reports whether a table has no fields.
func IsEmpty(t *lua.LTable) bool {
	k, _ := t.Next(lua.LNil)
	return k == lua.LNil
}
