package doctor_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/command/doctor"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/durable"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

// connected is a folder with a script that uses HubSpot's stand-in, and the id of the
// company there.
func connected(t *testing.T) (r *trial.Trial, vendor *hubspot.Server, client *planhat.Client, id string) {
	t.Helper()
	vendor = hubspot.New(standin.NewClock(time.Now()))
	vendor.Configure(func(s *hubspot.Settings) { s.Burst, s.Search = 0, 0 })
	id = vendor.Add("companies", map[string]string{"name": "Northwind"})
	vendor.Add("contacts", map[string]string{"email": "ada@northwind.example"})
	web := httptest.NewServer(vendor)
	t.Cleanup(web.Close)
	r, server := ready(t, map[string]string{
		"phscript.toml": "allow_net = [\"127.0.0.1\"]\n",
		"sync.lua":      fmt.Sprintf("local hubspot = require \"connectors.hubspot\"\nhubspot.sync{ settings = { base = %q } }\n", web.URL),
	})
	r.Variables["HUBSPOT_TOKEN"] = hubspot.ServiceKey
	client, err := planhat.New(planhat.Config{APIToken: server.APIToken(), BaseURL: server.URL()})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return r, vendor, client, id
}

// hidden runs the command and checks that it shows no credential.
func hidden(t *testing.T, r *trial.Trial, args ...string) (view.Checkup, int) {
	t.Helper()
	found, code := checkup(t, r, args...)
	if key := r.Variables["HUBSPOT_TOKEN"]; key != "" {
		assert.NotContains(t, fmt.Sprintf("%+v", found), key)
	}
	return found, code
}

func TestConnectors(t *testing.T) {
	r, _, _, _ := connected(t)
	found, code := hidden(t, r)
	assert.Zero(t, code, "%+v", found)
	assert.Equal(t, "in use: HubSpot", of(found, "connectors", "connectors")[0].Message)
	const group = "connectors.hubspot"
	assert.Equal(t, "HubSpot accepts the credentials", of(found, group, "access")[0].Message)
	assert.Equal(t, "set: HUBSPOT_TOKEN", of(found, group, "credentials")[0].Message)
	assert.Contains(t, of(found, group, "permissions")[0].Message, "crm.objects.deals.read")
	assert.Equal(t, view.LevelOK, of(found, group, "version")[0].Level)
	assert.NoDirExists(t, filepath.Join(r.Env.Dir, "state"), "nothing is created")

	found, code = hidden(t, r, "--connectors")
	assert.Zero(t, code, "%+v", found)
	assert.Contains(t, of(found, group, "stream.companies")[0].Message, "companies: the first 1 records fit")
	assert.Len(t, of(found, group, "stream.tickets"), 1)
	assert.Empty(t, of(found, group, "owner"))
	out, _, err := r.Run(doctor.New)
	require.NoError(t, err)
	assert.Contains(t, out, "\nConnector hubspot\n  OK     ")
}

// TestOtherIntegrations: records that have the ids of the system although this connector
// has never run are somebody else's.
func TestOtherIntegrations(t *testing.T) {
	r, _, client, id := connected(t)
	_, err := client.Company.Create(t.Context(), map[string]string{"name": "Northwind", "sourceId": id})
	require.NoError(t, err)
	found, code := hidden(t, r, "--connectors")
	assert.Zero(t, code)
	require.Len(t, of(found, "connectors.hubspot", "owner"), 1, "%+v", found)
	line := of(found, "connectors.hubspot", "owner")[0]
	assert.Equal(t, view.LevelWarning, line.Level)
	assert.Contains(t, line.Message, "records of company with the sourceIds "+id+" of HubSpot")
	assert.Contains(t, line.Hint, "let only one of them do that")

	r.Store(trial.DefaultStore, func(ctx context.Context, _ *serve.Schedules, db *store.DB) {
		require.NoError(t, durable.Set(ctx, db, "name connector hubspot default", []bindings.StateChange{{Key: "hubspot companies", Value: []byte("1")}}))
	})
	found, _ = hidden(t, r, "--connectors")
	assert.Empty(t, of(found, "connectors.hubspot", "owner"), "a run of the connector is recorded")
}

// TestAccounts: a script can use two accounts, and doctor asks both.
func TestAccounts(t *testing.T) {
	r, _, _, _ := connected(t)
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "other.lua"), []byte("require(\"connectors.hubspot\").sync{ settings = { base = \"http://127.0.0.1:1\" } }\n"), 0o600))
	found, code := hidden(t, r, "--box", "5s")
	assert.Equal(t, fault.ExitScript, code)
	list := of(found, "connectors.hubspot", "access")
	require.Len(t, list, 2, "%+v", found)
	assert.Contains(t, list[0].Message, "127.0.0.1")
	assert.Equal(t, "HubSpot accepts the credentials, with the settings of sync.lua", list[1].Message)
}

func TestMissingPermissions(t *testing.T) {
	r, vendor, _, _ := connected(t)
	vendor.Configure(func(s *hubspot.Settings) {
		s.Scopes = []string{"crm.objects.companies.read", "crm.objects.owners.read"}
	})
	found, code := hidden(t, r)
	assert.Zero(t, code, "the first stream can be read: %+v", found)
	found, code = hidden(t, r, "--connectors")
	assert.Equal(t, fault.ExitScript, code)
	require.Len(t, of(found, "connectors.hubspot", "stream.contacts"), 1)
	line := of(found, "connectors.hubspot", "stream.contacts")[0]
	assert.Equal(t, view.LevelError, line.Level)
	assert.Contains(t, line.Message, "403")
	assert.Contains(t, line.Hint, "contacts needs: crm.objects.contacts.read, crm.objects.companies.read")
	assert.Equal(t, view.LevelOK, of(found, "connectors.hubspot", "stream.companies")[0].Level)
}

func TestConnectorFindings(t *testing.T) {
	day := func(text string) func() time.Time {
		at, err := time.Parse(time.DateOnly, text)
		require.NoError(t, err)
		return func() time.Time { return at }
	}
	for name, tt := range map[string]struct {
		variables     map[string]string
		now           func() time.Time
		script        string
		group, check  string
		level         view.Level
		message, hint string
	}{
		"no credentials": {
			variables: map[string]string{"HUBSPOT_TOKEN": ""},
			check:     "credentials", level: view.LevelError, message: "missing: set the environment variable HUBSPOT_TOKEN", hint: "phscript connect hubspot",
		},
		"wrong credentials": {
			variables: map[string]string{"HUBSPOT_TOKEN": "a-wrong-service-key"},
			check:     "access", level: view.LevelError, message: "401", hint: "",
		},
		"nobody answers": {
			script: "require(\"connectors.hubspot\").sync{ settings = { base = \"http://127.0.0.1:1\" } }\n",
			check:  "access", level: view.LevelError, message: "HubSpot", hint: "",
		},
		"host that was not allowed": {
			script: "require(\"connectors.hubspot\").sync{ settings = { base = \"https://vendor.example\" } }\n",
			check:  "access", level: view.LevelError, message: "vendor.example", hint: "",
		},
		"computed settings": {
			variables: map[string]string{"HUBSPOT_TOKEN": ""},
			script:    "local zendesk = require \"connectors.zendesk\"\nzendesk.sync{ settings = { subdomain = params.of } }\n",
			group:     "connectors.zendesk", check: "access", level: view.LevelOK, message: "sync.lua computes its settings, so Zendesk was not asked",
		},
		"settings are unknown": {
			variables: map[string]string{"ZENDESK_API_TOKEN": "a-token-of-zendesk"}, now: day("2026-12-01"),
			group: "connectors.zendesk", check: "access", level: view.LevelOK, message: "no script uses the connector",
		},
		"version ends soon": {
			now: day("2028-03-01"), check: "version", level: view.LevelWarning, message: "version 2026-09 of the API ends on 2028-03-31, in 30 days", hint: "newer phscript",
		},
		"version is in its last day but 90": {
			now: day("2028-01-01"), check: "version", level: view.LevelWarning, message: "in 90 days", hint: "newer phscript",
		},
		"version does not end soon": {
			now: day("2027-12-31"), check: "version", level: view.LevelOK, message: "ends on 2028-03-31",
		},
		"version has ended": {
			now: day("2028-03-31"), check: "version", level: view.LevelError, message: "version 2026-09 of the API ended on 2028-03-31", hint: "newer phscript",
		},
		"credential ends soon": {
			variables: map[string]string{"ZENDESK_API_TOKEN": "a-token-of-zendesk"}, now: day("2027-04-01"),
			group: "connectors.zendesk", check: "expires", level: view.LevelWarning, message: "support for ZENDESK_API_TOKEN ends on 2027-04-30, in 29 days", hint: "another kind of credential",
		},
		"credential has ended": {
			variables: map[string]string{"ZENDESK_API_TOKEN": "a-token-of-zendesk"}, now: day("2027-05-01"),
			group: "connectors.zendesk", check: "expires", level: view.LevelWarning, message: "ended on 2027-04-30",
		},
		"credential of a script has ended": {
			variables: map[string]string{"ZENDESK_API_TOKEN": "a-token-of-zendesk", "HUBSPOT_TOKEN": ""}, now: day("2027-05-01"),
			script: "require(\"connectors.zendesk\").sync{ settings = { subdomain = params.of } }\n",
			group:  "connectors.zendesk", check: "expires", level: view.LevelError, message: "ended on 2027-04-30",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, _, _, _ := connected(t)
			for name, value := range tt.variables {
				r.Variables[name] = value
			}
			if tt.now != nil {
				r.Env.Now = tt.now
			}
			if tt.script != "" {
				require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "sync.lua"), []byte(tt.script), 0o600))
			}
			group := "connectors.hubspot"
			if tt.group != "" {
				group = tt.group
			}
			args := []string{}
			if name == "nobody answers" { // the connector tries again until the time is up
				args = []string{"--box", "5s"}
			}
			found, code := hidden(t, r, args...)
			list := of(found, group, tt.check)
			require.NotEmpty(t, list, "%+v", found)
			line := list[len(list)-1]
			assert.Equal(t, tt.level, line.Level, "%+v", line)
			assert.Contains(t, line.Message, tt.message)
			assert.Contains(t, line.Hint, tt.hint)
			assert.Equal(t, map[bool]int{true: fault.ExitScript}[tt.level == view.LevelError], code, "%+v", found)
			assert.NotContains(t, fmt.Sprintf("%+v", found), "a-token-of-zendesk")
			assert.NotContains(t, strings.ToLower(line.Message), "panic")
		})
	}
}
