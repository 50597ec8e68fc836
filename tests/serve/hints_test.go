package serve

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
)

// TestRunAndServeSayTheSame: a store that cannot be used is the same mistake for a run
// as for a service, with the same next step.
func TestRunAndServeSayTheSame(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(w *fixture) (message, hint string){
		"a home that cannot be written": func(w *fixture) (message, hint string) {
			w.env = append(w.env, "PHSCRIPT_STATE=", "HOME=/dev/null")
			return "cannot create the store's folder: /dev/null: not a directory", "choose another place with --state or PHSCRIPT_STATE"
		},
		"a path that is too long": func(w *fixture) (message, hint string) {
			folder := filepath.Join(w.dir, strings.Repeat("d", 200), strings.Repeat("d", 200), strings.Repeat("d", 200))
			require.NoError(t, os.MkdirAll(folder, 0o700))
			w.env = append(w.env, "PHSCRIPT_STATE="+filepath.Join(folder, "state.db"))
			return "the store's path is too long: ", "choose another place with --state or PHSCRIPT_STATE"
		},
		"a newer store": func(w *fixture) (message, hint string) {
			w.do("run", "a.lua")
			_, err := history.Open(t, w.state).Exec("INSERT INTO phscript_schema VALUES (99)")
			require.NoError(t, err)
			return "the store " + w.state + " was written by a newer phscript: ", "update phscript, or choose another place with --state or PHSCRIPT_STATE"
		},
		"another file": func(w *fixture) (message, hint string) {
			w.do("run", "a.lua")
			require.NoError(t, os.WriteFile(w.state, []byte(strings.Repeat("a,b,c\n", 1000)), 0o600))
			return "the store " + w.state + " is not a phscript database", "restore a backup with 'phscript state restore FILE'. Without one, move the file"
		},
		"a folder": func(w *fixture) (message, hint string) {
			require.NoError(t, os.MkdirAll(w.state, 0o700))
			return "the store " + w.state + " cannot be opened", "choose another place with --state or PHSCRIPT_STATE"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t, "")
			w.file("a.lua", "print(#planhat.company.get_list())\n")
			message, hint := make(w)
			commands := [][]string{{"run", "a.lua"}, {"serve"}}
			if _, err := os.Stat(w.state); err == nil {
				commands = append(commands, []string{"runs", "list"}) // otherwise there is nothing to read
			}
			for _, args := range commands {
				_, errs, code := w.try(args...)
				assert.NotZero(t, code, args)
				assert.Regexp(t, `(?m)^error: (a\.lua:1: company\.get_list: the shared quota is unavailable: )?`+regexp.QuoteMeta(message), errs, args)
				assert.Contains(t, errs, "\nhint: "+hint, args)
			}
		})
	}
}
