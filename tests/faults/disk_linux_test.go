package faults

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mounted mounts a file system of 16 MiB at the folder of the store.
func (a *attempts) mounted() (dir string) {
	a.t.Helper()
	return mount(a.t, a.dir)
}

// mount is mounted for the folder .state of another one.
func mount(t *testing.T, parent string) (dir string) {
	t.Helper()
	dir = filepath.Join(parent, ".state")
	require.NoError(t, os.Mkdir(dir, 0o700))
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m,mode=0700")
	if errors.Is(err, syscall.EPERM) && os.Geteuid() != 0 {
		t.Skip("mounting a file system needs root")
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, 0)) })
	return dir
}

// fill takes all space that a file system has left, and returns the file that has it.
func fill(dir string) string {
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	for piece := bytes.Repeat([]byte("x"), 4096); err == nil; {
		_, err = f.Write(piece)
	}
	_ = f.Close()
	return name
}

// keylessImport writes rows without keys.
const keylessImport = `
local company = planhat.company.get_by_id("extid-home")._id
local rows = {}
for i = 1, tonumber(args[1]) do rows[i] = { mainType = "task", action = "task " .. i, companyId = company, description = ("x"):rep(200) } end
planhat.task.bulk_upsert(rows, { chunk_size = 100 })
`

// TestAFullDisk: while the store's disk is full, a run waits for its quota or goes on
// without a record. If it is killed, the next one does not silently send rows without
// keys again.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	const rows = 3000
	a := newAttempts(t, keylessImport, "latency:delay=30ms", strconv.Itoa(rows))
	disk := a.mounted()
	go func() {
		for a.arrived.Load() < 6 {
			time.Sleep(time.Millisecond)
		}
		filler := fill(disk)
		time.Sleep(2 * time.Second)
		_ = os.Remove(filler)
	}()
	code, said := a.run(20)
	if code == -1 {
		code, said = a.run(0, "--resume")
	}
	if strings.Contains(said, "without keys may be stored") {
		require.NotEmpty(t, a.summary().Named)
		code, said = a.run(0, "--resume=skip")
	}
	have := stored(a.planhat, "task", "action")
	if strings.Contains(said, "could not record everything") {
		assert.Equal(t, 2, code)
		return // it refuses, and sends nothing
	}
	unknown := map[string]bool{}
	for _, row := range a.summary().Named {
		text, _ := row.Data["action"].(string)
		unknown[text] = row.State == "unknown"
	}
	for i := 1; i <= rows; i++ {
		text := "task " + strconv.Itoa(i)
		if n := have[text]; n != 1 && !unknown[text] || n > 1 {
			require.Failf(t, "a row is stored otherwise than reported", "%s is stored %d times, named %t\n%s", text, n, unknown[text], said)
		}
	}
}

// TestAStoreThatCannotBeWritten: nothing is sent, since the quota cannot be booked, and
// --resume says why it cannot continue.
func TestAStoreThatCannotBeWritten(t *testing.T) {
	a := newAttempts(t, keylessImport, "", "300")
	disk := a.mounted()
	before := a.arrived.Load()
	require.NoError(t, syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	for _, flags := range [][]string{nil, {"--resume"}} {
		code, said := a.run(0, flags...)
		assert.Equal(t, 2, code, said)
		assert.Contains(t, said, "the store", flags)
		assert.Contains(t, said, "read-only file system", flags)
	}
	assert.Equal(t, before, a.arrived.Load())
}
