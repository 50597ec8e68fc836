package serve

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
)

// TestIncidents: docs/deploy.md names the commands that say what happened. Those of a
// wrong clock and of a full disk are in TestAClockIsOff and TestDiskWasFull.
func TestIncidents(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("phscript.toml", everyTwoSeconds+"[[schedule]]\nname = \"sync\"\nscript = \"sync.lua\"\nevery = \"2s\"\n")
	w.file("tick.lua", "print('tick')\n")
	w.file("sync.lua", "print('sync')\n")
	s := w.serve()
	s.says("serving")
	shows := func(what string, args ...string) {
		t.Helper()
		patience.Await(t, 100*time.Millisecond, func() bool { return strings.Contains(w.do(args...), what) }, "%q does not say %q", args, what)
	}

	w.pause("tick")
	shows("tick has been paused since ", "schedule", "list")

	require.NoError(t, os.Rename(filepath.Join(w.dir, "sync.lua"), filepath.Join(w.dir, "sync_accounts.lua")))
	shows("the script sync.lua does not exist", "schedule", "list")
	runs := w.await("sync", atLeast(1, history.Failed))
	failed := with(runs, history.Failed)[0]
	assert.Contains(t, w.do("runs", "show", strconv.FormatInt(failed.ID, 10)), "did you mean 'sync_accounts.lua'?")
	shows("failing", "schedule", "list")
	s.stop()
}
