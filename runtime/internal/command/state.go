package command

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/store"
)

// inMemory, in the place of a store, keeps the quota to the process.
const inMemory = "memory"

// stateDir is the folder for what outlives the process, "" where the system
// names none.
func stateDir(env *environment) string {
	if dir, _ := env.getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "phscript")
	}
	if dir, _ := env.getenv("LOCALAPPDATA"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "phscript")
	}
	if home, _ := env.getenv("HOME"); home != "" {
		return filepath.Join(home, ".local", "state", "phscript")
	}
	return ""
}

// stateLocation is where the store is: what the flag says, or the settings, or
// a file in the state directory.
func stateLocation(env *environment, flag string, c config.Config) (string, error) {
	location := flag
	if location == "" {
		location = c.State
	}
	if location == "" && stateDir(env) != "" {
		location = filepath.Join(stateDir(env), "state.db")
	}
	switch {
	case location == "":
		return "", &usageError{
			message: "it is not known where to keep the state: there is no home directory",
			hint:    "name a file or a postgres:// address with --state or PHSCRIPT_STATE; --state=memory keeps the quota to this process",
		}
	case location == inMemory || store.IsPostgres(location):
		return location, nil
	}
	return env.path(location), nil
}

// lazyStore is a store that is opened when it is first needed.
type lazyStore struct {
	location string
	log      *slog.Logger

	mu sync.Mutex
	db *store.DB
	// left are those whose file was taken away; somebody may still be at work
	// with them.
	left []*store.DB
}

func (l *lazyStore) open(ctx context.Context) (*store.DB, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.db != nil && !l.db.Moved() {
		return l.db, nil
	}
	db, err := store.Open(ctx, l.location)
	if err != nil {
		return nil, err
	}
	if l.db != nil {
		l.log.WarnContext(ctx, "the store was replaced; the run goes on with the one that is there", "state", l.location)
		l.left = append(l.left, l.db)
	}
	l.db = db
	return db, nil
}

func (l *lazyStore) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.db == nil {
		return nil
	}
	err := l.db.Close()
	for _, db := range l.left {
		err = errors.Join(err, db.Close())
	}
	return err
}

// runReserve is how many calls of a minute scheduled runs leave to those that
// make no more than that, so that imports cannot keep a small script waiting.
const runReserve = 2

// sharedWindow makes windows in the store. run is the number of a scheduled
// run, or "".
func (l *lazyStore) sharedWindow(run string, log *slog.Logger) func(runtime.WindowUser) planhat.Window {
	return func(u runtime.WindowUser) planhat.Window {
		o := quota.Options{
			Open: l.open, URL: u.URL, Token: u.Token, Limit: u.Spec.Limit, Length: u.Spec.Length, Spacing: u.Spec.Spacing,
			Run: quota.ProcessName(), Script: u.Script, Log: log,
		}
		if run != "" {
			o.Run, o.Reserve = "run "+run, min(runReserve, (u.Spec.Limit+99)/100)
		}
		return quota.New(o)
	}
}
