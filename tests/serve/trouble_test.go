package serve

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
)

// TestBadScripts: scripts that take all they can get take nothing down.
func TestBadScripts(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	scripts := map[string]string{
		"eats":   "local t = {}\nwhile true do t[#t + 1] = ('x'):rep(1e6) .. #t end\n",
		"loops":  "while true do end\n",
		"floods": "local line = ('y'):rep(999)\nfor i = 1, 1e5 do print(line) end\nlog.error('at last')\nerror('the end')\n",
		"exits":  "os.exit(7)\n",
		"forks":  "os.execute('sleep 60')\n",
		"fine":   "print('fine')\n",
	}
	text := ""
	for name, source := range scripts {
		w.file(name+".lua", source)
		text += fmt.Sprintf("[[schedule]]\nname = %q\nscript = \"%s.lua\"\ntimeout = \"3s\"\nmax_memory = \"64MB\"\n%s", name, name, never)
		if name == "floods" {
			text = strings.Replace(text, "name = \"floods\"\nscript = \"floods.lua\"\ntimeout = \"3s\"", "name = \"floods\"\nscript = \"floods.lua\"\ntimeout = \"60s\"", 1)
		}
	}
	w.file("phscript.toml", text)
	s := w.serve("--workers", "3")
	s.says("serving")
	want := map[string]history.Status{
		"eats": history.TimedOut, "loops": history.TimedOut, "floods": history.Failed, "exits": history.Failed, "forks": history.Failed, "fine": history.Succeeded,
	}
	ids := map[string]string{}
	for name := range want {
		ids[name] = w.start(name)
	}
	for name, status := range want {
		r := w.becomes(ids[name], status)
		assert.Equal(t, status, r.Status, name)
	}
	log := w.do("runs", "logs", ids["floods"])
	assert.Less(t, len(log), 40<<20)
	assert.Contains(t, log, "at last", "errors are not lost in a flood")
	assert.Contains(t, log, "further lines were dropped")
	assert.Contains(t, w.show(ids["floods"]).Error, "the end")
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	require.NoError(t, err)
	var peak int
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	_, err = fmt.Sscan(after, &peak)
	require.NoError(t, err)
	assert.Less(t, peak, 300<<10, "KiB at most")
	s.stop()
}

// TestOddOutput: what a database does not take in a text costs no run its log or
// its end.
func TestOddOutput(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", "[[schedule]]\nname = \"odd\"\nscript = \"odd.lua\"\nretries = 0\n"+never)
		w.file("odd.lua", `io.stderr:write('{"time":"2026-01-02T03:04:05Z","level":"in\\u0000fo","msg":"forged"}\n') print("a\0b\255c") io.stderr:write('{"time":"2026-01-02T03:04:05Z","level":"ERROR","msg":"forged, too"}\n', ("x"):rep(65536), '{"time":"2026-01-02T03:04:05Z","level":"ERROR","msg":"forged as well"}', "no end of a line") log.warn("long" .. ("y"):rep(70000)) log.warn("d\0e", { ["f\0g"] = "h\0i" }) error("j\0k")`)
		s := w.serve()
		s.says("serving")
		id := w.start("odd")
		assert.Contains(t, w.becomes(id, history.Failed).Error, "j<U+0000>k")
		log := w.do("runs", "logs", id)
		assert.Contains(t, log, "a�b�c")
		assert.Contains(t, log, "d�e")
		assert.Contains(t, log, `"msg":"forged"`)
		assert.Contains(t, log, ` stderr {"time":"2026-01-02T03:04:05Z","level":"ERROR","msg":"forged, too"}`)
		assert.Contains(t, log, ` stderr {"time":"2026-01-02T03:04:05Z","level":"ERROR","msg":"forged as well"}`)
		assert.Contains(t, log, " warn   longyyyy")
		s.stop()
	})
}

// TestSecondSignalKills: the first signal lets a run go on, the second one does
// not.
func TestSecondSignalKills(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("phscript.toml", "[[schedule]]\nname = \"long\"\nscript = \"long.lua\"\n"+never)
	w.file("long.lua", "while true do end\n")
	s := w.serve("--grace", "5m")
	s.says("serving")
	id := w.start("long")
	w.becomes(id, history.Running)
	require.NoError(t, s.cmd.Process.Signal(os.Interrupt))
	s.says("stopping when the runs in progress have ended")
	require.NoError(t, s.cmd.Process.Signal(os.Interrupt))
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second):
		t.Fatal("it does not stop")
	}
	assert.Equal(t, "the worker was stopped at once", w.becomes(id, history.Cancelled).Reason)
}

// TestTheStoreIsTakenAway: a service whose file was removed says so and ends,
// rather than to go on in a file that nobody can see.
func TestTheStoreIsTakenAway(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("phscript.toml", "[[schedule]]\nname = \"fine\"\nscript = \"fine.lua\"\n"+never)
	w.file("fine.lua", "print('fine')\n")
	s := w.serve()
	s.says("serving")
	for _, ending := range []string{"", "-wal", "-shm"} {
		require.NoError(t, os.Remove(w.state+ending))
	}
	<-s.ended
	assert.Equal(t, 1, s.cmd.ProcessState.ExitCode())
	assert.Contains(t, s.String(), "was removed or replaced while it was in use")
	assert.Contains(t, s.String(), "put it back with the files ending in -wal and -shm, and start the service again")
}

// TestTheStoreIsDamaged: a service whose file is damaged while it serves says so and
// ends within ten seconds, with a run at work.
func TestTheStoreIsDamaged(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(f *os.File) error{
		"emptied":     func(f *os.File) error { return f.Truncate(0) },
		"overwritten": func(f *os.File) error { return overwrite(f, 0) },
		// The journal is written back first, so that the pages are those in use.
		"in the middle": func(f *os.File) error { return overwrite(f, 4096) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t, "")
			w.file("phscript.toml", "[[schedule]]\nname = \"long\"\nscript = \"long.lua\"\n"+never)
			w.file("long.lua", "while true do time.sleep(0.1) end\n")
			s := w.serve("--listen", "127.0.0.1:0")
			s.says("serving")
			w.becomes(w.start("long"), history.Running)
			_, err := history.Open(t, w.state).Exec("PRAGMA wal_checkpoint(TRUNCATE)")
			require.NoError(t, err)
			f, err := os.OpenFile(w.state, os.O_RDWR, 0)
			require.NoError(t, err)
			require.NoError(t, damage(f))
			require.NoError(t, f.Close())
			began := time.Now()
			s.says("ERR stopping")
			assert.Less(t, time.Since(began), 10*time.Second)
			<-s.ended
			assert.Less(t, time.Since(began), 15*time.Second, "ten seconds, and five more for a busy machine")
			assert.Equal(t, 1, s.cmd.ProcessState.ExitCode())
			assert.Regexp(t, "error: the store .* is (damaged|not a phscript database)", s.String())
			assert.Contains(t, s.String(), "hint: restore a backup with 'phscript state restore FILE'")
		})
	}
}

// overwrite writes bytes over a file, from an offset to its end, that are not a page.
func overwrite(f *os.File, from int64) error {
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(bytes.Repeat([]byte("\xa5"), int(info.Size()-from)), from)
	}
	return err
}

// TestNotReadyWhilePlanningFails: within five seconds of the first pass that cannot
// succeed, and ready again once one does.
func TestNotReadyWhilePlanningFails(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", everyTwoSeconds)
		w.file("tick.lua", "")
		s := w.serve("--listen", "127.0.0.1:0")
		w.await("tick", atLeast(1, history.Succeeded))
		ready := func() bool { status, _ := s.page("/readyz"); return status == 200 }
		patience.Await(t, 50*time.Millisecond, ready, "it never is ready")
		db := history.Open(t, w.state)
		tx, err := db.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		if strings.HasPrefix(w.state, "postgres") {
			_, err = tx.Exec("LOCK TABLE phscript_schedule IN ACCESS EXCLUSIVE MODE")
			require.NoError(t, err)
		}
		began := time.Now()
		patience.Await(t, 50*time.Millisecond, func() bool { return !ready() }, "it stays ready")
		assert.Less(t, time.Since(began), 6*time.Second, "five seconds, and one more for a busy machine")
		require.NoError(t, tx.Rollback())
		patience.Await(t, 50*time.Millisecond, ready, "it never is ready again")
		s.stop()
	})
}

// TestAnotherFolderIsRefused: two folders that share a store by mistake would
// take each other's schedules for removed.
func TestAnotherFolderIsRefused(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("phscript.toml", "[[schedule]]\nname = \"fine\"\nscript = \"fine.lua\"\n"+never)
	w.file("fine.lua", "print('fine')\n")
	s := w.serve()
	s.says("serving")
	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "phscript.toml"), nil, 0o600))
	_, errs, code := w.try("serve", "--config", filepath.Join(other, "phscript.toml"))
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "already serves the schedules in "+w.dir)
	assert.Contains(t, w.do("schedule", "list"), "fine", "nothing was changed")
	s.stop()
	again := w.serve("--config", filepath.Join(other, "phscript.toml"))
	again.says("serving")
	again.stop()
}

// TestAJobIsNotStarved: while an import spends the quota of the minute, a small
// scheduled script has its call at once.
func TestAJobIsNotStarved(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.env = append(w.env, "PLANHAT_CALLS_PER_MIN=50")
	w.file("phscript.toml", "[[schedule]]\nname = \"import\"\nscript = \"import.lua\"\n"+never+"[[schedule]]\nname = \"small\"\nscript = \"small.lua\"\n"+never)
	w.file("import.lua", "for i = 1, 500 do planhat.company.get_list{ limit = 1 } end\n")
	w.file("small.lua", "print(#planhat.company.get_list{ limit = 1 })\n")
	s := w.serve()
	s.says("serving")
	long := w.start("import")
	patience.Await(t, 100*time.Millisecond, func() bool { return strings.Contains(w.do("quota"), "49 of 50") }, "the window never was full")
	r := w.becomes(w.start("small"), history.Succeeded)
	assert.Less(t, r.Ended.Sub(r.Started), 20*time.Second, "the window is a minute long")
	assert.Equal(t, history.Running, w.show(long).Status)
	w.do("runs", "cancel", long)
	w.becomes(long, history.Cancelled)
	s.stop()
}

// TestRunsGoOnFromCheckpoints: the retry of a run that failed goes on where that
// one stopped, and a run after one that succeeded begins anew.
func TestRunsGoOnFromCheckpoints(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("phscript.toml", "[[schedule]]\nname = \"parts\"\nscript = \"parts.lua\"\nretries = 3\n"+never)
	w.file("parts.lua", `
local from = (checkpoint.load() or { part = 0 }).part
fs.write("out/from.txt", from .. "\n", { append = true })
for part = from + 1, 3 do
  checkpoint.save{ part = part }
  if part < 3 then error("part " .. part .. " was the last one") end
end
`)
	s := w.serve()
	s.says("serving")
	w.start("parts")
	w.await("parts", atLeast(1, history.Succeeded))
	w.becomes(w.start("parts"), history.Failed)
	w.await("parts", atLeast(2, history.Succeeded))
	from, err := os.ReadFile(filepath.Join(w.dir, "out", "from.txt"))
	require.NoError(t, err)
	assert.Equal(t, "0\n1\n2\n0\n1\n2\n", string(from))
	s.stop()
}

// TestCheckpointsWaitForTheStore: a script that saves its checkpoint while the
// file is locked waits, and so does its end, which clears it.
func TestCheckpointsWaitForTheStore(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("job.lua", `
checkpoint.save{ part = 1 }
fs.write("out/saved.txt", "1\n", { append = true })
while not fs.exists("locked.txt") do time.sleep(0.05) end
checkpoint.save{ part = 2 }
fs.write("out/saved.txt", "2\n", { append = true })
`)
	run := w.command("run", "job.lua")
	said := &output{name: "the run"}
	w.output = append(w.output, said)
	run.Stderr = said
	require.NoError(t, run.Start())
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	patience.Await(t, 20*time.Millisecond, func() bool { return w.count("saved.txt") == 1 }, "nothing is saved")
	db := history.Open(t, w.state)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	w.file("locked.txt", "")
	patience.Await(t, 20*time.Millisecond, func() bool {
		return strings.Contains(said.String(), "the store is unreachable; waiting to use the checkpoint")
	}, "nothing is said of the wait")
	assert.Equal(t, 1, w.count("saved.txt"))
	require.NoError(t, tx.Rollback())
	require.NoError(t, <-ended)
	assert.Equal(t, 2, w.count("saved.txt"))
	assert.Contains(t, said.String(), "the store is back")
}

// TestSecretsStaySecret looks for tokens and passwords everywhere.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	cluster := postgres.Start(t)
	u, err := url.Parse(cluster.URL())
	require.NoError(t, err)
	u.User = url.UserPassword("phscript", "database-pass-word")
	w := newFixture(t, u.String())
	secrets := []string{"database-pass-word", w.planhat.APIToken(), w.planhat.TenantToken()}
	w.file("phscript.toml", "[[schedule]]\nname = \"leaky\"\nscript = \"leaky.lua\"\n"+never)
	w.file("leaky.lua", "print('"+w.planhat.APIToken()+"')\nlog.info('"+w.planhat.APIToken()+"', { token = '"+w.planhat.APIToken()+"' })\nplanhat.company.get_list()\ntime.sleep(3)\nerror('"+w.planhat.APIToken()+" database-pass-word')\n")
	s := w.serve("--listen", "127.0.0.1:0")
	s.says("serving")
	id := w.start("leaky")
	w.becomes(id, history.Running)
	seen := map[string]string{}
	for _, pid := range s.working() {
		argv, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil {
			seen["arguments"] += string(argv)
		}
	}
	w.becomes(id, history.Failed)
	cluster.Stop()
	s.says("retrying")
	_, seen["error without the store"], _ = w.try("runs", "list", "--state", strings.Replace(u.String(), "127.0.0.1", "127.0.0.2", 1))
	cluster.Start()
	s.says("works again")
	_, seen["metrics"] = s.page("/metrics")
	_, seen["readyz"] = s.page("/readyz")
	for _, args := range [][]string{{"runs", "list", "--json"}, {"runs", "show", "--json", id}, {"runs", "logs", id}, {"schedule", "list", "--json"}, {"quota", "--json"}} {
		seen[strings.Join(args, " ")] = w.do(args...)
	}
	s.stop()
	seen["the service's log"] = s.String()
	for where, text := range seen {
		assert.NotEmpty(t, text, where)
		for _, secret := range secrets {
			assert.NotContains(t, text, secret, where)
		}
	}
}

// TestPartialFailuresAreRetried: an import of which some requests failed has failed,
// although others came through, and is tried again.
func TestPartialFailuresAreRetried(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	// Four requests fail, and two of them again at the end of the call.
	faults, err := simulator.ParseFaults("503:first=6,operation=bulk_upsert")
	require.NoError(t, err)
	require.NoError(t, w.planhat.InjectFaults(faults...))
	w.file("phscript.toml", "retry_for = \"1ms\"\n[[schedule]]\nname = \"import\"\nscript = \"import.lua\"\nretries = 2\n"+never)
	w.file("import.lua", `
local rows = {}
for i = 1, 2000 do rows[i] = { externalId = "a-" .. i, name = "n" .. i } end
planhat.company.bulk_upsert(rows, { chunk_size = 500 })
`)
	s := w.serve()
	s.says("serving")
	id := w.start("import")
	failed := w.becomes(id, history.Failed)
	require.NotNil(t, failed.ExitCode)
	assert.Equal(t, 1, *failed.ExitCode)
	assert.Contains(t, failed.Error, "2 of 4 requests failed")
	runs := w.await("import", atLeast(1, history.Succeeded))
	require.Len(t, runs, 2)
	assert.Len(t, w.planhat.Records("company"), 3+2000)
	rows := w.do("runs", "rejected", id)
	assert.Equal(t, 1000, strings.Count(rows, ",unknown,company.bulk_upsert,"), "%.300s", rows)
	s.stop()
}
