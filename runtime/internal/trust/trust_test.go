//go:build unix

package trust

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	me       = 4001
	stranger = 4002
)

// ids say whom files belong to, by their base names; others are mine. Links have their
// own entry, named after them with an @.
type ids map[string][2]int

// rulesFor returns the rules of a user with uid and gid 4001, which no system knows by
// a name. Only the ids are made up: permissions are those of the files.
func rulesFor(owners ids) Rules {
	return Rules{User: me, Invoker: -1, Owner: func(info fs.FileInfo) (int, int, bool) {
		name := info.Name()
		if info.Mode()&fs.ModeSymlink != 0 {
			name += "@"
		}
		if of, ok := owners[name]; ok {
			return of[0], of[1], true
		}
		return me, me, true
	}}
}

func write(t *testing.T, dir, name string, mode fs.FileMode) string {
	t.Helper()
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	require.NoError(t, os.Chmod(file, mode))
	return file
}

func TestFilesOfOthersAreNotRead(t *testing.T) {
	for name, tt := range map[string]struct {
		user, group int
		mode        fs.FileMode
		refused     string
	}{
		"mine":                          {me, me, 0o600, ""},
		"mine, readable":                {me, me, 0o644, ""},
		"root's":                        {0, 0, 0o644, ""},
		"root's, for my group":          {0, me, 0o664, ""},
		"root's group may write":        {me, 0, 0o664, ""},
		"my own group may write":        {me, me, 0o664, ""},
		"everybody may write":           {me, me, 0o666, "every user can change"},
		"only strangers may write":      {me, me, 0o642, "every user can change"},
		"another group may write":       {me, stranger, 0o664, "the group 4002 can change"},
		"a stranger's":                  {stranger, stranger, 0o600, "belongs to uid 4002, not to you (uid 4001)"},
		"a stranger's, but of my group": {stranger, me, 0o640, "belongs to uid 4002"},
		"root's, everybody may write":   {0, 0, 0o666, "every user can change"},
	} {
		t.Run(name, func(t *testing.T) {
			file := write(t, t.TempDir(), "f.toml", tt.mode)
			rules := rulesFor(ids{"f.toml": {tt.user, tt.group}})
			text, err := rules.ReadFile(file)
			if tt.refused == "" {
				require.NoError(t, err)
				assert.Equal(t, "x", string(text))
				return
			}
			var untrusted *Error
			require.ErrorAs(t, err, &untrusted)
			assert.ErrorContains(t, err, tt.refused)
			assert.ErrorContains(t, err, file)
			assert.Empty(t, text)
			assert.Contains(t, untrusted.Hint, "export PHSCRIPT_TRUST="+quoted(file))
			// The advice works, and so does naming the folder.
			for _, listed := range []string{file, filepath.Dir(file), filepath.Dir(file) + "/"} {
				rules.Listed = []string{listed}
				_, err = rules.ReadFile(file)
				assert.NoError(t, err, listed)
			}
			rules.Listed = []string{file + ".old", file + "/x", filepath.Dir(file)[:len(filepath.Dir(file))-1]}
			_, err = rules.ReadFile(file)
			assert.Error(t, err)
		})
	}
}

func TestSudoTrustsTheCaller(t *testing.T) {
	file := write(t, t.TempDir(), "f", 0o644)
	rules := rulesFor(ids{"f": {stranger, stranger}})
	rules.User, rules.Invoker = 0, stranger
	_, err := rules.ReadFile(file)
	require.NoError(t, err)
	rules.Invoker = -1
	_, err = rules.ReadFile(file)
	assert.Error(t, err)

	variables := map[string]string{"SUDO_UID": "4002", Variable: "/a:b::/c"}
	current := Current(func(name string) (string, bool) { v, ok := variables[name]; return v, ok })
	assert.Equal(t, []string{"/a", "/c"}, current.Listed, "a relative path would trust any working folder")
	assert.Equal(t, os.Geteuid() == 0, current.Invoker == stranger, "only root takes the word of sudo")
	_, err = current.ReadFile(file)
	assert.NoError(t, err, "the test's own file")
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	require.NoError(t, os.Mkdir(target, 0o755))
	out := filepath.Join(dir, "out")
	require.NoError(t, os.Symlink(target, out))
	file := write(t, dir, "f.toml", 0o644)
	toml := filepath.Join(dir, "link.toml")
	require.NoError(t, os.Symlink(file, toml))

	require.NoError(t, rulesFor(nil).Link(out))
	require.NoError(t, rulesFor(nil).Link(filepath.Join(dir, "missing")))
	require.NoError(t, rulesFor(ids{"target": {stranger, stranger}}).Link(target), "a folder is not a link")
	assert.ErrorContains(t, rulesFor(ids{"out@": {stranger, me}}).Link(out), "the link "+out+" belongs to uid 4002")
	assert.ErrorContains(t, rulesFor(ids{"target": {stranger, me}}).Link(out), "the target of the link "+out+", "+target+" belongs to uid 4002")
	require.NoError(t, os.Chmod(target, 0o777))
	err := rulesFor(nil).Link(out)
	require.ErrorContains(t, err, "every user can change the target of the link "+out+", "+target)
	var untrusted *Error
	require.ErrorAs(t, err, &untrusted)
	assert.Contains(t, untrusted.Hint, "chmod go-w "+target+";", "a link has no mode of its own")

	_, err = rulesFor(nil).ReadFile(toml)
	require.NoError(t, err)
	_, err = rulesFor(ids{"link.toml@": {stranger, me}}).ReadFile(toml)
	assert.ErrorContains(t, err, "belongs to uid 4002")
	trusting := rulesFor(ids{"link.toml@": {stranger, me}})
	trusting.Listed = []string{file}
	_, err = trusting.ReadFile(toml)
	assert.Error(t, err, "a stranger's link is not trusted because its target is")
}

func TestStores(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	file := filepath.Join(dir, "state.db")
	require.NoError(t, rulesFor(nil).Store(file), "it may be missing")
	require.NoError(t, os.Mkdir(dir, 0o700))
	for _, name := range []string{"state.db", "state.db-wal", "state.db-shm", "state.db-journal"} {
		write(t, dir, name, 0o600)
		require.NoError(t, rulesFor(nil).Store(file))
		err := rulesFor(ids{name: {stranger, stranger}}).Store(file)
		assert.ErrorContains(t, err, "the store's file "+filepath.Join(dir, name)+" belongs to uid 4002")
	}
	err := rulesFor(ids{"state": {stranger, stranger}}).Store(file)
	require.ErrorContains(t, err, "the folder "+dir+" belongs to uid 4002")
	require.ErrorContains(t, rulesFor(ids{"state": {stranger, stranger}}).Kept(file), "the folder "+dir)
	require.NoError(t, os.Chmod(dir, 0o777))
	require.ErrorContains(t, rulesFor(nil).Store(file), "every user can change the folder "+dir)
	require.NoError(t, os.Chmod(dir, 0o777|fs.ModeSticky))
	assert.NoError(t, rulesFor(nil).Store(file), "in a folder like /tmp, nobody can replace another's files")
}

// TestWhatRunsOnASchedule: a script is as safe as the folders up to that of the
// configuration: whoever can change one can replace it.
func TestWhatRunsOnASchedule(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "etc")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "jobs", "daily"), 0o755))
	script := write(t, filepath.Join(dir, "jobs", "daily"), "s.lua", 0o644)
	require.NoError(t, rulesFor(nil).Scheduled(dir, script))
	require.NoError(t, rulesFor(ids{filepath.Base(filepath.Dir(dir)): {stranger, stranger}}).Scheduled(dir, script), "above the configuration")
	require.ErrorContains(t, rulesFor(ids{"s.lua": {stranger, stranger}}).Scheduled(dir, script), script+" belongs to uid 4002")
	for _, folder := range []string{dir, filepath.Join(dir, "jobs"), filepath.Dir(script)} {
		require.ErrorContains(t, rulesFor(ids{filepath.Base(folder): {stranger, stranger}}).Scheduled(dir, script), "the folder "+folder+" belongs to")
		require.NoError(t, os.Chmod(folder, 0o777))
		require.ErrorContains(t, rulesFor(nil).Scheduled(dir, script), "every user can change the folder "+folder)
		trusting := rulesFor(nil)
		trusting.Listed = []string{dir}
		require.NoError(t, trusting.Scheduled(dir, script))
		require.NoError(t, os.Chmod(folder, 0o755))
	}
	require.NoError(t, os.Chmod(script, 0o666))
	require.ErrorContains(t, rulesFor(nil).Scheduled(dir, script), "every user can change "+script)
}

func TestExposed(t *testing.T) {
	file := write(t, t.TempDir(), "f", 0o640)
	_, exposed := rulesFor(nil).Exposed(file)
	assert.False(t, exposed)
	require.NoError(t, os.Chmod(file, 0o644))
	advice, exposed := rulesFor(nil).Exposed(file)
	assert.True(t, exposed)
	assert.Equal(t, "run: chmod o-r "+file, advice)
	advice, _ = rulesFor(ids{"f": {0, 0}}).Exposed(file)
	assert.NotContains(t, advice, "chmod", "I could not read root's file any more")
}

// TestAdviceKeepsWhatIsTrusted: who follows two hints, one after the other, trusts both.
func TestAdviceKeepsWhatIsTrusted(t *testing.T) {
	file := write(t, t.TempDir(), "it's mine", 0o666)
	rules := rulesFor(nil)
	rules.Listed = []string{"/elsewhere"}
	_, err := rules.ReadFile(file)
	var untrusted *Error
	require.ErrorAs(t, err, &untrusted)
	assert.Contains(t, untrusted.Hint, `export PHSCRIPT_TRUST="$PHSCRIPT_TRUST":'`)
	assert.Contains(t, untrusted.Hint, `it'\''s mine'`)
}
