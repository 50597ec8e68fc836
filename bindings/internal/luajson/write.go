package luajson

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// word writes a token that needs no escapes.
func (c *Codec) word(s string) error {
	c.out = append(c.out, s...)
	return nil
}

// name writes the name of a member, after a comma unless it is the first one of its
// object.
func (c *Codec) name(s string) error {
	if c.out[len(c.out)-1] != '{' {
		c.out = append(c.out, ',')
	}
	if err := c.text(s); err != nil {
		return err
	}
	c.out = append(c.out, ':')
	return nil
}

// quote writes a text. Most texts are plain, and their bytes are copied.
func (c *Codec) quote(s string) error {
	for i := range len(s) {
		if b := s[i]; b < ' ' || b >= utf8.RuneSelf || b == '"' || b == '\\' {
			out, err := jsontext.AppendQuote(c.out, s)
			if err != nil {
				return c.errorf("the text %q is not valid UTF-8; if it comes from a CSV file, name the file's encoding, such as encoding = \"windows-1252\"", invalid.Cut(s, 40))
			}
			c.out = out
			return nil
		}
	}
	c.out = append(append(append(c.out, '"'), s...), '"')
	return nil
}

// raw writes valid JSON as it is, unless it has more than one line.
func (c *Codec) raw(v jsontext.Value) error {
	if bytes.ContainsAny(v, "\n\r") {
		v = bytes.Clone(v)
		if err := v.Compact(jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(true)); err != nil {
			return err
		}
	}
	c.out = append(c.out, v...)
	return nil
}

// appendFloat writes a number as JavaScript does, as encoding/json.
func appendFloat(to []byte, f float64) []byte {
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		to = strconv.AppendFloat(to, f, 'e', -1, 64)
		if n := len(to); to[n-4] == 'e' && to[n-3] == '-' && to[n-2] == '0' { // 1e-09
			to[n-2] = to[n-1]
			to = to[:n-1]
		}
		return to
	}
	return strconv.AppendFloat(to, f, 'f', -1, 64)
}
