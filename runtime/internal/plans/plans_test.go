package plans

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

// trial is plans in a store.
type trial struct {
	*testing.T
	*Plans
	told    []int64
	profile consent.Profile
	n       int
}

func onBoth(t *testing.T, test func(r *trial)) {
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(t.Context(), location)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			r := &trial{T: t, Plans: New(db, slog.New(slog.DiscardHandler))}
			r.Tell = func(_ context.Context, _ *store.Tx, p *Plan, _ []config.Action) error {
				r.told = append(r.told, p.ID)
				return nil
			}
			test(r)
		})
	}
}

var kim = Decision{By: audit.Actor{Name: "kim", Role: "operator", Address: "192.0.2.1"}, Why: "because"}

// does are rows of a plan: so many of each kind.
type does struct {
	deletes, updates, unchanged int
	note                        string
}

// file is the file of a plan. Each is another one.
func (r *trial) file(d does, change func(h *planfile.Header)) *bytes.Reader {
	r.Helper()
	r.n++
	mark := fmt.Sprintf("00000000%08x", r.n)
	name := filepath.Join(r.TempDir(), "plan.jsonl")
	spool, err := planfile.NewSpool(name)
	require.NoError(r, err)
	report, number := planfile.NewReport(), 0
	add := func(operation string, rows ...plan.StepRow) {
		number++
		s := &plan.Step{Number: number, Client: 1, Model: "company", Operation: operation, Script: "a.lua", Line: 3, At: time.Now(), Rows: rows}
		report.Add(s)
		spool.Add(s)
	}
	id := func(i int) string { return fmt.Sprintf("6123456789abcdef%08x", i) }
	for i := range d.deletes {
		add("delete", plan.StepRow{Row: 1, Action: plan.Delete, ID: id(i), Name: "Gone"})
	}
	for i := range d.updates {
		add("update", plan.StepRow{Row: 1, Action: plan.Update, ID: id(1000 + i), Name: "<b>" + d.note, Body: jsontext.Value(`{"phase":"B"}`), Changes: []plan.Change{{Path: "phase", Before: jsontext.Value(`"` + strings.Repeat("A", 2000) + `"`), After: jsontext.Value(`"B"`)}}})
	}
	for i := range d.unchanged {
		add("update", plan.StepRow{Row: 1, Action: plan.Unchanged, ID: id(9000 + i)})
	}
	now := time.Now().UTC()
	h := &planfile.Header{
		Format: planfile.Format, Version: planfile.Version, ID: planfile.NewID(), Made: now, Expires: now.Add(72 * time.Hour), Mark: mark,
		Tenants: []plan.Tenant{{Client: 1, Default: true}}, Script: planfile.File{Name: "a.lua"}, Profile: r.profile.Name,
	}
	if change != nil {
		change(h)
	}
	_, err = spool.Finish(name, h, nil)
	require.NoError(r, err)
	require.NoError(r, spool.Close())
	text, err := os.ReadFile(name)
	require.NoError(r, err)
	return bytes.NewReader(text)
}

func (r *trial) submission(d does, change func(h *planfile.Header)) Submission {
	r.Helper()
	return Submission{
		File: r.file(d, change), Schedule: "crm", Run: int64(100 + r.n), Definition: config.Schedule{Name: "crm", Script: "a.lua", Timeout: "2m", Retries: 3, Approve: true},
		Profile: func(string) (consent.Profile, error) { return r.profile, nil }, Now: time.Now(),
	}
}

func (r *trial) submit(d does) *Result {
	r.Helper()
	result, err := r.Submit(r.Context(), r.submission(d, nil))
	require.NoError(r, err)
	return result
}

func (r *trial) get(id int64) *Plan {
	r.Helper()
	p, err := Get(r.Context(), r.DB, id)
	require.NoError(r, err)
	return p
}

func TestAPlanIsKeptWhole(t *testing.T) {
	onBoth(t, func(r *trial) {
		s := r.submission(does{deletes: 3, updates: 400, unchanged: 5}, nil)
		result, err := r.Submit(r.Context(), s)
		require.NoError(r, err)
		id := result.Plan.ID
		_, err = s.File.Seek(0, io.SeekStart)
		require.NoError(r, err)
		want, err := io.ReadAll(s.File)
		require.NoError(r, err)
		got, err := io.ReadAll(Open(r.Context(), r.DB, id))
		require.NoError(r, err)
		assert.Equal(r, want, got)
		saved := filepath.Join(r.TempDir(), "saved")
		require.NoError(r, Save(r.Context(), r.DB, id, saved))
		info, err := os.Stat(saved)
		require.NoError(r, err)
		assert.Equal(r, os.FileMode(0o600), info.Mode().Perm())
		var parts int
		require.NoError(r, r.DB.QueryRowContext(r.Context(), `SELECT count(*) FROM phscript_plan_part`).Scan(&parts))
		assert.Greater(r, parts, 2)
		h, report, err := Content(r.Context(), r.DB, id)
		require.NoError(r, err)
		assert.Equal(r, "a.lua", h.Script.Name)
		assert.Equal(r, 400, report.Sum().Updated)

		seen, after := map[int64]bool{}, int64(0)
		for more := true; more; {
			var rows []Row
			rows, more, err = Rows(r.Context(), r.DB, id, planfile.Updates, after, 150)
			require.NoError(r, err)
			for _, row := range rows {
				assert.False(r, seen[row.Number])
				seen[row.Number], after = true, row.Number
			}
		}
		assert.Len(r, seen, 400)
		for kind, want := range map[planfile.Kind]int{planfile.Deletes: 3, planfile.Unchanged: 5, planfile.Creates: 0, planfile.Deletes | planfile.Unchanged: 8} {
			rows, more, err := Rows(r.Context(), r.DB, id, kind, 0, 500)
			require.NoError(r, err)
			assert.False(r, more)
			assert.Len(r, rows, want)
		}
		p := r.get(id)
		assert.Equal(r, Waiting, p.State)
		assert.Equal(r, "the plan deletes 3 companies and writes 400 records", p.Needs.Question)
		assert.Positive(r, p.Size)
		assert.Less(r, p.Size, int64(len(want))/5)
		_, err = Get(r.Context(), r.DB, 99)
		assert.ErrorIs(r, err, ErrNoPlan)
	})
}

func TestOnePlanOfAScheduleWaits(t *testing.T) {
	onBoth(t, func(r *trial) {
		first := r.submit(does{updates: 2}).Plan
		again := r.submit(does{updates: 2})
		assert.True(r, again.Same)
		assert.Equal(r, first.ID, again.Plan.ID)
		assert.Equal(r, int64(102), r.get(first.ID).SeenRun)
		other := r.submit(does{updates: 2, note: "other"}).Plan
		assert.Equal(r, Replaced, r.get(first.ID).State)
		assert.Equal(r, fmt.Sprintf("replaced by plan %d, which run 103 has made", other.ID), r.get(first.ID).Reason)
		assert.Equal(r, []int64{first.ID}, r.told, "people are told once that something waits")
		require.NoError(r, r.Nothing(r.Context(), "crm", 104))
		assert.Equal(r, "run 104 has found nothing to change", r.get(other.ID).Reason)
		r.submit(does{updates: 2})
		assert.Len(r, r.told, 2)
		w, err := Wait(r.Context(), r.DB, 1)
		require.NoError(r, err)
		assert.Equal(r, 1, w.Count)

		// If most of its time has passed, the new one waits longer.
		old := r.submission(does{updates: 2, note: "old"}, func(h *planfile.Header) { h.Expires = time.Now().Add(time.Hour) })
		result, err := r.Submit(r.Context(), old)
		require.NoError(r, err)
		fresh := r.submit(does{updates: 2, note: "old"})
		assert.False(r, fresh.Same)
		assert.Equal(r, Replaced, r.get(result.Plan.ID).State)
	})
}

func TestWhatCannotWait(t *testing.T) {
	onBoth(t, func(r *trial) {
		for want, change := range map[string]func(h *planfile.Header){
			"made with --simulate": func(h *planfile.Header) { h.Simulated = true },
			"the plan expired at":  func(h *planfile.Header) { h.Expires = time.Now().Add(-time.Second) },
			"plans hold no tokens": func(h *planfile.Header) {
				h.Tenants = append(h.Tenants, plan.Tenant{Client: 2, Host: "https://x.example"})
			},
			"the plan has a token in": func(h *planfile.Header) { h.Assumptions = []string{"s3cret"} },
		} {
			s := r.submission(does{updates: 1}, change)
			s.Secret = func(line string) bool { return strings.Contains(line, "s3cret") }
			_, err := r.Submit(r.Context(), s)
			assert.ErrorContains(r, err, want)
		}
		_, err := r.Submit(r.Context(), r.submission(does{unchanged: 1}, nil))
		assert.ErrorContains(r, err, "the plan changes nothing")
		s := r.submission(does{updates: 1}, nil)
		text, err := io.ReadAll(s.File)
		require.NoError(r, err)
		s.File = bytes.NewReader(bytes.ReplaceAll(text, []byte("a.lua"), []byte("b.lua")))
		_, err = r.Submit(r.Context(), s)
		assert.ErrorContains(r, err, "the file is not a whole plan")
		r.profile = consent.Profile{Name: "prod", Allow: []string{"read", "update"}}
		_, err = r.Submit(r.Context(), r.submission(does{deletes: 1}, nil))
		assert.ErrorContains(r, err, "the profile prod does not allow scripts to delete records")
		list, err := List(r.Context(), r.DB, Filter{})
		require.NoError(r, err)
		assert.Empty(r, list)
		same := r.submission(does{updates: 1}, nil)
		_, err = r.Submit(r.Context(), same)
		require.NoError(r, err)
		_, err = r.Submit(r.Context(), same)
		assert.ErrorContains(r, err, "this plan is in the store already")
	})
}

func TestConfirmations(t *testing.T) {
	onBoth(t, func(r *trial) {
		r.profile = consent.Profile{Name: "prod", Production: true}
		id := r.submit(does{deletes: 2}).Plan.ID
		assert.Equal(r, "prod", r.get(id).Needs.Name)
		for want, given := range map[string]Given{
			"prod is a production profile": {Terms: consent.Terms{Yes: true}},
			"the profile is prod":          {Terms: consent.Terms{Confirm: "test"}},
		} {
			_, err := r.Approve(r.Context(), id, given, kim)
			assert.ErrorContains(r, err, want)
		}
		asked := ""
		_, err := r.Approve(r.Context(), id, Given{Terms: consent.Terms{Ask: func(_ context.Context, question string) (string, error) {
			asked = question
			return "prod", nil
		}}}, kim)
		require.NoError(r, err)
		assert.Contains(r, asked, "Type the name of the profile, prod")
		flags, err := Flags(r.Context(), r.DB, id)
		require.NoError(r, err)
		assert.Equal(r, []string{"--yes", "--confirm=prod"}, flags)

		r.profile = consent.Profile{}
		unsure, err := r.Submit(r.Context(), r.submission(does{deletes: 1, note: "x"}, func(h *planfile.Header) {
			h.Inexact = []plan.Unknown{{Text: "something"}}
			h.Files = []planfile.File{{Name: "accounts.csv", Empty: true}}
		}))
		require.NoError(r, err)
		yes := consent.Terms{Yes: true}
		_, err = r.Approve(r.Context(), unsure.Plan.ID, Given{Terms: yes}, kim)
		assert.ErrorContains(r, err, "1 thing is not known")
		_, err = r.Approve(r.Context(), unsure.Plan.ID, Given{Terms: yes, Inexact: true}, kim)
		assert.ErrorContains(r, err, "accounts.csv has no data")
		yes.EmptySource = true
		_, err = r.Approve(r.Context(), unsure.Plan.ID, Given{Terms: yes, Inexact: true, SkipStale: true}, kim)
		require.NoError(r, err)
		flags, err = Flags(r.Context(), r.DB, unsure.Plan.ID)
		require.NoError(r, err)
		assert.Equal(r, []string{"--yes", "--allow-empty-source", "--accept-inexact", "--skip-stale"}, flags)
	})
}

// TestOneDecision: of people who decide at once, one does.
func TestOneDecision(t *testing.T) {
	onBoth(t, func(r *trial) {
		id := r.submit(does{updates: 1}).Plan.ID
		var all sync.WaitGroup
		failed := make([]error, 6)
		for i := range failed {
			all.Go(func() {
				if i%2 == 0 {
					_, failed[i] = r.Approve(r.Context(), id, Given{}, kim)
				} else {
					failed[i] = r.Refuse(r.Context(), id, kim)
				}
			})
		}
		all.Wait()
		won := 0
		for _, err := range failed {
			if err == nil {
				won++
				continue
			}
			var decided *DecidedError
			require.ErrorAs(r, err, &decided)
		}
		assert.Equal(r, 1, won)
		acts, err := audit.List(r.Context(), r.DB, audit.Filter{Target: Target(id)})
		require.NoError(r, err)
		assert.Len(r, acts, 1)
		assert.Equal(r, "kim", acts[0].Name)
		assert.Equal(r, "kim", r.get(id).DecidedBy)
	})
}
