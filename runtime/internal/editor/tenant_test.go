package editor

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/schema"
)

// TestDefinitionsOfTheAccount: the classes of custom fields, and that names which would
// break a definition are left out.
func TestDefinitionsOfTheAccount(t *testing.T) {
	known := &schema.Schema{
		Fields: []schema.Field{
			{Model: "company", Name: "Tier", Type: "list", Values: []string{"Gold", "Silver", "a\"b"}, Mandatory: true},
			{Model: "company", Name: "Next Review", Type: "day"},
			{Model: "company", Name: "Go live", Type: "day", Mandatory: true},
			{Model: "asset", Name: "Place", Type: "text"},
			{Model: "company", Name: "Live", Type: "checkbox"},
			{Model: "company", Name: "Interests", Type: "multipicklist", Values: []string{"Price"}},
			{Model: "company", Name: "Größe", Type: "number", Formula: true},
			{Model: "company", Name: "x\"] string\n---@class Company", Type: "text"},
			{Model: "company", Name: "Odd", Type: "te\nxt"},
		},
		Phases: []string{"Adoption", "At risk", "\n---@class Evil"},
	}
	known.Sort()
	files := Definitions(builtIn(), known)
	d := declared(t, files)
	assert.Equal(t, &class{"CompanyCustomChanges", map[string]string{`["Größe"]`: "number? # Number, formula"}, map[string][]string{}}, d.classes["CompanyCustom"])
	assert.Equal(t, map[string]string{
		"Tier": `"Gold"|"Silver"|string # List, mandatory`, `["Next Review"]`: "integer? # Day", "Live": "boolean # Checkbox",
		"Interests": `("Price"|string)[] # Multipicklist`, "Odd": "string", `["Go live"]`: "integer? # Day, mandatory",
	}, d.classes["CompanyCustomChanges"].fields)
	assert.True(t, d.optional["CompanyCustomChanges.Tier"])
	assert.Equal(t, &class{"CompanyCustomChanges", map[string]string{
		"Tier": `"Gold"|"Silver"|string # List, mandatory`, `["Go live"]`: "integer # Day, mandatory",
	}, map[string][]string{}}, d.classes["CompanyCustomNew"])
	assert.False(t, d.optional["CompanyCustomNew.Tier"] || d.optional[`CompanyCustomNew.["Go live"]`])

	assert.Equal(t, "CompanyCustom # Custom fields.", d.field("Company", "custom"))
	assert.Equal(t, "CompanyCustomChanges # Custom fields.", d.field("CompanyRow.externalId", "custom"))
	assert.True(t, d.optional["CompanyChanges.custom"])
	assert.Equal(t, "CompanyCustomNew # Custom fields.", d.field("CompanyNew", "custom"))
	assert.False(t, d.optional["CompanyNew.custom"])
	for _, name := range []string{"Company", "CompanyChanges", "CompanyNew", "CompanyRow._id"} {
		assert.Contains(t, d.field(name, "phase"), `"Adoption"|"At risk"|string # `, name)
	}
	assert.Nil(t, d.classes["EnduserCustom"])
	assert.Equal(t, "table # Custom fields.", d.field("Enduser", "custom"))
	assert.Equal(t, "AssetCustom # Custom fields.", d.field("AssetNew.companyId", "custom"), "nothing is mandatory or computed")
	assert.Nil(t, d.classes["AssetCustomNew"])
	assert.Nil(t, d.classes["AssetCustomChanges"])
	var text strings.Builder
	for _, f := range files {
		text.WriteString(f.Text)
	}
	assert.NotContains(t, text.String(), "Evil")
	assert.Equal(t, 1, strings.Count(text.String(), "---@class Company :"))
}
