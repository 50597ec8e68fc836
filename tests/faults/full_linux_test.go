package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// many writes one record after the other.
const many = `
for i, c in ipairs(planhat.company.get_list()) do planhat.company.update(c._id, { description = ("changed %d "):format(i):rep(500) }) end
`

// TestAppliesAndUndosOnAFullDisk end with an error about the disk, and the same command continues
// when there is space again.
func TestAppliesAndUndosOnAFullDisk(t *testing.T) {
	t.Parallel()
	k, dir := startKiller(t), t.TempDir()
	disk := mount(t, dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "work.lua"), []byte(many), 0o600))
	changed := func() (n int) {
		for _, c := range k.planhat.Records("company") {
			if strings.HasPrefix(fmt.Sprint(c["description"]), "changed ") {
				n++
			}
		}
		return n
	}
	run := func(args ...string) (int, string) {
		cmd := k.command(t, dir, args...)
		out, _ := cmd.CombinedOutput() // it waits without end if the program does
		return cmd.ProcessState.ExitCode(), string(out)
	}
	code, said := run("plan", "work.lua", "-o", "plan.jsonl")
	require.Equal(t, 0, code, said)
	for _, command := range [][]string{{"apply", "--yes", "plan.jsonl"}, {"undo", "--yes"}} {
		t.Run(command[0], func(t *testing.T) {
			var filler string
			k.instead = func() { filler = fill(disk) }
			k.at.Store(map[string]int64{"apply": 2, "undo": 1}[command[0]])
			code, said := run(command...)
			assert.NotEqual(t, 0, code, said)
			assert.Contains(t, said, "database or disk is full")
			assert.Contains(t, said, "free space on the disk of the store, then run the same command again")
			code, said = run(command...)
			assert.NotEqual(t, 0, code, said)
			assert.Regexp(t, "disk is full|no space left on device", said)
			require.NoError(t, os.Remove(filler))
			code, said = run(command...)
			require.Equal(t, 0, code, said)
			assert.Equal(t, map[string]int{"apply": 6, "undo": 0}[command[0]], changed())
		})
	}
}

// TestAStoreOnAFullDisk cannot be created, so nothing is sent.
func TestAStoreOnAFullDisk(t *testing.T) {
	t.Parallel()
	k, dir := startKiller(t), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "work.lua"), []byte(many), 0o600))
	out, err := k.command(t, dir, "plan", "--state", "other.db", "work.lua", "-o", "plan.jsonl").CombinedOutput()
	require.NoError(t, err, string(out))
	fill(mount(t, dir))
	for _, command := range [][]string{{"apply", "--yes", "plan.jsonl"}, {"undo", "--yes"}} {
		before := len(k.planhat.Calls())
		out, err := k.command(t, dir, command...).CombinedOutput()
		require.Error(t, err, command)
		assert.Contains(t, string(out), "disk is full", command)
		assert.Len(t, k.planhat.Calls(), before, command)
	}
}
