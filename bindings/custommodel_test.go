package bindings

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
)

func TestModelsOfTheTenant(t *testing.T) {
	contract, err := catalog.Declare(catalog.Declaration{Name: "contract", Path: "/contracts", Keys: []string{"number"}, Limit: 10})
	require.NoError(t, err)
	L, h, server := planhatStateWith(t, simulator.Options{Models: []*catalog.Model{contract}})
	h.Models = []*catalog.Model{contract}
	got := results(t, L, `
		local contract = planhat.model("contract")
		local rows = {}
		for i = 1, 35 do rows[i] = { number = "C-" .. i, anything = i } end
		local first = contract.bulk_upsert(rows)
		local again = contract.bulk_upsert{ { number = "C-1", anything = 7 }, { number = "C-1", anything = 8 }, { number = "C-99" } }
		local n, sum = 0, 0
		for c in contract.each{ page_size = 3 } do n, sum = n + 1, sum + (c.anything or 0) end
		return first.created, again.created, again.updated, again.rejected, again.errors[1].key, n, sum`)
	assert.Equal(t, []string{
		"35", "1", "1", "1", "number C-1", "36", "636",
	}, got)
	assert.Empty(t, h.warnings, "a model that phscript does not know may have any property")
	for _, call := range server.Calls() {
		assert.Equal(t, "contract", call.Model)
	}
	for script, want := range map[string]string{
		`planhat.model("contrakt")`:                     "did you mean 'contract'?",
		`planhat.model("deal2")`:                        "give its path",
		`planhat.model("x", { path = "https://evil" })`: "is not a path",
		`planhat.model("company", { path = "/x" })`:     "give your model another name",
	} {
		var raised *lua.ApiError
		require.ErrorAs(t, L.DoString(script), &raised, script)
		assert.Contains(t, raised.Object.String(), want)
		L.SetTop(0)
	}
	assert.Equal(t, "true", results(t, L, `return planhat.model("company").create ~= nil and planhat.model("order", { path = "/orders" }).each ~= nil`)[0])
}
