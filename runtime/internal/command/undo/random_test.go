package undo_test

import (
	"bytes"
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

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/command/undo"
	"github.com/phscript/phscript/tests/drawn"
	"github.com/phscript/phscript/tests/sample"
	"github.com/phscript/phscript/tests/traffic"
)

// computed reports whether Planhat fills in a property from another one that a row has.
func computed(m *catalog.Model, property string) bool {
	of := map[string]string{"product": "productId", "name": "lastName"}[property]
	return of != "" && m.Property(of) != nil
}

// settable are the properties of records by model and _id that Planhat does not compute. Empty
// values are left out.
func settable(t require.TestingT, s *simulator.Server) map[string]map[string]string {
	var dump bytes.Buffer
	require.NoError(t, s.Dump(&dump))
	var models map[string][]map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(dump.Bytes(), &models))
	out := map[string]map[string]string{}
	for name, records := range models {
		m := catalog.Load().Model(name)
		if m == nil || m.Property("_id") == nil || m.Operation("get_list") == nil {
			continue
		}
		for _, record := range records {
			fields := map[string]string{}
			for name, value := range record {
				if p := m.Property(name); name == "_id" || p != nil && p.ReadOnly || p == nil && name != "custom" || empty(value) || computed(m, name) {
					continue
				}
				if text := plain(value); text != "{}" {
					fields[name] = text
				}
			}
			out[name+" "+strings.Trim(string(record["_id"]), `"`)] = fields
		}
	}
	return out
}

// undone is what an undo prints as JSON.
type undone struct {
	LeftOut []struct{ Kind, Record, Why string } `json:"left_out"`
}

// TestUndoTakesRandomScriptsBack runs random scripts and undoes them. Everything is as it was,
// apart from what the undo has listed.
func TestUndoTakesRandomScriptsBack(t *testing.T) {
	r := trial.New(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		switches := drawn.Switches(t)
		s, err := simulator.New(simulator.Options{
			Seed: 1, Companies: sample.Records, CallsPerMinute: -1, PerSecond: -1, Clock: func() time.Time { return trial.Now }, Switches: switches,
		})
		require.NoError(t, err)
		require.NoError(t, sample.Fill(s))
		p := traffic.New(s)
		defer p.Close()
		maps.Copy(r.Variables, p.Environment(s.APIToken(), s.TenantToken()))
		r.Variables["PHSCRIPT_CALLS_PER_MIN"] = "100000"
		before := settable(t, s)
		source := drawn.Script(t, drawn.Options{Planhat: s, Most: 8, Leave: neverTakenBack})
		require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "s.lua"), []byte(source), 0o600))
		ran, ranErr, err := r.Run(run.New, "--yes", "--undoable", "s.lua")
		require.Contains(t, []int{0, 3}, code(err), ranErr)
		number := recorded.FindStringSubmatch(ranErr)
		if number == nil {
			return // nothing was changed
		}
		flags := []string{"--yes", "--json", number[1]}
		recreate := rapid.Bool().Draw(t, "recreate")
		if recreate {
			flags = append(flags, "--recreate")
		}
		during := settable(t, s)
		stdout, stderr, err := r.Run(undo.New, flags...)
		about := fmt.Sprintf("%v\n%s\n%s%s%s%s%v", switches, source, ran, ranErr, stdout, stderr, err)
		require.Contains(t, []int{0, 3}, code(err), about)
		require.Empty(t, p.Wrong(), about)
		var told undone
		require.NoError(t, json.Unmarshal([]byte(stdout), &told), about)
		after := settable(t, s)
		if recreate {
			// Records that were created again have other ids.
			for id := range before {
				if during[id] == nil && after[id] == nil {
					if again := told.again(id, before[id], during, after); again != "" {
						after[id] = withoutRefs(again, after[again])
						before[id] = withoutRefs(id, before[id])
						delete(after, again)
					}
				}
			}
		}
		for _, difference := range differences(before, after) {
			id, _, _ := strings.Cut(strings.ReplaceAll(difference, ".", " "), " ")
			id += " " + strings.Fields(strings.ReplaceAll(difference, ".", " "))[1]
			require.True(t, told.lists(id, before[id], during[id]), "%s\n%s", difference, about)
		}
	})
}

// lists reports whether the undo names a record among what it leaves out.
func (u *undone) lists(id string, fields ...map[string]string) bool {
	model, _, _ := strings.Cut(id, " ")
	names := []string{strings.TrimPrefix(id, model+" ")}
	for _, f := range fields {
		for _, name := range []string{"externalId", "extId", "sourceId", "email", "name", "title", "firstName"} {
			if f[name] != "" {
				names = append(names, strings.Trim(f[name], `"`))
			}
		}
	}
	for _, line := range u.LeftOut {
		m := catalog.Load().Model(strings.Fields(line.Record)[0])
		if m.Snake != model && (m.Part == nil || m.Part.Of != model) {
			continue
		}
		if len(fields) > 0 && fields[0] == nil && strings.Contains(line.Record, "without a key") {
			return true // a new one
		}
		if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(line.Record, name) }) {
			return true
		}
	}
	return false
}

// again returns the record that an undo has created in place of a deleted one: a new one that has
// the same values.
func (u *undone) again(id string, was map[string]string, during, after map[string]map[string]string) string {
	model, _, _ := strings.Cut(id, " ")
	for _, other := range slices.Sorted(maps.Keys(after)) {
		if strings.HasPrefix(other, model+" ") && during[other] == nil && maps.Equal(withoutRefs(other, after[other]), withoutRefs(id, was)) {
			return other
		}
	}
	return ""
}

// withoutRefs leaves out the ids of other records: these may have been created again as well.
func withoutRefs(id string, fields map[string]string) map[string]string {
	model, _, _ := strings.Cut(id, " ")
	out := map[string]string{}
	for name, value := range fields {
		if p := catalog.Load().Model(model).Property(name); p == nil || p.Ref == "" {
			out[name] = value
		}
	}
	return out
}

// recorded has the number of a run whose changes were recorded.
var recorded = regexp.MustCompile(`phscript undo (\d+), until`)

// neverTakenBack leaves out what no undo reverts: metrics, activities, what changes all records, and
// new records for which Planhat makes others, such as the enduser of a ticket.
func neverTakenBack(operation string) bool {
	name, called, _ := strings.Cut(operation, ".")
	m := catalog.Load().Model(name)
	others := m.Has(catalog.SupportRequest) || m.Has(catalog.SurveyAnswer)
	return m.Operation("get_list") == nil || m.Has(catalog.FieldDefinition) || others && called != "update" && called != "delete"
}
