package proposal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// TestNamesExist: names.toml is about models and properties that Planhat has.
func TestNamesExist(t *testing.T) {
	properties := map[string]bool{}
	for _, m := range catalog.Load().Models {
		for _, p := range m.Properties {
			properties[p.Name] = true
		}
	}
	for name := range names().Models {
		assert.NotNil(t, catalog.Load().Model(name), name)
	}
	for name, others := range names().Properties {
		assert.True(t, properties[name], name)
		for _, other := range others {
			assert.Equal(t, words(strings.ReplaceAll(other, "%noun", "noun")), strings.ReplaceAll(other, "%noun", "noun"))
		}
	}
}

// columns makes columns of "name: cell | cell".
func columns(lines ...string) (list []Column) {
	for _, line := range lines {
		name, cells, _ := strings.Cut(line, ": ")
		list = append(list, Column{Name: name, Cells: strings.Split(cells, " | ")})
	}
	return list
}

func TestLooks(t *testing.T) {
	for _, tt := range []struct {
		cells           string
		kind            kind
		decimal, format string
		either          string
	}{
		{" | ", empty, "", "", ""},
		{"1 | 2 | 30", number, "", "", ""},
		{"1.5 | 2", number, ".", "", ""},
		{"1,5 | 2", number, ",", "", ""},
		{"1.234,50 | 980", number, ",", "", ""},
		{"1,234.50 | 980", number, ".", "", ""},
		{"1.234.567 | 1", number, ",", "", ""},
		{"1,234 | 5", number, "", "", "thousands"},
		{"1.234 | 5", number, "", "", "thousands"},
		{"1,5 | 2.75", number, "", "", "others a decimal point"},
		{"1 | 2 | n/a", number, "", "", ""},
		{"n/a | n/a | 1", text, "", "", ""},
		{"007 | 12", id, "", "", ""},
		{"€ 1.234,50 | € 2,00", money, ",", "", ""},
		{"12 % | 8.5 %", money, ".", "", ""},
		{"1 200,50 kr | 3,00 kr", money, ",", "", ""},
		{"yes | no | Yes", boolean, "", "", ""},
		{"2024-01-31 | 2024-02-01T10:00:00Z", date, "", "", ""},
		{"31/01/2024 | 01/02/2024", date, "", "%d/%m/%Y", ""},
		{"01/31/2024 | 01/02/2024", date, "", "%m/%d/%Y", ""},
		{"01.02.2024 | 03.04.2024", date, "", "%d.%m.%Y", ""},
		{"01/02/2024 | 03/04/2024", date, "", "", "day or the month"},
		{"31/01/2024 | 01/31/2024", date, "", "", "different ways"},
		{"2024-01-31 | 01/02/2024", date, "", "", "different ways"},
		{"31.12.2026 | 01.02.2026 | 2026-01-15", date, "", "%d.%m.%Y", ""},
		{"2026-12-31 | 2026-02-01 | 15.01.2026", date, "", "", ""},
		{"a@x.example | b@y.example", email, "", "", ""},
		{"x.example | https://y.example/z", link, "", "", ""},
		{"Acme | Bolt", text, "", "", ""},
	} {
		l := of(Column{Cells: strings.Split(tt.cells, " | ")})
		if tt.kind == empty {
			assert.Zero(t, l.filled)
			continue
		}
		assert.Equal(t, tt.kind, l.kind, tt.cells)
		assert.Equal(t, tt.decimal, l.decimal, tt.cells)
		if tt.either == "" {
			assert.Empty(t, l.either, tt.cells)
			assert.Equal(t, tt.format, l.format, tt.cells)
		} else {
			assert.Contains(t, l.either, tt.either, tt.cells)
		}
	}
}

// the returns the mapping of a column.
func the(t *testing.T, p *Proposal, column string) Mapping {
	t.Helper()
	for _, m := range p.Mappings {
		if m.Column == column {
			return m
		}
	}
	require.Fail(t, "no column "+column)
	return Mapping{}
}

func TestModelsAreFound(t *testing.T) {
	for _, tt := range []struct {
		file, model string
		columns     []Column
		clear       bool
	}{
		{"accounts", "company", columns("Account ID: A-1 | A-2", "Name: Acme | Bolt"), true},
		{"export 2026", "company", columns("Company Name: Acme | Bolt", "Customer ID: A-1 | A-2", "Website: a.example | b.example"), true},
		{"contacts", "enduser", columns("E-Mail: a@x.example | b@x.example", "First name: Ada | Ben", "Company ID: A-1 | A-2"), true},
		{"subscriptions", "license", columns("ID: 1 | 2", "Company ID: A-1 | A-2", "Value: 1 | 2", "Currency: EUR | EUR", "Start date: 2026-01-01 | 2026-01-01"), true},
		{"invoices", "invoice", columns("Invoice number: 1 | 2", "Customer number: A-1 | A-2", "Amount: 1 | 2", "Currency: EUR | EUR", "Invoice date: 2026-01-01 | 2026-01-01"), true},
		{"nps", "nps", columns("Response ID: 1 | 2", "Email: a@x.example | b@x.example", "Score: 9 | 10", "Comment: x | y"), true},
		{"tickets", "", columns("Ticket: 1 | 2", "From: a@x.example | b@x.example", "Name: x | y", "Priority: High | Low"), false},
		{"list", "", columns("x: 1 | 2", "y: 3 | 4"), false},
	} {
		ranked := Rank(tt.file, tt.columns, nil)
		assert.Equal(t, tt.clear, Clear(ranked), "%s: %s %d, %s %d", tt.file, ranked[0].Model.Snake, ranked[0].score, ranked[1].Model.Snake, ranked[1].score)
		if tt.clear {
			assert.Equal(t, tt.model, ranked[0].Model.Snake, tt.file)
		}
	}
}

func TestDoubts(t *testing.T) {
	account := &schema.Schema{Fields: []schema.Field{
		{Model: "company", Name: "Tier", Type: "list", Values: []string{"Gold", "Silver"}},
		{Model: "company", Name: "Seats", Type: "number"}, {Model: "company", Name: "Score", Type: "number", Formula: true},
		{Model: "company", Name: "Next Review", Type: "day"}, {Model: "company", Name: "Partner", Type: "checkbox"},
	}}
	account.Sort()
	p := For(catalog.Load().Model("company"), columns(
		"ID: 1 | 1 | 2", "Name: Acme | Bolt | Cobalt", "Status: CUSTOMER | Lost | lost", "ARR: 1 | 2 | 3", "tier: Gold | gold | Iron",
		"Seats: 12 | many | 13", "Score: 1 | 2 | 3", "Next review: 01/02/2026 | 03/04/2026 | 05/06/2026", "Partner: yes | no | perhaps",
		"Owner: 1 | 2 | 3", "Other: a | b | c",
	), account)
	assert.Equal(t, "externalId", p.Key)
	assert.Contains(t, strings.Join(p.Doubts, "\n"), "several rows have the same externalId")
	assert.True(t, the(t, p, "Status").Lower)
	assert.Empty(t, the(t, p, "Status").Doubts)
	for column, want := range map[string]struct {
		off   bool
		doubt string
	}{
		"ARR":         {true, "Planhat sets arr itself"},
		"tier":        {false, `choose what to make of "Iron" (1)`},
		"Seats":       {false, `1 of 3 cells is not a number: "many"; its row will be rejected`},
		"Score":       {true, "it is a formula"},
		"Next review": {true, "could begin with the day or the month"},
		"Partner":     {false, `1 of 3 cells is not true or false: "perhaps"`},
		"Owner":       {true, "it is not clear what the cells are"},
		"Other":       {true, "neither Planhat nor the account has this property"},
	} {
		m := the(t, p, column)
		assert.Equal(t, want.off, m.Off, column)
		assert.Contains(t, strings.Join(m.Doubts, "\n"), want.doubt, column)
	}
	script := p.Script("x.lua", Source{File: "x.csv", Constants: map[string]string{"phase": "Onboarding", "csmScore": "3"}})
	assert.Contains(t, script, "Status = { property = \"status\", convert = string.lower }")
	assert.Contains(t, script, "    -- ARR = \"arr\",\n")
	assert.Contains(t, script, "constants = { csmScore = 3, phase = \"Onboarding\" }")
	assert.NotContains(t, script, "many", "a cell is in the script")
	assert.NotContains(t, script, "Acme")
	assert.NotContains(t, p.Sample().Text, "Acme")
}

func TestQuote(t *testing.T) {
	assert.Equal(t, `"a \"b\" \\ \n é \000\255"`, Quote("a \"b\" \\ \n é \x00\xff"))
	assert.Equal(t, `["and"]`, Field("and"))
	assert.Equal(t, "name", Field("name"))
}

func TestShaped(t *testing.T) {
	assert.Equal(t, "0012", shaped("0017", 0))
	assert.Equal(t, "1.234,56", shaped("9.876,00", 0))
	assert.Equal(t, "AB-123", shaped("XY-789", 0))
	seen := map[string]bool{}
	for n := range samples {
		seen[shaped("SE-0001", n)] = true
		seen[shaped("abc", n)] = true
	}
	assert.Len(t, seen, 2*samples)
}
