package schema_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// some is a schema to ask.
func some() *schema.Schema {
	s := &schema.Schema{
		Tenant: schema.Tenant{Host: "https://api.planhat.com", FirstUser: "65920080b97f4a7a33000001"},
		Fields: []schema.Field{
			{Model: "conversation", Name: "Mood", Type: "text"},
			{Model: "company", Name: "Tier", Type: "list", Values: []string{"Silver", "Gold", "Gold"}, Mandatory: true},
			{Model: "company", Name: "Next Review", Type: "day"},
			{Model: "company", Name: "Interests", Type: "multipicklist", Values: []string{"Price", "Support"}},
			{Model: "company", Name: "Score", Type: "number", Formula: true, Mandatory: true},
			{Model: "company", Name: "ERP id", Type: "text", Locked: true},
			{Model: "company", Name: "Sponsor", Type: "team member"},
			{Model: "company", Name: "Live", Type: "checkbox"},
			{Model: "company", Name: "Signed", Type: "date"},
		},
		Phases:    []string{"Onboarding", "Adoption"},
		Users:     []schema.User{{ID: "65920080b97f4a7a33000001", Name: "Ada Castillo"}},
		Workflows: []string{"Kick-off"},
	}
	s.Sort()
	return s
}

func TestTheFileIsSortedAndKeepsEverything(t *testing.T) {
	s := some()
	text := s.Format()
	assert.True(t, strings.HasPrefix(string(text), schema.Begins))
	again, err := schema.Parse(text)
	require.NoError(t, err)
	assert.Equal(t, s, again)
	assert.Contains(t, string(text), `  {"model":"company","name":"Tier","type":"list","values":["Gold","Silver"],"mandatory":true},`)
	assert.Less(t, strings.Index(string(text), "ERP id"), strings.Index(string(text), "Interests"))
	empty := &schema.Schema{}
	empty.Sort()
	again, err = schema.Parse(empty.Format())
	require.NoError(t, err)
	assert.Empty(t, again.Fields)
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "line 1: the file is not valid JSON",
		"{\n\"format\": }":                "line 2: the file is not valid JSON",
		`{"format": "phscript schema 9"}`: `not "phscript schema 9"`,
		`{"format": 1}`:                   "the file is not a schema",
		"{\n<<<<<<< HEAD\n":               "unresolved merge conflict",
	} {
		_, err := schema.Parse([]byte(text))
		assert.ErrorContains(t, err, want, text)
	}
}

func TestAge(t *testing.T) {
	path := filepath.Join(t.TempDir(), schema.FileName)
	none, err := schema.Load(path)
	require.NoError(t, err)
	assert.Nil(t, none)
	require.NoError(t, os.WriteFile(path, some().Format(), 0o644))
	file, err := schema.Load(path)
	require.NoError(t, err)
	now := file.Pulled
	assert.Empty(t, file.Old(now.Add(30*24*time.Hour)))
	assert.Contains(t, file.Old(now.Add(31*24*time.Hour)), "is 31 days old; run 'phscript schema pull'")
	assert.Zero(t, file.Age(now.Add(-time.Hour)))
	assert.Empty(t, none.Old(now))
}

// TestDoubts: what is found in records, and what is left alone.
func TestDoubts(t *testing.T) {
	s := some()
	for _, c := range []struct {
		model, record string
		created       bool
		want          string
		certain       bool
	}{
		{"company", `{"name":"A","phase":"Adoption","owner":"65920080b97f4a7a33000001","custom":{"Tier":"Gold","Next Review":19737,"Interests":["Price"],"Live":true,"Signed":"2026-01-15","Sponsor":null}}`, true, "", false},
		{"company", `{"custom":{"Teir":"Gold"}}`, false, `a company has no custom field "Teir" (did you mean 'Tier'?)`, true},
		{"company", `{"custom":{"Renewal risk":"high"}}`, false, `a company has no custom field "Renewal risk"`, false},
		{"company", `{"custom":{"Tier":"gold"}}`, false, `the custom field "Tier" of a company has no value "gold" (did you mean 'Gold'?); its values are "Gold", "Silver"`, true},
		{"company", `{"custom":{"Tier":"Bronze"}}`, false, `has no value "Bronze"; its values`, false},
		{"company", `{"custom":{"Tier":["Gold"]}}`, false, `has the type list and takes a text, not a list`, true},
		{"company", `{"custom":{"Interests":"Price"}}`, false, `has the type multipicklist and takes a list of texts, not "Price"`, true},
		{"company", `{"custom":{"Interests":["Prices"]}}`, false, `has no value "Prices" (did you mean 'Price'?)`, true},
		{"company", `{"custom":{"Next Review":"2026-01-15"}}`, false, `takes the number of days since 1970-01-01, not "2026-01-15"`, true},
		{"company", `{"custom":{"Live":"yes"}}`, false, `takes true or false, not "yes"`, true},
		{"company", `{"custom":{"Signed":"15/01/2026"}}`, false, `takes a date as text, such as "2024-01-15", not "15/01/2026"`, true},
		{"company", `{"custom":{"Score":5}}`, false, `the custom field "Score" of a company is a formula, which Planhat computes`, true},
		{"company", `{"custom":{"ERP id":"7"}}`, false, `the custom field "ERP id" of a company is locked: people cannot edit it in Planhat`, false},
		{"company", `{"name":"A"}`, true, `a new company needs the custom field "Tier"`, false},
		{"company", `{"name":"A"}`, false, "", false},
		{"company", `{"phase":"Onbording"}`, false, `no company has the phase "Onbording" (did you mean 'Onboarding'?); known: "Adoption", "Onboarding"`, true},
		{"company", `{"phase":"Paused"}`, false, `no company has the phase "Paused"; known:`, false},
		{"company", `{"owner":"65920080b97f4a7a33000009"}`, false, `'owner' of a company is the id of a user, and there is no user "65920080b97f4a7a33000009"`, false},
		{"company", `{"owner":"Ada Castillo"}`, false, `'owner' of a company takes the id of a user (24 hexadecimal digits), not "Ada Castillo"`, true},
		{"company", `{"owner":"extid-7","followers":["65920080b97f4a7a33000001"]}`, false, "", false},
		{"company", `{"followers":["65920080b97f4a7a33000001","65920080b97f4a7a33000002"]}`, false, `there is no user "65920080b97f4a7a33000002"`, false},
		{"company", `{"custom":{"Sponsor":"65920080b97f4a7a33000002"}}`, false, `there is no user "65920080b97f4a7a33000002"`, false},
		{"note", `{"custom":{"Moood":"good"}}`, false, `has no custom field "Moood" (did you mean 'Mood'?)`, false},
		{"note", `{"custom":{"Mood":"good"}}`, true, "", false},
		{"enduser", `{"custom":{"anything":1},"phase":"x"}`, true, "", false},
	} {
		found := s.Record(catalog.Load().Model(c.model), planhat.Record(c.record), c.created)
		if c.want == "" {
			assert.Empty(t, found, c.record)
			continue
		}
		if assert.Len(t, found, 1, "%s: %v", c.record, found) {
			assert.Contains(t, found[0].Message, c.want, c.record)
			assert.Equal(t, c.certain, found[0].Certain, c.record)
		}
	}
}

// TestWithoutUsers: a token that may not read users leaves them unknown.
func TestWithoutUsers(t *testing.T) {
	s := some()
	s.Users = nil
	s.Sort()
	company := catalog.Load().Model("company")
	assert.Empty(t, s.Record(company, planhat.Record(`{"owner":"65920080b97f4a7a33000009","custom":{"Sponsor":"65920080b97f4a7a33000009"}}`), false))
}

func TestOtherAccounts(t *testing.T) {
	s := some()
	s.Users = append(s.Users, schema.User{ID: "65920080b97f4a7a33000005", Name: "Bo"})
	s.Sort()
	for user, other := range map[string]bool{
		"65920080b97f4a7a33000001": false, "65920080b97f4a7a33000005": false, "": false, "67d000000000000000000001": true,
	} {
		assert.Equal(t, other, s.Other(user), user)
	}
	s.Tenant.FirstUser = ""
	assert.False(t, s.Other("67d000000000000000000001"))
}

func TestDiff(t *testing.T) {
	before, after := some(), some()
	assert.Empty(t, schema.Diff(before, after, true))
	after.Fields[4].Locked, after.Fields[7].Values = true, []string{"Gold", "Platinum"}
	after.Fields = after.Fields[1:]
	after.Phases = []string{"Adoption", "Paused"}
	after.Users = append(after.Users, schema.User{ID: "65920080b97f4a7a33000002", Name: "Bo", Inactive: true})
	after.Users[0].Email = "ada@example.com"
	after.Workflows = nil
	var lines []string
	for _, c := range schema.Diff(before, after, false) {
		lines = append(lines, c.String())
	}
	assert.Equal(t, []string{
		`~ custom field company.custom.Score: now locked`,
		`~ custom field company.custom.Tier: added "Platinum"; removed "Silver"`,
		`- custom field company.custom["ERP id"]: text, locked`,
		"- phase Onboarding", "+ phase Paused",
		"+ user 65920080b97f4a7a33000002: Bo (inactive)",
		"- workflow Kick-off",
	}, lines)
	assert.Contains(t, schema.Diff(before, after, true), schema.Change{Sign: "~", What: "user", Name: "65920080b97f4a7a33000001", Detail: "another e-mail address"})
}

func TestNamesOfModels(t *testing.T) {
	for given, want := range map[string]string{"company": "company", "Enduser": "enduser", "endUser": "enduser", "timeEntry": "time_entry", "contract": "contract"} {
		assert.Equal(t, want, schema.ModelName(given))
	}
}
