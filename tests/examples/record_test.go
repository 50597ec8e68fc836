package examples

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/standin"
)

// readsText are the systems whose connectors make texts of parts of others, or decide by them,
// so they do other things with an anonymized recording.
var readsText = []string{"aha", "intercom", "productboard", "typeform"}

// TestRecordings records a sync of each system with Planhat, and replays it when both are
// gone: as it is, and anonymized. The recordings have no secret.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, c := range connections {
		t.Run(c.system, func(t *testing.T) {
			t.Parallel()
			vendor := c.vendor(standin.RunningClock(time.Now()))
			web := httptest.NewServer(vendor)
			t.Cleanup(web.Close)
			server, err := simulator.Start(simulator.Options{CallsPerMinute: -1, Companies: 5})
			require.NoError(t, err)
			dir := t.TempDir()
			state := "XDG_STATE_HOME=" + dir + "/state"
			credentials := c.env
			if c.issued != nil {
				credentials = append(credentials, c.issued(vendor))
			}
			phscript := func(env []string, args ...string) string {
				cmd := exec.CommandContext(t.Context(), program.Path(t), args...)
				cmd.Dir = dir
				cmd.Env = append(append(os.Environ(), env...), credentials...)
				out, err := cmd.CombinedOutput()
				if code := cmd.ProcessState.ExitCode(); code != 3 { // rejected rows are fine
					require.NoError(t, err, string(out))
				}
				return string(out)
			}
			args := []string{"connect", c.system, "--base", web.URL + c.path, "--allow-net", "127.0.0.1"}
			for set := range strings.FieldsSeq(c.set) {
				args = append(args, "--set", set)
			}
			reaching := append(server.Environment(), state)
			phscript(reaching, args...)
			script := c.system + ".lua"
			phscript(reaching, "record", "-o", "run.jsonl", "--allow-net", "127.0.0.1", "--summary", "recorded.json", script)
			web.Close()
			require.NoError(t, server.Close())

			phscript([]string{state}, "record", "mask", "--anonymize", "-o", "masked.jsonl", "run.jsonl")
			for _, recording := range []string{"run.jsonl", "masked.jsonl"} {
				text, err := os.ReadFile(filepath.Join(dir, recording))
				require.NoError(t, err)
				for _, variable := range credentials {
					name, value, _ := strings.Cut(variable, "=")
					if !strings.Contains(name, "EMAIL") && !strings.HasSuffix(name, "_ID") {
						assert.NotContains(t, string(text), value, "%s: %s", recording, name)
					}
				}
				if recording == "masked.jsonl" && slices.Contains(readsText, c.system) {
					continue
				}
				out := phscript([]string{state}, "run", "--replay", recording, "--summary", "replayed.json", script)
				assert.NotContains(t, out, "not sent", recording)
				assert.Equal(t, counts(t, dir, "recorded.json"), counts(t, dir, "replayed.json"), recording)
			}
		})
	}
}

// counts returns what a summary says was done.
func counts(t *testing.T, dir, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	var s map[string]any
	require.NoError(t, json.Unmarshal(text, &s))
	out := map[string]any{}
	for _, count := range []string{"calls", "read", "created", "updated", "unchanged", "rejected", "outcome"} {
		out[count] = s[count]
	}
	require.NotNil(t, out["created"])
	return out
}
