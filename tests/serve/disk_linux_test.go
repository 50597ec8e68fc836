package serve

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
)

// smallDisk mounts a file system of 16 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m,mode=0700")
	if errors.Is(err, syscall.EPERM) && os.Geteuid() != 0 {
		t.Skip("mounting a file system needs root")
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

// fill fills a disk until space is made on it again.
func fill(t *testing.T, dir string) (makeSpace func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	require.NoError(t, err)
	for piece := bytes.Repeat([]byte("x"), 4096); err == nil; {
		_, err = f.Write(piece)
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	_ = f.Close()
	return func() { require.NoError(t, os.Remove(name)) }
}

// TestDiskWasFull: once the store can be written again, the history says why ticks did
// not run, and when the runs ended that could not be recorded.
func TestDiskWasFull(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t)
	w := newFixture(t, filepath.Join(disk, "state.db"))
	w.file("phscript.toml", everyTwoSeconds+"[[schedule]]\nname = \"long\"\nscript = \"long.lua\"\n"+never)
	w.file("tick.lua", "print('tick')\n")
	w.file("long.lua", "time.sleep(6)\n")
	s := w.serve("--late-after", "4s")
	s.says("serving")
	w.await("tick", atLeast(1, history.Succeeded))
	long := w.start("long")
	w.becomes(long, history.Running)
	began := time.Now()
	makeSpace := fill(t, disk)
	s.says("recording that this service is alive failed")
	s.says("waiting to record the end of a run")
	for time.Since(began) < 25*time.Second {
		time.Sleep(time.Second)
	}
	makeSpace()
	freed := time.Now()
	s.says("recording that this service is alive works again")
	r := w.becomes(long, history.Succeeded)
	assert.Contains(t, r.Reason, " later, because the store could not be written: the disk was full")
	assert.Less(t, r.Ended.Sub(began), 12*time.Second, "it ended when it did, not when that was recorded")
	var untold []*history.Run
	for _, r := range w.await("tick", func(runs []*history.Run) bool {
		return len(with(runs, history.Missed)) > 0 && runs[len(runs)-1].Tick.After(freed)
	}) {
		if r.Status == history.Missed || r.Status == history.Skipped {
			assert.Contains(t, r.Reason, "the store could not be written from ")
			assert.Contains(t, r.Reason, ": the disk was full")
			assert.NotContains(t, r.Reason, "no service was running")
		} else if r.Tick.After(began.Add(10*time.Second)) && r.Tick.Before(freed.Add(-5*time.Second)) {
			untold = append(untold, r)
		}
	}
	assert.Empty(t, untold)
	patience.Await(t, 100*time.Millisecond, func() bool { return strings.Contains(w.do("schedule", "list"), "UTC: the disk was full (") }, "schedule list says nothing of it")
	s.stop()
}
