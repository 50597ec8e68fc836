//go:build unix

package faults

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
)

// taken is a script with everything that an undo reverts.
const taken = `
local list = planhat.company.get_list()
planhat.company.update(list[1]._id, { name = "Renamed", custom = { Tier = "Platinum" } })
planhat.company.update(list[2]._id, { name = "Renamed" })
local one = planhat.company.create{ externalId = "one", name = "One" }
planhat.enduser.create{ companyId = one._id, email = "kim@one.example" }
planhat.company.delete(list[3]._id)
planhat.company.delete(list[4]._id)
`

// present names the companies and people, without the references of people to companies that
// were deleted.
func present(s *simulator.Server) (list []string) {
	for _, name := range names(s) {
		if person, _, ok := strings.Cut(name, " of "); ok && strings.HasPrefix(name, "enduser ") {
			name = person
		}
		list = append(list, name)
	}
	return list
}

// run runs a command that the killer may kill.
func (k *killer) run(t *testing.T, dir string, args ...string) (int, string) {
	t.Helper()
	cmd := k.command(t, dir, args...)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	k.mu.Lock()
	k.victim = cmd
	err := cmd.Start()
	k.mu.Unlock()
	require.NoError(t, err)
	_ = cmd.Wait()
	return cmd.ProcessState.ExitCode(), said.String()
}

// worked applies the plan of taken, and returns what was there before.
func (k *killer) worked(t *testing.T, dir string) (before []string) {
	t.Helper()
	before = present(k.planhat)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "work.lua"), []byte(taken), 0o600))
	code, said := k.run(t, dir, "plan", "work.lua", "-o", "plan.jsonl")
	require.Equal(t, 0, code, said)
	code, said = k.run(t, dir, "apply", "--yes", "plan.jsonl")
	require.Equal(t, 0, code, said)
	require.NotEqual(t, before, present(k.planhat))
	return before
}

// plans are the files of plans beside the store.
func plans(t *testing.T, dir string) (list []string) {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, ".state", "state.db-undo", "*"))
	require.NoError(t, err)
	return list
}

// TestKilledUndosContinue kills the program at each write of an undo, before and after the write
// was carried out. A plain undo then brings it to its end.
func TestKilledUndosContinue(t *testing.T) {
	t.Parallel()
	k, dir := startKiller(t), t.TempDir()
	k.worked(t, dir)
	calls := len(k.planhat.Calls())
	code, said := k.run(t, dir, "undo", "--yes", "--recreate")
	require.Equal(t, 0, code, said)
	assert.Empty(t, plans(t, dir))
	writes := 0
	for _, c := range k.planhat.Calls()[calls:] {
		if c.Method != http.MethodGet {
			writes++
		}
	}
	require.Equal(t, 5, writes)

	for n := 1; n <= writes; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("write %d, after %t", n, after), func(t *testing.T) {
				t.Parallel()
				k, dir := startKiller(t), t.TempDir()
				before := k.worked(t, dir)
				k.after = after
				k.at.Store(int64(n))
				code, said := k.run(t, dir, "undo", "--yes", "--recreate")
				require.Equal(t, -1, code, "killed: %s", said)
				kept := plans(t, dir)
				require.Len(t, kept, 1)
				info, err := os.Stat(kept[0])
				require.NoError(t, err)
				assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
				code, said = k.run(t, dir, "undo")
				assert.Equal(t, 12, code, said)
				code, said = k.run(t, dir, "undo", "--yes")
				require.Equal(t, 0, code, said)
				assert.Contains(t, said, "note: the undo of run 1 was interrupted; this continues it\n")
				assert.Contains(t, said, "undo of run 1 (work.lua)\n")
				assert.NotContains(t, said, "not as planned")
				assert.ElementsMatch(t, before, present(k.planhat))
				assert.Empty(t, plans(t, dir))
				code, said = k.run(t, dir, "undo", "--yes")
				assert.Equal(t, 2, code, said)
				assert.Contains(t, said, "there is no run left to undo")
			})
		}
	}
}

// TestAnUndoWhosePlanIsLostContinues with a new plan, and creates nothing twice.
func TestAnUndoWhosePlanIsLostContinues(t *testing.T) {
	t.Parallel()
	k, dir := startKiller(t), t.TempDir()
	before := k.worked(t, dir)
	k.after = true
	k.at.Store(4) // the first record is created again
	code, said := k.run(t, dir, "undo", "--yes", "--recreate")
	require.Equal(t, -1, code, "killed: %s", said)
	require.NoError(t, os.RemoveAll(filepath.Dir(plans(t, dir)[0])))
	code, said = k.run(t, dir, "undo", "--yes", "--recreate")
	assert.Equal(t, 2, code, said)
	assert.Contains(t, said, "--recreate could create them twice")
	code, said = k.run(t, dir, "undo", "--yes")
	assert.Equal(t, 3, code, said)
	assert.Contains(t, said, "note: run 2 has already recreated records that this run deleted, with new ids")
	assert.Contains(t, said, "nothing to revert")
	code, said = k.run(t, dir, "undo", "--yes")
	assert.Equal(t, 2, code, said)
	assert.Contains(t, said, "there is no run left")
	have := present(k.planhat)
	assert.Subset(t, before, have)
	assert.Len(t, have, len(before)-1)
}

// TestCtrlCEndsAnUndo lets the request in progress finish, and the same command continues.
func TestCtrlCEndsAnUndo(t *testing.T) {
	t.Parallel()
	g, dir := hold(t, 6), t.TempDir()
	k := &killer{Server: g.Server, planhat: g.planhat}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "work.lua"), []byte(`for i = 1, 4 do planhat.company.create{ name = "Company " .. i } end`), 0o600))
	out, err := k.command(t, dir, "run", "--undoable", "work.lua").CombinedOutput()
	require.NoError(t, err, string(out))
	cmd := k.command(t, dir, "undo", "--yes")
	var told strings.Builder
	cmd.Stdout = &told
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	g.await(t)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), asked) {
	}
	g.release()
	for lines.Scan() {
	}
	_ = cmd.Wait()
	require.Equal(t, 130, cmd.ProcessState.ExitCode(), told.String())
	assert.Contains(t, told.String(), "2 deleted, 2 not sent yet\n")
	assert.Contains(t, told.String(), "\nto continue, run: phscript undo --yes\n")
	assert.Len(t, g.planhat.Records("company"), 2)

	out, err = k.command(t, dir, "undo", "--yes").CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "4 deleted\n")
	assert.Empty(t, g.planhat.Records("company"))
	assert.Empty(t, plans(t, dir))
}
