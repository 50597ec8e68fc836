package csvtext

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/bindings/internal/invalid"
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

// Guard puts a ' before a text that Excel would run as a formula. Full-width signs
// count: Excel converts them.
func Guard(text string) string {
	if isFormula(text) {
		return "'" + text
	}
	return text
}

// isFormula reports whether Excel would run a text.
func isFormula(text string) bool {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, "\ufeff\x00"))
	if text == "" || !strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err != nil
}
