package config

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestParametersKeepTheirTypes: what a script receives is what was written.
func TestParametersKeepTheirTypes(t *testing.T) {
	for written, want := range map[string]string{
		`d = 2024-01-31`:                     `{"d":"2024-01-31"}`,
		`d = 9999-12-31`:                     `{"d":"9999-12-31"}`,
		`d = 0001-01-01`:                     `{"d":"0001-01-01"}`,
		`t = 07:32:00`:                       `{"t":"07:32:00"}`,
		`t = 00:00:00.5`:                     `{"t":"00:00:00.5"}`,
		`at = 2024-01-31T07:32:00`:           `{"at":"2024-01-31T07:32:00"}`,
		`at = 2024-01-31 07:32:00.25`:        `{"at":"2024-01-31T07:32:00.25"}`,
		`at = 2024-01-31T07:32:00Z`:          `{"at":"2024-01-31T07:32:00Z"}`,
		`at = 2024-01-31T07:32:00.125-07:00`: `{"at":"2024-01-31T07:32:00.125-07:00"}`,
		`n = 9007199254740993`:               `{"n":9007199254740993}`,
		`n = -9223372036854775808`:           `{"n":-9223372036854775808}`,
		`n = 0xff`:                           `{"n":255}`,
		`n = 1.5`:                            `{"n":1.5}`,
		`n = 0.0`:                            `{"n":0}`,
		`n = 123456789012345678.0`:           `{"n":1.2345678901234568e+17}`,
		`n = 1e300`:                          `{"n":1e+300}`,
		`b = false`:                          `{"b":false}`,
		`s = "2024-01-31"`:                   `{"s":"2024-01-31"}`,
		`s = 'a"b\'`:                         `{"s":"a\"b\\"}`,
		`"with space" = 1`:                   `{"with space":1}`,
		`e = {}`:                             `{"e":{}}`,
		`e = []`:                             `{"e":[]}`,
		`a = [1, "x", 2024-01-31, [2, 3]]`:   `{"a":[1,"x","2024-01-31",[2,3]]}`,
		`a = { b = { c = [{ d = 07:32:00 }, { e = [{ f = 1 }] }] } }`:                     `{"a":{"b":{"c":[{"d":"07:32:00"},{"e":[{"f":1}]}]}}}`,
		"[schedule.params.a]\nb = 1\n[[schedule.params.c]]\n[schedule.params.c.d]\nn = 2": `{"a":{"b":1},"c":[{"d":{"n":2}}]}`,
		"": "",
	} {
		c, err := load(t, "[[schedule]]\nname = \"a\"\n[schedule.params]\n"+written+"\n[[schedule]]\nname = \"b\"\n", nil)
		require.NoError(t, err, written)
		require.NoError(t, c.Schedules[0].Params.Err(), written)
		assert.Equal(t, want, c.Schedules[0].Params.JSON(), written)
		assert.True(t, c.Schedules[1].Params.IsZero())
		// A store holds the schedule as JSON.
		var stored Schedule
		text, err := json.Marshal(c.Schedules[0])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &stored))
		assert.Equal(t, c.Schedules[0], stored, written)
	}
}

func TestParametersThatNobodyCanReceive(t *testing.T) {
	for written, want := range map[string]string{
		`{ limit = inf }`:                          "limit is inf; write a finite number, or text in quotes",
		`{ limit = -inf }`:                         "limit is -inf;",
		`{ limit = nan }`:                          "limit is nan;",
		`{ a = [1.0, { b = [2, { c = +inf }] }] }`: "a[2].b[2].c is inf;",
		`"eu"`: "must be a table, such as params = {",
		`[1]`:  "must be a table, such as params = {",
	} {
		c, err := load(t, "[[schedule]]\nparams = "+written+"\n", nil)
		require.NoError(t, err)
		assert.ErrorContains(t, c.Schedules[0].Params.Err(), want, written)
	}
	_, err := load(t, "[[schedule]]\nparms = { a = { b = 1 } }\n", nil)
	assert.ErrorContains(t, err, "unknown setting 'schedule.parms' (did you mean 'params'?)")
	_, err = load(t, "[[schedule]]\nparams = { a = 9223372036854775808 }\n", nil)
	assert.ErrorContains(t, err, "phscript.toml:2:16: this number is too large")
}

// The decoder drops a table that a value of the same name follows.
func TestParametersThatOverwriteOthers(t *testing.T) {
	for text, want := range map[string]string{
		"[[schedule]]\nparams.a.b = 1\nparams.a = 2\n":                                      "schedule.params.a: this setting appears twice",
		"[[schedule]]\nparams.a.b.c = 1\nparams.a = 2\n":                                    "schedule.params.a: this setting appears twice",
		"[[schedule]]\nname = \"a\"\n[[schedule]]\nparams.a.b = 1\nparams.a = []\n":         "schedule.params.a: this setting appears twice",
		"[[schedule]]\nparams.a.b = 1\n[[schedule]]\nparams.a = 2\n":                        "",
		"[[schedule]]\nparams.a.b = 1\nparams.a.c = 2\n":                                    "",
		"[[schedule]]\nparams.list = [{ a = { b = 1 } }, { a = 2 }]\n[schedule.params.x]\n": "",
	} {
		_, err := load(t, text, nil)
		if want == "" {
			assert.NoError(t, err, text)
		} else {
			assert.ErrorContains(t, err, want, text)
		}
	}
}

func TestParamsOf(t *testing.T) {
	p, err := ParamsOf(map[string]any{"b": int64(9007199254740993), "a": "x"})
	require.NoError(t, err)
	assert.Equal(t, `{"a":"x","b":9007199254740993}`, p.JSON())
	p, err = ParamsOf(struct{}{})
	require.NoError(t, err)
	assert.True(t, p.IsZero())
	text, err := json.Marshal(p)
	require.NoError(t, err)
	assert.Equal(t, "{}", string(text))
	_, err = ParamsOf([]int{1})
	require.Error(t, err)
	assert.Error(t, json.Unmarshal([]byte(`"x"`), &p))
	require.NoError(t, json.Unmarshal([]byte(`null`), &p))
	assert.True(t, p.IsZero())
}
