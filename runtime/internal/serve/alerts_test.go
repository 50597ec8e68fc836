package serve

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

var (
	metricName = regexp.MustCompile(`\b(phscript_\w+|up)\b(\{[^}]*\})?`)
	labelName  = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)`)
)

// alertsUse fails if a rule of docs/deploy/alerts.yaml is incomplete, or uses a metric or
// a label that a service's page does not have.
func alertsUse(t *testing.T, page string) {
	t.Helper()
	text, err := os.ReadFile("../../../docs/deploy/alerts.yaml")
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&file))
	require.Len(t, file.Groups, 1)
	seen := map[string]bool{}
	for _, rule := range file.Groups[0].Rules {
		assert.False(t, seen[rule.Alert], "%s is there twice", rule.Alert)
		seen[rule.Alert] = true
		assert.NotEmpty(t, rule.Labels["severity"], rule.Alert)
		assert.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
		assert.Contains(t, rule.Annotations["description"], "phscript ", "%s names the command to start with", rule.Alert)
		used := metricName.FindAllStringSubmatch(rule.Expr, -1)
		assert.NotEmpty(t, used, rule.Alert)
		for _, m := range used {
			if m[1] == "up" {
				continue // Prometheus's own
			}
			series := regexp.MustCompile(`(?m)^` + m[1] + `(\{.*\})? `).FindString(page)
			// The quota's metrics exist once a script has called Planhat.
			if !strings.HasPrefix(m[1], "phscript_quota_") && assert.NotEmpty(t, series, "%s uses %s", rule.Alert, m[1]) {
				for _, label := range labelName.FindAllStringSubmatch(m[2], -1) {
					assert.Contains(t, series, label[1]+`="`, "%s uses a label of %s", rule.Alert, m[1])
				}
			}
		}
	}
}
