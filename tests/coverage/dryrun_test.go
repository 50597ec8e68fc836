package coverage

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime"
)

// told is a script that calls the operation whose names it is given, with the arguments
// that follow as JSON, and returns its result as JSON.
const told = `
local planhat, json = require "planhat", require "json"
local values = {}
for i = 3, #args do values[#values + 1] = json.decode(args[i]) end
return json.encode(planhat[args[1]][args[2]](unpack(values)) or json.null)
`

// TestDryRunsOfEveryOperation calls each operation in a dry run and then for real: the
// dry run must not send a write, and must answer what the real run answers.
func TestDryRunsOfEveryOperation(t *testing.T) {
	w := newFixture(t)
	for _, m := range catalog.Load().Models {
		for _, op := range m.Operations {
			t.Run(m.Snake+"."+op.Name, func(t *testing.T) {
				w.put(t, m)
				arguments := []string{m.Snake, op.Name}
				if strings.Contains(op.Path, "{id}") {
					arguments = append(arguments, string(text(t, standing(m))))
				}
				if body := w.body(m, op); body != nil {
					arguments = append(arguments, string(text(t, body)))
				}
				w.Reset()
				dry, steps := w.tell(t, true, arguments)
				inSteps(t, op, steps)
				for _, call := range w.Calls() {
					assert.Equal(t, http.MethodGet, call.Method, call.Path)
				}
				real, steps := w.tell(t, false, arguments)
				assert.Empty(t, steps)
				assert.IsType(t, real, dry)
				if dry, ok := dry.(map[string]any); ok {
					assert.Subset(t, comparable(m, real.(map[string]any)), comparable(m, dry))
				}
			})
		}
	}
}

// inSteps checks that a write is a step with all that is needed to send it, and a read none.
func inSteps(t *testing.T, op *catalog.Operation, steps []runtime.PlannedStep) {
	t.Helper()
	if op.Method == http.MethodGet {
		assert.Empty(t, steps)
		return
	}
	require.Len(t, steps, 1)
	s := steps[0]
	assert.Equal(t, op.Name, s.Operation)
	assert.Equal(t, "told.lua", s.Script)
	assert.Equal(t, 5, s.Line)
	require.NotEmpty(t, s.Rows)
	for _, row := range s.Rows {
		switch row.Action {
		case "create", "update", "send":
			assert.True(t, op.Name == "duplicate" && row.Key != nil || len(row.Body) > 0, "%+v", row)
		case "delete":
			assert.NotEmpty(t, row.ID)
		case "unchanged":
		default:
			t.Errorf("%+v", row)
		}
		assert.False(t, row.Blind)
	}
}

// comparable leaves out of an answer what differs from run to run, what Planhat computes,
// and how many rows a dry run withheld.
func comparable(m *catalog.Model, answer map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range answer {
		p := m.Property(name)
		if p != nil && p.ReadOnly || slices.Contains([]string{"_id", "ids", "planned", "updatedAt"}, name) {
			continue
		}
		if list, ok := value.([]any); ok && name == "unmatched_ids" {
			value = len(list) // the ids of new records differ
		}
		out[name] = value
	}
	return out
}

func (w *fixture) tell(t *testing.T, dry bool, arguments []string) (out any, steps []runtime.PlannedStep) {
	t.Helper()
	rt, err := runtime.New(runtime.Options{
		Planhat: planhat.Config{
			APIToken: w.APIToken(), TenantToken: w.TenantToken(), BaseURL: w.URL(), AnalyticsURL: w.AnalyticsURL(),
		},
		Quota:  planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1},
		DryRun: dry,
		Step:   func(s *runtime.PlannedStep) { steps = append(steps, *s) },
	})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), runtime.Script{Name: "told.lua", Source: []byte(told)})
	require.NoError(t, err)
	result, err := program.Run(t.Context(), runtime.RunOptions{Args: arguments})
	require.NoError(t, err)
	assert.Empty(t, result.Rejected)
	require.Len(t, result.Values, 1)
	require.NoError(t, json.Unmarshal([]byte(result.Values[0].(string)), &out))
	return out, steps
}
