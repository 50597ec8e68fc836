package serve

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/program"
)

// zombies counts the children of a process that have ended and that it has not
// collected.
func zombies(t *testing.T, parent int) (n int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if strings.HasPrefix(rest, fmt.Sprintf("Z %d ", parent)) {
			n++
		}
	}
	return n
}

// TestFirstProcessCollectsOrphans: as process 1 of a container, the service is the
// parent of what the programs that it starts leave running. All of it is collected, and
// nothing that the service itself waits for.
func TestFirstProcessCollectsOrphans(t *testing.T) {
	t.Parallel()
	if err := exec.Command("unshare", "--pid", "--fork", "--mount-proc", "true").Run(); err != nil {
		t.Skip("no process namespaces here:", err)
	}
	w := newFixture(t, "")
	leave := `{ command = ["sh", "-c", "for i in 1 2 3 4 5; do (sleep 0.1; echo x >> orphans.txt) > /dev/null 2>&1 < /dev/null & done"] }`
	w.file("phscript.toml", "[[schedule]]\nname = \"turns\"\nscript = \"turns.lua\"\nevery = \"1s\"\non_failure = [ "+leave+" ]\non_recovery = [ "+leave+" ]\n")
	w.file("turns.lua", `local f = io.open("out/odd.txt") if f then f:close() os.remove("out/odd.txt") else fs.write("out/odd.txt", "") error("odd") end`)
	inContainer := filepath.Join(w.dir, "in-container")
	text := "#!/bin/sh\nexec unshare --pid --fork --kill-child --mount-proc -- " + program.Path(t) + " \"$@\"\n"
	require.NoError(t, os.WriteFile(inContainer, []byte(text), 0o700))
	s := w.serveBy(inContainer)
	s.says("serving")
	var first int
	patience.Await(t, 50*time.Millisecond, func() bool {
		for _, pid := range s.children() {
			first = pid
		}
		return first != 0
	}, "unshare starts nothing")
	orphans := func() int {
		text, _ := os.ReadFile(filepath.Join(w.dir, "orphans.txt"))
		return strings.Count(string(text), "x")
	}
	w.await("turns", func(runs []*history.Run) bool { return orphans() >= 20 })
	// The last ones have just ended, or are about to.
	w.do("schedule", "pause", "turns")
	patience.Await(t, 100*time.Millisecond, func() bool { return zombies(t, first) == 0 }, "process 1 collects nobody")
	assert.NotContains(t, s.String(), "no child processes", "nobody else's child is taken")
	assert.NotContains(t, s.String(), "notification failed")
	for _, r := range w.runs("turns") {
		if r.Status == history.Failed {
			assert.Contains(t, r.Error, "odd", "run "+strconv.FormatInt(r.ID, 10))
		}
	}
	require.NoError(t, syscall.Kill(first, syscall.SIGTERM))
	<-s.ended
	assert.Contains(t, s.String(), "stopped")
}
