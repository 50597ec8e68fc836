package examples

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	tenant   = "--simulate=examples/fixtures/tenant"
	licenses = "--simulate=examples/fixtures/licenses"
	monday   = "2026-01-12"
)

// one is a run of a script with what is expected of it. The output is compared
// with testdata/<name>.txt.
type one struct {
	name  string
	flags []string
	args  []string
	code  int
	// counts are read, created, updated, unchanged, planned and rejected.
	counts [6]int
	files  []string
	more   func(*testing.T, *outcome)
}

// expectations hold the runs of each script. TestEveryScript fails for a script
// that has none.
var expectations = map[string][]one{
	"quickstart.lua": {{
		name: "quickstart", flags: []string{"--simulate"},
		counts: [6]int{
			accountsInExport + accountsInExport + newAccounts, accountsInExport + newAccounts,
			changedAccounts, sameAccounts, 0, namelessLines + idlessLines,
		},
		code: 3,
		more: quickstartReport,
	}},
	"license_rollup.lua": {
		{name: "license_rollup", flags: []string{licenses}, args: []string{monday}, counts: [6]int{26, 0, 7, 0, 0, 0}},
		{name: "license_rollup_dry", flags: []string{licenses, "--dry-run"}, args: []string{monday}, counts: [6]int{26, 0, 0, 0, 7, 0}},
	},
	"churn_risk_tasks.lua": {
		{name: "churn_risk_tasks", flags: []string{tenant}, args: []string{monday}, counts: [6]int{18, 2, 0, 0, 0, 0}},
	},
	"usage_metrics.lua": {
		{name: "usage_metrics", flags: []string{tenant}, code: 3, counts: [6]int{32, 40, 0, 0, 0, 3}},
	},
	"upload_activities.lua": {
		{name: "upload_activities", flags: []string{tenant}, code: 3, counts: [6]int{0, 36, 0, 0, 0, 1}},
	},
	"enduser_cleanup.lua": {
		{name: "enduser_cleanup", flags: []string{tenant}, counts: [6]int{15, 0, 8, 0, 0, 0}, files: []string{"enduser-cleanup.csv"}},
		{name: "enduser_cleanup_dry", flags: []string{tenant, "--dry-run"}, counts: [6]int{15, 0, 0, 0, 8, 0}, files: []string{"enduser-cleanup.csv"}},
	},
	"nps_import.lua": {
		{name: "nps_import", flags: []string{tenant}, code: 3, counts: [6]int{0, 7, 0, 0, 0, 5}},
	},
	"weekly_report.lua": {
		{name: "weekly_report", flags: []string{tenant}, args: []string{monday}, counts: [6]int{27, 0, 0, 0, 0, 0}, files: []string{"weekly-2026-01-12.csv"}},
	},
	"sync_owners.lua": {
		{name: "sync_owners", flags: []string{tenant}, code: 3, counts: [6]int{17, 0, 4, 0, 0, 3}},
	},
	"tickets_import.lua": {
		{name: "tickets_import", flags: []string{tenant}, code: 3, counts: [6]int{0, 3, 1, 0, 0, 2}, more: rejectedTicket},
		{name: "tickets_import_strict", flags: []string{tenant, "--strict"}, code: 3, counts: [6]int{0, 0, 0, 0, 0, 1}},
	},
	"delighted_nps.lua": {
		{name: "delighted_nps", flags: []string{tenant}, code: 3, counts: [6]int{3, 3, 0, 0, 0, 2}},
	},
	// Its tests run it; a simulated run reaches no Zendesk.
	"zendesk_tickets.lua": {
		{name: "zendesk_tickets_usage", flags: []string{"--simulate"}, code: 2, counts: [6]int{}},
	},
	// Its tests run it; a simulated run reaches no AskNicely.
	"asknicely_detractors.lua": {
		{name: "asknicely_detractors_usage", flags: []string{"--simulate"}, code: 2, counts: [6]int{}},
	},
	// Its tests run it; a simulated run reaches no Typeform.
	"typeform_nps.lua": {
		{name: "typeform_nps_usage", flags: []string{"--simulate"}, code: 2, counts: [6]int{}},
	},
	// Its tests run it; a simulated run reaches no SurveyMonkey.
	"surveymonkey_nps.lua": {
		{name: "surveymonkey_nps_usage", flags: []string{"--simulate"}, code: 2, counts: [6]int{}},
	},
	// Its tests run it; a simulated run reaches no Salesforce.
	"salesforce_accounts.lua": {
		{name: "salesforce_accounts_usage", flags: []string{"--simulate"}, code: 2, counts: [6]int{}},
	},
	// Its tests run it; a simulated run reaches no HubSpot.
	"hubspot_deals.lua": {
		{name: "hubspot_deals_unset", flags: []string{"--simulate"}, code: 2, counts: [6]int{}},
	},
	// Its tests run it; a simulated run reaches no Google.
	"calendar_meetings.lua": {
		{name: "calendar_meetings_usage", flags: []string{"--simulate"}, code: 2, counts: [6]int{}},
	},
	// Its tests run it; a simulated run reaches no Intercom.
	"intercom_waiting.lua": {
		{name: "intercom_waiting_usage", flags: []string{"--simulate"}, args: []string{"soon"}, code: 2, counts: [6]int{}},
	},
	// Its tests run it; a simulated run reaches no Productboard.
	"productboard_requests.lua": {
		{name: "productboard_requests_unset", flags: []string{"--simulate"}, code: 2, counts: [6]int{}},
	},
	// Its tests run it; a simulated run reaches no Jira.
	"jira_issues.lua": {
		{name: "jira_issues_usage", flags: []string{"--simulate"}, code: 2, counts: [6]int{}},
	},
	// Its tests run it; a simulated run reaches no Aha!.
	"aha_ideas.lua": {
		{name: "aha_ideas_usage", flags: []string{"--simulate"}, code: 2, counts: [6]int{}},
	},
	"backfill_dates.lua": {
		{name: "backfill_dates", flags: []string{tenant}, counts: [6]int{12, 0, 8, 0, 0, 0}},
	},
}

func TestEveryScript(t *testing.T) {
	for _, script := range scriptNames(t) {
		runs := expectations[script]
		assert.NotEmpty(t, runs, "%s has no test: add it to expectations", script)
		for _, x := range runs {
			t.Run(x.name, func(t *testing.T) {
				t.Parallel()
				o := run(t, x.flags, script, x.args...)
				o.check(t, x.code, x.name)
				s := o.summary
				assert.Equal(t, x.counts, [6]int{s.Read, s.Created, s.Updated, s.Unchanged, s.Planned, s.Rejected},
					"read, created, updated, unchanged, planned, rejected")
				for _, name := range x.files {
					o.file(t, name)
				}
				if x.more != nil {
					x.more(t, o)
				} else {
					assert.ElementsMatch(t, x.files, o.written(t))
				}
			})
		}
	}
	for script := range expectations {
		assert.FileExists(t, filepath.Join(scripts, script))
	}
}

// quickstartReport holds that the report has one line for each line of the
// exports, with its number, and says what became of it.
func quickstartReport(t *testing.T, o *outcome) {
	f, err := os.Open(filepath.Join(o.dir, "out", "quickstart-report.csv"))
	require.NoError(t, err)
	defer func() { assert.NoError(t, f.Close()) }()
	table, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, []string{"file", "line", "id", "name", "outcome", "reason"}, table[0])

	counts := map[string]int{}
	byLine := map[string][]string{}
	for _, row := range table[1:] {
		counts[row[4]]++
		byLine[row[0]+":"+row[1]] = row
	}
	assert.Equal(t, map[string]int{
		"created": accountsInExport + newAccounts, "updated": changedAccounts, "unchanged": sameAccounts,
		"merged": repeatedLines + changeRepeats, "rejected": namelessLines + idlessLines,
	}, counts)
	assert.Len(t, byLine, len(table)-1, "every line is reported once")
	assert.Equal(t, []string{"accounts.csv", "3", "A-1002", "株式会社青空商事", "created", ""}, byLine["accounts.csv:3"])

	// The numbers are those that an editor shows, also behind cells of two
	// lines.
	export, err := os.ReadFile(filepath.Join(o.dir, "examples", "data", "accounts.csv"))
	require.NoError(t, err)
	lines := strings.Split(string(export), "\n")
	for place, row := range byLine {
		if number, found := strings.CutPrefix(place, "accounts.csv:"); found && row[2] != "" {
			assert.Contains(t, lines[mustAtoi(t, number)-1], row[2], "line %s", number)
		}
	}
}

func mustAtoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}

// rejectedTicket holds that the rows that the script and Planhat refused are in the
// summary, with their places in the input.
func rejectedTicket(t *testing.T, o *outcome) {
	require.Len(t, o.summary.Rows, 2)
	row := o.summary.Rows[0]
	assert.Equal(t, "the ticket has no sender", row.Message)
	assert.Equal(t, 5, row.Line)
	row = o.summary.Rows[1]
	assert.Equal(t, "ticket", row.Model)
	assert.Equal(t, 4, row.Row)
	assert.Contains(t, row.Key, "zd-805")
	assert.Contains(t, row.Message, "No company")
	assert.Equal(t, "rejected", o.summary.Outcome)
}
