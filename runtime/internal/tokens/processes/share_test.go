//go:build unix

package processes

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
)

// together runs processes at the same time, and returns what they printed.
func together(t *testing.T, commands []*exec.Cmd) string {
	t.Helper()
	outputs := make([][]byte, len(commands))
	var wait sync.WaitGroup
	for i, c := range commands {
		wait.Go(func() {
			var err error
			outputs[i], err = c.CombinedOutput()
			assert.NoError(t, err, string(outputs[i]))
		})
	}
	wait.Wait()
	var all strings.Builder
	for _, output := range outputs {
		all.Write(output)
	}
	return all.String()
}

func (v *vendor) many(t *testing.T, location string, n int, flags ...string) []*exec.Cmd {
	t.Helper()
	var list []*exec.Cmd
	for range n {
		list = append(list, v.command(t, location, "20", flags...))
	}
	return list
}

// Of 20 processes, one gets the first token, and one replaces it when all of them learn
// that it has expired. A refresh token works once, so any other refresh would fail.
func TestProcessesShareAToken(t *testing.T) {
	onStores(t, func(t *testing.T, location string) {
		v := newVendor(t)
		v.oauth.RevokeFamily = true
		output := together(t, v.many(t, location, 20))
		assert.Equal(t, []int{1, 0, 1}, v.counts())
		for round := 2; round <= 3; round++ {
			v.oauth.ExpireAccess()
			output += together(t, v.many(t, location, 20))
			assert.Equal(t, []int{round, 0, round}, v.counts())
		}
		assert.Equal(t, 60, strings.Count(output, "done\toauth2 token of 127.0.0.1"))

		// A dry run stores what it gets, too.
		v.oauth.ExpireAccess()
		together(t, v.many(t, location, 1, "--dry-run"))
		together(t, v.many(t, location, 1))
		assert.Equal(t, []int{4, 0, 4}, v.counts())

		v.hidden(t, "the output", []byte(output))
		v.storeIsSecret(t, location)
	})
}

// storeIsSecret looks for tokens in the raw store.
func (v *vendor) storeIsSecret(t *testing.T, location string) {
	t.Helper()
	if store.IsPostgres(location) {
		db, err := store.Open(t.Context(), location)
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		var name string
		var value []byte
		require.NoError(t, db.QueryRowContext(t.Context(), `SELECT name, value FROM phscript_token`).Scan(&name, &value))
		require.Greater(t, len(value), 100)
		v.hidden(t, "the store", append(value, name...))
		return
	}
	files, err := filepath.Glob(location + "*")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		v.hidden(t, file, text)
		found += strings.Count(string(text), "phscript_token")
	}
	assert.Positive(t, found)
	v.hidden(t, "the state directory", readAll(t, v.home(t)))
}

func readAll(t *testing.T, dir string) (all []byte) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		all = append(all, text...)
		return err
	}))
	return all
}

// begin starts a process, and does something to it when its tokens have been issued.
func (v *vendor) begin(t *testing.T, location string, do func(*os.Process)) *exec.Cmd {
	t.Helper()
	c := v.command(t, location, "1")
	started := make(chan *os.Process, 1)
	v.onIssue(func() { do(<-started) })
	require.NoError(t, c.Start())
	started <- c.Process
	return c
}

// A process that is killed after the service issued the new refresh token, and before it
// is stored, loses the authorization. The next run says so, and a new refresh token mends
// it.
func TestKilledBeforeTheTokenIsStored(t *testing.T) {
	onStores(t, func(t *testing.T, location string) {
		v := newVendor(t)
		together(t, v.many(t, location, 1))
		v.oauth.ExpireAccess()
		killed := v.begin(t, location, func(p *os.Process) { _ = p.Kill() })
		require.ErrorContains(t, killed.Wait(), "killed")
		v.onIssue(nil)
		release(t, location)

		output, err := v.command(t, location, "1").CombinedOutput()
		require.Error(t, err)
		for _, want := range []string{"the refresh token was sent to 127.0.0.1", "was never stored: the process was killed", "set VENDOR_REFRESH"} {
			assert.Contains(t, string(output), want)
		}
		v.hidden(t, "the output", output)
		assert.Equal(t, []int{2, 1, 3}, v.counts())

		v.refresh = v.oauth.Grant("app", "acme").Refresh
		v.secrets = append(v.secrets, v.refresh)
		together(t, v.many(t, location, 3))
		assert.Equal(t, []int{3, 1, 4}, v.counts())
	})
}

// A process that is suspended for longer than its lease stores the token that it got, and
// the other one, whose refresh fails meanwhile, does not delete it.
func TestSuspendedWhileItRefreshes(t *testing.T) {
	onStores(t, func(t *testing.T, location string) {
		v := newVendor(t)
		stopped, resume := make(chan struct{}), make(chan struct{})
		slow := v.begin(t, location, func(p *os.Process) {
			_ = p.Signal(syscall.SIGSTOP)
			close(stopped)
			<-resume
		})
		<-stopped
		v.onIssue(nil)
		release(t, location)
		output, err := v.command(t, location, "1").CombinedOutput()
		require.Error(t, err)
		assert.Contains(t, string(output), "was never stored")
		close(resume)
		require.NoError(t, slow.Process.Signal(syscall.SIGCONT))
		require.NoError(t, slow.Wait())
		together(t, v.many(t, location, 3))
		assert.Equal(t, []int{1, 1, 2}, v.counts())
	})
}

// A run that is interrupted while it renews its token stores what it gets.
func TestInterruptedWhileItRefreshes(t *testing.T) {
	onStores(t, func(t *testing.T, location string) {
		v := newVendor(t)
		interrupted := v.begin(t, location, func(p *os.Process) {
			_ = p.Signal(os.Interrupt)
			time.Sleep(300 * time.Millisecond) // lets it react
		})
		require.Error(t, interrupted.Wait())
		v.onIssue(nil)
		together(t, v.many(t, location, 2))
		assert.Equal(t, []int{1, 0, 1}, v.counts())
	})
}
