package coverage

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime"
)

// call is a script that calls the operation whose names it is given, with the
// arguments that follow as JSON.
const call = `
local planhat, json = require "planhat", require "json"
local model, operation = args[1], args[2]
local values = {}
for i = 3, #args do values[#values + 1] = json.decode(args[i]) end
local result = planhat[model][operation](unpack(values))
return type(result), type(result) == "table" and result.errors and #result.errors or 0
`

func TestEveryOperationFromLua(t *testing.T) {
	operations(t, func(t *testing.T, w *fixture, m *catalog.Model, op *catalog.Operation) {
		rt, err := runtime.New(runtime.Options{
			Planhat: planhat.Config{
				APIToken: w.APIToken(), TenantToken: w.TenantToken(), BaseURL: w.URL(), AnalyticsURL: w.AnalyticsURL(),
			},
			Quota: planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1},
		})
		require.NoError(t, err)
		arguments := []string{m.Snake, op.Name}
		if strings.Contains(op.Path, "{id}") {
			arguments = append(arguments, string(text(t, standing(m))))
		}
		if body := w.body(m, op); body != nil {
			arguments = append(arguments, string(text(t, body)))
		}
		program, err := rt.Compile(t.Context(), runtime.Script{Name: "call.lua", Source: []byte(call)})
		require.NoError(t, err)
		result, err := program.Run(t.Context(), runtime.RunOptions{Args: arguments})
		require.NoError(t, err)
		assert.Equal(t, 1, result.Summary.Calls)
		assert.Empty(t, result.Rejected)
		require.Len(t, result.Values, 2)
		assert.Contains(t, []any{"table", "boolean", "nil"}, result.Values[0])
		assert.EqualValues(t, 0, result.Values[1])
	})
}
