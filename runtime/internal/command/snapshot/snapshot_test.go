package snapshot

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// quick lets a trial call as often as it likes.
const quick = "--calls-per-min=100000"

// start starts a Planhat that a trial's commands use.
func start(t *testing.T, o simulator.Options) (*trial.Trial, *simulator.Server) {
	t.Helper()
	o.CallsPerMinute = -1
	server, err := simulator.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	r := trial.New(t, nil)
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = server.APIToken(), server.URL()
	return r, server
}

// filesOf returns the files of a folder, by name.
func filesOf(t *testing.T, r *trial.Trial, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := filepath.Join(r.Env.Dir, dir)
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		out[d.Name()] = string(text)
		return err
	}))
	return out
}

// records returns the lines of a file.
func records(t *testing.T, text string) (list []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var one map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &one))
		list = append(list, one)
	}
	return list
}

// choices are the properties whose values a snapshot keeps, if they look like ones to choose
// from; the guide lists them.
var choices = []string{
	"phase", "status", "stage", "type", "subType", "mainType", "priority", "severity", "repeat", "noticeUnit", "invoiceCycle",
	"assignedModel", "targetModel", "timesheetStatus", "lastTouchType", "source", "churnReason", "currency", "_currency", "defaultCurrencyId",
	"timeBucket", "color",
}

// plant puts a record into every model that has a distinct text in every property that may
// hold one, and returns these texts.
func plant(t *testing.T, server *simulator.Server) (planted []string) {
	t.Helper()
	company := server.Records("company")[0]["_id"]
	deal := server.Records("deal")[0]["_id"]
	for _, m := range catalog.Load().Models {
		if m.Operation("get_list") == nil || m.Has(catalog.FieldDefinition) || m.Part != nil {
			continue
		}
		record := map[string]any{}
		secret := func(what string) string {
			text := fmt.Sprintf("Zq%s%sQz", strings.ReplaceAll(m.Snake, "_", ""), strings.TrimLeft(what, "_"))
			planted = append(planted, text)
			return text
		}
		for _, p := range m.Properties {
			switch {
			case p.Ref != "" || slices.Contains(choices, p.Name) || len(p.Enum)+len(p.Builtin) > 0:
			case p.Type == catalog.String:
				record[p.Name] = secret(p.Name) + " said"
			case p.Type == catalog.Array:
				record[p.Name] = []any{secret(p.Name), map[string]any{"name": secret(p.Name + "In"), "note": secret(p.Name + "Note"), "email": secret(p.Name+"Mail") + "@acme.example"}}
			case p.Name == "custom":
				record[p.Name] = map[string]any{"Free": secret("Free"), "Deep": map[string]any{"list": []any{secret("Deep")}}}
			case p.Type == catalog.Object:
				record[p.Name] = map[string]any{"name": secret(p.Name), "info": secret(p.Name + "Info")}
			}
		}
		if ref := m.CompanyRef(); ref != "" {
			record[ref] = company
		}
		if m.Property("companyIds") != nil {
			record["companyIds"] = []any{company}
		}
		if m.Property("dealId") != nil {
			record["dealId"] = deal
		}
		if m.Property("assignedModel") != nil {
			delete(record, "timeEntries")
		}
		require.NoError(t, server.Put(m.Snake, record), m.Snake)
	}
	return planted
}

func TestNoOriginalTextIsInAnyFile(t *testing.T) {
	r, server := start(t, simulator.Options{Companies: 40, Seed: 3})
	planted := plant(t, server)
	require.Greater(t, len(planted), 200)
	_, stderr, err := r.Run(New, quick, "out")
	require.NoError(t, err, stderr)
	files := filesOf(t, r, "out")
	require.Greater(t, len(files), 20)
	stored := map[string]int{} // how many of the planted texts the simulator still has
	for _, m := range catalog.Load().Models {
		for _, raw := range server.RecordsJSON(m.Snake) {
			for _, text := range planted {
				if strings.Contains(string(raw), text) {
					stored[text]++
				}
			}
		}
	}
	assert.Greater(t, len(stored), 200, "the texts must be in the tenant, or the test proves nothing")
	for name, text := range files {
		lower := strings.ToLower(text)
		for _, secret := range planted {
			assert.NotContains(t, lower, strings.ToLower(secret), name)
		}
		for _, model := range []string{"company", "enduser", "user"} {
			for _, record := range server.Records(model) {
				for _, property := range []string{"name", "email", "firstName", "lastName", "externalId", "sourceId", "slug", "web", "phone", "city", "description"} {
					if original, _ := record[property].(string); len(original) > 6 {
						assert.NotContains(t, lower, strings.ToLower(original), "%s: %s.%s", name, model, property)
					}
				}
			}
		}
	}
}

func TestJoinsHoldAndRefreshesAreEqual(t *testing.T) {
	r, server := start(t, simulator.Options{Companies: 30, Seed: 5})
	acme := map[string]any{"name": "Acme Widgets", "externalId": "A-77", "domains": []any{"acme.test"}, "custom": map[string]any{"Origin": "A-77"}}
	require.NoError(t, server.Put("company", acme))
	id := server.Record("company", "extid-A-77")["_id"]
	require.NoError(t, server.Put("enduser", map[string]any{"companyId": id, "email": "Ada@acme.test", "firstName": "Ada", "lastName": "Lovelace", "sourceId": "A-77"}))
	require.NoError(t, server.Put("nps", map[string]any{"cId": id, "email": "ada@acme.test", "score": 9, "dateSent": "2019-03-04", "dateAnswered": "2019-03-04"}))
	_, stderr, err := r.Run(New, quick, "one")
	require.NoError(t, err)
	assert.NotContains(t, stderr, "warning")
	_, _, err = r.Run(New, quick, "one")
	require.NoError(t, err, "a snapshot replaces a snapshot")
	_, _, err = r.Run(New, quick, "two")
	require.NoError(t, err)
	one, two := filesOf(t, r, "one"), filesOf(t, r, "two")
	assert.Equal(t, one, two)

	server2, err := simulator.New(simulator.Options{FixturesDir: filepath.Join(r.Env.Dir, "one")})
	require.NoError(t, err)
	for _, m := range catalog.Load().Models {
		if m.Operation("get_list") != nil {
			assert.Len(t, server2.Records(m.Snake), len(server.Records(m.Snake)), m.Snake)
		}
	}
	company, person := server2.Record("company", id.(string)), map[string]any{}
	for _, p := range server2.Records("enduser") {
		if p["companyId"] == id {
			person = p
		}
	}
	assert.Equal(t, company["externalId"], person["sourceId"], "equal ids in two models stay equal")
	assert.Equal(t, company["externalId"], company["custom"].(map[string]any)["Origin"])
	assert.True(t, strings.HasSuffix(person["email"].(string), "@"+company["domains"].([]any)[0].(string)), "addresses still belong to the company's domain")
	assert.Equal(t, person["firstName"].(string)+" "+person["lastName"].(string), person["name"])
	i := slices.IndexFunc(server2.Records("nps"), func(n map[string]any) bool { return n["cId"] == id })
	require.GreaterOrEqual(t, i, 0, "answers that lists leave out are in the snapshot")
	assert.Equal(t, person["email"], server2.Records("nps")[i]["email"])

	_, stderr, err = r.Run(New, quick, "--key", "other.key", "one")
	require.NoError(t, err)
	assert.Contains(t, stderr, "was made with another key")
	assert.NotEqual(t, one["company.jsonl"], filesOf(t, r, "one")["company.jsonl"])
	info, err := os.Stat(filepath.Join(r.Env.Dir, "other.key"))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
}

func TestKeep(t *testing.T) {
	r, server := start(t, simulator.Options{})
	require.NoError(t, server.Put("company",
		map[string]any{"name": "Acme", "externalId": "A-1", "custom": map[string]any{"Tier": "Gold", "Owner name": "Ada", "Seats": 7, "Since": "2024-05-01", "Call": "+46 70 123", "Level": "L1"}}))
	for _, field := range []map[string]any{
		{"name": "Since", "type": "day", "parent": "company"}, {"name": "Call", "type": "phone", "parent": "company"},
		{"name": "Level", "type": "list", "parent": "company", "listValues": []any{"L1", "L2"}},
	} {
		require.NoError(t, server.Put("custom_field", field))
	}
	company := func(args ...string) map[string]any {
		_, _, err := r.Run(New, append([]string{quick}, append(args, "out")...)...)
		require.NoError(t, err)
		return records(t, filesOf(t, r, "out")["company.jsonl"])[0]
	}
	custom := company()["custom"].(map[string]any)
	assert.NotEqual(t, "Gold", custom["Tier"], "text that is not known is replaced")
	assert.NotEqual(t, "Ada", custom["Owner name"])
	assert.Regexp(t, `^\+\d\d \d\d \d\d\d$`, custom["Call"])
	assert.NotEqual(t, "+46 70 123", custom["Call"])
	assert.Equal(t, []any{7.0, "2024-05-01", "L1"}, []any{custom["Seats"], custom["Since"], custom["Level"]})

	kept := company("--keep", "custom.Tier,company.externalId,user.email")
	assert.Equal(t, "Gold", kept["custom"].(map[string]any)["Tier"])
	assert.Equal(t, "A-1", kept["externalId"])
	assert.NotEqual(t, "Acme", kept["name"])
	_, stderr, err := r.Run(New, quick, "--keep", "custom.Teir", "out")
	require.NoError(t, err)
	assert.Contains(t, stderr, "warning: --keep: no record has custom.Teir\n")

	_, _, err = r.Run(New, quick, "--keep", "company.nmae", "out")
	assert.ErrorContains(t, err, `there is no property "company.nmae" (did you mean 'name'?)`)
	_, _, err = r.Run(New, quick, "--models", "compani", "out")
	assert.ErrorContains(t, err, `unknown model "compani" (did you mean 'company'?)`)
}

func TestFoldersThatHoldSomethingElse(t *testing.T) {
	r, _ := start(t, simulator.Options{Companies: 2})
	other := filepath.Join(r.Env.Dir, "other")
	require.NoError(t, os.Mkdir(other, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(other, "company.jsonl"), []byte("mine"), 0o644))
	_, _, err := r.Run(New, quick, "other")
	assert.ErrorContains(t, err, "other was not changed: the folder is not empty, and is not a snapshot")
	assert.Equal(t, map[string]string{"company.jsonl": "mine"}, filesOf(t, r, "other"))

	require.NoError(t, os.Mkdir(filepath.Join(r.Env.Dir, "empty"), 0o755))
	_, _, err = r.Run(New, quick, "empty")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "empty", "extra.json"), []byte("mine"), 0o644))
	_, _, err = r.Run(New, quick, "empty")
	assert.ErrorContains(t, err, "it also has extra.json")
	require.NoError(t, os.Remove(filepath.Join(r.Env.Dir, "empty", "extra.json")))
	_, _, err = r.Run(New, quick, "--anonymize=false", "empty")
	assert.ErrorContains(t, err, "holds an anonymized snapshot")

	stdout, stderr, err := r.Run(New, quick, "--anonymize=false", "real")
	require.NoError(t, err)
	assert.Contains(t, stdout, " to real\n")
	assert.Contains(t, stderr, "do not commit or share it")
	info, err := os.Stat(filepath.Join(r.Env.Dir, "real"))
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
}

func TestAFailureLeavesTheFolderAsItWas(t *testing.T) {
	r, server := start(t, simulator.Options{Companies: 3})
	_, _, err := r.Run(New, quick, "out")
	require.NoError(t, err)
	before := filesOf(t, r, "out")
	faults, err := simulator.ParseFaults("400:model=license")
	require.NoError(t, err)
	require.NoError(t, server.InjectFaults(faults...))
	_, _, err = r.Run(New, quick, "out")
	require.Error(t, err)
	assert.Equal(t, before, filesOf(t, r, "out"))
	entries, err := os.ReadDir(r.Env.Dir)
	require.NoError(t, err)
	for _, e := range entries {
		assert.NotContains(t, e.Name(), ".tmp", "nothing is left")
	}
}

func TestParts(t *testing.T) {
	r, server := start(t, simulator.Options{Companies: 120, Seed: 2})
	_, _, err := r.Run(New, quick, "--limit", "90", "out")
	require.NoError(t, err)
	companies := map[any]bool{}
	for _, c := range records(t, filesOf(t, r, "out")["company.jsonl"]) {
		companies[c["_id"]] = true
	}
	assert.Len(t, companies, 90)
	part, err := simulator.New(simulator.Options{FixturesDir: filepath.Join(r.Env.Dir, "out")})
	require.NoError(t, err)
	for _, model := range []string{"enduser", "license", "asset", "task", "conversation", "deal", "line_item"} {
		var want, got []any
		for _, one := range server.Records(model) {
			if companies[one["companyId"]] {
				want = append(want, one["_id"])
			}
		}
		for _, one := range part.Records(model) {
			got = append(got, one["_id"])
		}
		assert.ElementsMatch(t, want, got, model)
		assert.NotEmpty(t, want, model)
	}
	assert.Len(t, part.Records("user"), len(server.Records("user")))

	_, _, err = r.Run(New, quick, "--company", "extid-company-7,extid-company-9", "--models", "license,line_item", "some")
	require.NoError(t, err)
	some := filesOf(t, r, "some")
	assert.Len(t, records(t, some["company.jsonl"]), 2)
	for name := range some {
		assert.Contains(t, []string{"company.jsonl", "license.jsonl", "line_item.jsonl", "deal.jsonl", "product.jsonl", "snapshot.toml"}, name)
	}
	_, _, err = r.Run(New, quick, "--company", "extid-nobody", "some")
	assert.ErrorContains(t, err, "extid-nobody")
	_, _, err = r.Run(New, quick, "--company", "extid-company-7", "--limit", "3", "some")
	assert.ErrorContains(t, err, "cannot be used together")
}

func TestModelsThatCannotBeReadAreNamed(t *testing.T) {
	r, server := start(t, simulator.Options{Companies: 3, Deny: []string{"user.read"}})
	_, stderr, err := r.Run(New, quick, "out")
	require.NoError(t, err)
	assert.Contains(t, stderr, "warning: user is missing, because Planhat does not list it:")
	assert.NotContains(t, filesOf(t, r, "out"), "user.jsonl")
	require.NoError(t, server.Deny("company.read"))
	_, _, err = r.Run(New, quick, "other")
	require.Error(t, err)
	assert.NoDirExists(t, filepath.Join(r.Env.Dir, "other"))
}
