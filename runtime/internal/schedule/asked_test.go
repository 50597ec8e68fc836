package schedule

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/header"
)

const typedScript = `-- @param region:choice(eu, us) "where"
-- @param days:integer default=7
-- @param since:date optional
-- @param key:string secret
-- @param full:boolean default=false
`

func TestAskedParameters(t *testing.T) {
	says, err := header.Read([]byte(typedScript))
	require.NoError(t, err)
	signature := SignatureOf(says)
	// As the store keeps it.
	text, err := json.Marshal(signature)
	require.NoError(t, err)
	var stored []header.Param
	require.NoError(t, json.Unmarshal(text, &stored))
	for i := range signature {
		signature[i].Line = 0
	}
	assert.Equal(t, signature, stored)

	own, err := config.ParamsOf(map[string]any{"region": "eu", "days": 3, "other": true})
	require.NoError(t, err)
	for _, tt := range []struct {
		given, want, wrong string
	}{
		{`{}`, `{"region": "eu", "days": 3, "other": true}`, ""},
		{`{"days": "14", "full": "true", "since": "2026-01-31"}`, `{"region": "eu", "days": 14, "full": true, "since": "2026-01-31", "other": true}`, ""},
		{`{"days": null}`, `{"region": "eu", "other": true}`, ""},
		{`{"region": "us"}`, `{"region": "us", "days": 3, "other": true}`, ""},
		{`{"region": null}`, "", "the script needs the parameter region (where)"},
		{`{"region": "asia"}`, "", "the parameter region must be eu or us"},
		{`{"days": "many"}`, "", `the parameter days must be a whole number, not "many"`},
		{`{"day": "1"}`, "", "the script has no parameter 'day' (did you mean 'days'?)"},
		{`{"key": "hidden-key"}`, "", "the parameter key is a secret, and parameters of runs are kept in the history"},
		{`{"region": "eu", "since": "` + strings.Repeat("9", 10) + `"}`, "", "the parameter since must be a date as YYYY-MM-DD"},
	} {
		var given map[string]json.RawMessage
		require.NoError(t, json.Unmarshal([]byte(tt.given), &given))
		params, err := Asked(own, stored, given)
		if tt.wrong != "" {
			require.ErrorContains(t, err, tt.wrong, tt.given)
			assert.ErrorAs(t, err, new(*header.ParamError))
			continue
		}
		require.NoError(t, err, tt.given)
		assert.JSONEq(t, tt.want, params.JSON(), tt.given)
	}
	// A script that declares nothing, and one that is not known, take anything.
	for _, any := range [][]header.Param{nil, {}} {
		params, err := Asked(own, any, map[string]json.RawMessage{"x": json.RawMessage(`"y"`)})
		require.NoError(t, err)
		assert.JSONEq(t, `{"region": "eu", "days": 3, "other": true, "x": "y"}`, params.JSON())
	}
	_, err = Asked(own, nil, map[string]json.RawMessage{"x": json.RawMessage(`"` + strings.Repeat("y", MostParams) + `"`)})
	assert.ErrorContains(t, err, "at most 64 KiB")
}
