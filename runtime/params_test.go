package runtime

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// program compiles a script of the bench.
func (b *bench) program(t *testing.T, source string) *Program {
	t.Helper()
	rt, err := New(b.opts)
	require.NoError(t, err)
	p, err := rt.Compile(t.Context(), Script{Name: "main.lua", Source: []byte(source)})
	require.NoError(t, err)
	return p
}

func TestDeclaredParametersHaveTheirTypes(t *testing.T) {
	b := newBench(t)
	p := b.program(t, "-- @param days:integer\n-- @param pause:duration default=2m\n-- @param since:date optional\n\nprint(params.days + 1, params.pause, params.since, params.other)")
	_, err := p.Run(t.Context(), RunOptions{Params: []byte(`{"days":"6","other":1}`)})
	require.NoError(t, err)
	assert.Equal(t, "7\t120\tnil\t1\n", b.stdout.String())
	for params, want := range map[string]string{
		`{"days":"many"}`:       `main.lua:1: the parameter days must be a whole number, not "many"`,
		`{}`:                    "main.lua:1: the script needs the parameter days",
		`{"days":1,"other":1}`:  "main.lua: the script has no parameter 'other'; ",
		`[1]`:                   "main.lua: the parameters are not a JSON object",
		`{"days":1,"sinec":""}`: "main.lua: the script has no parameter 'other'",
	} {
		var failed *ScriptError
		result, err := p.Run(t.Context(), RunOptions{Params: []byte(params), Expected: []string{"other"}})
		if params == `{"days":1,"sinec":""}` {
			require.NoError(t, err, "only expected names are an error")
			continue
		}
		require.ErrorAs(t, err, &failed, params)
		require.NotNil(t, result)
		assert.Contains(t, failed.Error()+"; ", want)
	}
}

// TestSecretsOfARun are hidden while it runs, and not longer.
func TestSecretsOfARun(t *testing.T) {
	b := newBench(t)
	b.opts.Secrets = &Secrets{}
	p := b.program(t, "-- @param key secret\nprint(params.key)")
	_, err := p.Run(t.Context(), RunOptions{Params: []byte(`{"key":"quite-secret"}`)})
	require.NoError(t, err)
	assert.Equal(t, "[redacted]\n", b.stdout.String())
	assert.Equal(t, "quite-secret", b.opts.Secrets.String("quite-secret"))
}

// TestTheShorterTimeLimitHolds: of the header's and that of all runs. That of one run replaces
// both.
func TestTheShorterTimeLimitHolds(t *testing.T) {
	for name, tt := range map[string]struct {
		header   string
		all, one time.Duration
		want     string
	}{
		"of the header":   {"-- @timeout 20ms\n", time.Hour, 0, "20ms"},
		"without another": {"-- @timeout 20ms\n", 0, 0, "20ms"},
		"of all runs":     {"-- @timeout 1h\n", 20 * time.Millisecond, 0, "20ms"},
		"of one run":      {"-- @timeout 1h\n", time.Hour, 20 * time.Millisecond, "20ms"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.opts.Timeout = tt.all
			_, err := b.program(t, tt.header+"while true do end").Run(t.Context(), RunOptions{Timeout: tt.one})
			var limit *LimitError
			require.ErrorAs(t, err, &limit)
			assert.Equal(t, tt.want, limit.Limit)
		})
	}
	b := newBench(t)
	_, err := b.program(t, "-- @timeout 1ns\nlocal n = 0 for i = 1, 1e5 do n = n + i end").Run(t.Context(), RunOptions{Timeout: -1})
	assert.NoError(t, err, "no limit")
}

// TestOtherWritesEndTheRun: a write that the header does not name is not sent, and nothing of
// the script runs after it.
func TestOtherWritesEndTheRun(t *testing.T) {
	for name, code := range map[string]string{
		"one record":           `pcall(planhat.enduser.create, { email = "a@b.example" })`,
		"many":                 `pcall(planhat.enduser.bulk_upsert, { { email = "a@b.example" } })`,
		"with planhat.try":     `planhat.try(planhat.enduser.create, { email = "a@b.example" })`,
		"in a coroutine":       `coroutine.wrap(function() pcall(planhat.enduser.create, { email = "a@b.example" }) end)()`,
		"in parallel":          `require("parallel").map({ 1 }, function() pcall(planhat.enduser.create, { email = "a@b.example" }) end)`,
		"by another client":    `pcall(planhat.new{ api_token = "another-token" }.enduser.create, { email = "a@b.example" })`,
		"metrics":              `pcall(planhat.metrics.bulk_insert_metrics, { { dimensionId = "a", value = 1, externalId = "b", date = "2024-01-15" } })`,
		"requests of any kind": `pcall(planhat.request, { method = "POST", path = "/endusers", body = { email = "a@b.example" } })`,
	} {
		for _, dryRun := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				b, s := newBench(t), newServer(t, 200, "[]")
				b.connect(s)
				b.opts.Planhat.TenantToken = "tenant-token"
				_, err := b.program(t, "-- @writes company\n\n"+code+"\nprint('after')").Run(t.Context(), RunOptions{DryRun: dryRun})
				var refused *fault.WriteError
				require.ErrorAs(t, err, &refused)
				var failed *ScriptError
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, 3, failed.Line)
				assert.Contains(t, failed.Message, "@writes on line 1 says that it only writes to company")
				assert.Empty(t, b.stdout.String())
				for _, request := range s.requests {
					assert.Regexp(t, "^GET ", request)
				}
			})
		}
	}
}
