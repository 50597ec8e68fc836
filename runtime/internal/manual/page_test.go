package manual

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
)

func book() *Manual {
	count := LuaModule("count", "--- Counts things.\nlocal count = {}\n\n--- Adds.\n---@param a number\nfunction count.add(a) end\n")
	return New([]*spec.Module{bindings.Planhat(), bindings.CSV(), bindings.JSON(), bindings.Inspect(), count}, catalog.Load())
}

func TestPage(t *testing.T) {
	m := book()
	for name, want := range map[string][]string{
		"planhat.company.update": {
			"planhat.company.update(id, changes)\n\n  Changes a company: 'PUT /companies/{id}'.",
			"Takes\n  id       string   Which record:", "\n  changes  Company  The properties to change.",
			"Returns\n  Company  The record after the change.", "Raises an error\n  'not_found' when",
			"Example\n    planhat.company.update(", "See also\n  phscript doc Company  ",
		},
		"csv.rows": {"(optional) How to read.", "Fields of options\n", "\n  trim         boolean          Whether"},
		"planhat.company": {
			"Functions\n  create(record) ", "Keys\n  get_by_id    '_id', 'extid-' + 'externalId', 'srcid-' + 'sourceId'\n",
			"Creating a record\n  All of                     name\n", "phscript doc Company         its ",
		},
		"planhat":            {"Models\n  planhat.asset ", "Tables\n  PlanhatError   The error that a failed call raises.\n", "  quota() "},
		"count":              {"local count = require \"count\""},
		"PlanhatError":       {"Fields\n  kind ", "See also\n  phscript doc RowError "},
		"Company":            {"Required in a new record\n  name  string  Company name.", "id of User", "Read-only, set by Planhat\n", "One of 'prospect',"},
		"Company._id":        {"Company._id  objectId\n", "Planhat sets it; you cannot write it."},
		"Company.name":       {"Required in a new record."},
		"Company.owner":      {"id of User", "phscript doc planhat.user "},
		"Company.externalId": {"'bulk_upsert' can match rows by it."},
		"json.null":          {"json.null  userdata\n"},
	} {
		topic := m.Topic(name)
		require.NotNil(t, topic, name)
		text := m.Page(topic, PageOptions{})
		for _, part := range want {
			assert.Contains(t, text, part, name)
		}
	}
}

// TestPagesFit reads every page at several widths: no line of running text is
// too long, nothing of Markdown or of a terminal is left, and a colour changes
// nothing but the colour.
func TestPagesFit(t *testing.T) {
	m := book()
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, width := range []int{40, 80} {
		for _, topic := range m.Topics() {
			text := m.Page(topic, PageOptions{Width: width})
			require.NotContains(t, text, "`", topic.Name)
			require.NotContains(t, text, "](", topic.Name)
			require.NotContains(t, text, "\x1b", topic.Name)
			require.NotContains(t, text, "\n\n\n", topic.Name)
			require.NotRegexp(t, `[ \t]\n`, text, topic.Name)
			prose, _, _ := strings.Cut(text, "\nTakes\n")
			for i, line := range strings.Split(prose, "\n") {
				if i > 0 && strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "    ") && strings.Contains(line, ". ") {
					require.LessOrEqual(t, utf8.RuneCountInString(line), width, "%s: %s", topic.Name, line)
				}
			}
			colored := m.Page(topic, PageOptions{Width: width, Color: true})
			require.Contains(t, colored, "\x1b[1m", topic.Name)
			require.NotContains(t, escape.ReplaceAllString(colored, ""), "\x1b", topic.Name)
		}
	}
}

func TestOverview(t *testing.T) {
	text := book().Overview(PageOptions{Ask: ":help %s"})
	for _, want := range []string{
		"Modules\n  csv ", "count  Counts things.", "planhat.company ", "Libraries: coroutine, string",
		"Functions: assert, ", ":help company.bulk_upsert",
	} {
		assert.Contains(t, text, want)
	}
	models := book().Models(PageOptions{})
	assert.Contains(t, models, "\nplanhat.company ")
	assert.Contains(t, models, "A customer account")
}

func TestResults(t *testing.T) {
	m := book()
	for words, want := range map[string]string{
		"upsert companies": "planhat.company.bulk_upsert  Creates and updates many records. (15 other models also have it)\n",
		"import csv":       "planhat.company.import  Creates and updates records from a file (CSV, Excel or JSON Lines). (",
		"read csv":         "csv.read",
		"bulk_upsrt":       "There is nothing about 'bulk_upsrt' (did you mean 'bulk_upsert'?).\n",
		"compny":           "(did you mean 'company'",
		"qqqq":             "There is nothing about 'qqqq'.\n",
		"id":               "… and ",
		"how to delete":    "planhat.company.delete  Deletes a company. (",
	} {
		assert.Contains(t, m.Show(m.Ask(words), PageOptions{Width: 100}), want, words)
	}
}

func TestTablesForTerminals(t *testing.T) {
	s := newSheet(PageOptions{Width: 60})
	s.markdown(0, "### Codes\n\n| Code | Means | Do |\n| --- | --- | --- |\n| `0` | done | |\n| `1` | a \\| b | look |\n\n1. First\n2. Then this, which is\n   longer")
	assert.Equal(t, `Codes

0  done
1  a | b; Do: look

1. First
2. Then this, which is longer
`, s.finish())
}

func TestMarkdownForTerminals(t *testing.T) {
	s := newSheet(PageOptions{Width: 30})
	s.markdown(0, "See [the page](x.md) of `a` and\n`it's`. **Mind** this, and\nalso (`b`).\n\n- one `two`\n- three four five six seven eight\n\n    code  stays\n\n```lua\nx = 1\n```")
	assert.Equal(t, `See the page of 'a' and it's.
Mind this, and also ('b').

- one 'two'
- three four five six seven
  eight

  code  stays

  x = 1
`, s.finish())
}

// described is a module with described annotations.
const described = `--- Greets people.
local greet = {}

--- Returns a greeting.
---@param name string Whom to greet.
---@param options? table<string, any> # How, in
---@return string text The greeting, or more.
function greet.hello(name, options) end

---@return any item, integer? index
---@return fun(): string?, integer # An iterator.
---@return number The mean.
function greet.all(...) end
`

func TestDescribedAnnotations(t *testing.T) {
	m := New([]*spec.Module{LuaModule("greet", described)}, catalog.Load())
	hello := m.Topic("greet.hello").Func
	assert.Equal(t, []spec.Param{
		{Name: "name", Type: "string", Doc: "Whom to greet."}, {Name: "options", Type: "table<string, any>", Optional: true, Doc: "How, in"},
	}, hello.Params)
	assert.Equal(t, []spec.Return{{Type: "string", Doc: "The greeting, or more."}}, hello.Returns)
	assert.Equal(t, []spec.Return{
		{Type: "any", Doc: "The item."}, {Type: "integer?", Doc: "The index."}, {Type: "fun(): string?, integer", Doc: "An iterator."},
		{Type: "number", Doc: "The mean."},
	}, m.Topic("greet.all").Func.Returns)
	page := m.Page(m.Topic("greet.hello"), PageOptions{})
	assert.Contains(t, page, "Whom to greet.")
	assert.Contains(t, page, "The greeting, or more.")
}

func TestColumnsReadDownwards(t *testing.T) {
	s := newSheet(PageOptions{Width: 30})
	s.columns(2, []string{"aaaaaa", "b", "c", "d", "e"})
	assert.Equal(t, "  aaaaaa  c       e\n  b       d\n", s.String())
}

func TestSentence(t *testing.T) {
	for given, want := range map[string]string{
		"":                       "",
		"partial update":         "Partial update.",
		"companyId in the body":  "companyId in the body.",
		"_id only":               "_id only.",
		"Already one.":           "Already one.",
		"extid-/srcid- on write": "extid-/srcid- on write.",
	} {
		assert.Equal(t, want, Sentence(given))
	}
}
