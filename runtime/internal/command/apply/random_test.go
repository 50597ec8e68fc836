package apply

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/planhat/simulator"
	planning "github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/tests/drawn"
	"github.com/phscript/phscript/tests/sample"
	"github.com/phscript/phscript/tests/traffic"
)

var idPattern = regexp.MustCompile(`"[0-9a-f]{24}"|\b[0-9a-f]{24}\b`)

// stored is what a simulated Planhat has, with the ids of new records by their order.
func stored(t require.TestingT, s *simulator.Server, old string) []string {
	var all strings.Builder
	require.NoError(t, s.Dump(&all))
	found := idPattern.FindAllString(strings.ReplaceAll(all.String(), `"`, " "), -1)
	slices.Sort(found)
	found = slices.DeleteFunc(slices.Compact(found), func(id string) bool { return strings.Contains(old, id) })
	numbers := map[string]string{}
	for i, id := range found {
		numbers[id] = fmt.Sprint("new ", i)
	}
	text := idPattern.ReplaceAllStringFunc(all.String(), func(id string) string {
		if n, ok := numbers[strings.Trim(id, `"`)]; ok {
			return n
		}
		return id
	})
	return strings.Split(computed.ReplaceAllString(text, ""), "\n")
}

// computed are copies of other records' names, which a row renews that changes nothing else. apply
// does not send such a row.
var computed = regexp.MustCompile(`\s*"(companyName|cName|ownerName)": .*`)

// differing returns the first lines that differ.
func differing(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return strings.Join(a[max(0, i-12):min(len(a), i+3)], "\n") + "\n--- and\n" + strings.Join(b[max(0, i-12):min(len(b), i+3)], "\n")
		}
	}
	if len(a) != len(b) {
		return "one has more"
	}
	return ""
}

// world is a simulated Planhat whose time does not pass, with records of all models.
func world(t require.TestingT, switches simulator.Switches) *simulator.Server {
	s, err := simulator.New(simulator.Options{
		Seed: 1, Companies: sample.Records, CallsPerMinute: -1, PerSecond: -1, Clock: func() time.Time { return trial.Now }, Switches: switches,
	})
	require.NoError(t, err)
	require.NoError(t, sample.Fill(s))
	return s
}

// reach lets the commands of a trial reach a simulated Planhat through a proxy.
func reach(d *trial.Trial, s *simulator.Server) *traffic.Proxy {
	p := traffic.New(s)
	maps.Copy(d.Variables, p.Environment(s.APIToken(), s.TenantToken()))
	return p
}

// TestApplyLeavesWhatARunLeaves: of random scripts, a plan and its apply leave the same records as
// a run. More checks are made with -rapid.checks=N.
func TestApplyLeavesWhatARunLeaves(t *testing.T) {
	d := trial.New(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		switches := drawn.Switches(t)
		agree(t, d, switches, drawn.Script(t, drawn.Options{Planhat: world(t, switches), Most: 8}), "--accept-inexact")
	})
}

// agreed is what agree has seen: the exit codes of the commands and what they said.
type agreed struct {
	real, applied *simulator.Server
	codes         []int
	said          string
}

// agree runs a script on one simulated Planhat, and plans and applies it on another. The plan
// branches as the run does and sends no write, no request has the id of a record that does not
// exist yet, and both leave the same records.
func agree(t require.TestingT, d *trial.Trial, switches simulator.Switches, source string, flags ...string) (a agreed) {
	real, applied := world(t, switches), world(t, switches)
	a.real, a.applied = real, applied
	require.NoError(t, os.WriteFile(filepath.Join(d.Env.Dir, "a.lua"), []byte(source), 0o600))
	_ = os.Remove(filepath.Join(d.Env.Dir, "plan.jsonl"))
	about := fmt.Sprint(switches, "\n", source, "\n")

	p := reach(d, applied)
	defer p.Close()
	var old strings.Builder
	require.NoError(t, applied.Dump(&old))
	file := filepath.Join(d.Env.Dir, "plan.jsonl")
	var text, stderr string
	var err error
	p.Planning(func() {
		text, stderr, err = d.Run(planning.New, "--calls-per-min", "100000", "a.lua", "-o", "plan.jsonl")
	})
	require.Contains(t, []int{0, 3}, outcome.Code(err), about+stderr)
	a.codes, a.said = append(a.codes, outcome.Code(err)), a.said+text
	require.Empty(t, p.Wrong(), about)
	var fields []string
	_, missing := os.Stat(file)
	if missing == nil {
		fields = confirmed(t, file)
	}

	q := reach(d, real)
	defer q.Close()
	ran, stderr, err := d.Run(run.New, append(slices.Clone(fields), "--yes", "--calls-per-min", "100000", "a.lua")...)
	require.Contains(t, []int{0, 3}, outcome.Code(err), "%s%s\n%s", about, ran, stderr)
	a.codes, a.said = append(a.codes, outcome.Code(err)), a.said+stderr
	require.True(t, strings.HasPrefix(text, ran), "%sthe run printed\n%sand the plan\n%s", about, ran, text)

	if missing == nil {
		maps.Copy(d.Variables, p.Environment(applied.APIToken(), applied.TenantToken()))
		flags = append(flags, fields...)
		stdout, stderr, err := d.Run(New, append(flags, "--yes", "--calls-per-min", "100000", "plan.jsonl")...)
		a.codes, a.said = append(a.codes, outcome.Code(err)), a.said+stdout+stderr
		require.Empty(t, p.Wrong(), about)
		if switches["custom"] == "replace" && strings.Contains(stdout+stderr, "that the plan does not change: ") {
			require.Equal(t, 11, outcome.Code(err))
			keepsCustom(t, applied, old.String())
			return a
		}
		require.Contains(t, []int{0, 3}, outcome.Code(err), "%s%s%s%s", about, text, stdout, stderr)
	}
	require.Empty(t, differing(stored(t, real, old.String()), stored(t, applied, old.String())), about+text)
	return a
}

// keepsCustom checks that no record has lost a custom property.
func keepsCustom(t require.TestingT, s *simulator.Server, old string) {
	var models map[string][]map[string]any
	require.NoError(t, json.Unmarshal([]byte(old), &models))
	for model, records := range models {
		for _, before := range records {
			custom, _ := before["custom"].(map[string]any)
			if now := s.Record(model, before["_id"].(string)); now != nil && len(custom) > 0 {
				has, _ := now["custom"].(map[string]any)
				require.Subset(t, slices.Collect(maps.Keys(has)), slices.Collect(maps.Keys(custom)), before["_id"])
			}
		}
	}
}

// TestKeysOfOtherRecords are looked up as Planhat does: a row may have a key of another record than
// the one that it is about, and lean lists may end early.
func TestKeysOfOtherRecords(t *testing.T) {
	d := trial.New(t, nil)
	for name, source := range map[string]string{
		"a bulk row takes the key of another record": `
local r = planhat.company.bulk_upsert{ { sourceId = "crm-000004", externalId = "company-1" } }
print(#r.ids, r.rejected)`,
		"a bulk row takes the key of another record, found by a key that is new": `
planhat.company.bulk_upsert{ { externalId = "company-4", sourceId = "new-1" } }
local r = planhat.company.bulk_upsert{ { sourceId = "new-1", externalId = "company-3" } }
print(#r.ids)`,
		"the key of another company's record leaves the e-mail": `
planhat.enduser.update("extid-enduser-2-2", { featured = true })
local person
for _, one in ipairs(planhat.enduser.get_list()) do if one.externalId == "enduser-5-2" then person = one end end
local r = planhat.enduser.bulk_upsert{ { companyId = "extid-company-4", email = person.email, externalId = "enduser-2-2", sourceId = "new-2" } }
print(r.created, r.updated)`,
		"the lean list ends early": `
local r = planhat.campaign.bulk_upsert{
  { companyId = "extid-company-1", name = "One" }, { companyId = "extid-company-5", name = "Five" }, { companyId = "extid-company-6", name = "Six" } }
print(r.created)
local r = planhat.company.bulk_upsert{ { externalId = "company-6", sourceId = "new-1", name = "Six" } }
print(r.created, r.updated)`,
	} {
		t.Run(name, func(t *testing.T) {
			agree(t, d, simulator.Switches{"lean-pages": "3"}, source, "--accept-inexact")
		})
	}
}
