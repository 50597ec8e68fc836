package complete_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/repl"
	"github.com/phscript/phscript/runtime/internal/repl/complete"
)

// engine returns the completion of a session in which inputs were evaluated.
func engine(t testing.TB, inputs ...string) *complete.Engine {
	t.Helper()
	server, err := simulator.Start(simulator.Options{Companies: 3})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	dir := t.TempDir()
	for _, name := range []string{"data", "lib/deep/er", "lib/only.data", "helpers"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, name), 0o700))
	}
	for _, name := range []string{
		"accounts.csv", "data/march.csv", ".hidden", "lib/clean.lua", "lib/clean_test.lua", "lib/notes.txt", "lib/v1.2.lua", "lib/only.data/x.lua",
		"lib/deep/init.lua", "lib/deep/er/rows.lua", "helpers/text.lua",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	rt, err := runtime.New(runtime.Options{WorkDir: dir, Planhat: planhat.Config{APIToken: server.APIToken(), BaseURL: server.URL()}})
	require.NoError(t, err)
	s := rt.NewSession()
	t.Cleanup(func() { _ = s.Close() })
	e := &complete.Engine{Manual: builtins.Manual(), Session: s, Commands: repl.Commands()}
	for _, input := range inputs {
		_, err := s.Eval(t.Context(), runtime.Script{Source: []byte(input)})
		require.NoError(t, err, input)
		e.Learn(input)
	}
	return e
}

// labels are what a completion shows, at the place of the mark "|" in a text.
func labels(e *complete.Engine, marked string) []string {
	cursor := strings.IndexByte(marked, '|')
	var list []string
	for _, c := range e.Complete(marked[:cursor]+marked[cursor+1:], cursor).Candidates {
		list = append(list, c.Label)
	}
	return list
}

func TestCompletes(t *testing.T) {
	e := engine(t,
		"c = planhat.company.get_list()[1]",
		"local list = planhat.enduser.get_list()",
		"local deep = { inner = { field = 1, ['no name'] = 2, other = 'text' } }",
		"class = { method = function() end } class.__index = class object = setmetatable({ own = 1 }, class)",
		"trap = setmetatable({}, { __index = function() error('script code ran') end })",
		"local sandbox = planhat.new{ api_token = 'abcdefgh' }",
		"local ph = require 'planhat'",
		"string_value = 'x'",
	)
	for text, want := range map[string][]string{
		"plan|":                         {"planhat"},
		"planhat.comp|":                 {"company"},
		"planhat.company.get|":          {"get_by_id", "get_lean_list", "get_list"},
		"planhat.company:get_l|":        {"get_lean_list", "get_list"},
		"x = 1 y = planhat.time_e|":     {"time_entry"},
		"print(planhat.q|":              {"quota"},
		"csv.wr|":                       {"write", "writer"},
		"ph.comp|":                      {"company"},
		"sandbox.comp|":                 {"company"},
		"sandbox.company.del|":          {"delete"},
		"string.for|":                   {"format"},
		"string_value:up|":              {"upper"},
		"planhat.company.get_list{ li|": {"limit"},
		"planhat.company.get_list({ limit = 5, of|":                  {"offset"},
		"planhat.company.get_list{ select = { 'name', 'ow|":          {"owner"},
		"planhat.company.export{ columns = { 'name', 'ow|":           {"owner"},
		"planhat.company.get_list{ select = 'name,ow|":               {"owner"},
		"planhat.company.get_list{ sort = '-ar|":                     {"arr"},
		"for x in planhat.task.each{ sort = 'mainT|":                 {"mainType"},
		"csv.rows('accounts.csv', { numb|":                           {"numbers"},
		"planhat.company.create{ nam|":                               {"name"},
		"planhat.company.create{ name = 'x', exter|":                 {"externalId"},
		"planhat.company.create{ mr|":                                nil, // Planhat sets it
		"planhat.company.update(c._id, { pha|":                       {"phase"},
		"planhat.company.bulk_upsert{ { nam|":                        {"name"},
		"planhat.company.bulk_upsert({ { name = 'a' }, { externalI|": {"externalId"},
		"planhat.company.bulk_upsert(rows, { chunk|":                 {"chunk_size"},
		"planhat.company.create{ status = 'pros|":                    {"prospect"},
		"c.descr|":           {"description"},
		"print(c.externalI|": {"externalId"},
		"c.custom.|":         {"Industry", "Seats", "Tier"},
		"list[1].emai|":      {"email", "emailMd5"},
		"for _, e in ipairs(list) do print(e.firstN|":                 {"firstName"},
		"for i, e in ipairs(list) do print(i.firstN|":                 nil,
		"for key, e in pairs(list) do print(e.firstN|":                {"firstName"},
		"for c2 in planhat.task.each() do c2.mainT|":                  {"mainType"},
		"for c2 in planhat.task.each{ limit = 3 } do\n  if c2.mainT|": {"mainType"},
		"planhat.company.get_by_id(x).phase|":                         {"phase", "phaseSince"},
		"(cache or planhat.company.get_by_id(x)).phaseS|":             {"phaseSince"},
		"(planhat.company.get_by_id(x) or {}).phaseS|":                {"phaseSince"},
		"planhat.company.bulk_upsert(rows).unch|":                     {"unchanged"},
		"deep.inner.|":                         {"field", "other"},
		"object.|":                             {"__index", "method", "own"},
		"object:meth|":                         {"method"},
		"trap.|":                               nil,
		"dee|":                                 {"deep"},
		"local some_name = 1 print(some_n|":    {"some_name"},
		"functio|":                             {"function"},
		"local pla|":                           nil,
		"-- planhat.|":                         nil,
		"x = 'planhat.|":                       nil,
		"csv.rows('acc|":                       {"accounts.csv"},
		"csv.rows(\"data/|":                    {"march.csv"},
		"csv.rows('|":                          {"accounts.csv", "data/", "helpers/", "lib/"},
		"csv.rows 'acc|":                       {"accounts.csv"},
		"csv.rows('x', { encoding = 'acc|":     nil,
		"fs.rename('x', 'acc|":                 {"accounts.csv"},
		"io.open('acc|":                        {"accounts.csv"},
		"io.open('x', 'acc|":                   nil,
		"dofile 'acc|":                         {"accounts.csv"},
		"print('acc|":                          nil,
		"log.info('acc|":                       nil,
		"string_value = 'acc|":                 nil,
		"string_value = 'data/|":               {"march.csv"},
		"print('data/|":                        nil,
		"if string_value == 'acc|":             nil,
		"unknown_function('acc|":               nil,
		"planhat.company.import{ from = 'acc|": {"accounts.csv"},
		"planhat.company.import{ key = 'acc|":  nil,
		"planhat.company.import{ format = '|":  {"csv", "jsonl", "xlsx"},
		"planhat.company.export{ to = 'da|":    {"data/"},
		"planhat.company.create{ name = 'acc|": nil,
		"planhat.company.bulk_upsert{ { name = 'data/|": nil,
		"require 'lib.|":                {"lib.clean", "lib.deep", "lib.deep.er.rows"},
		"require('lib.deep.e|":          {"lib.deep.er.rows"},
		"require 'helpers.|":            {"helpers.text"},
		"require 'nothing.|":            nil,
		"fs.read('../|":                 nil,
		"require 'tab|":                 {"table", "tables"},
		"require(\"cs|":                 {"csv"},
		"12.|":                          nil,
		"nothing.at.all.|":              nil,
		"':|":                           nil,
		":|":                            {":doc", ":dry", ":fields", ":help", ":load", ":models", ":quit", ":quota", ":save", ":time"},
		":fi|":                          {":fields"},
		":fields time|":                 {"time_entry", "timesheet"},
		":dry |":                        {"off", "on"},
		":doc planhat.company.bu|":      {"planhat.company.bulk_upsert"},
		":doc company.bu|":              {"company.bulk_upsert"},
		":doc csv.ro|":                  {"csv.rows"},
		":load acc|":                    {"accounts.csv"},
		":save! data/|":                 {"march.csv"},
		":time planhat.company.get_li|": {"get_list"},
		"planhat.company.get|_list":     {"get_by_id", "get_lean_list", "get_list"},
		"if c.name == 'x' and c.csmS|":  {"csmScore", "csmScoreLog"},
		"C.|":                           nil,
		"planhat.company.get_list{ limit = 5 }[1].csm|": {"csmScore", "csmScoreLog"},
	} {
		assert.Equal(t, want, labels(e, text), text)
	}
	all := labels(e, "|")
	assert.Subset(t, labels(e, "require '|"), []string{"csv", "lib.clean", "tables"})
	assert.Subset(t, all, []string{"planhat", "csv", "print", "c", "deep"})
	assert.NotContains(t, all, "tables", "it has to be required")
}

func TestCandidatesSayWhatTheyAre(t *testing.T) {
	e := engine(t, "local t = { text = 'a\\nb', n = 1.5, list = { 1, 2, 3 }, f = function() end }", "c = planhat.company.get_list()[1]")
	docs := func(text string) map[string]string {
		m := map[string]string{}
		for _, c := range e.Complete(text, len(text)).Candidates {
			m[c.Label] = c.Doc
		}
		return m
	}
	assert.Equal(t, map[string]string{"text": `"a\nb"`, "n": "1.5", "list": "a list of 3", "f": "a function"}, docs("t."))
	assert.Equal(t, "string, Company name", docs("c.na")["name"])
	assert.Equal(t, "A customer account, the record that almost everything else belongs to.", docs("planhat.comp")["company"])
	for _, text := range []string{"planhat.", "planhat.company.", "csv.", "planhat.company.get_list{", ":"} {
		for label, doc := range docs(text) {
			assert.NotEmpty(t, doc, "%s of %s", label, text)
			assert.NotContains(t, doc, "`")
		}
	}
	result := e.Complete("planhat.company.get_list{ lim", len("planhat.company.get_list{ lim"))
	assert.Equal(t, len("planhat.company.get_list{ "), result.Start)
	assert.Equal(t, "limit = ", result.Candidates[0].Text)
}

func TestVeryManyFieldsAreCutDown(t *testing.T) {
	e := engine(t, "big = {} for i = 1, 5000 do big[('key_%05d'):format(5001 - i)] = i end")
	result := e.Complete("big.", 4)
	require.Len(t, result.Candidates, complete.Most)
	assert.Equal(t, 5000-complete.Most, result.More)
	assert.Equal(t, "key_00001", result.Candidates[0].Label)
	assert.Equal(t, "key_00099", result.Candidates[98].Label)
	assert.Equal(t, "key_05000", result.Candidates[99].Label, "the last one tells how long the common beginning is")
	assert.Equal(t, "5000", result.Candidates[0].Doc)
}

// TestAnyText: whatever is typed, completing it neither fails nor runs code of
// the script.
func TestAnyText(t *testing.T) {
	e := engine(t, "trap = setmetatable({}, { __index = function() os.exit(9) end })", "local x = { y = { 1 } }")
	pieces := []string{"planhat", "company", ".", ":", "get_list", "{", "}", "(", ")", "[", "]", "select", "=", "'", `"`, "trap", "x", "y", " ", "\n", "--", "[[", "]]", "for", "in", "ipairs", "do", "end", ",", "1", "é", "function", "local", "#", ":doc", "..", "\\"}
	rapid.Check(t, func(r *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 14).Draw(r, "text"), "")
		cursor := rapid.IntRange(0, len(text)).Draw(r, "cursor")
		result := e.Complete(text, cursor)
		if result.Start < 0 || result.Start > cursor {
			r.Fatalf("the word begins at %d, the cursor is at %d", result.Start, cursor)
		}
	})
}

func TestCompletesCustomModels(t *testing.T) {
	declared, err := catalog.Declare(catalog.Declaration{Name: "contract", Path: "/contracts"})
	require.NoError(t, err)
	e := engine(t, `m = planhat.model("room", { path = "/rooms" })`)
	e.Manual = builtins.Manual(bindings.DeclaredModels([]*catalog.Model{declared})...)
	functions := []string{"bulk_upsert", "create", "delete", "each", "export", "get_by_id", "get_list", "import", "sync", "sync_target", "update"}
	for text, want := range map[string][]string{
		`planhat.model("con|`:              {"contract", "conversation"},
		`planhat.model('contr|')`:          {"contract"},
		`planhat.model("contract").|`:      functions,
		`planhat.model("contract"):get_|`:  {"get_by_id", "get_list"},
		`planhat.model("company").get_le|`: {"get_lean_list"},
		`planhat.model("nothing").|`:       nil,
		`contr|`:                           nil,
	} {
		assert.Equal(t, want, labels(e, text), text)
	}
	assert.Equal(t, functions, labels(e, "m.|"))
}
