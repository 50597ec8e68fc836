package luajson

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/planhat/catalog"
)

// encodeRecord writes a record of a model, whose list properties and days need the
// model's types, or any value without one.
func (c *Codec) encodeRecord(v lua.LValue, opt *EncodeOptions) error {
	t, ok := v.(*lua.LTable)
	if !ok || opt.Model == nil {
		return c.encode(v)
	}
	if t.Len() > 0 {
		return c.errorf("%s must be a table of named fields, such as { %s = ... }, not a list", catalog.WithArticle(opt.Model.Noun), exampleProperty(opt.Model))
	}
	c.depth++
	if t.Metatable != lua.LNil {
		if done, err := c.encodeUnfilled(t, opt); done {
			return err
		}
	}
	return c.encodeFields(t, opt)
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
func (c *Codec) checkID(opt *EncodeOptions, name string, v lua.LValue) error {
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

func (c *Codec) encodeProperty(opt *EncodeOptions, name string, v lua.LValue) error {
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
			c.out = append(c.out, "[]"...)
			return nil
		}
	}
	return c.encode(v)
}
