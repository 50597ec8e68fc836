package plan

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
)

// TestSame is the table of what counts as the same value.
func TestSame(t *testing.T) {
	const id = `"6123456789abcdef01234567"`
	for name, tt := range map[string]struct {
		model, path, a, b string
		same              bool
	}{
		"the same text":                 {"company", "name", `"Acme"`, `"Acme"`, true},
		"another text":                  {"company", "name", `"Acme"`, `"ACME"`, false},
		"a text with an escape":         {"company", "name", `"Bl\u00e5"`, `"Blå"`, true},
		"a number in a text property":   {"company", "externalId", `4711`, `"4711"`, true},
		"absent and null":               {"company", "name", ``, `null`, true},
		"absent and absent":             {"company", "name", ``, ``, true},
		"absent and an empty text":      {"company", "name", ``, `""`, false},
		"null and a value":              {"company", "name", `null`, `"Acme"`, false},
		"a value and absent":            {"company", "name", `"Acme"`, ``, false},
		"the case of an id":             {"company", "owner", id, `"6123456789ABCDEF01234567"`, true},
		"an object in place of its id":  {"company", "owner", `{"_id":"6123456789abcdef01234567","nickName":"Kim"}`, id, true},
		"an object with id":             {"company", "owner", `{"id":"6123456789abcdef01234567"}`, id, true},
		"another id":                    {"company", "owner", id, `"6123456789abcdef01234568"`, false},
		"an object without an id":       {"company", "owner", `{"nickName":"Kim"}`, id, false},
		"a date and a day":              {"company", "renewalDate", `"2026-03-02T00:00:00.000Z"`, `"2026-03-02"`, true},
		"a date in another zone":        {"company", "renewalDate", `"2026-03-02T01:00:00.000+01:00"`, `"2026-03-02T00:00:00Z"`, true},
		"a date in a zone without :":    {"company", "renewalDate", `"2026-03-02T01:00:00.000+0100"`, `"2026-03-02"`, true},
		"another time of the day":       {"company", "renewalDate", `"2026-03-02T12:00:00.000Z"`, `"2026-03-02"`, false},
		"a date and a text":             {"company", "renewalDate", `"2026-03-02"`, `"soon"`, false},
		"a number as text":              {"license", "value", `"12.50"`, `12.5`, true},
		"a number with an exponent":     {"license", "value", `1e3`, `1000`, true},
		"another number":                {"license", "value", `12.5`, `12.51`, false},
		"a number and a text":           {"license", "value", `12`, `"many"`, false},
		"a truth and its text":          {"enduser", "primary", `true`, `"true"`, true},
		"another truth":                 {"enduser", "primary", `true`, `false`, false},
		"lists":                         {"company", "domains", `["a.example", "b.example"]`, `["a.example","b.example"]`, true},
		"lists in another order":        {"company", "domains", `["b.example","a.example"]`, `["a.example","b.example"]`, false},
		"a longer list":                 {"company", "domains", `["a.example"]`, `["a.example","b.example"]`, false},
		"an empty list and absent":      {"company", "domains", `[]`, ``, false},
		"objects in another order":      {"company", "unheardOf", `{"a":1,"b":[1,{"c":2}]}`, `{"b":[1.0,{"c":2}],"a":1}`, true},
		"null in an object":             {"company", "unheardOf", `{"a":1,"b":null}`, `{"a":1}`, true},
		"null in the other object":      {"company", "unheardOf", `{"a":1}`, `{"a":1,"b":null}`, true},
		"more in an object":             {"company", "unheardOf", `{"a":1}`, `{"a":1,"b":2}`, false},
		"less in an object":             {"company", "unheardOf", `{"a":1,"b":2}`, `{"a":1}`, false},
		"a number and a text, unheard":  {"company", "unheardOf", `1`, `"1"`, false},
		"numbers written differently":   {"company", "unheardOf", `1.0`, `1`, true},
		"numbers too large to compare":  {"company", "unheardOf", `9007199254740993`, `9007199254740992`, false},
		"custom, part by part":          {"company", "custom.Tier", `"Gold"`, `"Gold"`, true},
		"custom, absent and null":       {"company", "custom.Tier", ``, `null`, true},
		"custom, a number and its text": {"company", "custom.Seats", `5`, `"5"`, false},
		"custom, a list":                {"company", "custom.Tags", `["a"]`, `["a"]`, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := catalog.Load().Model(tt.model)
			require.NotNil(t, m)
			if p := m.Property(tt.path); p == nil {
				assert.Contains(t, []string{"unheardOf", "custom.Tier", "custom.Seats", "custom.Tags"}, tt.path, "the catalog knows the property")
			}
			a, b := jsontext.Value(tt.a), jsontext.Value(tt.b)
			assert.Equal(t, tt.same, Same(m, tt.path, a, b))
			assert.Equal(t, tt.same, Same(m, tt.path, b, a), "the other way round")
		})
	}
}

// TestDays: the API has days as numbers since 1970-01-01, and takes dates.
func TestDays(t *testing.T) {
	for text, want := range map[string]int{`20818`: 20818, `"20818"`: 20818, `"2026-12-31"`: 20818, `"2026-12-31T23:59:59Z"`: 20818, `"1970-01-01"`: 0, `"1969-12-31"`: -1, `"1969-12-31T12:00:00Z"`: -1} {
		got, ok := day(jsontext.Value(text))
		assert.True(t, ok, text)
		assert.Equal(t, want, got, text)
	}
	_, ok := day(jsontext.Value(`"soon"`))
	assert.False(t, ok)
	days := &catalog.Property{Name: "day", Type: catalog.Days}
	assert.True(t, same(days, jsontext.Value(`20818`), jsontext.Value(`"2026-12-31"`)))
	assert.False(t, same(days, jsontext.Value(`20818`), jsontext.Value(`"2026-12-30"`)))
}

// TestUnchangedRows compares rows with records: custom key by key, and nothing that was not read.
func TestUnchangedRows(t *testing.T) {
	m := catalog.Load().Model("company")
	const read = `{"_id":"6123456789abcdef01234567","name":"Acme","custom":{"Tier":"Gold","Seats":5,"Old":null}}`
	for row, unchanged := range map[string]bool{
		`{"name":"Acme"}`:                        true,
		`{"name":"Other"}`:                       false,
		`{"phase":null}`:                         true,
		`{"phase":"Live"}`:                       false,
		`{"custom":{"Tier":"Gold"}}`:             true,
		`{"custom":{"Seats":5.0,"Tier":"Gold"}}`: true,
		`{"custom":{"Tier":"Gold","Old":null}}`:  true,
		`{"custom":{"New":null}}`:                true,
		`{"custom":{"Tier":"Silver","Seats":5}}`: false,
		`{"custom":{"New":"x"}}`:                 false,
		`{"custom":null}`:                        false,
	} {
		fields, err := parse([]byte(read))
		require.NoError(t, err)
		given, err := parse([]byte(row))
		require.NoError(t, err)
		r := &record{text: jsontext.Value(read), whole: true}
		table := &table{}
		assert.Equal(t, unchanged, table.unchanged(r, fields, m.Property(given[0].name), given[0]), row)
		r.whole, r.known = false, map[string]bool{"name": true}
		if given[0].name == "phase" {
			assert.False(t, table.unchanged(r, fields, m.Property("phase"), given[0]), "%s: it was not read", row)
		}
	}
}
