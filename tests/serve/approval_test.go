package serve

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
)

// plan is a plan as plans list --json prints it.
type plan struct {
	ID                      int64
	State, Reason, Schedule string
	MadeRun                 int64 `json:"made_run"`
	SeenRun                 int64 `json:"seen_run"`
	Run                     int64
	DecidedBy               string `json:"decided_by"`
	Needs                   struct{ Question string }
	SizeBytes               int64 `json:"size_bytes"`
}

// plans lists the plans, the oldest first.
func (w *fixture) plans() []plan {
	w.t.Helper()
	out, errs, code := w.try("plans", "list", "--json", "-n", "0")
	if code == 2 && strings.Contains(errs, "there is no store at") {
		return nil
	}
	require.Zero(w.t, code, errs)
	var list struct{ Plans []plan }
	require.NoError(w.t, json.Unmarshal([]byte(out), &list))
	for i, j := 0, len(list.Plans)-1; i < j; i, j = i+1, j-1 {
		list.Plans[i], list.Plans[j] = list.Plans[j], list.Plans[i]
	}
	return list.Plans
}

// awaitPlan waits until the last plan has a state, and returns it.
func (w *fixture) awaitPlan(state string) plan {
	w.t.Helper()
	var last plan
	patience.Await(w.t, 100*time.Millisecond, func() bool {
		list := w.plans()
		if len(list) == 0 {
			return false
		}
		last = list[len(list)-1]
		return last.State == state
	}, "the last plan never was %s", state)
	return last
}

const approvalConfig = `[[schedule]]
name = "crm"
script = "crm.lua"
cron = "0 3 1 1 *"
approve = true
`

const approvalScript = `for i, c in ipairs(planhat.company.get_list()) do
  if i == 1 then planhat.company.delete(c._id) else planhat.company.update(c._id, { phase = "Renewal " .. i }) end
end
planhat.company.create({ name = "North <b>", externalId = "north" })
`

// phases returns the companies by name, as a script sees them.
func (w *fixture) phases() string {
	w.t.Helper()
	w.file("read.lua", `for _, c in ipairs(planhat.company.get_list()) do print(c.name, c.phase) end`)
	return w.do("run", "--quiet", "read.lua")
}

// TestApproval: a schedule plans, the plan waits, and after it is approved a run applies it,
// which can be undone.
func TestApproval(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		var told sync.Map
		hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			told.Store(string(body), true)
		}))
		defer hook.Close()
		w.file("phscript.toml", approvalConfig+fmt.Sprintf("on_failure = [ { webhook = %q } ]\n", hook.URL))
		w.file("crm.lua", approvalScript)
		s := w.serve()
		s.says("serving")
		before := w.phases()
		w.do("schedule", "run", "crm")
		runs := w.await("crm", atLeast(1, history.Succeeded))
		first := w.awaitPlan("waiting")
		assert.Equal(t, runs[0].ID, first.MadeRun)
		assert.Equal(t, "the plan deletes 1 company and writes 3 records", first.Needs.Question)
		assert.Contains(t, runs[0].Reason, "plan 1 waits for approval: 1 to delete, 1 to create, and 2 to update")
		assert.Equal(t, before, w.phases(), "nothing was written")
		var event struct {
			Event, Schedule, Reason string
			Plan                    int64
		}
		patience.Await(t, 50*time.Millisecond, func() bool {
			told.Range(func(body, _ any) bool { return json.Unmarshal([]byte(body.(string)), &event) == nil })
			return event.Plan > 0
		}, "nobody was told")
		assert.Equal(t, "approval", event.Event)
		assert.Equal(t, "crm", event.Schedule)

		// The same changes again are the same plan, and nobody is told again.
		w.do("schedule", "run", "crm")
		runs = w.await("crm", atLeast(2, history.Succeeded))
		patience.Await(t, 100*time.Millisecond, func() bool { return w.plans()[0].SeenRun == runs[1].ID }, "it is another plan")
		assert.Len(t, w.plans(), 1)

		shown := w.do("plans", "show", "1")
		assert.Contains(t, shown, "delete company: 1")
		assert.Contains(t, shown, "the plan deletes 1 company and writes 3 records")
		_, errs, code := w.try("plans", "approve", "1")
		assert.Equal(t, 12, code, "deletes need confirmation")
		assert.Contains(t, errs, "not confirmed: the plan deletes 1 company and writes 3 records")
		assert.Contains(t, w.do("plans", "approve", "1", "--yes", "--reason", "looks right"), "applies plan 1")
		done := w.awaitPlan("applied")
		applied := w.await("crm", atLeast(3, history.Succeeded))[2]
		assert.Equal(t, done.Run, applied.ID)
		assert.EqualValues(t, "plan", applied.Cause)
		assert.Equal(t, "looks right", applied.AskedWhy)
		assert.Equal(t, 4, applied.Written)
		after := w.phases()
		assert.Contains(t, after, "Renewal 2")
		assert.Contains(t, after, "North <b>")
		assert.Contains(t, w.do("runs", "logs", fmt.Sprint(applied.ID)), "1 deleted, 1 created, 2 updated")
		_, errs, code = w.try("plans", "approve", "1", "--yes")
		assert.Equal(t, 2, code)
		assert.Contains(t, errs, "plan 1 was applied by run")
		_, errs, code = w.try("runs", "retry", fmt.Sprint(applied.ID))
		assert.NotZero(t, code)
		assert.Contains(t, errs, "applies plan 1")

		_, _, code = w.try("undo", "--yes", fmt.Sprint(applied.ID))
		assert.Equal(t, 3, code, "what was deleted does not come back")
		assert.NotContains(t, w.phases(), "Renewal")
		n := 0
		told.Range(func(any, any) bool { n++; return true })
		assert.Equal(t, 1, n)
	})
}

// TestStalePlan: if a record has changed, nothing is sent, and a new plan can be made.
func TestStalePlan(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", approvalConfig)
		w.file("crm.lua", strings.ReplaceAll(approvalScript, "planhat.company.delete(c._id)", "print(1)"))
		w.serve().says("serving")
		w.do("schedule", "run", "crm")
		w.awaitPlan("waiting")
		w.file("change.lua", `planhat.company.update(planhat.company.get_list()[2]._id, { phase = "Churned" })`)
		w.do("run", "--quiet", "change.lua")
		w.do("plans", "approve", "1")
		stale := w.awaitPlan("stale")
		assert.Contains(t, stale.Reason, "1 row has changed since it was made")
		assert.Contains(t, stale.Reason, `"Churned" now`)
		assert.NotContains(t, w.phases(), "Renewal")

		// The next plan replaces one that waits.
		w.do("schedule", "run", "crm")
		w.awaitPlan("waiting")
		w.file("crm.lua", approvalScript)
		w.do("schedule", "run", "crm")
		patience.Await(t, 100*time.Millisecond, func() bool { return len(w.plans()) == 3 }, "there is no third plan")
		list := w.plans()
		assert.Equal(t, "replaced", list[1].State)
		assert.Equal(t, "waiting", list[2].State)
		_, errs, _ := w.try("plans", "approve", "2")
		assert.Contains(t, errs, "plan 2 is out of date: replaced by plan 3")
		w.do("plans", "refuse", "3", "--reason", "not today")
		assert.Equal(t, "refused", w.plans()[2].State)

		// A changed script is another reason.
		w.do("schedule", "run", "crm")
		w.awaitPlan("waiting")
		w.file("crm.lua", approvalScript+"\n")
		w.do("plans", "approve", "4", "--yes")
		assert.Contains(t, w.awaitPlan("stale").Reason, "the script crm.lua has changed")
		w.do("plans", "delete", "4")
		assert.Zero(t, w.plans()[3].SizeBytes)
	})
}

// TestSubmittedPlan: a plan that somebody has made can wait, too, unless it holds a token or
// was altered.
func TestSubmittedPlan(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", approvalConfig)
		w.file("crm.lua", approvalScript)
		s := w.serve()
		s.says("serving")
		w.do("plan", "--quiet", "crm.lua", "-o", "plan.jsonl")
		assert.Contains(t, w.do("plans", "submit", "plan.jsonl", "--reason", "by hand"), "plan 1 waits for approval")
		_, errs, code := w.try("plans", "submit", "plan.jsonl")
		assert.Equal(t, 2, code)
		assert.Contains(t, errs, "it is plan 1, and waiting")
		text, err := os.ReadFile(filepath.Join(w.dir, "plan.jsonl"))
		require.NoError(t, err)
		w.file("altered.jsonl", strings.ReplaceAll(string(text), "North", "South"))
		_, errs, code = w.try("plans", "submit", "altered.jsonl")
		assert.Equal(t, 2, code)
		assert.Contains(t, errs, "altered.jsonl: the file is not a whole plan")
		w.do("plans", "approve", "1", "--yes")
		w.awaitPlan("applied")
		assert.Contains(t, w.phases(), "Renewal 2")
		_, errs, _ = w.try("apply", "--yes", "plan.jsonl")
		assert.Contains(t, errs, "you can apply a plan only once")
	})
}

// TestKilledWhileApplying: another service continues the plan, and nothing is sent twice.
func TestKilledWhileApplying(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("phscript.toml", approvalConfig)
	w.file("crm.lua", `for i = 1, 60 do planhat.company.create({ name = "New " .. i, externalId = "new-" .. i }) end`)
	s := w.serve()
	s.says("serving")
	w.do("schedule", "run", "crm")
	w.awaitPlan("waiting")
	w.do("plans", "approve", "1")
	patience.Await(t, 5*time.Millisecond, func() bool { return w.planhat.Count(simulator.Filter{Operation: "create"}) > 3 }, "nothing was sent")
	s.kill()
	w.serve().says("serving")
	w.awaitPlan("applied")
	assert.Equal(t, 60, strings.Count(w.phases(), "New "))
}
