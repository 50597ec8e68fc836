package meant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/lualib/luapattern"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Parts of regular expressions that Lua's patterns do not have, and that mean nothing
// that anybody would write in one.
var (
	backslashClass = pattern.Lazy(`\\[dwDW]|\\[sS](?:[+*?{]|$|[\])])|\[[^\]]*\\[sS][^\]]*\]`)
	backslashDot   = pattern.Lazy(`\\\.[a-z]{2,4}(?:\$|\)|$)`)
	repetition     = pattern.Lazy(`(?:\]|%[a-zA-Z]|\\[a-zA-Z]|\))\{\d+(?:,\d*)?\}`)
	group          = pattern.Lazy(`\(\?[:=!<i]`)
	lazyGroup      = pattern.Lazy(`\((?:\.|\[[^\]]+\]|%[a-zA-Z])[*+]\?\)`)
	alternatives   = pattern.Lazy(`\([\w .%@/-]+(?:\|[\w .%@/-]+)+\)`)
	anchored       = pattern.Lazy(`^\^[\w .-]+(?:\|[\w .-]+)+\$$`)
	posix          = pattern.Lazy(`\[\[:[a-z]+:\]`)
	repeatedGroup  = pattern.Lazy(`\)[*+]\$$`)
)

// expression finds a regular expression.
func (u Use) expression() *Doubt {
	p := u.Pattern
	const escapes = "Lua's patterns use % where regular expressions use a backslash"
	switch {
	case group().MatchString(p):
		return &Doubt{Message: "Lua's patterns have no groups such as (?:...): a '?' after '(' matches a question mark"}
	case lazyGroup().MatchString(p):
		return &Doubt{Message: "in Lua's patterns, the shortest match is '-', and a '?' after * or + matches a question mark", Hint: u.translated()}
	case posix().MatchString(p):
		return &Doubt{Message: "Lua's patterns have no classes such as [:alpha:]", Hint: "write %a for letters, %d for digits, %w for both, %s for space"}
	case repetition().MatchString(p):
		return &Doubt{Message: "Lua's patterns cannot count: braces stand for themselves", Hint: u.translated()}
	case backslashClass().MatchString(p), backslashDot().MatchString(p):
		return &Doubt{Message: escapes, Hint: u.translated()}
	case alternatives().MatchString(p), anchored().MatchString(p):
		return &Doubt{Message: "Lua's patterns have no alternatives: '|' matches only that character", Hint: u.inTurnHint()}
	case repeatedGroup().MatchString(p):
		return &Doubt{Message: fmt.Sprintf("Lua's patterns cannot repeat a group: the '%c' after ')' matches only that character", p[len(p)-2])}
	}
	return nil
}

// inTurnHint says how to write alternatives, "" if several captures or iterations make that
// longer than a hint.
func (u Use) inTurnHint() string {
	switch captures, _ := luapattern.Read(u.Pattern); {
	case u.Function == "match" && captures <= 1:
		return "try one pattern after another: s:match(first) or s:match(second)"
	case u.Function == "find":
		return "to test whether one of them matches, write s:find(first) or s:find(second)"
	case u.Function == "gsub" && u.Text && !strings.Contains(u.Replacement, "%"):
		return "replace one pattern after another: (s:gsub(first, new):gsub(second, new))"
	}
	return ""
}

// translated says how to write a regular expression as a pattern, "" if it has parts
// for which there is none.
func (u Use) translated() string {
	p := u.Pattern
	if strings.Contains(p, "|") || group().MatchString(p) || repeatedGroup().MatchString(p) {
		return ""
	}
	out, ok := unfolded(p)
	if !ok {
		return ""
	}
	return fmt.Sprintf("write %q", out)
}

// longest is how often an item is written out.
const longest = 12

// unfolded translates escapes, counts and lazy repetitions.
func unfolded(p string) (string, bool) {
	var b strings.Builder
	set, last := false, 0
	for i := 0; i < len(p); i++ {
		start := b.Len()
		switch c := p[i]; {
		case c == '\\' && i+1 < len(p):
			i++
			b.WriteString(escape(p[i], set))
		case c == '%' && i+1 < len(p):
			b.WriteString(p[i : i+2])
			i++
		case c == '[' && !set:
			set, last = true, start
			b.WriteByte(c)
			continue
		case c == ']' && set:
			set = false
			b.WriteByte(c)
			continue
		case set:
			b.WriteByte(c)
			continue
		case c == '{':
			n, end := counted(p[i:])
			if n == 0 || n > longest {
				return "", false
			}
			item := b.String()[last:]
			if strings.HasSuffix(item, ")") {
				return "", false
			}
			b.WriteString(strings.Repeat(item, n-1))
			i += end
			continue
		case (c == '*' || c == '+') && i+1 < len(p) && p[i+1] == '?':
			item := b.String()[last:]
			if c == '+' {
				b.WriteString(item)
			}
			b.WriteByte('-')
			i++
			continue
		case c == '-' && i > 0 && p[i-1] == ']':
			return "", false // a range that is repeated, or a hyphen
		case c == '-' && i > 0 && (isLetter(p[i-1]) || isDigit(p[i-1])) && (i < 2 || p[i-2] != '%'):
			b.WriteString("%-")
		default:
			b.WriteByte(c)
		}
		if !set {
			last = start
		}
	}
	return b.String(), !set
}

// escape translates what follows a backslash.
func escape(c byte, set bool) string {
	switch {
	case c == 'w' && set:
		return "%w_"
	case c == 'w':
		return "[%w_]"
	case c == 'W':
		return "[^%w_]"
	case strings.IndexByte("dDsS", c) >= 0:
		return "%" + string(c)
	case isLetter(c) || isDigit(c):
		return "\\" + string(c)
	}
	return "%" + string(c)
}

// counted reads {n} and returns n and where it ends, or 0 for other counts.
func counted(p string) (n, end int) {
	end = strings.IndexByte(p, '}')
	if end < 2 {
		return 0, 0
	}
	for _, c := range p[1:end] {
		if c < '0' || c > '9' {
			return 0, 0
		}
		n = n*10 + int(c-'0')
		if n > longest {
			return 0, 0
		}
	}
	return n, end
}

// plain finds plain text in the place of a pattern.
func (u Use) plain() *Doubt {
	p := u.Pattern
	hint := u.literally()
	removes := u.Text && u.Replacement == ""
	switch {
	case p == "." && u.Function == "gsub" && u.Text && slices.Contains([]string{"", ",", "/", `\`}, u.Replacement):
		return &Doubt{Message: "a dot in a pattern matches any character, so this replaces every character", Hint: `to match a dot, write "%."`}
	case p == "." && u.Function == "find":
		return &Doubt{Message: "a dot in a pattern matches any character, so this finds the first one", Hint: hint}
	case p == "$" && (u.Function != "gsub" || removes):
		return &Doubt{Message: "'$' in a pattern is the end of the text, not a dollar sign", Hint: hint}
	case p == "^" && (u.Function != "gsub" || removes):
		return &Doubt{Message: "'^' in a pattern is the start of the text", Hint: hint}
	case strings.HasPrefix(p, "*.") && ordinary(p[2:]) && len(p) > 2:
		return &Doubt{Message: "'*' does not stand for any text in a pattern", Hint: fmt.Sprintf("to match names that end in .%s, write %q", p[2:], "%."+p[2:]+"$")}
	case hyphenated().MatchString(p):
		return &Doubt{Message: "'-' after a character means as few of it as possible, so this does not match the text itself", Hint: hint}
	case strings.Contains(p, "++") && ordinary(strings.ReplaceAll(p, "++", "")):
		return &Doubt{Message: "'+' after a character means one or more of it", Hint: hint}
	case plusAddress().MatchString(p):
		return &Doubt{Message: "'+' after a character means one or more of it, so this does not match the address itself", Hint: hint}
	case queryAddress().MatchString(p):
		return &Doubt{Message: "'?' after a character means that it is optional, so this does not match the address itself", Hint: hint}
	case bracketed().MatchString(p) && word(strings.Trim(p, "[] ")):
		return &Doubt{Message: "'[...]' matches one of the characters in it, not the word", Hint: hint}
	case u.Function == "gsub" && u.Text && !strings.Contains(u.Replacement, "%") && parenthesized().MatchString(p):
		return &Doubt{Message: "parentheses in a pattern make a capture, so they are not part of the text that is replaced", Hint: hint}
	}
	return nil
}

var (
	hyphenated    = pattern.Lazy(`^[\pL\pN ]*[\pL\pN]-[\pL\pN][\pL\pN -]*$`)
	plusAddress   = pattern.Lazy(`^\w[\w.]*\+\w+@\w[\w.]*\w$`)
	queryAddress  = pattern.Lazy(`^[\w:/.]*/[\w/.]*\w\?\w+=[\w&=]*$`)
	bracketed     = pattern.Lazy(`^ ?\[[A-Za-z]{4,}\] ?$`)
	parenthesized = pattern.Lazy(`^[\pL\pN ]* \([\pL\pN ]+\)[\pL\pN ]*$`)
)

// word reports whether letters are a word rather than a set: they have vowels and
// consonants, are not in the order of the alphabet, and mix no capital letters in.
func word(letters string) bool {
	lower := strings.ToLower(letters)
	vowels, sorted := 0, true
	for i := range len(lower) {
		if strings.IndexByte("aeiouy", lower[i]) >= 0 {
			vowels++
		}
		sorted = sorted && (i == 0 || lower[i-1] <= lower[i])
	}
	cased := letters == lower || letters == strings.ToUpper(letters) || letters[1:] == lower[1:]
	return vowels > 0 && vowels < len(lower) && !sorted && cased
}
