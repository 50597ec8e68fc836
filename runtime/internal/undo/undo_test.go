package undo

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// account is a simulated Planhat with a client.
type account struct {
	*testing.T
	server *simulator.Server
	client *planhat.Client
}

func newAccount(t *testing.T, switches simulator.Switches) *account {
	t.Helper()
	server, err := simulator.Start(simulator.Options{Companies: 3, Seed: 3, CallsPerMinute: -1, PerSecond: -1, Switches: switches})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	client, err := planhat.New(planhat.Config{APIToken: server.APIToken(), BaseURL: server.URL(), TenantToken: server.TenantToken(), AnalyticsURL: server.AnalyticsURL()})
	require.NoError(t, err)
	return &account{t, server, client}
}

func (a *account) resource(model string) *planhat.Resource {
	return a.client.Resource(catalog.Load().Model(model))
}

// id returns the _id of a company.
func (a *account) id(company int) string { return a.server.Records("company")[company]["_id"].(string) }

func (a *account) create(model, body string) string {
	a.Helper()
	r, err := a.resource(model).Create(a.Context(), planhat.Record(body))
	require.NoError(a, err)
	return r.ID()
}

func (a *account) update(model, id, body string) {
	a.Helper()
	_, err := a.resource(model).Update(a.Context(), id, planhat.Record(body))
	require.NoError(a, err)
}

// plan plans to undo changes. A change without a state was done.
func (a *account) plan(list []changes.Change, more ...func(*Options)) (*Made, []plan.StepRow, []*plan.Step) {
	a.Helper()
	for i := range list {
		c := &list[i]
		c.Seq, c.Client = int64(i+1), 1
		if c.State == "" {
			c.State = changes.Done
		}
		if c.Model == "" {
			c.Model = "company"
		}
		if c.Operation == "" {
			c.Operation = c.Action
		}
		if c.At.IsZero() {
			c.At = time.Now()
		}
	}
	var steps []*plan.Step
	var rows []plan.StepRow
	o := Options{
		Set: &changes.Set{ID: 1, Run: 7, Script: "s.lua"}, Send: a.client.Read, Now: time.Now,
		Tenant: plan.Tenant{Client: 1, Default: true},
		Step:   func(s *plan.Step) { steps, rows = append(steps, s), append(rows, s.Rows...) },
		Changes: func(after, until int64, do func(*changes.Change)) error {
			for _, c := range list {
				if c.Seq > after && (until == 0 || c.Seq <= until) {
					do(&c)
				}
			}
			return nil
		},
	}
	for _, change := range more {
		change(&o)
	}
	made, err := Plan(a.Context(), o)
	require.NoError(a, err)
	return made, rows, steps
}

func value(text string) jsontext.Value { return jsontext.Value(text) }

// TestOldValues: a property gets its old value if it still has the one that the run gave it.
func TestOldValues(t *testing.T) {
	for _, tt := range []struct {
		name string
		// changes are pairs of before and after, now is what the record has.
		changes   [][2]string
		now       string
		overwrite string
		want      Report
		body      string
		line      string
	}{
		{
			name: "as the run left it", changes: [][2]string{{`{"phase":"Old"}`, `{"phase":"New"}`}}, now: `{"phase":"New"}`,
			want: Report{Changes: 1, Reverted: 1}, body: `{"phase":"Old"}`,
		},
		{
			name: "it was empty", changes: [][2]string{{`{"phase":null}`, `{"phase":"New"}`}}, now: `{"phase":"New"}`,
			want: Report{Changes: 1, Reverted: 1}, body: `{"phase":null}`,
		},
		{
			name: "already as before", changes: [][2]string{{`{"phase":"Old"}`, `{"phase":"New"}`}}, now: `{"phase":"Old"}`,
			want: Report{Changes: 1, Already: 1},
		},
		{
			name: "changed since", changes: [][2]string{{`{"phase":"Old"}`, `{"phase":"New"}`}}, now: `{"phase":"Theirs"}`,
			want: Report{Changes: 1, Stay: 1}, line: `phase was changed since, from "New" to "Theirs"`,
		},
		{
			name: "changed since, and overwritten", changes: [][2]string{{`{"phase":"Old"}`, `{"phase":"New"}`}}, now: `{"phase":"Theirs"}`, overwrite: "company.phase",
			want: Report{Changes: 1, Reverted: 1}, body: `{"phase":"Old"}`,
		},
		{
			name: "in part", changes: [][2]string{{`{"phase":"Old","name":"Old"}`, `{"phase":"New","name":"New"}`}}, now: `{"phase":"New","name":"Theirs"}`,
			want: Report{Changes: 1, Reverted: 1, Partly: 1}, body: `{"phase":"Old"}`, line: `name was changed since, from "New" to "Theirs"`,
		},
		{
			name: "not read", changes: [][2]string{{`{}`, `{"phase":"New"}`}}, now: `{"phase":"New"}`,
			want: Report{Changes: 1, Unread: 1}, line: "phase was not read before it was changed",
		},
		{
			name: "two changes", changes: [][2]string{{`{"phase":"Old"}`, `{"phase":"New"}`}, {`{"phase":"New"}`, `{"phase":"Newer"}`}}, now: `{"phase":"Newer"}`,
			want: Report{Changes: 1, Reverted: 1}, body: `{"phase":"Old"}`,
		},
		{
			name: "there and back", changes: [][2]string{{`{"phase":"Old"}`, `{"phase":"New"}`}, {`{"phase":"New"}`, `{"phase":"Old"}`}}, now: `{"phase":"Old"}`,
			want: Report{Changes: 1, Already: 1},
		},
		{
			name: "no longer recorded", changes: [][2]string{{"", ""}}, now: `{}`,
			want: Report{Changes: 1, Unread: 1}, line: "what the run wrote is no longer recorded",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newAccount(t, nil)
			id := a.id(0)
			a.update("company", id, tt.now)
			var list []changes.Change
			for _, c := range tt.changes {
				one := changes.Change{Action: plan.Update, ID: id}
				if c[1] != "" {
					one.Before, one.After = value(c[0]), value(c[1])
				}
				list = append(list, one)
			}
			made, rows, _ := a.plan(list, func(o *Options) {
				if tt.overwrite != "" {
					o.Overwrite = []string{tt.overwrite, "company.name"}
				}
			})
			got := *made.Report
			got.Run, got.Script, got.Never, got.Lines, got.Left = 0, "", nil, nil, nil
			assert.Equal(t, tt.want, got)
			if tt.line != "" {
				require.Len(t, made.Lines, 1)
				assert.Equal(t, tt.line, made.Lines[0].Why)
				assert.Equal(t, 1, made.LeftOut(made.Lines[0].Kind))
			}
			if tt.overwrite != "" {
				assert.Equal(t, []string{"company.name"}, made.Unused)
			}
			if tt.body == "" {
				assert.Empty(t, rows)
				return
			}
			require.Len(t, rows, 1)
			assert.JSONEq(t, tt.body, string(rows[0].Body))
			assert.Equal(t, id, rows[0].ID)
		})
	}
}

// TestCustomIsWhole: the properties of custom that the run did not write are sent, too, and those
// that Planhat removed come back. So it is right whether Planhat merges or replaces.
func TestCustomIsWhole(t *testing.T) {
	for _, custom := range []string{"merge", "replace"} {
		t.Run(custom, func(t *testing.T) {
			a := newAccount(t, simulator.Switches{"custom": custom})
			id := a.create("company", `{"name":"Custom","custom":{"Tier":"Silver","Seats":5}}`)
			a.update("company", id, `{"custom":{"Tier":"Gold"}}`)
			made, rows, _ := a.plan([]changes.Change{{
				Action: plan.Update, ID: id, Before: value(`{"custom.Tier":"Silver","custom.Seats":5}`), After: value(`{"custom.Tier":"Gold"}`),
			}})
			require.Equal(t, 1, made.Reverted)
			require.Len(t, rows, 1)
			assert.JSONEq(t, `{"custom":{"Tier":"Silver","Seats":5}}`, string(rows[0].Body))
			a.update("company", id, string(rows[0].Body))
			assert.Equal(t, map[string]any{"Tier": "Silver", "Seats": 5.0}, a.server.Record("company", id)["custom"])
		})
	}
}

// TestNewRecords are deleted unless somebody uses them.
func TestNewRecords(t *testing.T) {
	a := newAccount(t, nil)
	company := func(name string) (string, changes.Change) {
		body := fmt.Sprintf(`{"externalId":%q,"name":%q}`, name, name)
		id := a.create("company", body)
		return id, changes.Change{Action: plan.Create, ID: id, KeyName: "externalId", KeyValue: name, After: value(body)}
	}
	parent, one := company("parent")
	_, two := company("other")
	used, three := company("used")
	theirs, four := company("theirs")
	gone, five := company("gone")
	rejected, six := company("rejected")
	six.State = changes.Rejected
	body := fmt.Sprintf(`{"email":"kim@x.example","companyId":%q}`, parent)
	child := changes.Change{Model: "enduser", Action: plan.Create, ID: a.create("enduser", body), After: value(strings.Replace(body, parent, "extid-parent", 1))}
	a.create("enduser", fmt.Sprintf(`{"email":"lee@x.example","companyId":%q}`, used))
	a.update("company", theirs, `{"name":"Theirs"}`)
	_, err := a.resource("company").Delete(t.Context(), gone)
	require.NoError(t, err)
	bare := changes.Change{Action: plan.Create, ID: a.create("company", `{"name":"Bare"}`)}

	made, rows, _ := a.plan([]changes.Change{one, two, three, four, five, six, child, bare})
	var deleted []string
	for _, r := range rows {
		assert.Equal(t, plan.Delete, r.Action)
		deleted = append(deleted, r.ID)
	}
	assert.Equal(t, []string{child.ID, two.ID, one.ID}, deleted, "those that belong to others come first")
	assert.NotContains(t, deleted, rejected)
	assert.Equal(t, []int{7, 3, 2, 1, 1}, []int{made.Changes, made.Reverted, made.Stay, made.Already, made.Unread})
	text := fmt.Sprint(made.Lines)
	assert.Contains(t, text, `company externalId theirs the run created it, and name was changed since, from "theirs" to "Theirs"`)
	assert.Regexp(t, `company externalId used the run created it, and the enduser [0-9a-f]{24} belongs to it`, text)
}

// TestWhatStaysKeepsItsParents, over several levels.
func TestWhatStaysKeepsItsParents(t *testing.T) {
	a := newAccount(t, nil)
	company := a.create("company", `{"name":"Company"}`)
	person := a.create("enduser", fmt.Sprintf(`{"email":"kim@x.example","companyId":%q}`, company))
	a.update("enduser", person, `{"email":"other@x.example"}`)
	made, rows, _ := a.plan([]changes.Change{
		{Action: plan.Create, ID: company, After: value(`{"name":"Company"}`)},
		{Model: "enduser", Action: plan.Create, ID: person, After: value(`{"email":"kim@x.example"}`)},
	})
	assert.Empty(t, rows)
	assert.Equal(t, 2, made.Stay)
}

// TestDeletedRecords are in the Trash Bin, or are created again, those that others name first.
func TestDeletedRecords(t *testing.T) {
	a := newAccount(t, nil)
	const company, person = "5f0000000000000000000001", "5f0000000000000000000002"
	deleted := func() []changes.Change {
		return []changes.Change{
			{Model: "enduser", Action: plan.Delete, ID: person, Before: value(`{"_id":"` + person + `","email":"kim@x.example","companyId":"` + company + `"}`)},
			{Action: plan.Delete, ID: company, Before: value(`{"_id":"` + company + `","name":"Company","updatedAt":"2026-01-01T00:00:00.000Z"}`), At: time.Now().Add(-time.Hour)},
			{Action: plan.Delete, ID: a.id(0), Before: value(`{}`)},
		}
	}
	made, rows, _ := a.plan(deleted())
	assert.Empty(t, rows)
	assert.Equal(t, []int{3, 2, 1}, []int{made.Changes, made.Trashed, made.Already})
	assert.WithinDuration(t, time.Now().Add(-time.Hour).AddDate(0, 0, 7), made.Until, time.Minute)
	assert.Contains(t, made.String(), "0 of 3 changes can be reverted. 1 is already reverted. 2 deleted records: restore them from Planhat's Trash Bin before ")

	made, rows, steps := a.plan(deleted(), func(o *Options) { o.Recreate = true })
	assert.Equal(t, []int{2, 2}, []int{made.Reverted, made.Recreated})
	require.Len(t, rows, 2)
	assert.JSONEq(t, `{"name":"Company"}`, string(rows[0].Body))
	assert.JSONEq(t, `{"email":"kim@x.example","companyId":"`+rows[0].ID+`"}`, string(rows[1].Body))
	assert.Equal(t, []string{rows[0].ID}, steps[1].Needs)
	_, reversed, _ := a.plan([]changes.Change{deleted()[1], deleted()[0]}, func(o *Options) { o.Recreate = true })
	require.Len(t, reversed, 2, "whatever was deleted first")
	assert.JSONEq(t, string(rows[0].Body), string(reversed[0].Body))
	assert.Contains(t, made.String(), "2 of 3 changes can be reverted. 2 deleted records are created again with a new _id: metrics, ")
}

// TestRowsInDoubt: what may have been sent is looked for by its key.
func TestRowsInDoubt(t *testing.T) {
	a := newAccount(t, nil)
	id := a.create("company", `{"externalId":"sent","name":"Sent"}`)
	row := func(body string) changes.Change {
		return changes.Change{Action: plan.Create, State: changes.Intended, Model: "company", After: value(body)}
	}
	made, rows, _ := a.plan([]changes.Change{
		row(`{"externalId":"sent","name":"Sent"}`), row(`{"externalId":"not-sent","name":"Not sent"}`), row(`{"name":"Keyless"}`),
		{Model: "metrics", Operation: "bulk_insert_metrics", Action: plan.Send}, {Model: "user_activity", Operation: "create_activity", Action: plan.Send},
	})
	require.Len(t, rows, 1)
	assert.Equal(t, id, rows[0].ID)
	assert.Equal(t, []int{5, 1, 1, 1}, []int{made.Changes, made.Reverted, made.Already, made.Unread})
	assert.Equal(t, map[string]int{"metrics.bulk_insert_metrics": 1, "user_activity.create_activity": 1}, made.Never)
	assert.Contains(t, made.String(), " 1 row of metrics.bulk_insert_metrics can't be undone. 1 row of user_activity.create_activity can't be undone. Automations")
}

// TestManyRecords are read in lists, in pages, and each once.
func TestManyRecords(t *testing.T) {
	a := newAccount(t, nil)
	var rows []planhat.Record
	for i := range 2*page + 10 {
		rows = append(rows, planhat.Record(fmt.Sprintf(`{"externalId":"many-%d","name":"Many %d"}`, i, i)))
	}
	result, err := a.resource("company").BulkUpsert(t.Context(), rows, planhat.BulkOptions{})
	require.NoError(t, err)
	var list []changes.Change
	for _, k := range result.Keys {
		list = append(list, changes.Change{Action: plan.Create, ID: k.ID, After: jsontext.Value(rows[k.Index])})
	}
	before := len(a.server.Calls())
	made, steps, _ := a.plan(list)
	assert.Equal(t, len(rows), made.Reverted)
	assert.Zero(t, made.Already)
	assert.Len(t, steps, len(rows))
	assert.Equal(t, list[len(list)-1].ID, steps[0].ID)
	assert.Less(t, len(a.server.Calls())-before, 80)
}
