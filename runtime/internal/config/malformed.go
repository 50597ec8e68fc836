package config

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// malformed says where a file cannot be read, and of what kind the mistake is.
// It repeats nothing of the file but the name of a setting: the rest of
// the line may be a token whose quotes were forgotten, and errors go to logs and pages.
func malformed(name string, text []byte, syntax toml.ParseError) error {
	start := min(max(syntax.Position.Start, 0), len(text))
	line := text[strings.LastIndexByte(string(text[:start]), '\n')+1:]
	column := len([]rune(string(line[:start-(len(text)-len(line))]))) + 1
	key := syntax.LastKey
	if key == "" {
		before, _, _ := strings.Cut(string(line), "=")
		key = strings.TrimSpace(before)
	}
	message, hint := mistake(syntax.Message)
	if known(key) {
		message = key + ": " + message
	}
	return &Error{Where: fmt.Sprintf("%s:%d:%d", name, bytes.Count(text[:start], []byte("\n"))+1, column), Message: message, Hint: hint, kind: unreadable}
}

// mistake puts what the decoder says into words that quote nothing.
func mistake(said string) (message, hint string) {
	const texts = "write text in quotes: api_url = \"https://api.planhat.com\""
	switch {
	case strings.HasSuffix(said, "has already been defined."), strings.Contains(said, "was already created"):
		return "this setting appears twice in the file", "remove one of them; for several schedules, write [[schedule]] with two brackets"
	case said == "strings cannot contain newlines", strings.HasPrefix(said, "unexpected EOF; expected '\"") || strings.HasPrefix(said, `unexpected EOF; expected "'`):
		return "this text has no closing quote", "close it with the same quote, on the same line"
	case strings.HasPrefix(said, "invalid escape"), strings.Contains(said, "hexadecimal digits after"):
		return "unexpected backslash in a text", `double it, or put the text in single quotes: 'C:\scripts'`
	case strings.HasPrefix(said, "expected a comma"), strings.HasPrefix(said, "unexpected comma"):
		return "this list has no closing bracket, or a comma is missing", `write lists as ["a", "b"]`
	case strings.HasPrefix(said, "expected '.' or '='"), strings.HasPrefix(said, "unexpected EOF; expected key separator"):
		return "missing = after the name of a setting", texts
	case strings.HasSuffix(said, "is out of range for int64"):
		return "this number is too large", "if it is text: " + texts
	}
	return "the value cannot be read", texts
}

// known reports whether each part of a key is the name of a setting.
func known(key string) bool {
	for part := range strings.SplitSeq(key, ".") {
		found := slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(strings.Split(k, "."), part) })
		for _, list := range tableKeys {
			found = found || slices.Contains(list, part)
		}
		if !found {
			return false
		}
	}
	return true
}

// overwritten returns a key that holds a value although keys below it were set
// before, as in params.a.b = 1 and then params.a = 2: the decoder keeps the second
// and drops the first without an error. It is nil if there is none. What is in lists
// in brackets is not looked at, because the decoder does not say where an item ends.
func overwritten(meta toml.MetaData) toml.Key {
	below := map[string]bool{} // the keys that have others below them
	list := "\x00"             // the last list in brackets
	for _, key := range meta.Keys() {
		name, kind := key.String(), meta.Type(key...)
		switch {
		case strings.HasPrefix(name, list+"."):
			continue
		case kind == "ArrayHash": // the next item of such tables
			maps.DeleteFunc(below, func(k string, _ bool) bool { return k == name || strings.HasPrefix(k, name+".") })
		case kind != "Hash" && below[name]:
			return key
		case kind == "Array":
			list = name
		}
		for i := 1; i < len(key); i++ {
			below[key[:i].String()] = true
		}
	}
	return nil
}
