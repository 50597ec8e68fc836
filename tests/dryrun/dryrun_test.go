// Package dryrun runs scripts twice, in a dry run and for real, against simulators with
// the same records. Both must print the same, and the dry run must not write.
package dryrun

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
)

// noon is the simulators' time: generated records depend on it.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// outcome is what a run did.
type outcome struct {
	printed, log string
	result       *runtime.Result
	err          error
	calls        []simulator.Call
}

// tenant starts a simulator. All have the same records.
func tenant(t *testing.T, token string) *simulator.Server {
	t.Helper()
	s, err := simulator.Start(simulator.Options{
		APIToken: token, Companies: 40, Seed: 7, CallsPerMinute: -1, PerSecond: -1, Clock: func() time.Time { return noon },
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// run runs a script against fresh simulators: the configured one, and another one whose
// address is the script's argument.
func run(t *testing.T, source string, change func(*runtime.Options)) outcome {
	t.Helper()
	s, other := tenant(t, ""), tenant(t, "other-token")
	var out, log bytes.Buffer
	o := runtime.Options{
		Planhat: planhat.Config{APIToken: s.APIToken(), TenantToken: s.TenantToken(), BaseURL: s.URL(), AnalyticsURL: s.AnalyticsURL()},
		Quota:   planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1},
		WorkDir: t.TempDir(), Stdout: &out, Stderr: &log, Now: func() time.Time { return noon },
	}
	change(&o)
	rt, err := runtime.New(o)
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), runtime.Script{Name: "main.lua", Source: []byte(source)})
	require.NoError(t, err)
	got := outcome{}
	got.result, got.err = program.Run(t.Context(), runtime.RunOptions{Args: []string{other.URL()}})
	got.printed, got.log = out.String(), log.String()
	got.calls = append(s.Calls(), other.Calls()...)
	return got
}

var ids = regexp.MustCompile(`\b[0-9a-f]{24}\b`)

// numbered replaces ids by their order, since new records have other ones in each run.
func numbered(text string) string {
	seen := map[string]string{}
	return ids.ReplaceAllStringFunc(text, func(id string) string {
		if seen[id] == "" {
			seen[id] = fmt.Sprintf("id%d", len(seen)+1)
		}
		return seen[id]
	})
}

func dry(o *runtime.Options)   { o.DryRun = true }
func forReal(*runtime.Options) {}

// noWrites fails if a call changed something.
func noWrites(t *testing.T, calls []simulator.Call) {
	t.Helper()
	for _, c := range calls {
		assert.Equal(t, http.MethodGet, c.Method, c.Path)
	}
}

// TestDryRunsPrintWhatRealRunsPrint runs the scripts of testdata.
func TestDryRunsPrintWhatRealRunsPrint(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.lua")
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	for _, path := range scripts {
		t.Run(filepath.Base(path), func(t *testing.T) {
			source, err := os.ReadFile(path)
			require.NoError(t, err)
			planned, real := run(t, string(source), dry), run(t, string(source), forReal)
			noWrites(t, planned.calls)
			assert.Equal(t, numbered(real.printed), numbered(planned.printed))
			assert.NotEmpty(t, real.printed)
			if real.err == nil {
				require.NoError(t, planned.err)
			} else {
				assert.Equal(t, planhat.KindOf(real.err), planhat.KindOf(planned.err))
				var want, have *runtime.ScriptError
				require.True(t, errors.As(real.err, &want))
				require.True(t, errors.As(planned.err, &have))
				assert.Equal(t, want.Line, have.Line)
			}
			assert.Len(t, planned.result.Rejected, len(real.result.Rejected))
			done, would := real.result.Summary, planned.result.Summary
			assert.Equal(t, done.Created+done.Updated+done.Unchanged+done.Deleted, would.Planned)
			assert.Zero(t, would.Created+would.Updated+would.Unchanged+would.Deleted)
			assert.Equal(t, done.Read, would.Read)
		})
	}
}
