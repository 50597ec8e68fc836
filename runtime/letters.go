package runtime

import (
	"strings"
	"unicode"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// letters changes the letters of a text for the module text: its arguments are how, and
// the text. In a text that is not UTF-8, it changes only the letters of ASCII.
func letters(L *lua.LState) int {
	how, text := L.CheckString(1), L.CheckString(2)
	L.Push(lua.LString(changed(how, text)))
	return 1
}

func changed(how, text string) string {
	valid := utf8.ValidString(text)
	switch {
	case how == "upper" && !valid:
		return ascii(text, 'a', 'z', 'A'-'a'+256)
	case how == "upper":
		return strings.ToUpper(text)
	case how == "lower" && !valid:
		return ascii(text, 'A', 'Z', 'a'-'A')
	case how == "lower":
		return strings.ToLower(text)
	case how == "title" && valid:
		return cases.Title(language.Und).String(text)
	case how == "slug":
		return slug(strings.ToValidUTF8(text, "-"))
	}
	return text
}

// ascii moves the bytes of a range.
func ascii(text string, from, to byte, by int) string {
	b := []byte(text)
	for i, c := range b {
		if c >= from && c <= to {
			b[i] = byte(int(c) + by)
		}
	}
	return string(b)
}

// latin are letters that do not consist of one of ASCII and a mark.
var latin = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i")

// slug keeps letters and digits, without marks and in lower case, and puts a hyphen in
// place of what is between them.
func slug(text string) string {
	var out strings.Builder
	gap := false
	for _, r := range latin.Replace(strings.ToLower(norm.NFKD.String(text))) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && out.Len() > 0 {
				out.WriteByte('-')
			}
			gap = false
			out.WriteRune(r)
		default:
			gap = true
		}
	}
	return out.String()
}
