package csvtext

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
)

// Separator returns the character that an option names: itself, "tab", "comma" or
// "semicolon".
func Separator(text string) (r rune, ok bool) {
	if named, ok := map[string]string{"tab": "\t", "comma": ",", "semicolon": ";"}[text]; ok {
		text = named
	}
	r, size := utf8.DecodeRuneInString(text)
	return r, size == len(text) && size > 0 && !strings.ContainsRune("\"\r\n\uFFFD", r)
}

// Number reads a number. Digits may be grouped if the decimal sign is given. The
// option is the one that makes the column one of numbers.
func Number(cell, decimal, column, option string) (float64, error) {
	plain := cell
	if decimal != "" {
		group := map[string]string{".": ",", ",": "."}[decimal]
		plain = strings.NewReplacer(group, "", " ", "", "\u00a0", "", "\u202f", "", "'", "", "’", "", decimal, ".").Replace(cell)
	}
	n, err := strconv.ParseFloat(plain, 64)
	if err == nil && strings.Trim(plain, "+-.0123456789eE") == "" {
		return n, nil
	}
	hint := "correct the cell; if you expect such cells, leave the column out of '" + option + "' and use tonumber(row[" + luatext.Quote(column) + "]) in the script, which returns nil for them"
	switch {
	case decimal != "":
		// tonumber would read the column's other cells as different numbers.
		hint = "correct the cell"
	case strings.Trim(cell, "+-.,0123456789 \u00a0'") == "":
		hint = `set the decimal sign: { decimal = "." } or { decimal = "," }`
	}
	return 0, invalid.Errorf(hint, "%q is not a number", invalid.Cut(cell, 40))
}

// Boolean reads true or false.
func Boolean(cell string) (bool, error) {
	switch strings.ToLower(cell) {
	case "true", "yes", "y", "1", "on", "t", "x":
		return true, nil
	case "false", "no", "n", "0", "off", "f":
		return false, nil
	}
	return false, invalid.Errorf("true, yes, y, 1 and on are true; false, no, n, 0 and off are false", "%q is neither true nor false", invalid.Cut(cell, 40))
}

// Guard puts a ' before a text that Excel would run as a formula.
func Guard(text string) string {
	if text == "" || strings.IndexByte("=+-@\t\r", text[0]) < 0 {
		return text
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text
	}
	return "'" + text
}
