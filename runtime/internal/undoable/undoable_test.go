package undoable

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/store"
)

// desk is a client whose writes are recorded in a store.
type desk struct {
	*testing.T
	server   *simulator.Server
	client   *planhat.Client
	db       *store.DB
	recorder *Recorder
	mu       sync.Mutex
	warnings []string
	// first is a company as it was at the beginning.
	first map[string]any
}

func newDesk(t *testing.T, all bool, tenant plan.Tenant, o simulator.Options) *desk {
	t.Helper()
	d := &desk{T: t}
	var err error
	o.Companies, o.Seed, o.CallsPerMinute, o.PerSecond = 3, 3, -1, -1
	d.server, err = simulator.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.server.Close() })
	d.first = d.company(0)
	d.db, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.db.Close() })
	journal := changes.New(func(context.Context) (*store.DB, error) { return d.db, nil }, slog.New(slog.DiscardHandler))
	d.recorder = New(Options{
		Journal: journal, All: all, Now: time.Now,
		Begin: func(context.Context) changes.Set { return changes.Set{Run: 7, Kind: changes.ByRun, Script: "s.lua"} },
		Warn: func(_ context.Context, message, reason string) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.warnings = append(d.warnings, message+": "+reason)
		},
	})
	d.client, err = planhat.New(planhat.Config{
		APIToken: d.server.APIToken(), BaseURL: d.server.URL(), TenantToken: d.server.TenantToken(), AnalyticsURL: d.server.AnalyticsURL(),
		Recorder: d.recorder.Of("", tenant), Retry: planhat.RetryPolicy{MaxElapsed: time.Millisecond},
	})
	require.NoError(t, err)
	return d
}

var here = plan.Tenant{Host: "here", Default: true}

func (d *desk) company(i int) map[string]any { return d.server.Records("company")[i] }

func (d *desk) id(i int) string { return d.company(i)["_id"].(string) }

func (d *desk) of(model string) *planhat.Resource {
	return d.client.Resource(catalog.Load().Model(model))
}

// recorded ends the recording and returns the changes, without what differs between runs.
func (d *desk) recorded() (list []changes.Change) {
	d.Helper()
	d.recorder.Close(d.Context())
	set, err := changes.OfRun(d.Context(), d.db, 7)
	require.NoError(d, err)
	if set == nil {
		return nil
	}
	assert.False(d, set.Ended.IsZero())
	require.Len(d, set.Tenants, 1)
	assert.NotEmpty(d, set.Tenants[0].User)
	list, err = changes.Page(d.Context(), d.db, set.ID, 0, 1000)
	require.NoError(d, err)
	return list
}

// TestEachWrite: what is recorded of each kind of write.
func TestEachWrite(t *testing.T) {
	type want struct {
		action, id    string
		state         changes.State
		before, after string
	}
	for _, tt := range []struct {
		name  string
		write func(t *testing.T, d *desk) error
		want  func(d *desk) []want
	}{
		{"create", func(t *testing.T, d *desk) error {
			_, err := d.of("company").Create(t.Context(), planhat.Record(`{"externalId":"new","name":"New"}`))
			return err
		}, func(d *desk) []want {
			return []want{{plan.Create, d.id(3), changes.Done, "", `{"externalId":"new","name":"New"}`}}
		}},
		{"rejected create", func(t *testing.T, d *desk) error {
			_, err := d.of("enduser").Create(t.Context(), planhat.Record(`{"email":"kim@x.example","companyId":"extid-nobody"}`))
			assert.Error(t, err)
			return nil
		}, func(*desk) []want {
			return []want{{plan.Upsert, "", changes.Failed, "", `{"email":"kim@x.example","companyId":"extid-nobody"}`}}
		}},
		{"update", func(t *testing.T, d *desk) error {
			_, err := d.of("company").Update(t.Context(), d.id(0), planhat.Record(`{"name":"Changed","custom":{"Unknown":1}}`))
			return err
		}, func(d *desk) []want {
			return []want{{plan.Update, d.id(0), changes.Done, fmt.Sprintf(`{"name":%q,"custom.Unknown":null,…}`, d.first["name"]), `{"name":"Changed","custom.Unknown":1}`}}
		}},
		{"delete", func(t *testing.T, d *desk) error {
			_, err := d.of("company").Delete(t.Context(), d.id(2))
			return err
		}, func(*desk) []want {
			return []want{{plan.Delete, "*", changes.Done, `{"_id":…}`, ""}}
		}},
		{"bulk", func(t *testing.T, d *desk) error {
			_, err := d.of("company").BulkUpsert(t.Context(), []planhat.Record{
				planhat.Record(`{"externalId":"new","name":"New"}`), planhat.Record(fmt.Sprintf(`{"_id":%q,"phase":"Changed"}`, d.id(0))), planhat.Record(`{"name":"Keyless"}`),
			}, planhat.BulkOptions{})
			return err
		}, func(d *desk) []want {
			return []want{
				{plan.Create, d.id(3), changes.Done, "", `{"externalId":"new","name":"New"}`},
				{plan.Update, d.id(0), changes.Done, fmt.Sprintf(`{"phase":%q…}`, d.first["phase"]), `{"phase":"Changed"}`},
				{plan.Create, d.id(4), changes.Done, "", `{"name":"Keyless"}`},
			}
		}},
		{"metrics", func(t *testing.T, d *desk) error {
			_, err := d.of("metrics").BulkInsertMetrics(t.Context(), []planhat.Record{
				planhat.Record(`{"dimensionId":"logins","value":3,"model":"Company","externalId":"company-1"}`),
			}, planhat.BulkOptions{})
			return err
		}, func(*desk) []want {
			return []want{{plan.Send, "", changes.Done, "", ""}}
		}},
		{"request", func(t *testing.T, d *desk) error {
			_, err := d.client.Request(t.Context(), planhat.Request{Method: http.MethodDelete, Path: "/companies/" + d.id(2)})
			return err
		}, func(*desk) []want {
			return []want{{plan.Delete, "*", changes.Done, `{"_id":…}`, ""}}
		}},
		{"unchanged", func(t *testing.T, d *desk) error {
			_, err := d.of("company").Update(t.Context(), d.id(0), planhat.Record(fmt.Sprintf(`{"name":%q,"custom":%s}`, d.company(0)["name"], custom(d.company(0)))))
			return err
		}, func(*desk) []want { return nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, true, here, simulator.Options{})
			require.NoError(t, tt.write(t, d))
			list := d.recorded()
			wanted := tt.want(d)
			require.Len(t, list, len(wanted), "%+v", list)
			for i, w := range wanted {
				c := list[i]
				assert.Equal(t, w.action, c.Action)
				assert.Equal(t, w.state, c.State)
				if w.id != "*" {
					assert.Equal(t, w.id, c.ID)
				}
				assertJSON(t, w.before, string(c.Before))
				assertJSON(t, w.after, string(c.After))
			}
			assert.Empty(t, d.warnings)
			calls, records := d.recorder.Cost()
			assert.Equal(t, len(wanted), records)
			assert.Positive(t, calls)
		})
	}
}

func custom(company map[string]any) string {
	var parts []string
	values, _ := company["custom"].(map[string]any)
	for name, v := range values {
		text := fmt.Sprint(v)
		if s, ok := v.(string); ok {
			text = fmt.Sprintf("%q", s)
		}
		parts = append(parts, fmt.Sprintf("%q:%s", name, text))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// assertJSON compares objects; a text with … has the beginning of one.
func assertJSON(t *testing.T, want, got string) {
	t.Helper()
	begin, _, open := strings.Cut(want, "…")
	switch {
	case want == "":
		assert.Empty(t, got)
	case open:
		assert.True(t, strings.HasPrefix(got, begin), got)
	default:
		assert.JSONEq(t, want, got)
	}
}

// TestOnlyDeletes are recorded if nobody asked for more.
func TestOnlyDeletes(t *testing.T) {
	d := newDesk(t, false, here, simulator.Options{})
	_, err := d.of("company").Update(t.Context(), d.id(0), planhat.Record(`{"name":"Changed"}`))
	require.NoError(t, err)
	assert.Empty(t, d.server.CountsByOperation()["user.get_list"], "nothing is read for it")
	_, err = d.of("company").Delete(t.Context(), d.id(2))
	require.NoError(t, err)
	list := d.recorded()
	require.Len(t, list, 1)
	assert.Equal(t, plan.Delete, list[0].Action)
	assert.Equal(t, "sourceId", list[0].KeyName)
}

// TestOtherAccounts are not recorded, and a warning says so once.
func TestOtherAccounts(t *testing.T) {
	d := newDesk(t, true, plan.Tenant{Host: "elsewhere"}, simulator.Options{})
	for i := range 2 {
		_, err := d.of("company").Update(t.Context(), d.id(i), planhat.Record(`{"name":"Changed"}`))
		require.NoError(t, err)
	}
	assert.Empty(t, d.recorded())
	assert.Equal(t, []string{"what the script writes with another token is not recorded, so it can't be undone: the account on elsewhere"}, d.warnings)
}

// TestLostAnswers leave a change open.
func TestLostAnswers(t *testing.T) {
	d := newDesk(t, true, here, simulator.Options{})
	require.NoError(t, d.server.InjectFaults(simulator.Fault{Kind: simulator.FaultResetAfter, Nth: 1, Method: http.MethodPost}))
	_, err := d.of("company").Create(t.Context(), planhat.Record(`{"name":"Keyless"}`))
	require.Error(t, err)
	list := d.recorded()
	require.Len(t, list, 1)
	assert.Equal(t, changes.Intended, list[0].State)
	assert.JSONEq(t, `{"name":"Keyless"}`, string(list[0].After))
}

// TestAStoreThatFails ends the recording and not the run.
func TestAStoreThatFails(t *testing.T) {
	d := newDesk(t, true, here, simulator.Options{})
	update := func(i int) {
		_, err := d.of("company").Update(t.Context(), d.id(i), planhat.Record(`{"name":"Changed"}`))
		require.NoError(t, err)
	}
	update(0)
	require.NoError(t, store.Exec(t.Context(), d.db, `DROP TABLE phscript_change`))
	update(1)
	update(2)
	assert.Equal(t, "Changed", d.company(2)["name"])
	require.Len(t, d.warnings, 1)
	assert.Contains(t, d.warnings[0], "further changes of this run are not recorded, so they can't be undone: ")
}

// TestValuesBeforeARequestOfARun come from what the run has read and written itself.
func TestValuesBeforeARequestOfARun(t *testing.T) {
	d := newDesk(t, true, here, simulator.Options{})
	id := d.id(0)
	for _, phase := range []string{"One", "Two"} {
		_, err := d.of("company").Update(t.Context(), id, planhat.Record(fmt.Sprintf(`{"phase":%q}`, phase)))
		require.NoError(t, err)
	}
	list := d.recorded()
	require.Len(t, list, 2)
	assertJSON(t, fmt.Sprintf(`{"phase":%q…}`, d.first["phase"]), string(list[0].Before))
	assertJSON(t, `{"phase":"One"…}`, string(list[1].Before))
	assert.Equal(t, 1, d.server.CountsByOperation()["company.get_by_id"])
}
