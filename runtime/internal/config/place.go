package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/phscript/phscript/runtime/internal/pattern"
)

// mistakeKind says what a file's mistake is about. The zero value is a setting that is
// unknown, or has a value that it cannot have.
type mistakeKind int

const (
	// unreadable is text that is not TOML. It has its place already.
	unreadable mistakeKind = iota + 1
	// mistyped is a value of another type. Of several, the decoder reports any.
	mistyped
)

// mostLines bounds the files in which the line of a mistake is searched for.
const mostLines = 1000

// located adds the line of a mistake to the error about it: the last line of the
// shortest start of the file that has the mistake, as all longer ones do. The decoder
// knows the lines of settings that occur once, and not those in lists of tables.
func located(name string, text []byte, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.kind == unreadable {
		return err
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	end, line := len(text), len(lines)
	for k := len(lines) - 1; k > 0 && len(lines) <= mostLines; k-- {
		end -= len(lines[k])
		_, err := parse(name, text[:end])
		shorter, ok := errors.AsType[*Error](err)
		switch {
		case ok && shorter.kind == unreadable:
			continue // it ends in the middle of a value
		case !ok, shorter.Message != e.Message && (shorter.kind != mistyped || e.kind != mistyped):
			k = 0
		default:
			e, line = shorter, k
		}
	}
	if len(lines) <= mostLines {
		e.Where = fmt.Sprintf("%s:%d", name, line)
	}
	e.Message, e.Hint = withoutTokens(e.Message), withoutTokens(e.Hint)
	return e
}

// lastKey matches how the decoder names a setting.
var lastKey = pattern.Lazy(`^toml: (?:line \d+ )?\(last key "([^"]*)"\): `)

// mismatch matches what the decoder says about a value of another type, and the type of an
// item that is not a table.
var mismatch = pattern.Lazy(`TOML value has type (\S+); destination has type (\S+)|expected (table) but found (\S+)`)

// examples are settings as they are written whose names and types do not say it.
var examples = map[string]string{
	"name": `"nightly"`, "script": `"sync.lua"`, "cron": `"0 2 * * *"`, "every": `"15m"`, "time_zone": `"Europe/Stockholm"`, "timeout": `"30m"`,
	"retry_for": `"5m"`, "jitter": `"1m"`, "max_memory": `"256MB"`, "keep_size": `"1GiB"`, "overlap": `"skip"`, "catch_up": `"once"`, "listen": `"127.0.0.1:8627"`,
	"api_url": `"https://api.planhat.com"`, "allow_write": `["out"]`, "allow_read": `["data"]`, "allow_env": `["REGION"]`, "allow_net": `["api.example.com"]`, "args": `["a", "b"]`,
	"public_url": `"https://phscript.example.com"`, "hosts": `["worker-1"]`, "tls_cert": `"tls/cert.pem"`, "tls_key": `"tls/key.pem"`,
	"user_header": `"X-Forwarded-User"`, "trusted_proxies": `["127.0.0.1"]`, "operators": `["kim@example.com"]`,
	"scripts": `["jobs"]`, "command": `["./notify.sh"]`, "on_failure": reaction, "on_recovery": reaction, "on_missed": reaction,
	"secrets": `[ { env = "JIRA_SECRET" } ]`, "path": `"/hooks/jira"`, "scheme": `"jira"`, "header": `"X-Webhook-Secret"`, "secret_env": `"JIRA_SECRET"`, "within": `"2s"`,
	"max_body": `"1MiB"`, "retry_pause": `"30s"`, "after_parked": `"wait"`, "until": `"2026-12-31"`,
}

const reaction = `[ { command = ["./notify.sh"] } ]`

// wrongType is the error about a value of another type. It repeats no value.
func wrongType(name string, err error) *Error {
	e := &Error{Where: name, Message: strings.TrimPrefix(lastKey().ReplaceAllString(err.Error(), "$1: "), "toml: "), kind: mistyped}
	found, types := lastKey().FindStringSubmatch(err.Error()), mismatch().FindStringSubmatch(err.Error())
	if found == nil || types == nil {
		return e
	}
	setting := found[1]
	key := setting[strings.LastIndex(setting, ".")+1:]
	is, wanted := types[1]+types[4], types[2]+types[3]
	example := examples[key]
	must := "must be "
	if strings.HasPrefix(example, "[") && wanted != "slice" {
		must = "each entry must be "
	}
	e.Message = setting + ": " + must + typeNames[wanted] + ", not " + cmp.Or(typeNames[is], "of another type")
	switch {
	case example != "":
	case setting == "schedule":
		e.Hint = "write each schedule under a line [[schedule]], with two brackets"
		return e
	case wanted == "integer" && is == "string":
		e.Hint = "write the number without quotes"
		return e
	case wanted == "integer":
		e.Hint = "write a whole number"
		return e
	case wanted == "boolean":
		example = "true"
	case wanted == "string":
		e.Hint = "put it in quotes"
		return e
	case wanted == "table":
		e.Hint = "write its settings under a line [" + setting + "]"
		return e
	default:
		example = `["a", "b"]`
	}
	e.Hint = "write " + key + " = " + example
	return e
}

// typeNames are what people call the decoder's types.
var typeNames = map[string]string{
	"string": "text", "integer": "a whole number", "int64": "a number", "float64": "a number with a fraction", "float": "a number",
	"boolean": "true or false", "bool": "true or false", "slice": "a list", "[]any": "a list", "[]interface": "a list",
	"table": "a table", "map[string]any": "a table", "[]map[string]any": "a list of tables", "time.Time": "a date or a time",
}

// longWord matches what may be a token.
var longWord = pattern.Lazy(`[\pL\pN_+/=-]{13,}`)

// withoutTokens leaves out what may be a token that is in the wrong place: errors go to
// logs and pages. The place of the mistake tells what is meant.
func withoutTokens(message string) string {
	return longWord().ReplaceAllStringFunc(message, func(word string) string {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsUpper(r) }) {
			return "…"
		}
		return word
	})
}
