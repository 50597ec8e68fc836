package examples

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
)

// stage is a simulated Planhat and a folder with the examples, for tests that
// look at what a script has stored.
type stage struct {
	*simulator.Server
	dir string
}

// newStage starts a Planhat with the fixtures of that name; "" starts an empty
// one.
func newStage(t *testing.T, fixtures string) *stage {
	t.Helper()
	o := simulator.Options{CallsPerMinute: -1}
	if fixtures != "" {
		o.FixturesDir = filepath.Join(scripts, "fixtures", fixtures)
	}
	server, err := simulator.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	s := &stage{server, t.TempDir()}
	require.NoError(t, os.CopyFS(filepath.Join(s.dir, "examples"), os.DirFS(scripts)))
	return s
}

// run runs a script to its end and returns what it did.
func (s *stage) run(t *testing.T, code int, script string, args ...string) summary {
	t.Helper()
	o := runIn(t, s.dir, s.Environment(), nil, script, args...)
	require.Equal(t, code, o.code, "stderr: %s", o.stderr)
	return o.summary
}

// wrote returns how many records a run has changed.
func (s summary) wrote() int { return s.Created + s.Updated }

func custom(record map[string]any) map[string]any {
	fields, _ := record["custom"].(map[string]any)
	return fields
}

func TestQuickstartStoresCleanAccounts(t *testing.T) {
	t.Parallel()
	s := newStage(t, "")
	s.run(t, 3, "quickstart.lua")
	require.Len(t, s.Records("company"), accountsInExport+newAccounts)

	for id, want := range map[string]map[string]any{
		// One of each country's way to write numbers and dates.
		"A-1001": {"Seats": 651., "ARR": 405500., "Customer Since": "2024-06-11", "Segment": "Enterprise", "Owner E-mail": "maria@vendor.example"},
		"A-1002": {"Seats": 2751., "ARR": 150750., "Customer Since": "2018-06-10", "Segment": "SMB", "Owner E-mail": "linus@vendor.example"},
		"A-1003": {"Seats": 1429., "ARR": 104500., "Customer Since": "2017-12-04", "Segment": "SMB", "Owner E-mail": "maria@vendor.example"},
		"A-1018": {"Seats": 1585., "ARR": 372500., "Customer Since": "2019-09-19", "Segment": "Mid-Market", "Owner E-mail": "grace@vendor.example"},
		"A-1017": {"Seats": 666., "ARR": 61250., "Customer Since": "2022-06-18", "Segment": "SMB", "Owner E-mail": "linus@vendor.example"},
		"A-1016": {"Seats": 1977., "ARR": 212750., "Customer Since": "2020-12-19", "Segment": "Enterprise", "Owner E-mail": "ada@vendor.example"},
		// Monday's file has raised this one.
		"A-1012": {"Seats": 1098., "ARR": 250250., "Customer Since": "2017-12-08", "Segment": "Enterprise", "Owner E-mail": "grace@vendor.example"},
	} {
		assert.Equal(t, want, custom(s.Record("company", "extid-"+id)), id)
	}
	harper := s.Record("company", "extid-A-1011")
	assert.Equal(t, `Harper "The Works" Supplies, LLC`, harper["name"])
	assert.Equal(t, "customer", harper["status"])
	assert.Equal(t, []any{"account-1011.example"}, harper["domains"])
	assert.Equal(t, "青空物流株式会社", s.Record("company", "extid-A-1008")["name"])

	slip := s.Record("company", "extid-A-1041")
	assert.NotContains(t, custom(slip), "ARR", "a cell that makes no sense is left out")
	assert.Contains(t, custom(slip), "Seats")
	assert.Nil(t, s.Record("company", "extid-A-8001"), "an account without a name is turned down")
}

func TestLicenseRollupStoresTotals(t *testing.T) {
	t.Parallel()
	s := newStage(t, "licenses")
	before := custom(s.Record("company", "extid-C-04"))
	assert.Equal(t, 7, s.run(t, 0, "license_rollup.lua", monday).Updated)
	assert.Equal(t, map[string]any{"License value": 47520., "Licenses": 2., "Next renewal": "2026-02-20"},
		custom(s.Record("company", "extid-C-01")), "two licenses in EUR; the one that ended does not count")
	assert.Equal(t, map[string]any{"License value": 94440., "Licenses": 2., "Next renewal": "2026-04-02"},
		custom(s.Record("company", "extid-C-07")), "one in USD, one in EUR")
	assert.Equal(t, before, custom(s.Record("company", "extid-C-04")))
	assert.Empty(t, custom(s.Record("company", "extid-C-12")), "a sum in an unknown currency is not written")

	assert.Zero(t, s.run(t, 0, "license_rollup.lua", monday).wrote(), "nothing is left to change")

	s.run(t, 0, "license_rollup.lua", "2026-03-01")
	ended := custom(s.Record("company", "extid-C-01"))
	assert.Equal(t, []any{0., 0., nil}, []any{ended["License value"], ended["Licenses"], ended["Next renewal"]})
}

func TestChurnRiskTasksAreMadeOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, "tenant")
	before := len(s.Records("task"))
	s.run(t, 0, "churn_risk_tasks.lua", monday)
	require.Len(t, s.Records("task"), before+2)
	redwood := s.Record("company", "extid-C-07")
	task := s.Record("task", "srcid-churn-risk-"+redwood["_id"].(string)+"-2026-03-02")
	require.NotNil(t, task)
	assert.Equal(t, redwood["owner"], task["ownerId"])
	assert.Equal(t, redwood["_id"], task["companyId"])
	assert.Equal(t, "Check in: health is 2", task["action"])
	assert.Contains(t, task["startTime"], "2026-01-13T09:00")

	assert.Zero(t, s.run(t, 0, "churn_risk_tasks.lua", "2026-01-14").wrote())
	assert.Len(t, s.Records("task"), before+2)
}

func TestUsageMetricsAreStoredByDay(t *testing.T) {
	t.Parallel()
	s := newStage(t, "tenant")
	s.run(t, 3, "usage_metrics.lua")
	metrics := s.Records("metrics")
	assert.Len(t, metrics, 40)
	calls := 0.
	for _, m := range metrics {
		if m["dimensionId"] == "api_calls" && m["companyName"] == "Müller Logistik GmbH" {
			calls += m["value"].(float64)
		}
	}
	assert.Equal(t, 36., calls)
}

func TestActivitiesMakeEndusersKnown(t *testing.T) {
	t.Parallel()
	s := newStage(t, "tenant")
	before := len(s.Records("enduser"))
	s.run(t, 3, "upload_activities.lua")
	assert.Len(t, s.Records("user_activity"), 36)
	endusers := s.Records("enduser")
	require.Len(t, endusers, before+1)
	found := false
	for _, e := range endusers {
		found = found || e["email"] == "neu@mueller.example" && e["companyName"] == "Müller Logistik GmbH"
	}
	assert.True(t, found, "an unknown user of a known company becomes an enduser")
}

func TestEnduserCleanupArchivesDuplicates(t *testing.T) {
	t.Parallel()
	s := newStage(t, "tenant")
	assert.Equal(t, 8, s.run(t, 0, "enduser_cleanup.lua").Updated)
	stays, goes := s.Record("enduser", "cc0000000000000000000001"), s.Record("enduser", "cc0000000000000000000002")
	assert.Equal(t, []any{"Ada", "Lindqvist", "+46 40 123 45", "p-01"},
		[]any{stays["firstName"], stays["lastName"], stays["phone"], stays["externalId"]})
	assert.NotEqual(t, true, stays["archived"])
	assert.Equal(t, true, goes["archived"])

	assert.Zero(t, s.run(t, 0, "enduser_cleanup.lua").wrote(), "a clean list stays as it is")
}

func TestImportsCanBeRepeated(t *testing.T) {
	t.Parallel()
	s := newStage(t, "tenant")
	for _, x := range []struct {
		script string
		code   int
		wrote  int
	}{
		{"nps_import.lua", 3, 7},
		{"sync_owners.lua", 3, 4},
		{"tickets_import.lua", 3, 4},
		{"backfill_dates.lua", 0, 8},
	} {
		assert.Equal(t, x.wrote, s.run(t, x.code, x.script).wrote(), x.script)
		assert.Zero(t, s.run(t, x.code, x.script).wrote(), "%s changes nothing the second time", x.script)
	}

	answer := s.Record("nps", "srcid-survey-r-102")
	assert.Equal(t, 4., answer["score"])
	assert.Equal(t, "Two wishes:\n- faster reports\n- fewer e-mails", answer["comment"])
	assert.Contains(t, answer["dateAnswered"], "2026-01-30")
	assert.Equal(t, s.Record("user", "extid-hr-4")["_id"], s.Record("company", "extid-C-08")["owner"])
	assert.Equal(t, "2018-10-24", custom(s.Record("company", "extid-C-05"))["Go-live date"], "month first in the United States")
	assert.Equal(t, "2021-03-15", custom(s.Record("company", "extid-C-01"))["Go-live date"], "day first elsewhere")

	for _, ticket := range s.Records("ticket") {
		switch ticket["sourceId"] {
		case "zd-803":
			assert.Equal(t, "Größe der Anhänge", ticket["title"], "the file is in windows-1252")
		case "zd-701":
			assert.Equal(t, "Solved – thanks", ticket["description"])
			assert.Equal(t, "closed", ticket["status"])
		}
	}
}

// TestReportWithoutTickets holds that a token that may not read tickets costs
// the report one column and nothing else.
func TestReportWithoutTickets(t *testing.T) {
	t.Parallel()
	s := newStage(t, "tenant")
	require.NoError(t, s.Deny("ticket"))
	o := runIn(t, s.dir, s.Environment(), nil, "weekly_report.lua", monday)
	require.Equal(t, 0, o.code, "stderr: %s", o.stderr)
	assert.Contains(t, o.stderr, "the report has no tickets")
	assert.FileExists(t, filepath.Join(s.dir, "out", "weekly-"+monday+".csv"))
}

// TestSettingsSample holds that the sample can be used as it is.
func TestSettingsSample(t *testing.T) {
	t.Parallel()
	s := newStage(t, "tenant")
	o := runIn(t, s.dir, s.Environment(), []string{"--config", "examples/phscript.toml"}, "weekly_report.lua", monday)
	assert.Equal(t, 0, o.code, "stderr: %s", o.stderr)
}
