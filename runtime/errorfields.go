package runtime

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// Bounds of what an error report shows.
const (
	shownBody = 600
	shownRows = 5
)

// errorFields lists the fields of an error object other than its message.
func errorFields(object *lua.LTable, cause error, secrets *Secrets) []ErrorField {
	var fields []ErrorField
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, ErrorField{Name: name, Value: value})
		}
	}
	field := func(name string) string { return lua.LVAsString(object.RawGetString(name)) }
	kind := field("kind")
	if lua.LVAsBool(object.RawGetString("retryable")) {
		kind += " (the same call may succeed later)"
	}
	add("kind", kind)
	add("status", field("status"))
	add("request", strings.TrimSpace(field("method")+" "+field("path")))
	add("attempts", field("attempts"))
	if after := field("retry_after"); after != "" {
		add("retry after", after+" s")
	}
	if failed, ok := errors.AsType[*planhat.Error](cause); ok && len(failed.Items) > 0 && !tellsAll(failed) {
		add("rows", rowLines(failed.Items))
	}
	add("answer", excerpt(secrets.String(field("body"))))
	return fields
}

// tellsAll reports whether the message covers all rows.
func tellsAll(e *planhat.Error) bool {
	return len(e.Items) == 1 && strings.Contains(e.Message, e.Items[0].Message)
}

// rowLines describes the first failed rows, one per line, counted from 1.
func rowLines(items []planhat.RowError) string {
	lines := []string{fmt.Sprintf("%d failed:", len(items))}
	for i, item := range items {
		if i == shownRows {
			lines = append(lines, fmt.Sprintf("and %d more", len(items)-shownRows))
			break
		}
		row := "a row"
		if item.Index >= 0 {
			row = fmt.Sprintf("row %d", item.Index+1)
		}
		if item.Key != "" {
			row += " (" + item.Key + ")"
		}
		lines = append(lines, row+": "+item.Message)
	}
	return strings.Join(lines, "\n")
}

// excerpt returns the beginning of a body on one line.
func excerpt(body string) string {
	body = strings.Join(strings.Fields(body), " ")
	if len(body) <= shownBody {
		return body
	}
	cut := shownBody
	for cut > 0 && !utf8.RuneStart(body[cut]) {
		cut--
	}
	return body[:cut] + " …"
}
