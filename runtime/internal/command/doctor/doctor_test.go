package doctor_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/doctor"
	"github.com/phscript/phscript/runtime/internal/command/setup"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

// ready is a folder in which everything is in order.
func ready(t *testing.T, files map[string]string) (*trial.Trial, *simulator.Server) {
	t.Helper()
	server, err := simulator.Start(simulator.Options{Companies: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	r := trial.New(t, files)
	r.Env.Now = time.Now
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_TENANT_TOKEN"] = server.APIToken(), server.TenantToken()
	r.Variables["PLANHAT_API_URL"], r.Variables["PLANHAT_ANALYTICS_URL"] = server.URL(), server.AnalyticsURL()
	return r, server
}

// checkup runs the command and returns what it found, and its exit code.
func checkup(t *testing.T, r *trial.Trial, args ...string) (view.Checkup, int) {
	t.Helper()
	out, stderr, err := r.Run(doctor.New, append([]string{"--json", "--box", "1m"}, args...)...)
	var found view.Checkup
	require.NoError(t, json.Unmarshal([]byte(out), &found), "%s%v", stderr, err)
	assert.Empty(t, stderr)
	for _, name := range []string{"PLANHAT_API_TOKEN", "PLANHAT_TENANT_TOKEN"} {
		if token := r.Variables[name]; token != "" {
			assert.NotContains(t, out, token)
		}
	}
	return found, outcome.Code(err)
}

// of returns the lines of a check.
func of(found view.Checkup, group, check string) (list []view.CheckupLine) {
	for _, g := range found.Groups {
		for _, line := range g.Checks {
			if g.Name == group && line.Check == check {
				list = append(list, line)
			}
		}
	}
	return list
}

func TestInOrder(t *testing.T) {
	r, _ := ready(t, map[string]string{
		"phscript.toml": "\n[[schedule]]\nname = \"nightly\"\nscript = \"sync.lua\"\nevery = \"1h\"\n",
		"sync.lua":      "print(1)\n",
	})
	_, _, err := r.Run(setup.New)
	require.NoError(t, err)
	found, code := checkup(t, r)
	assert.Zero(t, code)
	assert.True(t, found.OK)
	assert.Zero(t, found.Errors+found.Warnings, "%+v", found)
	assert.NoDirExists(t, filepath.Join(r.Env.Dir, "state"), "nothing is created")
	assert.NoDirExists(t, filepath.Join(r.Env.Dir, "out"))
	r.Schedules()
	found, code = checkup(t, r)
	assert.Zero(t, code, "%+v", found)
	assert.Contains(t, of(found, "store", "store")[0].Message, "tables are current")
	found, _ = checkup(t, r)
	assert.Contains(t, of(found, "store", "quota")[0].Message, "1 of 200 calls used in the last minute; doctor ", "its call counts as every call does")
	out, _, err := r.Run(doctor.New)
	require.NoError(t, err)
	assert.Contains(t, out, "Configuration\n  OK     ")
	assert.Contains(t, out, "\nEverything is in order.\n")
	assert.NotContains(t, out, r.Variables["PLANHAT_API_TOKEN"])
}

func TestFindings(t *testing.T) {
	for name, tt := range map[string]struct {
		files         map[string]string
		variables     map[string]string
		prepare       func(t *testing.T, r *trial.Trial)
		group, check  string
		level         view.Level
		message, hint string
	}{
		"no token": {
			variables: map[string]string{"PLANHAT_API_TOKEN": ""},
			group:     "planhat", check: "token", level: view.LevelError, message: "no Planhat token is configured", hint: "Service Accounts",
		},
		"wrong token": {
			variables: map[string]string{"PLANHAT_API_TOKEN": "a-wrong-token-1234"},
			group:     "planhat", check: "token", level: view.LevelError, message: "refuses the token", hint: "create a new one",
		},
		"token in quotes": {
			variables: map[string]string{"PLANHAT_API_TOKEN": `"a-quoted-token-1234"`},
			group:     "configuration", check: "tokens", level: view.LevelError, message: "has quotes around it", hint: "without quotes",
		},
		"nobody answers": {
			variables: map[string]string{"PLANHAT_API_URL": "http://127.0.0.1:1"},
			group:     "planhat", check: "host", level: view.LevelError, message: "127.0.0.1:1 cannot be reached: the host refused the connection", hint: "check the network",
		},
		"analytics is away": {
			variables: map[string]string{"PLANHAT_ANALYTICS_URL": "http://127.0.0.1:1"},
			group:     "planhat", check: "analytics_host", level: view.LevelWarning, message: "127.0.0.1:1 cannot be reached", hint: "check the network",
		},
		"token for a stranger": {
			files:     map[string]string{"phscript.toml": "api_url = \"https://example.com\"\n"},
			variables: map[string]string{"PLANHAT_API_URL": ""},
			group:     "configuration", check: "hosts", level: view.LevelError, message: "example.com would receive the token", hint: "--allow-host=example.com",
		},
		"invalid file": {
			files: map[string]string{"phscript.toml": "strict = true\ncalls = 3\n"},
			group: "configuration", check: "file", level: view.LevelError, message: "phscript.toml:2: unknown setting 'calls'", hint: "the settings are",
		},
		"wrong clock": {
			prepare: func(_ *testing.T, r *trial.Trial) {
				r.Env.Now = func() time.Time { return time.Now().Add(3 * time.Minute) }
			},
			group: "planhat", check: "clock", level: view.LevelWarning, message: "this machine's clock is 3m", hint: "NTP",
		},
		"schedule without a script": {
			files: map[string]string{"phscript.toml": "[[schedule]]\nname = \"n\"\nscript = \"gone.lua\"\nevery = \"1h\"\n"},
			group: "scripts", check: "schedules", level: view.LevelError, message: "the script gone.lua does not exist",
		},
		"scheduled script with a mistake": {
			files: map[string]string{"phscript.toml": "[[schedule]]\nname = \"n\"\nscript = \"s.lua\"\nevery = \"1h\"\n", "s.lua": "print(\n"},
			group: "scripts", check: "schedules", level: view.LevelError, message: "s.lua:",
		},
		"script with a mistake": {
			files: map[string]string{"s.lua": "print(1)\nif\n"},
			group: "scripts", check: "scripts", level: view.LevelWarning, message: "s.lua:2", hint: "phscript check s.lua",
		},
		"readable token": {
			files: map[string]string{".env": "PLANHAT_API_TOKEN=one-in-a-file\n"},
			group: "files", check: "secrets", level: view.LevelWarning, message: "every user of this machine can read it", hint: "",
		},
		"readable store": {
			prepare: func(t *testing.T, r *trial.Trial) {
				t.Helper()
				r.Schedules()
				require.NoError(t, os.Chmod(filepath.Join(r.Env.Dir, trial.DefaultStore), 0o644))
			},
			group: "files", check: "private", level: view.LevelWarning, message: "state.db can be used by other users", hint: "chmod 600",
		},
		"store of a newer program": {
			prepare: func(t *testing.T, r *trial.Trial) {
				t.Helper()
				r.Schedules()
				db, err := store.Open(t.Context(), filepath.Join(r.Env.Dir, trial.DefaultStore))
				require.NoError(t, err)
				require.NoError(t, store.Exec(t.Context(), db, "INSERT INTO phscript_schema (version) VALUES (9999)"))
				require.NoError(t, db.Close())
			},
			group: "store", check: "store", level: view.LevelError, message: "written by a newer phscript: its tables have version 9999", hint: "update phscript",
		},
		"store that is a text": {
			files:     map[string]string{"state.db": "this is a text and no database, although it is long enough to be read as one by a hasty program"},
			variables: map[string]string{"PHSCRIPT_STATE": "state.db"},
			group:     "store", check: "store", level: view.LevelError, message: "state.db",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := ready(t, tt.files)
			for name, value := range tt.variables {
				r.Variables[name] = value
			}
			if tt.prepare != nil {
				tt.prepare(t, r)
			}
			found, code := checkup(t, r)
			wanted := map[view.Level]int{view.LevelError: fault.ExitScript}[tt.level]
			assert.Equal(t, wanted, code, "%+v", found)
			list := of(found, tt.group, tt.check)
			require.NotEmpty(t, list, "%+v", found)
			assert.Equal(t, tt.level, list[0].Level)
			assert.Contains(t, list[0].Message, tt.message)
			assert.Contains(t, list[0].Hint, tt.hint)
			for _, g := range found.Groups {
				for _, line := range g.Checks {
					if g.Name != tt.group {
						assert.NotEqual(t, view.LevelError, line.Level, "%s: one mistake is one error: %+v", g.Name, line)
					}
				}
			}
		})
	}
}

// TestTimeBox: a host that accepts connections and never answers holds nothing up.
func TestTimeBox(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(release) })
	r, _ := ready(t, nil)
	r.Variables["PLANHAT_API_URL"], r.Variables["PLANHAT_ANALYTICS_URL"] = silent.URL, silent.URL+"/analytics"
	found, code := checkup(t, r, "--box", "1s")
	assert.Equal(t, fault.ExitScript, code)
	assert.Contains(t, of(found, "planhat", "host")[0].Message, "did not answer within 1s")
	assert.Contains(t, of(found, "planhat", "analytics_host")[0].Message, "no answer within 1s")
	editor := of(found, "editor", "editor")
	require.Len(t, editor, 1, "the other checks are made")
	assert.Equal(t, view.LevelWarning, editor[0].Level)
	assert.Equal(t, "run 'phscript setup' in this folder", editor[0].Hint)
}

func TestSignalsEndIt(t *testing.T) {
	release := make(chan struct{})
	asked := make(chan struct{}, 1)
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-release
	}))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(release) })
	r, _ := ready(t, nil)
	r.Variables["PLANHAT_API_URL"], r.Variables["PLANHAT_ANALYTICS_URL"] = silent.URL, silent.URL
	go func() {
		<-asked
		r.Signals <- os.Interrupt
	}()
	out, _, err := r.Run(doctor.New, "--box", "10m")
	assert.Equal(t, fault.ExitInterrupted, outcome.Code(err))
	assert.Empty(t, out)
}

// TestSecretsInMessages: what is wrong with a script can repeat its text.
func TestSecretsInMessages(t *testing.T) {
	r, _ := ready(t, map[string]string{"s.lua": "print(1)\nx abcdefgh12345678\n"})
	r.Variables["PLANHAT_API_TOKEN"] = "abcdefgh12345678"
	found, _ := checkup(t, r) // which looks for the token
	assert.Contains(t, of(found, "scripts", "scripts")[0].Message, "[redacted]")
}
