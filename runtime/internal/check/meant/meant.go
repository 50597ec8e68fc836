// Package meant tells what the writer of a literal most likely meant: plain text or a
// regular expression where Lua reads a pattern, a pattern where a function reads plain
// text. It says nothing unless it is sure.
package meant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/lualib/luapattern"
)

// Doubt is what is wrong with a pattern or a text.
type Doubt struct {
	Message, Hint string
	// Fails reports whether the call raises an error.
	Fails bool
	// Replacement reports whether it is about the replacement.
	Replacement bool
}

// Use is a call of string.find, match, gmatch or gsub.
type Use struct {
	Function, Pattern string
	// Replacement is the text that gsub puts in; Text is false if it is something else.
	Replacement string
	Text        bool
}

// Look returns what is wrong with the pattern of a call, or its replacement; nil if
// nothing is, or that is not certain.
func (u Use) Look() *Doubt {
	if u.Function == "find" && luapattern.Plain(u.Pattern) {
		return nil
	}
	captures, wrong := luapattern.Read(u.Pattern)
	if strings.Contains(u.Pattern, "\x00") {
		return &Doubt{Message: "a zero byte ends a pattern in Lua 5.1", Hint: "write %z to match it", Fails: wrong != ""}
	}
	if wrong != "" {
		return u.malformed(wrong)
	}
	for _, look := range []func() *Doubt{u.expression, u.plain, u.unknownClass} {
		if d := look(); d != nil {
			return d
		}
	}
	if u.Function == "gmatch" && strings.HasPrefix(u.Pattern, "^") {
		return &Doubt{Message: "gmatch takes a '^' at the start for the character itself, so this finds nothing in most texts", Hint: "use match, which knows '^' as the start of the text"}
	}
	if u.Function == "gsub" && u.Text {
		return u.replacement(captures)
	}
	return nil
}

// reasons say in words what Lua's errors mean.
var reasons = map[string]string{
	luapattern.EndsWithPercent:   "a pattern cannot end with a single %",
	luapattern.MissingBracket:    "'[' begins a set of characters, and nothing closes it",
	luapattern.UnfinishedCapture: "'(' begins a capture, and nothing closes it",
	luapattern.InvalidCapture:    "')' ends a capture, and nothing opens it",
	luapattern.MissingFrontier:   "'%f' needs a set of characters, such as %f[%w]",
	luapattern.Unbalanced:        "'%b' needs two characters, such as %b()",
	luapattern.InvalidIndex:      "a % with a digit means an earlier capture, and the pattern has none of that number",
	luapattern.TooManyCaptures:   fmt.Sprintf("a pattern has at most %d captures", luapattern.MostCaptures),
}

func (u Use) malformed(wrong string) *Doubt {
	d := &Doubt{Message: reasons[wrong], Fails: true}
	if wrong == luapattern.UnfinishedCapture && u.Function == "gsub" && !strings.Contains(u.Replacement, "%") && u.Text {
		d.Fails = false // the capture is not read
	}
	// A sign without other patterns around it is meant for itself.
	switch wrong {
	case luapattern.EndsWithPercent:
		if strings.Count(u.Pattern, "%") == 1 && ordinary(strings.TrimSuffix(u.Pattern, "%")) {
			d.Hint = u.literally()
		} else {
			d.Hint = "to match a percent sign, write %%"
		}
	case luapattern.MissingBracket, luapattern.UnfinishedCapture, luapattern.InvalidCapture:
		if ordinary(strings.NewReplacer("(", "", ")", "", "[", "", "]", "").Replace(u.Pattern)) {
			d.Hint = u.literally()
		} else {
			d.Hint = fmt.Sprintf("to match the character itself, write %%%c", wrongSign(wrong))
		}
	}
	return d
}

func wrongSign(wrong string) byte {
	switch wrong {
	case luapattern.MissingBracket:
		return '['
	case luapattern.UnfinishedCapture:
		return '('
	}
	return ')'
}

// magic are the characters that mean something in a pattern.
const magic = "^$()%.[]*+-?"

// ordinary reports whether a text has none of them.
func ordinary(text string) bool { return !strings.ContainsAny(text, magic) }

// Escaped returns the pattern that matches a text as it is.
func Escaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if strings.IndexByte(magic, text[i]) >= 0 {
			b.WriteByte('%')
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// literally says how to match the pattern's text as it is.
func (u Use) literally() string {
	hint := fmt.Sprintf("to match the text itself, write %q", Escaped(u.Pattern))
	if u.Function == "find" {
		hint += fmt.Sprintf(", or s:find(%q, 1, true)", u.Pattern)
	}
	return hint
}

// classes are the letters that stand for classes after a percent sign.
const classes = "acdlpsuwxzACDLPSUWXZbf"

// unknownClass finds a percent sign before what is neither a class nor a sign.
func (u Use) unknownClass() *Doubt {
	for i := 0; i+1 < len(u.Pattern); i++ {
		if u.Pattern[i] != '%' {
			continue
		}
		i++
		switch c := u.Pattern[i]; {
		case c == 'g':
			return &Doubt{Message: "Lua 5.1 has no class %g, so this matches the letter g", Hint: `write "[^%s%c]" for all printable characters except spaces; inside a set, %w%p`}
		case strings.IndexByte("ntr", c) >= 0:
			return &Doubt{Message: fmt.Sprintf("%%%c matches the letter %c", c, c), Hint: fmt.Sprintf(`special characters are written with a backslash: "\%c"`, c)}
		case isLetter(c) && strings.IndexByte(classes, c) < 0:
			return &Doubt{Message: fmt.Sprintf("%%%c is not a class of characters, so this matches the letter %c", c, c), Hint: "the classes are %a letters, %d digits, %l lower case, %p punctuation, %s space, %u upper case, %w letters and digits, %x hexadecimal digits"}
		case c == ' ' && i >= 2 && isDigit(u.Pattern[i-2]):
			return &Doubt{Message: "% takes the space after it for itself, so this does not match a percent sign", Hint: fmt.Sprintf("write %q", strings.ReplaceAll(u.Pattern, "% ", "%% "))}
		}
	}
	return nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// replacement looks at what gsub puts in.
func (u Use) replacement(captures int) *Doubt {
	text := u.Replacement
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		i++
		switch {
		case i == len(text):
			return &Doubt{Message: "a single % at the end of the replacement becomes a zero byte", Hint: fmt.Sprintf("write %q", text+"%"), Replacement: true}
		case isDigit(text[i]) && int(text[i]-'0') > max(captures, 1):
			has := "1 capture"
			if captures != 1 {
				has = fmt.Sprintf("%d captures", captures)
			}
			return &Doubt{Message: fmt.Sprintf("%%%c in the replacement inserts capture %c, and the pattern has %s", text[i], text[i], has), Hint: "put parentheses around what to insert; for a percent sign, write %%", Fails: true, Replacement: true}
		case text[i] == ' ', isLetter(text[i]):
			return &Doubt{Message: fmt.Sprintf("%% in a replacement is dropped before %q", text[i:i+1]), Hint: "for a percent sign, write %%", Replacement: true}
		}
	}
	if captures == 0 {
		return nil
	}
	for n := 1; n <= min(captures, 9); n++ {
		for _, mark := range []string{`$`, `\`} {
			if other := fmt.Sprintf("%s%d", mark, n); strings.Contains(text, other) && !strings.Contains(text, "%") {
				return &Doubt{Message: fmt.Sprintf("%s in a replacement is that text; capture %d is %%%d", other, n, n), Hint: fmt.Sprintf("write %q", strings.ReplaceAll(text, mark, "%")), Replacement: true}
			}
		}
	}
	return nil
}

// Split returns what is wrong with a separator that is taken as it is.
func Split(function, separator string) *Doubt {
	for _, class := range []string{"%s", "%.", "%d", "%w", "%p", "%a", "%|", "%-", "%+", "%*", "%?", "%(", "%["} {
		if !strings.Contains(separator, class) {
			continue
		}
		plain := strings.ReplaceAll(separator, "%", "")
		d := &Doubt{Message: function + " takes plain text, not a pattern"}
		switch {
		case function == "text.split" && slices.Contains([]string{"%s", "%s+"}, separator):
			d.Hint = `to split at white space, loop over s:gmatch("%S+")`
		case Escaped(plain) == separator:
			d.Hint = fmt.Sprintf("write %q", plain)
		case function == "text.replace":
			d.Hint = "to replace what a pattern matches, use (s:gsub(pattern, new))"
		}
		return d
	}
	return nil
}
