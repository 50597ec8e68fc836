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
	assert.Equal(t, map[string]string{
		"Tier": `"Gold"|"Silver"|string # List, mandatory`, `["Next Review"]`: "integer? # Day", "Live": "boolean # Checkbox",
		"Interests": `("Price"|string)[] # Multipicklist`, `["Größe"]`: "number? # Number, formula", "Odd": "string",
	}, d.classes["CompanyCustom"].fields)
	assert.Equal(t, "CompanyCustom # Custom fields.", d.classes["Company"].fields["custom"])
	assert.Contains(t, d.classes["Company"].fields["phase"], `"Adoption"|"At risk"|string # `)
	assert.Nil(t, d.classes["EnduserCustom"])
	assert.Equal(t, "table # Custom fields.", d.classes["Enduser"].fields["custom"])
	var text strings.Builder
	for _, f := range files {
		text.WriteString(f.Text)
	}
	assert.NotContains(t, text.String(), "Evil")
	assert.Equal(t, 1, strings.Count(text.String(), "---@class Company\n"))
}
