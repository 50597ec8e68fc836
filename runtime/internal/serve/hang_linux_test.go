package serve

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/tests/patience"
)

// TestPipesAndLargeFiles: a pipe or a file of any size under the name of a script is an
// error that comes at once.
func TestPipesAndLargeFiles(t *testing.T) {
	dir := tree(t, map[string]string{"phscript.toml": "", "a.lua": headed, "large.lua": headed})
	require.NoError(t, os.Truncate(filepath.Join(dir, "large.lua"), 1<<40))
	l := loaderFor(dir)
	loaded, err := l.Load()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a": "a.lua", "large": "large.lua"}, scriptNames(loaded), "only headers are read")
	l.Check = func(string, []byte) error { return nil }
	_, err = l.Load()
	assert.ErrorContains(t, err, "large.lua: is larger than 16 MiB")

	require.NoError(t, os.Remove(filepath.Join(dir, "large.lua")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe.lua"), 0o600))
	_, err = l.Load()
	assert.ErrorContains(t, err, "pipe.lua: is a pipe or a device, not a file")

	file := filepath.Join(dir, config.FileName)
	require.NoError(t, os.WriteFile(file, []byte("[[schedule]]\nname = \"p\"\nscript = \"pipe.lua\"\nevery = \"1h\"\n[serve]\nscripts = [\"jobs\"]\n"), 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "jobs"), 0o755))
	_, err = l.Load()
	assert.ErrorContains(t, err, "pipe.lua: is a pipe or a device, not a file")

	require.NoError(t, os.Remove(file))
	require.NoError(t, syscall.Mkfifo(file, 0o600))
	l.Read = func() (config.Config, error) {
		return config.Load("", dir, sourcefile.Read, func(string) (string, bool) { return "", false })
	}
	_, err = l.Load()
	assert.ErrorContains(t, err, "the configuration file cannot be read: is a pipe or a device, not a file")
}

// TestHungReload: a folder that does not answer turns the service unready, and does not
// keep it from stopping.
func TestHungReload(t *testing.T) {
	t.Parallel()
	w := newFixture(t, filepath.Join(t.TempDir(), "state.db"))
	var hangs, hung atomic.Bool
	loader := &Loader{Dir: w.dir, File: filepath.Join(w.dir, config.FileName), Read: func() (config.Config, error) {
		if hangs.Load() {
			hung.Store(true)
			select {}
		}
		return config.Config{}, nil
	}}
	loaded, err := loader.Load()
	require.NoError(t, err)
	s := New(Options{
		DB: w.db, Engine: w.engine, Loader: loader, Name: "worker", Workers: 1, Grace: time.Second,
		Notifier: &Notifier{Getenv: os.LookupEnv}, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}, loaded)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	ready := func() bool { return s.Ready(t.Context()) == nil }
	require.True(t, patience.Until(20*time.Millisecond, ready))
	hangs.Store(true)
	require.NoError(t, os.WriteFile(loader.File, []byte("# changed"), 0o644))
	require.True(t, patience.Until(20*time.Millisecond, hung.Load))
	assert.True(t, ready(), "it may only take long")
	s.reloading.Store(time.Now().Add(-2 * reloadedWithin).UnixNano())
	assert.ErrorContains(t, s.Ready(t.Context()), "a folder or a file does not answer")
	cancel()
	select {
	case err := <-stopped:
		assert.NoError(t, err)
	case <-time.After(2*gatherTime + time.Minute):
		t.Fatal("it does not stop")
	}
}
