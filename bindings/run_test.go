package bindings

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/phscript/phscript/bindings/internal/luajson"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// rejections collects what a script rejects, and what the client reports.
type rejections []planhat.RowError

func (r *rejections) Reject(row planhat.RowError) { *r = append(*r, row) }

func (r *rejections) Attempt(planhat.Attempt) {}

func (r *rejections) Outcome(o planhat.Outcome) { *r = append(*r, o.Rejected...) }

func TestRowsThatScriptsReject(t *testing.T) {
	var got rejections
	h := newTestHost(t)
	h.Rejects = &got
	h.file("a.csv", "Account ID;Name;E-Mail\nA-1;  Acme ;\nA-2;;x@y.example\nA-3;Bolt\n")
	h.file("a.jsonl", "\n{\"id\":7,\"tags\":[1]}\n{\n \"email\":\"a@b.example\"}\n[1]\n")
	h.file("a.json", "[\n  {\"id\": 1},\n\n  {\n    \"id\": 2 }\n]\n")
	h.file("nulls.jsonl", `{"a":null}{"b":1,"a\"":null,"in":{"c":null}}{"a":null,"b":null}{"a":[{"d":null}]}`)
	L := newState(t, h, Run(), CSV(), JSON())
	_, err := run(t, L, `
		for row in csv.rows("a.csv", { trim = true, columns = { ["Account ID"] = "id", Name = "name" }, on_error = "collect" }) do run.reject(row, " no e-mail ") end
		local rows, problems = csv.read("a.csv", { types = { ["E-Mail"] = "number" }, on_error = "collect" })
		run.reject(problems[1].row, problems[1].message)
		run.reject(csv.parse("1,x\n", { header = false })[1], "list")
		for row in json.rows("a.jsonl") do if row.id or row.email then run.reject(row, "bad") end end
		for row in json.rows("a.json") do run.reject(row, "bad") end
		run.reject({ NAME = "Acme", n = 1.5 }, "own")
		run.reject({}, "empty")
		for row in json.rows("nulls.jsonl") do row.b = row.b or 2; run.reject(row, "bad") end
	`)
	require.NoError(t, err)
	type short struct{ place, key, message, row string }
	var all []short
	for _, r := range got {
		assert.Equal(t, -1, r.Index)
		assert.Equal(t, planhat.KindValidation, r.Kind)
		all = append(all, short{r.Origin.String(), r.Key, r.Message, r.Row.String()})
	}
	assert.Equal(t, []short{
		{"a.csv, line 2", "id A-1", "no e-mail", `{"Account ID":"A-1","Name":"Acme ","E-Mail":""}`},
		{"a.csv, line 3", "id A-2", "no e-mail", `{"Account ID":"A-2","Name":"","E-Mail":"x@y.example"}`},
	}, all[:2], "the cells are those of the file")
	assert.Contains(t, all[2].message, "a.csv, line 3: column \"E-Mail\"")
	assert.Equal(t, `{"Account ID":"A-2","Name":"","E-Mail":"x@y.example"}`, all[2].row)
	assert.Equal(t, []short{
		{"line 1", "", "list", `{"column_1":"1","column_2":"x"}`},
		{"a.jsonl, line 2", "id 7", "bad", `{"id":7,"tags":[1]}`},
		{"a.jsonl, line 3", "email a@b.example", "bad", `{"email":"a@b.example"}`},
		{"a.json, line 2", "id 1", "bad", `{"id":1}`},
		{"a.json, line 4", "id 2", "bad", `{"id":2}`},
		{"", "NAME Acme", "own", `{"NAME":"Acme","n":1.5}`},
		{"", "", "empty", `{}`},
		{"nulls.jsonl, line 1", "", "bad", `{"b":2,"a":null}`},
		{"nulls.jsonl, line 1", "", "bad", `{"b":1,"in":{},"a\"":null}`},
		{"nulls.jsonl, line 1", "", "bad", `{"b":2,"a":null}`},
		{"nulls.jsonl, line 1", "", "bad", `{"a":[{}],"b":2}`},
	}, all[3:])
}

func TestWrongRejections(t *testing.T) {
	h := newTestHost(t)
	h.Rejects = new(rejections)
	L := newState(t, h, Run())
	runErrors(t, L, []errorCase{
		{"no row", `run.reject(nil, "x")`, []string{"test.lua:1: run.reject: argument 1, 'row', is missing"}},
		{"text", `run.reject("A-1", "x")`, []string{"'row', must be a table"}},
		{"no reason", `run.reject({})`, []string{"'reason', is missing"}},
		{"blank", `run.reject({}, " \n")`, []string{"the reason is empty"}},
		{"a table as the reason", `run.reject({}, {})`, []string{"'reason', must be a string"}},
		{"a function in the row", `run.reject({ f = print }, "x")`, []string{"the row cannot be reported: at f: a function has no JSON form"}},
		{"from nothing", `run.from(nil, {})`, []string{"'row', is missing"}},
	})
	assert.Empty(t, h.Rejects)

	h.Strict = true
	text, e := raised(t, L, `run.reject({ id = "A-1" }, "no name")`)
	assert.Contains(t, text, "the script rejected a row (id A-1): no name")
	assert.Equal(t, "partial", lua.LVAsString(e.RawGetString("kind")))
	assert.Len(t, *h.Rejects.(*rejections), 1, "it counts all the same")
}

// TestRowsThatPlanhatRejects: they come from where their row, or the row that they
// were made from, was read.
func TestRowsThatPlanhatRejects(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"message":"no"}`))
			return
		}
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write([]byte(`{"created":0,"createdErrors":[{"index":0,"message":"no"},{"index":1,"message":"no"},{"index":2,"message":"no"},{"index":3,"message":"no"}]}`))
	}))
	defer server.Close()
	var got rejections
	client, err := planhat.New(planhat.Config{APIToken: "token", BaseURL: server.URL, Observer: &got})
	require.NoError(t, err)
	h := newTestHost(t)
	h.client, h.Rejects = client, &got
	h.file("a.csv", "name,externalId\nAcme,A-1\nBolt,A-2\n")
	L := newState(t, h, Run(), CSV(), JSON(), Planhat())
	out, err := run(t, L, `
		local rows = csv.read("a.csv")
		local plain = { x = 1 }
		local e = planhat.company.bulk_upsert{ rows[1], run.from(rows[2], { name = "B" }), { name = "C" }, run.from(plain, { name = "D" }) }.errors
		pcall(planhat.company.create, run.from(rows[1], { name = "E" }))
		run.reject(run.from(rows[2], { name = "F" }), "own")
		return e[1].file, e[1].line, e[2].line, e[3].line, e[1].row == rows[1]
	`)
	require.NoError(t, err)
	assert.Equal(t, []string{"a.csv", "2", "3", "nil", "true"}, out)
	require.Len(t, got, 6)
	bolt := `{"name":"Bolt","externalId":"A-2"}`
	for i, want := range []struct{ place, row, source string }{
		{"a.csv, line 2", `{"name":"Acme","externalId":"A-1"}`, `{"name":"Acme","externalId":"A-1"}`},
		{"a.csv, line 3", `{"name":"B"}`, bolt},
		{"", `{"name":"C"}`, ""},
		{"", `{"name":"D"}`, `{"x":1}`},
		{"a.csv, line 2", `{"name":"E"}`, `{"name":"Acme","externalId":"A-1"}`},
		{"a.csv, line 3", bolt, ""},
	} {
		source := ""
		if got[i].Origin != nil {
			source = got[i].Origin.Row.String()
		}
		assert.Equal(t, want, struct{ place, row, source string }{got[i].Origin.String(), got[i].Row.String(), source}, i)
	}
}

// TestPlacesAreHidden: a table with a place is like any other.
func TestPlacesAreHidden(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	for _, items := range []int{0, 1, 2, 31, 32} {
		row := L.NewTable()
		for i := range items {
			row.Append(lua.LNumber(i))
		}
		row.RawSetString("name", lua.LString("Acme"))
		_, known := placeOf(row)
		assert.False(t, known)
		putPlace(row, place{origin: &origin{}, line: 1})
		putPlace(row, place{origin: &origin{}, line: 7})
		at, known := placeOf(row)
		assert.True(t, known)
		assert.Equal(t, 7, at.line)
		L.SetGlobal("row", row)
		L.SetGlobal("n", lua.LNumber(items))
		assert.NoError(t, L.DoString(`
			assert(#row == n and row[n + 1] == nil and row.name == "Acme")
			local seen = 0
			for k, v in pairs(row) do seen = seen + 1 end
			assert(seen == n + 1)
			for i = 1, 40 do row[n + i] = i; assert(#row == n + i and row[n + i] == i and row[n + i + 1] == nil) end
			for i = 40, 1, -1 do assert(table.remove(row) == i) end
			assert(#row == n and row.name == "Acme")
		`))
		_, known = placeOf(row)
		assert.False(t, known, "list items take the room")
	}
	a, b := L.NewTable(), L.NewTable()
	linkPlace(a, a)
	linkPlace(a, b)
	linkPlace(b, a)
	_, known := placeOf(a)
	assert.False(t, known, "a row was not made from itself")

	defer func(fit bool) { luajson.LayoutKnown = fit }(luajson.LayoutKnown)
	luajson.LayoutKnown = false
	putPlace(a, place{origin: &origin{}})
	assert.Nil(t, originOf(L, a), "without the known layout")
}
