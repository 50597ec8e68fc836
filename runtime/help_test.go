package runtime

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// printed runs a script and returns what it printed.
func printed(t *testing.T, o Options, source string) string {
	t.Helper()
	var out bytes.Buffer
	o.Stdout = &out
	rt, err := New(o)
	require.NoError(t, err)
	_, err = rt.Run(t.Context(), Script{Name: "mine.lua", Source: []byte(source)})
	require.NoError(t, err)
	return out.String()
}

func TestHelp(t *testing.T) {
	models := fmt.Sprintf("Planhat's %d models", len(catalog.Load().Models))
	for source, want := range map[string]string{
		`help()`:                                    models,
		`help("")`:                                  models,
		`help(planhat)`:                             "planhat  module\n",
		`help(planhat.company)`:                     "planhat.company  model\n",
		`help(planhat.company.get_list)`:            "planhat.company.get_list(options?)\n",
		`local c = require "csv" help(c.rows)`:      "csv.rows(name, options?)\n",
		`local t = require "text" help(t)`:          "text  module\n",
		`local t = require "text" help(t.trim)`:     "text.trim(s)\n",
		`help(string.format)`:                       "string.format(template, ...)\n",
		`help(print)`:                               "print(...)\n",
		`help(help)`:                                "help(topic?)\n",
		`help(json.null)`:                           "json.null  userdata\n",
		`help(args)`:                                "args  list of strings\n",
		`help("csv.rows")`:                          "csv.rows(name, options?)\n",
		`help("Company.externalId")`:                "Company.externalId  string\n",
		`help("import csv")`:                        "planhat.company.import",
		`help("csv.rowz")`:                          "(did you mean 'csv.rows'",
		`help(nil)`:                                 "No value.",
		`help(planhat.company.nothing)`:             "No value.",
		`help(5)`:                                   "5\n\n  A number.",
		`help(true)`:                                "A boolean",
		`help({})`:                                  "An empty table.",
		`help({1, 2, 3})`:                           "A list of 3 items",
		`help({{a = 1}})`:                           "The first item has these fields.\n\n  a  number\n",
		`help({{1}})`:                               "The first is a\n  table too.",
		`help({a = 1, "x"})`:                        "A table with 1 list item and 1 field.",
		"\nlocal function f(a, b, ...) end help(f)": "defined on line 2 of mine.lua. Parameters: (a, b, ...).",
		`help(coroutine.create(print))`:             "A coroutine.",
		`help(io.stdout)`:                           "userdata\n",
		`help({_id = 1, csmScore = 2, domains = {}, custom = {}})`:   "They are the fields of Company",
		`local _, e = pcall(planhat.company.get_by_id, "x") help(e)`: "An error object: ",
		`help({_id = 1, name = 2, description = 3})`:                 "A table with 3 fields.\n",
	} {
		assert.Contains(t, printed(t, Options{}, source), want, source)
	}
}

// A script's own help comes first, and one that does not ask pays nothing.
func TestHelpCanBeReplaced(t *testing.T) {
	assert.Equal(t, "mine\n", printed(t, Options{}, `function help() print("mine") end help()`))
	assert.Equal(t, "nil\n", printed(t, Options{}, `print(rawget(_G, "help"))`))
}

func TestHelpKnowsFurtherModules(t *testing.T) {
	sell := func(a *bindings.Args) (int, error) { return 0, nil }
	further := &bindings.Module{Name: "shop", Doc: "Sells things.", Funcs: []*bindings.Func{{Name: "sell", Doc: "Sells a thing.", Call: sell}}}
	o := Options{Modules: []*bindings.Module{further}, Help: manual.PageOptions{Color: true, Ask: ":help %s"}}
	text := printed(t, o, `help(shop.sell) help(shop)`)
	assert.Contains(t, text, "\x1b[1mshop.sell()\x1b[0m\n")
	assert.Contains(t, text, ":help shop.sell")
}

func TestHelpOnCustomModels(t *testing.T) {
	declared, err := catalog.Declare(catalog.Declaration{Name: "contract", Path: "/contracts"})
	require.NoError(t, err)
	for source, want := range map[string]string{
		`help(planhat.model("contract"))`:                               "planhat.model(\"contract\")  module\n\n  A custom model with the path '/contracts'.",
		`local m = planhat.model("contract") help(m.bulk_upsert)`:       "planhat.model(\"contract\").bulk_upsert(rows, options?)\n",
		`help('planhat.model("contract")')`:                             "create(record)               Creates a contract.",
		`help("contract")`:                                              "A record of a custom model.",
		`help(planhat.model("room", { path = "/rooms" }))`:              "A custom model with the path '/rooms'.",
		`help(planhat.model("room", { path = "/rooms" }).create)`:       `local record = planhat.model("room").create{ ... }`,
		`help(planhat.model("company", { keys = { "vat" } }).get_list)`: "planhat.company.get_list(options?)\n",
		`help(planhat.model)`:                                           "planhat.model(name, options?)\n",
	} {
		got := printed(t, Options{Models: []*catalog.Model{declared}}, source)
		assert.Contains(t, got, want, "%s:\n%s", source, got)
	}
}
