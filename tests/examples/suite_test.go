package examples

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/program"
)

// TestTheirOwnTests runs the tests that lie beside the examples, as their
// authors do.
func TestTheirOwnTests(t *testing.T) {
	cmd := exec.Command(program.Path(t), "test", "--coverage", "scripts/examples")
	cmd.Dir = "../.."
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, script := range []string{"license_rollup", "sync_owners", "zendesk_tickets", "salesforce_accounts", "hubspot_deals", "calendar_meetings", "intercom_waiting", "productboard_requests", "aha_ideas", "asknicely_detractors", "typeform_nps", "delighted_nps", "jira_issues", "surveymonkey_nps", "lib/clean"} {
		assert.Contains(t, string(out), "✓ scripts/examples/"+script+"_test.lua")
		assert.Regexp(t, `scripts/examples/`+script+`\.lua +(9\d|100)\.\d %`, string(out), "most of it is executed")
	}
}
