package luajson

import (
	"bytes"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// word writes a token that needs no escapes.
func (c *Codec) word(s string) error {
	c.out = append(c.out, s...)
	return nil
}

// label is a name as it stands in JSON: a comma, the name in quotes, a colon.
type label struct{ name, text string }

// mostLabels is how many labels are kept, mostLabelled how long their names are at most.
const mostLabels, mostLabelled = 128, 64

// name writes the name of a member, after a comma unless it is the first one of its
// object. Rows have the same names, mostly in the same place of memory: those are written
// as the last time.
func (c *Codec) name(s string) error {
	first := c.out[len(c.out)-1] == '{'
	if 0 < len(s) && len(s) <= mostLabelled {
		if c.most > 0 {
			if err := c.fits(s); err != nil {
				return err
			}
		}
		at := unsafe.StringData(s)
		l := &c.labels[uintptr(unsafe.Pointer(at))/8%mostLabels]
		if len(l.name) != len(s) || unsafe.StringData(l.name) != at {
			text, err := jsontext.AppendQuote([]byte{','}, s)
			if err != nil {
				return c.text(s)
			}
			*l = label{s, string(append(text, ':'))}
		}
		if first {
			c.out = append(c.out, l.text[1:]...)
		} else {
			c.out = append(c.out, l.text...)
		}
		return nil
	}
	if !first {
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
	if !plain(s) && !verbatim(s) {
		out, err := jsontext.AppendQuote(c.out, s)
		if err != nil {
			return c.errorf("the text %q is not valid UTF-8; if it comes from a CSV file, name the file's encoding, such as encoding = \"windows-1252\"", invalid.Cut(s, 40))
		}
		c.out = out
		return nil
	}
	c.out = append(c.out, '"')
	c.out = append(c.out, s...)
	c.out = append(c.out, '"')
	return nil
}

// plain reports whether a text is ASCII that needs no escapes. It looks at eight bytes at
// a time.
func plain(s string) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(s) >= 8; s = s[8:] {
		eight := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		quote, slash := eight^'"'*ones, eight^'\\'*ones
		// A byte that is not ASCII has its top bit set. Subtracting sets that of one that
		// is too small, and perhaps those after it.
		if (eight|(eight-' '*ones)|(quote-ones)|(slash-ones))&tops != 0 {
			return false
		}
	}
	for i := range len(s) {
		if b := s[i]; b >= utf8.RuneSelf || special[b] {
			return false
		}
	}
	return true
}

// verbatim reports whether a text is UTF-8 that needs no escapes.
func verbatim(s string) bool {
	for i := range len(s) {
		if special[s[i]] {
			return false
		}
	}
	return utf8.ValidString(s)
}

// special are the bytes that a text in JSON has only as escapes.
var special = func() (set [256]bool) {
	for b := range ' ' {
		set[b] = true
	}
	set['"'], set['\\'] = true, true
	return set
}()

// raw writes valid JSON as it is, unless it has more than one line.
func (c *Codec) raw(v jsontext.Value) error {
	if bytes.IndexByte(v, '\n') >= 0 || bytes.IndexByte(v, '\r') >= 0 {
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
