package simulator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
)

func files(pairs ...string) fstest.MapFS {
	out := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

func TestFixtures(t *testing.T) {
	p := start(t, Options{Fixtures: files(
		"company.json", `[{"_id":"5f0000000000000000000001","name":"Acme","externalId":"a","h":7,"domains":["acme.example"]},{"name":"Beta","externalId":"b"}]`,
		"endusers.jsonl", "{\"email\":\"ada@acme.example\"}\n\n{\"companyId\":\"extid-b\",\"externalId\":\"u\"}\n",
		"License.csv", "\uFEFFcompanyId,product,value,fromDate,fixedPeriod,custom.Seats,custom.Zip\r\nextid-a,\"Base, large\",1200,2026-01-01,,5,0123\r\n",
		"metrics.json", `{"dimensionId":"d","value":1,"externalId":"a"}`,
		"user_activity.json", `[{"email":"ada@acme.example","action":"login"}]`,
		"README.md", "not a fixture",
	)})
	assert.EqualValues(t, 7, p.Record("company", "5f0000000000000000000001")["h"], "read-only properties may be given")
	assert.Equal(t, "5f0000000000000000000001", p.Records("enduser")[0]["companyId"])
	license := p.Records("license")[0]
	assert.Subset(t, license, map[string]any{"product": "Base, large", "mrr": 100.0, "companyName": "Acme"})
	assert.Equal(t, map[string]any{"Seats": 5.0, "Zip": "0123"}, license["custom"])
	assert.EqualValues(t, 100, p.Record("company", "extid-a")["mrr"])
	assert.Len(t, p.Records("metrics"), 1)
	assert.Len(t, p.Records("user_activity"), 1)
}

// TestNewRecordsReplaceNoFixture: fixtures may have ids that the simulator has made, as those of
// its snapshots have.
func TestNewRecordsReplaceNoFixture(t *testing.T) {
	made := func(n int) string { return fmt.Sprintf("%018s%06x", start(t, Options{}).store.newID()[:18], n) }
	p := start(t, Options{Fixtures: files("company.json", fmt.Sprintf(
		`[{"name":"Plain"},{"_id":%q,"name":"One"},{"_id":%q,"name":"Two"},{"_id":%q,"name":"Max"}]`, made(1), made(2), "ffffffff"+made(1)[8:],
	)), Companies: 3})
	require.Len(t, p.Records("company"), 7)
	assert.Equal(t, "One", p.Record("company", made(1))["name"])
	require.NoError(t, p.Put("company", map[string]any{"_id": made(100), "name": "Later"}))
	assert.Equal(t, made(101), p.store.newID())
}

func TestFixtureMistakesAreNamed(t *testing.T) {
	for _, c := range []struct{ name, text, message string }{
		{"compnay.json", `[]`, "did you mean 'company'?"},
		{"company.json", `[{"name":"A"},{"name":5`, "company.json: The body is not valid JSON"},
		{"company.json", `[{"name":"A"},3]`, "company.json: record 2: is not an object"},
		{"company.json", `[{"_id":"7","name":"A"}]`, "24 hexadecimal digits"},
		{"company.jsonl", "{\"name\":\"A\"}\n[]", "record 2 is not a JSON object"},
		{"license.json", `[{"companyId":"extid-x"}]`, "no company has the id"},
		{"license.csv", "value\nmuch\n", "value must be a number"},
		{"company.json", `[{"name":"A"},{"nmae":"B"}]`, `company.json: record 2: company has no property "nmae" (did you mean 'name'?); write your own fields as custom: { Tier: ... }`},
		{"company.jsonl", `{"Tier":"A"}`, `company.jsonl: record 1: company has no property "Tier"`},
		{"company.csv", "externalId,Name\na,Acme\n", `company.csv: line 1: company has no property "Name" (did you mean 'name'?); write your own fields as in columns such as custom.Tier`},
		{"company.csv", "name|externalId\nAcme|a\n", `company.csv: line 1: company has no property "name|externalId"`},
		{"company.csv", "name,\nAcme,\nBolt,2\n", `company.csv: record 2: column 2 has the value "2", but no name in the header`},
		{"company.csv", "name\n\xc5sa\n", "company.csv: the file is not UTF-8"},
	} {
		_, err := New(Options{Fixtures: files(c.name, c.text)})
		assert.ErrorContains(t, err, c.message, c.name)
	}
	_, err := New(Options{FixturesDir: "no/such/place"})
	assert.ErrorContains(t, err, "does not exist")
}

func TestFixturesOfSpreadsheets(t *testing.T) {
	for name, text := range map[string]string{
		"semicolons": "\uFEFFname;externalId;domains;custom.Tier;\r\nAcme, Inc;a;\"x.example; y.example\";Gold;\r\n",
		"tabs":       "name\texternalId\tdomains\tcustom.Tier\nAcme, Inc\ta\tx.example;y.example\tGold\n",
		"commas":     "name,externalId,domains,\"custom.Tier\"\n\"Acme, Inc\",a,x.example;y.example,Gold\n",
	} {
		s, err := New(Options{Fixtures: files("company.csv", text)})
		require.NoError(t, err, name)
		got := s.Record("company", "extid-a")
		assert.Equal(t, "Acme, Inc", got["name"], name)
		assert.Equal(t, []any{"x.example", "y.example"}, got["domains"], name)
		assert.Equal(t, map[string]any{"Tier": "Gold"}, got["custom"], name)
	}
}

func TestDumpCanBeLoadedAgain(t *testing.T) {
	first, err := New(Options{Companies: 30, Clock: func() time.Time { return noon }})
	require.NoError(t, err)
	var dump bytes.Buffer
	require.NoError(t, first.Dump(&dump))
	var models map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(dump.Bytes(), &models))
	fixtures := fstest.MapFS{}
	for name, text := range models {
		if name != "metrics" && name != "user_activity" {
			fixtures[name+".json"] = &fstest.MapFile{Data: text}
		}
	}
	second, err := New(Options{Fixtures: fixtures, Clock: func() time.Time { return noon }})
	require.NoError(t, err)
	for _, model := range []string{"company", "enduser", "license", "line_item"} {
		assert.Equal(t, len(first.Records(model)), len(second.Records(model)), model)
	}
	assert.Equal(t, first.Record("company", "extid-company-3")["mrr"], second.Record("company", "extid-company-3")["mrr"])
}

func TestGeneratedDataIsPlausibleAndRepeatable(t *testing.T) {
	generate := func(seed int64) *Server {
		s, err := New(Options{Companies: 200, Seed: seed, Clock: func() time.Time { return noon }})
		require.NoError(t, err)
		return s
	}
	s := generate(1)
	assert.Len(t, s.Records("company"), 200)
	for _, m := range catalog.Load().Models {
		switch m.Snake {
		case "metrics", "user_activity", "timesheet":
			continue
		}
		assert.NotEmpty(t, s.Records(m.Snake), "no sample records of %s: add some in generate.go", m.Snake)
	}
	paying := 0
	for _, c := range s.Records("company") {
		if c["mrr"].(float64) > 0 {
			paying++
		}
	}
	assert.Greater(t, paying, 50)
	var a, b, other bytes.Buffer
	require.NoError(t, s.Dump(&a))
	require.NoError(t, generate(1).Dump(&b))
	require.NoError(t, generate(2).Dump(&other))
	assert.True(t, bytes.Equal(a.Bytes(), b.Bytes()), "the same seed makes the same records")
	assert.False(t, bytes.Equal(a.Bytes(), other.Bytes()), "another seed makes others")
}

func TestPut(t *testing.T) {
	s, err := New(Options{})
	require.NoError(t, err)
	require.NoError(t, s.Put("company", map[string]any{"_id": "5f0000000000000000000001", "name": "A", "custom": map[string]any{"n": json.Number("9007199254740993")}}))
	assert.ErrorContains(t, s.Put("company", map[string]any{"nmae": "A"}), `company 1: company has no property "nmae" (did you mean 'name'?)`)
	require.NoError(t, s.Put("company", map[string]any{"_id": "5f0000000000000000000001", "name": "B"}))
	require.Len(t, s.Records("company"), 1)
	assert.Equal(t, "B", s.Records("company")[0]["name"])
	assert.ErrorContains(t, s.Put("compny"), "did you mean 'company'?")
	assert.ErrorContains(t, s.Put("asset", map[string]any{"companyId": "extid-x"}), "asset 1: companyId: no company has the id")
	assert.Nil(t, s.Record("company", "extid-x"))
	assert.Empty(t, s.URL())
	require.NoError(t, s.Close())
}

// Writers, readers and observers at once, for the race detector.
func TestConcurrentUse(t *testing.T) {
	p := start(t, Options{Companies: 50, Parallel: -1})
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			for j := range 10 {
				row := fmt.Sprintf(`[{"externalId":"x-%d","name":"N%d"},{"externalId":"company-%d","phase":"%d-%d"}]`, j, j, j+1, i, j)
				_, err := p.try("PUT", "/companies", row)
				assert.NoError(t, err)
				_, err = p.try("GET", "/companies?sort=-mrr&limit=5", "")
				assert.NoError(t, err)
				_, err = p.try("PUT", "/licenses", fmt.Sprintf(`[{"companyId":"extid-company-%d","externalId":"l-%d-%d","value":5}]`, j+1, i, j))
				assert.NoError(t, err)
				p.Records("license")
				p.CountsByOperation()
			}
		})
	}
	wait.Wait()
	assert.Len(t, p.Records("company"), 60)
	assert.Equal(t, 40, p.CountsByOperation()["company.bulk_upsert"])
}
