package apply

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/changes"
	planning "github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// meanwhile puts a server before the simulated Planhat that calls do after each write, with the
// number of the write.
func (d *desk) meanwhile(do func(write int)) {
	d.Helper()
	var writes atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.planhat.ServeHTTP(w, r)
		if r.Method != http.MethodGet {
			do(int(writes.Add(1)))
		}
	}))
	d.Cleanup(s.Close)
	d.Variables["PLANHAT_API_URL"] = s.URL
}

// TestALongApplyChecksAgain: if somebody changes a record while a long apply is running, that
// record is not overwritten.
func TestALongApplyChecksAgain(t *testing.T) {
	for _, flags := range [][]string{nil, {"--skip-stale"}} {
		t.Run(strings.Join(flags, ""), func(t *testing.T) {
			d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
for i, c in ipairs(planhat.company.get_list()) do planhat.company.update(c._id, { name = "Company " .. i }) end
`})
			var past atomic.Int64
			began := d.Env.Now()
			d.Env.Now = func() time.Time { return began.Add(time.Duration(past.Load())) }
			d.meanwhile(func(write int) {
				if write == 2 {
					past.Store(int64(2 * time.Minute))
					d.set("company", 3, "name", "Theirs")
				}
			})
			d.plan("a.lua")
			code, said := d.apply(flags...)
			want := []any{"Company 1", "Company 2", "Company 3", "Theirs", "Évora"}
			if flags == nil {
				require.Equal(t, 11, code, said)
				assert.Contains(t, said, "3 updated, 2 not sent yet")
				assert.Contains(t, said, `and is "Theirs" now`)
				assert.Contains(t, said, "so apply stopped; add --skip-stale to skip it:")
				want[4] = d.company(4)["name"]
				require.NotEqual(t, "Company 5", want[4])
			} else {
				require.Equal(t, 3, code, said)
				assert.Contains(t, said, "4 updated, 1 skipped")
				want[4] = "Company 5"
			}
			for i, name := range want {
				assert.Equal(t, name, d.company(i)["name"])
			}
		})
	}
}

// TestRowsThatWereNotLookedUp are applied, after they were accepted.
func TestRowsThatWereNotLookedUp(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
local r = planhat.company.bulk_upsert{ { externalId = "company-1", name = "Known" }, { externalId = "new-1", name = "New" } }
planhat.company.update("extid-company-2", { name = "By key" })
planhat.enduser.create{ companyId = r.ids[1], email = "kim@new.example" }
`})
	d.plan("--max-read-calls", "0", "a.lua")
	code, said := d.apply()
	require.Equal(t, 12, code, said)
	code, said = d.apply("--accept-inexact")
	require.Equal(t, 0, code, said)
	names := map[any]any{}
	for _, c := range d.planhat.Records("company") {
		names[c["name"]] = c["_id"]
	}
	assert.Contains(t, names, "Known")
	assert.Contains(t, names, "New")
	assert.Contains(t, names, "By key")
	assert.Len(t, names, 6)
	people := d.planhat.Records("enduser")
	assert.Equal(t, names["Known"], people[len(people)-1]["companyId"])
}

// TestPlansOfOtherAccounts are refused: a plan holds no tokens.
func TestPlansOfOtherAccounts(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `
local theirs = planhat.new{ api_url = args[1], api_token = "the-other-token" }
theirs.company.update(theirs.company.get_list()[1]._id, { name = "Theirs" })
planhat.company.create{ externalId = "x", name = "X" }
`})
	other := start(t, simulator.Options{APIToken: "the-other-token"})
	_, stderr, err := d.Run(planning.New, "--allow-host", other.URL(), "-o", "plan.jsonl", "a.lua", other.URL())
	require.Equal(t, 0, outcome.Code(err), stderr)
	code, said := d.apply()
	assert.Equal(t, 11, code)
	assert.Contains(t, said, "with its own token, and plans hold no tokens")
	assert.Zero(t, d.writes())
}

// TestRejectedRowsOfARequest are told from the others, however Planhat words them.
func TestRejectedRowsOfARequest(t *testing.T) {
	for _, shape := range []string{"keys", "index", "item", "text"} {
		t.Run(shape, func(t *testing.T) {
			d := newDesk(t, simulator.Options{Switches: simulator.Switches{"bulk-errors": shape}}, map[string]string{"a.lua": `
local company = planhat.company.get_list()[1]
planhat.enduser.bulk_upsert{ { email = "lost@nowhere.example", externalId = "lost" }, { email = "kim@x.example", externalId = "kim", companyId = company._id } }
planhat.note.create{ companyId = company._id, type = "note", description = "after" }
`})
			d.plan("a.lua")
			code, said := d.apply()
			require.Equal(t, 3, code, said)
			assert.Contains(t, said, "enduser: 1 created, 1 rejected")
			assert.Contains(t, said, "note: 1 created")
			assert.Regexp(t, `(?m)^  enduser externalId lost \(#\d\), line 3: `, said)
			code, said = d.apply()
			assert.Equal(t, 11, code, said)
		})
	}
}

// TestAnApplyThatSentNothing is not continued: the plan is checked as a new one.
func TestAnApplyThatSentNothing(t *testing.T) {
	d := planned(t)
	var id string
	d.forge(func(h *planfile.Header) { id = h.ID })
	d.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		w, _, err := changes.New(func(context.Context) (*store.DB, error) { return db, nil }, slog.New(slog.DiscardHandler)).Begin(ctx, changes.Set{Plan: id, Kind: changes.ByApply})
		require.NoError(t, err)
		w.Close(ctx)
	})
	d.write("sync.lua", script+"-- more\n")
	code, said := d.apply("--yes")
	assert.Equal(t, 11, code)
	assert.Contains(t, said, "the script sync.lua has changed")
	d.write("sync.lua", script)
	code, said = d.apply("--yes")
	assert.Equal(t, 0, code, said)
}

// TestTheProfileIsThatOfThePlan: the same account in another profile has other rules.
func TestTheProfileIsThatOfThePlan(t *testing.T) {
	d := newDesk(t, simulator.Options{}, map[string]string{"a.lua": `planhat.company.create{ externalId = "x", name = "X" }`})
	delete(d.Variables, "PLANHAT_API_TOKEN")
	delete(d.Variables, "PLANHAT_TENANT_TOKEN")
	d.Variables["THE_TOKEN"] = d.planhat.APIToken()
	settings := ""
	for _, name := range []string{"one", "two"} {
		settings += "[profile." + name + "]\napi_url = \"" + d.planhat.URL() + "\"\ntoken_env = \"THE_TOKEN\"\n"
	}
	d.write("phscript.toml", settings)
	delete(d.Variables, "PLANHAT_API_URL")
	d.plan("--profile", "one", "--allow-host", d.planhat.URL(), "a.lua")
	code, said := d.apply("--profile", "two", "--allow-host", d.planhat.URL())
	assert.Equal(t, 11, code, said)
	assert.Contains(t, said, "the plan was made with the profile one, and apply uses the profile two")
	assert.Regexp(t, `phscript plan --profile one --allow-host=\S+ a\.lua -o FILE`, said)
	code, said = d.apply("--profile", "one", "--allow-host", d.planhat.URL())
	assert.Equal(t, 0, code, said)
}
