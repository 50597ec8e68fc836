package reference

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// sample is a module with one of everything that a page can hold.
func sample() *spec.Module {
	return &spec.Module{
		Name: "shop", Doc: "Sells things. It is open.",
		Funcs: []*spec.Func{{
			Name: "sell", Doc: "Sells a thing. It asks for the price.",
			Params: []spec.Param{
				{Name: "thing", Type: "string|number", Doc: "What to sell."},
				{Name: "options", Type: "table", Optional: true, Doc: "How.", Fields: []spec.Field{{Name: "price", Type: "number", Doc: "In euros."}}},
			},
			Returns: []spec.Return{{Type: "Receipt[]", Doc: "What was paid."}},
			Errors:  "`config` when closed.", Example: `shop.sell("tea")`, Source: "§4 Single record operations",
		}},
		Values:  []*spec.Value{{Name: "open", Type: "boolean", Doc: "Whether it is open."}},
		Records: []*spec.Shape{{Name: "Receipt", Doc: "A payment.", Fields: []spec.Field{{Name: "total", Type: "number", Doc: "The sum.", Required: true}}}},
		Modules: []*spec.Module{{
			Name: "shop.company", Doc: "Companies.",
			Funcs: []*spec.Func{{Name: "delete", Doc: "Deletes one."}, {Name: "each", Doc: "Goes through all."}},
		}},
	}
}

const luaSample = `--- Counts things: ` + "`local count = require \"count\"`" + `.
---
--- It starts at one.
local count = {}

-- Not public.
local function helper() end

--- Adds numbers up.
---@param a number
---@param b number?
---@param ... number
---@return number
function count.add(a, b, ...) return a end

return count
`

func newReference() *Reference {
	return New([]*spec.Module{sample(), manual.LuaModule("count", luaSample)}, catalog.Load())
}

func TestPagesCoverModulesAndModels(t *testing.T) {
	var paths []string
	for _, p := range newReference().Pages() {
		paths = append(paths, p.Path)
		assert.True(t, strings.HasPrefix(p.Text, generated), p.Path)
		assert.True(t, strings.HasSuffix(p.Text, "\n") && !strings.HasSuffix(p.Text, "\n\n"), p.Path)
	}
	assert.Equal(t, []string{"README.md", "count.md", "models/company.md", "shop.md"}, paths)
}

func TestModulePage(t *testing.T) {
	text := newReference().Module(sample())
	for _, want := range []string{
		"# shop\n", "Sells things. It is open.",
		"| [`shop.sell`](#shopsell) | Sells a thing. |",
		"shop.sell(thing, options?) → Receipt[]",
		"| `thing` | `string\\|number` |  | What to sell. |",
		"Fields of `options`:", "| `price` | `number` | In euros. |",
		"Returns [`Receipt[]`](#receipt): What was paid.",
		"Raises: `config` when closed.", "```lua\nshop.sell(\"tea\")\n```",
		"Source: [§4](../planhat-api.md#s4) Single record operations",
		"| `shop.open` | `boolean` | Whether it is open. |",
		"### Receipt", "| `total` | `number` | required | The sum. |",
		"| [`shop.company`](models/company.md) |",
	} {
		assert.Contains(t, text, want)
	}
}

func TestModelPage(t *testing.T) {
	m := sample()
	text := newReference().Model(catalog.Load().Model("company"), m.Modules[0])
	for _, want := range []string{
		"# shop.company", "## Keys", "`extid-`", "## Limits of one request", "| `get_list` | 5000 | 100 |",
		"## Properties", "| `owner` | `objectId` of ", "read-only", "../../planhat-api.md#s10",
		"Planhat's notes:",
	} {
		assert.Contains(t, text, want)
	}
}

// A fact of the catalog that no page shows is a fact that nobody can read.
func TestEveryPropertyIsOnItsPage(t *testing.T) {
	api := catalog.Load()
	b := New(nil, api)
	for _, m := range api.Models {
		text := b.Model(m, &spec.Module{Name: "planhat." + m.Snake})
		for _, p := range m.Properties {
			require.Contains(t, text, "| `"+p.Name+"` |", m.Snake)
			for _, value := range p.Enum {
				require.Contains(t, text, "`"+value+"`", m.Snake+"."+p.Name)
			}
		}
	}
}

func TestLuaPage(t *testing.T) {
	text := newReference().Module(manual.LuaModule("count", luaSample))
	for _, want := range []string{
		"# count\n", "It starts at one.", "count.add(a, b?, ...) → number", "Adds numbers up.",
		"| `b` | `number?` | optional |",
	} {
		assert.Contains(t, text, want)
	}
	assert.NotContains(t, text, "helper")
}

func TestIndexNamesEverything(t *testing.T) {
	text := newReference().Index()
	assert.Contains(t, text, "| [`shop`](shop.md) | Sells things. |")
	assert.Contains(t, text, "| [`count`](count.md) | Counts things:")
	assert.Contains(t, text, "| [`shop.company`](models/company.md) |")
	assert.Contains(t, text, "delete, each")
}

func TestCell(t *testing.T) {
	assert.Equal(t, `a \| b c`, cell("a | b\n\nc"))
}

func TestTopicAlone(t *testing.T) {
	shop := sample()
	shop.Name, shop.Modules = "planhat", nil
	company := &spec.Module{
		Name: "planhat.company", Doc: "Companies.", Funcs: []*spec.Func{{Name: "update", Doc: "Changes one."}},
		Records: []*spec.Shape{{Name: "Company", Doc: "A company.", Fields: []spec.Field{{Name: "name", Type: "string?"}}}},
	}
	shop.Modules = []*spec.Module{company}
	m := manual.New([]*spec.Module{shop, {Funcs: []*spec.Func{{Name: "help", Doc: "Helps."}}}}, catalog.Load())
	b := New(m.Modules(), m.Catalog())
	for name, want := range map[string]string{
		"planhat":                "# planhat\n",
		"planhat.company":        "# planhat.company\n",
		"planhat.company.update": "Planhat's notes: Partial update.",
		"planhat.sell":           "### planhat.sell\n\n```\nplanhat.sell(thing, options?) → Receipt[]\n```\n",
		"help":                   "### help\n\n```\nhelp()\n```\n\nHelps.\n",
		"Receipt":                "| `total` | `number` | required | The sum. |",
		"Company":                "| `owner` | `objectId` of ",
		"Company.status":         "One of `prospect`, ",
		"Company._id":            "It is read-only.",
		"planhat.open":           "Whether it is open.",
	} {
		text := b.Topic(m, m.Topic(name))
		assert.Contains(t, text, want, name)
		assert.NotContains(t, text, "<!--", name)
		assert.True(t, strings.HasSuffix(text, "\n") && !strings.HasSuffix(text, "\n\n"), name)
	}
	assert.Contains(t, b.Topics([]*manual.Topic{m.Topic("help")}), "| `help` | Helps. |")
}
