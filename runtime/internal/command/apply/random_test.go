package apply

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/planhat/simulator"
	planning "github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// statements makes a script of random writes. Each may fail, as it does in a real run.
func statements(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("local list, made, people = planhat.company.get_list(), {}, planhat.enduser.get_list()\n")
	const known, kept, first = 6, 4, 3
	index := func(label string) int { return rapid.IntRange(1, known).Draw(t, label) }
	value := func(label string) string { return rapid.SampledFrom([]string{"red", "green", "blue"}).Draw(t, label) }
	key := func(label string) string {
		return rapid.SampledFrom([]string{"company-1", "company-2", "new-1", "new-2", "new-3"}).Draw(t, label)
	}
	// company is an existing company, or one that the script has created.
	company := func(label string) string {
		if rapid.Bool().Draw(t, label+" is new") {
			return fmt.Sprintf("(made[%d] or list[%d])._id", rapid.IntRange(1, first).Draw(t, label), index(label))
		}
		return fmt.Sprintf("list[%d]._id", index(label))
	}
	fields := func(label string) string {
		return rapid.SampledFrom([]string{
			fmt.Sprintf("name = %q", value(label)), fmt.Sprintf("phase = %q, custom = { Tier = %q }", value(label), value(label+" tier")),
			fmt.Sprintf("custom = { Tier = %q, Region = %q }", value(label), value(label+" region")), `description = "of " .. list[1]._id`, "phase = json.null",
		}).Draw(t, label+" fields")
	}
	row := func(label string) string {
		switch rapid.IntRange(0, 3).Draw(t, label+" kind") {
		case 0:
			// Of a record that was deleted, a bulk upsert makes a new one with its _id.
			return fmt.Sprintf("{ _id = list[%d]._id, %s }", rapid.IntRange(1, kept).Draw(t, label), fields(label))
		case 1:
			return fmt.Sprintf("{ name = %q }", value(label))
		}
		return fmt.Sprintf("{ externalId = %q, name = %q, %s }", key(label), value(label+" name"), fields(label))
	}
	for i := range rapid.IntRange(1, 8).Draw(t, "statements") {
		label := fmt.Sprint("statement ", i)
		var s string
		switch rapid.IntRange(0, 10).Draw(t, label) {
		case 0:
			s = fmt.Sprintf("made[#made + 1] = planhat.company.create{ name = %q, externalId = %q }", value(label), key(label))
		case 1:
			s = fmt.Sprintf("made[#made + 1] = planhat.company.create{ name = %q }", value(label))
		case 2, 3:
			s = fmt.Sprintf("planhat.company.update(%s, { %s })", company(label), fields(label))
		case 4:
			s = fmt.Sprintf("planhat.company.update(%q, { %s })", "extid-"+key(label), fields(label))
		case 5, 6:
			s = fmt.Sprintf("planhat.company.bulk_upsert{ %s, %s, %s }", row(label+" first"), row(label+" second"), row(label+" third"))
		case 7:
			s = fmt.Sprintf("planhat.company.delete((made[%d] or list[%d])._id)", rapid.IntRange(1, first).Draw(t, label), rapid.IntRange(kept+1, known).Draw(t, label))
		case 8:
			s = fmt.Sprintf("planhat.enduser.bulk_upsert{ { companyId = %s, email = %q }, { _id = people[%d]._id, position = %q } }", company(label), value(label)+"@x.example", index(label), value(label+" position"))
		case 9:
			s = fmt.Sprintf("planhat.note.create{ companyId = %s, type = \"note\", description = \"about \" .. %s }", company(label), company(label+" text"))
		case 10:
			s = fmt.Sprintf("local r = planhat.company.bulk_upsert{ { externalId = %q, name = %q } } planhat.enduser.create{ companyId = r.ids[1], email = %q }", key(label), value(label), value(label)+"@y.example")
		}
		fmt.Fprintf(&b, "pcall(function() %s end)\n", s)
	}
	return b.String()
}

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
	return strings.Split(text, "\n")
}

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

// world is a simulated Planhat whose time does not pass.
func world(t require.TestingT) *simulator.Server {
	s, err := simulator.Start(simulator.Options{
		Seed: 1, Companies: 6, CallsPerMinute: -1, PerSecond: -1, Clock: func() time.Time { return trial.Now },
	})
	require.NoError(t, err)
	return s
}

// TestApplyLeavesWhatARunLeaves: of random scripts, a plan and its apply leave the same records as
// a run.
func TestApplyLeavesWhatARunLeaves(t *testing.T) {
	d := &desk{Trial: trial.New(t, nil)}
	rapid.Check(t, func(t *rapid.T) {
		source := statements(t)
		require.NoError(t, os.WriteFile(filepath.Join(d.Env.Dir, "a.lua"), []byte(source), 0o600))
		_ = os.Remove(filepath.Join(d.Env.Dir, "plan.jsonl"))
		real, applied := world(t), world(t)
		defer func() { _ = real.Close() }()
		defer func() { _ = applied.Close() }()
		d.connect(real)
		_, stderr, err := d.Run(run.New, "--yes", "a.lua")
		require.Contains(t, []int{0, 3}, outcome.Code(err), stderr)

		d.connect(applied)
		var old strings.Builder
		require.NoError(t, applied.Dump(&old))
		before := stored(t, applied, old.String())
		text, stderr, err := d.Run(planning.New, "a.lua", "-o", "plan.jsonl")
		require.Contains(t, []int{0, 3}, outcome.Code(err), stderr)
		require.Empty(t, differing(before, stored(t, applied, old.String())), "a plan writes nothing")
		if _, err := os.Stat(filepath.Join(d.Env.Dir, "plan.jsonl")); err == nil {
			stdout, stderr, err := d.Run(New, "--yes", "--accept-inexact", "plan.jsonl")
			require.Contains(t, []int{0, 3}, outcome.Code(err), "%s\n%s%s%s", source, text, stdout, stderr)
		}
		for _, c := range applied.Calls() {
			assert.False(t, strings.Contains(c.Path, "/00000000") && c.Method != http.MethodGet, c.Path)
		}
		require.Empty(t, differing(stored(t, real, old.String()), stored(t, applied, old.String())), "%s\n%s", source, text)
	})
}
