package suite

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/suite/report"
)

func TestWatch(t *testing.T) {
	dir := folder(t, map[string]string{
		"a_test.lua": `local m = require "m" it("a", function() end)`,
		"b_test.lua": `it("b", function() run_script("s.lua") end)`,
		"m.lua":      `return 1`,
		"s.lua":      `print(1)`,
		"other.lua":  `print(2)`,
	})
	runs := make(chan []string, 10)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &Watcher{
		Roots: []string{dir},
		Find:  func() ([]string, error) { return Find(dir, []string{"."}) },
		Run: func(ctx context.Context, paths []string, _ bool) *report.Report {
			r := Run(ctx, Options{Dir: dir}, paths)
			var names []string
			for _, f := range r.Files {
				names = append(names, f.Name)
			}
			runs <- names
			return r
		},
	}
	ended := make(chan error, 1)
	go func() { ended <- w.Watch(ctx) }()
	expect := func(names ...string) {
		t.Helper()
		select {
		case got := <-runs:
			assert.Equal(t, names, got)
		case <-time.After(20 * time.Second):
			require.Fail(t, "nothing ran", "%v", names)
		}
	}
	put := func(name, text string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	expect("a_test.lua", "b_test.lua")
	put("other.lua", "print(3)") // concerns nobody
	put("m.lua", "return 2")
	expect("a_test.lua")
	put("s.lua", "print(3)")
	expect("b_test.lua")
	put("m.lua", "return = 2")
	expect("a_test.lua")
	put("m.lua", "return 3")
	expect("a_test.lua")
	put("c_test.lua", `it("c", function() end)`)
	expect("c_test.lua")
	cancel()
	assert.NoError(t, <-ended)
}
