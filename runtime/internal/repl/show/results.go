package show

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// bulkFields identify the result of a bulk call.
var bulkFields = []string{"rows", "created", "updated", "unchanged", "rejected", "errors", "outcomes", "ids", "chunks"}

func isBulkResult(t *lua.LTable) bool {
	bindings.Fill(t)
	for _, name := range bulkFields {
		if t.RawGetString(name) == lua.LNil {
			return false
		}
	}
	return true
}

// bulk shows the result of a bulk call: the counts, and the rejected rows.
func (s *shower) bulk(t *lua.LTable) string {
	count := func(name string) int { return int(lua.LVAsNumber(t.RawGetString(name))) }
	line := fmt.Sprintf("%s: %s created, %s updated, %s unchanged, %s rejected",
		english.Plural(count("rows"), "row", ""), humanize.Comma(int64(count("created"))), humanize.Comma(int64(count("updated"))), humanize.Comma(int64(count("unchanged"))), humanize.Comma(int64(count("rejected"))))
	if planned := count("planned"); planned > 0 {
		line += fmt.Sprintf(", %s withheld by the dry run", humanize.Comma(int64(planned)))
	}
	if failed := count("failed_chunks"); failed > 0 {
		line += fmt.Sprintf("; %d of %d requests failed", failed, count("chunks"))
	}
	lines := []string{s.bold(line)}
	if errors, ok := t.RawGetString("errors").(*lua.LTable); ok && errors.Len() > 0 {
		lines = append(lines, s.rowErrors(errors))
	}
	lines = append(lines, s.dim("fields: errors, ids, outcomes, chunks"))
	return strings.Join(lines, "\n")
}

// mostRowErrors bounds the rejected rows that are shown.
const mostRowErrors = 20

func (s *shower) rowErrors(t *lua.LTable) string {
	var lines []string
	n := t.Len()
	for i := range min(n, mostRowErrors) {
		item, ok := t.RawGetInt(i + 1).(*lua.LTable)
		if !ok {
			continue
		}
		line := "  a row"
		if index := item.RawGetString("index"); index != lua.LNil {
			line = "  row " + index.String()
		}
		if key := lua.LVAsString(item.RawGetString("key")); key != "" {
			line += " (" + key + ")"
		}
		line += ": " + lua.LVAsString(item.RawGetString("message"))
		lines = append(lines, s.cut(oneLine(line), s.Width))
	}
	if n > mostRowErrors {
		lines = append(lines, s.dim("  … "+humanize.Comma(int64(n-mostRowErrors))+" more"))
	}
	return strings.Join(lines, "\n")
}

// failure shows a caught error object.
func (s *shower) failure(t *lua.LTable) string {
	lines := []string{s.bold("error: ") + s.cut(oneLine(s.State.ToStringMeta(t).String()), 4*s.Width)}
	if fields, ok := s.record(t, []string{"message", "hint", "traceback", "items", "result", "body", "script", "line"}); ok {
		lines = append(lines, "  "+strings.ReplaceAll(fields, "\n", "\n  "))
	}
	if items, ok := t.RawGetString("items").(*lua.LTable); ok && items.Len() > 0 {
		lines = append(lines, s.rowErrors(items))
	}
	return strings.Join(lines, "\n")
}
