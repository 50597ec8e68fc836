package bindings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/internal/luajson"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/catalog"
)

const (
	// mostSeenFields bounds the names that are kept for suggestions.
	mostSeenFields = 200
	// shownFields is how many of them a message lists.
	shownFields = 12
)

// missingColumns watches for columns that a script chose and that no row has,
// which a misspelled name leaves empty.
type missingColumns struct {
	// columns are those that no row has so far.
	columns []string
	// fields are the names that rows have; those of inner tables are dotted, as
	// columns are.
	fields []string
}

// see notes the fields of a row. Rows that are lists fit all columns.
func (m *missingColumns) see(L *lua.LState, row *lua.LTable) {
	if len(m.columns) == 0 {
		return
	}
	if row.MaxN() > 0 {
		m.columns = nil
		return
	}
	m.columns = slices.DeleteFunc(m.columns, func(column string) bool { return fieldOf(L, row, column) != lua.LNil })
	if len(m.columns) > 0 {
		m.note(row, "")
	}
}

func (m *missingColumns) note(row *lua.LTable, prefix string) {
	Fill(row)
	for k, v := row.Next(lua.LNil); k != lua.LNil && len(m.fields) < mostSeenFields; k, v = row.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			continue
		}
		if inner, ok := v.(*lua.LTable); ok && prefix == "" && inner.MaxN() == 0 {
			if Fill(inner); !luajson.IsEmpty(inner) {
				m.note(inner, string(name)+".")
				continue
			}
		}
		if field := prefix + string(name); !slices.Contains(m.fields, field) {
			m.fields = append(m.fields, field)
		}
	}
}

// warn reports the columns that no row had.
func (m *missingColumns) warn(ctx context.Context, log Logger, file string) {
	if len(m.fields) == 0 {
		return
	}
	slices.Sort(m.fields)
	for _, column := range m.columns {
		meant, known := m.meant(column), ""
		if meant == "" {
			known = "; the rows have: " + strings.Join(m.fields[:min(len(m.fields), shownFields)], ", ")
			if len(m.fields) > shownFields {
				known += " and others"
			}
		}
		log.WarnOnce(ctx, file+" "+column, fmt.Sprintf("%s: no row has the field '%s'%s, so its column is empty%s", file, column, meant, known))
	}
}

// meant suggests fields for a column. Fields of inner tables are also found by
// their last name: people write Tier for custom.Tier.
func (m *missingColumns) meant(column string) string {
	if meant := catalog.DidYouMean(column, m.fields); meant != "" {
		return meant
	}
	for _, field := range m.fields {
		if _, inner, dotted := strings.Cut(field, "."); dotted && len(catalog.Nearest(column, []string{inner})) > 0 {
			return catalog.Aside([]string{field})
		}
	}
	return ""
}
