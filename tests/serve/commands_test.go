package serve

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
)

var queuedRun = regexp.MustCompile(`run (\d+) of`)

// start runs a schedule by hand and returns the run's number.
func (w *fixture) start(schedule string) string {
	w.t.Helper()
	return queuedRun.FindStringSubmatch(w.do("schedule", "run", schedule))[1]
}

// show returns a run.
func (w *fixture) show(id string) (r history.Run) {
	w.t.Helper()
	require.NoError(w.t, json.Unmarshal([]byte(w.do("runs", "show", "--json", id)), &r))
	return r
}

// becomes waits until a run has a state.
func (w *fixture) becomes(id string, status history.Status) history.Run {
	w.t.Helper()
	var r history.Run
	patience.Await(w.t, 50*time.Millisecond, func() bool {
		r = w.show(id)
		return r.Status == status
	}, "run %s is never %s", id, status)
	return r
}

const never = "cron = \"0 0 1 1 *\"\n"

func TestCommands(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", "[[schedule]]\nname = \"long\"\nscript = \"long.lua\"\nparams = { region = \"eu\" }\n"+never+
			"[[schedule]]\nname = \"rows\"\nscript = \"rows.lua\"\ndry_run = false\n"+never)
		w.file("long.lua", "log.info('begun', { region = params.region })\nprint('printed')\nio.stderr:write('plain\\n')\ntime.sleep(60)\n")
		w.file("rows.lua", "planhat.company.bulk_upsert{ { externalId = 'a', name = 'A' }, { externalId = '', name = 'B, \"quoted\"' } }\n")
		s := w.serve()
		s.says("serving")
		id := w.start("long")
		w.becomes(id, history.Running)
		var lines []history.Line
		patience.Await(t, 100*time.Millisecond, func() bool {
			lines = nil
			for _, text := range strings.Split(strings.TrimSpace(w.do("runs", "logs", "--json", id)), "\n") {
				var l history.Line
				if json.Unmarshal([]byte(text), &l) == nil {
					lines = append(lines, l)
				}
			}
			return len(lines) == 3
		}, "the log never had three lines")
		levels := map[string]string{}
		for _, l := range lines {
			levels[l.Level] = l.Message + string(l.Fields)
		}
		assert.Equal(t, `begun{"region":"eu"}`, levels["info"])
		assert.Equal(t, "printed", levels["print"])
		assert.Equal(t, "plain", levels["stderr"])
		// Somebody follows it to its end.
		follow := make(chan string)
		go func() { follow <- w.do("runs", "logs", "-f", id) }()
		assert.Contains(t, w.do("runs", "cancel", id), "is ending")
		r := w.becomes(id, history.Cancelled)
		assert.Regexp(t, "^cancelled by .", r.Reason, "with the name of the user")
		assert.NotEmpty(t, r.ScriptHash)
		assert.Contains(t, <-follow, "begun region=eu")
		again := regexp.MustCompile(`run (\d+) repeats`).FindStringSubmatch(w.do("runs", "retry", id))[1]
		w.becomes(again, history.Running)
		w.do("runs", "cancel", again)
		assert.Equal(t, 2, w.becomes(again, history.Cancelled).Attempt)

		rows := w.start("rows")
		r = w.becomes(rows, history.Rejected)
		assert.Equal(t, 1, r.Rejected)
		assert.Contains(t, w.do("runs", "rejected", rows), `"B, ""quoted"""`)
		assert.Contains(t, w.do("runs", "rejected", "-o", "rejected.json", rows), "wrote 1 rejected rows to rejected.json")
		_, errs, code := w.try("runs", "rejected", "-o", "rejected.json", rows)
		assert.Equal(t, 2, code)
		assert.Contains(t, errs, "already exists")

		assert.Contains(t, w.do("schedule", "pause", "long"), "long is paused")
		assert.Contains(t, w.do("schedule", "list"), "paused")
		assert.Contains(t, w.do("schedule", "resume", "long"), "long is resumed")
		_, errs, code = w.try("schedule", "pause", "lnog")
		assert.Equal(t, 2, code)
		assert.Contains(t, errs, "did you mean 'long'")
		s.stop()
	})
}

// TestParametersKeepTheirTypes: a run by hand, what the store knows of it, and its
// repetition have the parameters as they were written.
func TestParametersKeepTheirTypes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", "[[schedule]]\nname = \"p\"\nscript = \"p.lua\"\n"+never+
			"[schedule.params]\nd = 2024-01-31\nt = 07:32:00\nat = 2024-01-31T07:32:00\nbig = 9007199254740993\nnested = { list = [1, { x = 1.5 }] }\n")
		w.file("p.lua", "local p = params\nprint(p.d, p.t, p.at, p.big, p.nested.list[1], p.nested.list[2].x, time.add(p.d, '1d'))\nerror('tried')\n")
		s := w.serve()
		s.says("serving")
		first := w.start("p")
		w.becomes(first, history.Failed)
		again := regexp.MustCompile(`run (\d+) repeats`).FindStringSubmatch(w.do("runs", "retry", first))[1]
		w.becomes(again, history.Failed)
		for _, id := range []string{first, again} {
			assert.Contains(t, w.do("runs", "logs", id), "2024-01-31\t07:32:00\t2024-01-31T07:32:00\t9007199254740993\t1\t1.5\t2024-02-01\n")
			assert.Contains(t, w.do("runs", "show", id), `{"at":"2024-01-31T07:32:00","big":9007199254740993,"d":"2024-01-31","nested":{"list":[1,{"x":1.5}]},"t":"07:32:00"}`)
		}
		s.stop()
	})
}

// TestPeopleAreToldOnce: with two services on one store, each action is taken
// once when a schedule begins to fail, and once when it works again.
func TestPeopleAreToldOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		type delivery struct {
			body      []byte
			signature string
		}
		deliveries := make(chan delivery, 20)
		hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			deliveries <- delivery{body, r.Header.Get("Phscript-Signature")}
		}))
		defer hook.Close()
		w.env = append(w.env, "HOOK_SECRET=top-secret-key", "HOOK_URL="+hook.URL+"/token-in-path")
		actions := "[ { webhook_env = \"HOOK_URL\", secret_env = \"HOOK_SECRET\" }, { command = [\"sh\", \"-c\", \"cat >> told.txt; echo >> told.txt; env | grep -c PLANHAT_ >> env.txt; true\"] }, { script = \"told.lua\" } ]\n"
		w.file("phscript.toml", "[serve]\non_failure = "+actions+"on_recovery = "+actions+
			"[[schedule]]\nname = \"flaky\"\nscript = \"flaky.lua\"\n"+never)
		w.file("flaky.lua", "if not fs.exists('works.txt') then error('it broke') end\n")
		w.file("told.lua", "fs.write('out/told.txt', params.event .. ' of ' .. params.schedule .. ': ' .. (params.error or '') .. '\\n', { append = true })\n")
		a, b := w.serve(), w.serve()
		a.says("serving")
		b.says("serving")
		for range 3 {
			w.becomes(w.start("flaky"), history.Failed)
		}
		w.file("works.txt", "")
		for range 2 {
			w.becomes(w.start("flaky"), history.Succeeded)
		}
		w.await("", func(runs []*history.Run) bool {
			return len(runs) == 7 && len(with(runs, history.Succeeded)) == 4
		})
		a.stop()
		b.stop()
		close(deliveries)
		var kinds []string
		for d := range deliveries {
			var event struct{ Event, Schedule, Error string }
			require.NoError(t, json.Unmarshal(d.body, &event))
			kinds = append(kinds, event.Event)
			seconds, signature, ok := strings.Cut(strings.TrimPrefix(d.signature, "t="), ",v1=")
			require.True(t, ok, d.signature)
			mac := hmac.New(sha256.New, []byte("top-secret-key"))
			fmt.Fprintf(mac, "%s.%s", seconds, d.body)
			assert.Equal(t, hex.EncodeToString(mac.Sum(nil)), signature)
		}
		assert.Equal(t, []string{"failure", "recovery"}, kinds)
		told, err := os.ReadFile(filepath.Join(w.dir, "told.txt"))
		require.NoError(t, err)
		assert.Equal(t, 2, strings.Count(string(told), `"schedule":"flaky"`), "%s", told)
		env, err := os.ReadFile(filepath.Join(w.dir, "env.txt"))
		require.NoError(t, err)
		assert.Equal(t, "0\n0\n", string(env), "the tokens are not handed to commands")
		handled, err := os.ReadFile(filepath.Join(w.dir, "out", "told.txt"))
		require.NoError(t, err)
		assert.Equal(t, 2, strings.Count(string(handled), " of flaky: "), "%s", handled)
		assert.Contains(t, string(handled), "it broke")
		assert.NotContains(t, w.do("runs", "list", "--json", "-n", "0"), "token-in-path")
	})
}

// TestBackupAndRestore: a copy that is taken while a service is at work holds
// what there was, and can be brought back once it is stopped.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("phscript.toml", "[[schedule]]\nname = \"often\"\nscript = \"often.lua\"\nevery = \"1s\"\n")
	w.file("often.lua", "print('x')\n")
	s := w.serve()
	w.await("often", atLeast(2, history.Succeeded))
	assert.Contains(t, w.do("state", "backup", "copy.db"), "copy.db is a copy of")
	_, errs, code := w.try("state", "backup", "copy.db")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "already exists")
	_, errs, code = w.try("state", "restore", "copy.db")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "'phscript serve' is using the store")
	s.stop()
	w.file("junk.db", strings.Repeat("no database ", 1000))
	_, errs, code = w.try("state", "restore", "junk.db")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "is not a phscript backup")
	// The store is ruined, which every command says.
	require.NoError(t, os.WriteFile(w.state, []byte(strings.Repeat("ruined ", 2000)), 0o600))
	_, errs, code = w.try("runs", "list")
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "is not a phscript database")
	assert.Contains(t, errs, "phscript state restore")
	out := w.do("state", "restore", "copy.db")
	assert.Contains(t, out, "is kept as")
	assert.NotEmpty(t, with(w.runs("often"), history.Succeeded))
	s = w.serve()
	n := len(with(w.runs("often"), history.Succeeded))
	w.await("often", atLeast(n+2, history.Succeeded))
	s.stop()
}

// TestMissedTicks: what each way to catch up makes of a time without a service.
func TestMissedTicks(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		text := ""
		for _, way := range []string{"skip", "once", "all"} {
			text += fmt.Sprintf("[[schedule]]\nname = %q\nscript = \"quick.lua\"\nevery = \"3s\"\ncatch_up = %q\n", way, way)
		}
		w.file("phscript.toml", text)
		w.file("quick.lua", "print('x')\n")
		s := w.serve("--late-after", "4s")
		w.await("all", atLeast(1, history.Succeeded))
		s.stop()
		stopped := time.Now()
		time.Sleep(16 * time.Second) // the time without a service
		s = w.serve("--late-after", "4s")
		for _, way := range []string{"skip", "once", "all"} {
			runs := w.await(way, func(runs []*history.Run) bool {
				fresh := 0
				for _, r := range runs {
					if r.Status == history.Succeeded && time.Since(r.Tick) < 8*time.Second {
						fresh++
					}
				}
				return fresh > 0 && len(with(runs, history.Running)) == 0
			})
			slices.SortFunc(runs, func(a, b *history.Run) int { return a.Tick.Compare(b.Tick) })
			var last time.Time
			made, before := 0, 0
			for _, r := range runs {
				if !last.IsZero() {
					assert.Equal(t, 3*time.Second, r.Tick.Sub(last), "%s: run %d", way, r.ID)
				}
				last = r.Tick
				switch {
				case r.Cause != history.ByCatchUp:
				case r.Started.IsZero() || r.Started.After(stopped):
					made++
				default:
					before++ // a slow machine also misses ticks while the service starts
				}
			}
			missed := len(with(runs, history.Missed))
			switch way {
			case "skip":
				assert.GreaterOrEqual(t, missed, 2)
				assert.Zero(t, made+before)
			case "once":
				assert.GreaterOrEqual(t, missed, 1)
				assert.Equal(t, 1, made)
			case "all":
				assert.Zero(t, missed)
				assert.GreaterOrEqual(t, made, 2)
				for _, r := range with(runs, history.Skipped) {
					assert.NotEqual(t, history.ByCatchUp, r.Cause, "they are made one after the other")
				}
			}
		}
		s.stop()
	})
}
