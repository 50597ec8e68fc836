package host

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/tokens"
)

// storedTokens are tokens of other systems in the store. They wait for the store: what a
// service has just issued must not get lost because the file is locked for a while.
type storedTokens struct {
	store *store.Persistent
	key   func() ([]byte, error)
}

func newTokens(env *environment.Env, stored *storage.Lazy) *storedTokens {
	return &storedTokens{
		store: &store.Persistent{Open: stored.Open, What: "the store", Waits: "waiting to use the tokens of other systems", Log: stored.Log},
		key:   sync.OnceValues(func() ([]byte, error) { return readTokenKey(storage.Dir(env)) }),
	}
}

// KeyFile is the file in the state directory with the key that encrypts tokens which
// nothing else protects. Tokens of a credential that the run brings along are encrypted
// with that, so machines that share a store need not share the file.
const KeyFile = "tokens.key"

const keyLength = 32

// readTokenKey reads the key, or makes it.
func readTokenKey(dir string) ([]byte, error) {
	if dir == "" {
		return nil, &usage.Error{Message: "cannot tell where to keep the key of stored tokens: there is no home directory", Hint: "set XDG_STATE_HOME to a folder that only you can read"}
	}
	file := filepath.Join(dir, KeyFile)
	key, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeTokenKey(dir, file); err != nil {
			return nil, fmt.Errorf("cannot create the key of stored tokens: %w", err)
		}
		key, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the key of stored tokens: %w", err)
	}
	if info, err := os.Stat(file); err == nil && filepath.Separator == '/' && info.Mode().Perm()&0o077 != 0 {
		return nil, &usage.Error{Message: file + " holds the key of stored tokens, and other users of this machine can use it", Hint: "run: chmod 600 " + file}
	}
	if len(key) != keyLength {
		return nil, &usage.Error{Message: fmt.Sprintf("%s is damaged: it has %d bytes, not %d", file, len(key), keyLength),
			Hint: "restore it from a backup; or delete it, run 'phscript connect' again, and authorize scripts again that use oauth2.authorize"}
	}
	return key, nil
}

// makeTokenKey creates the key under its name at once, so that of several processes one
// succeeds.
func makeTokenKey(dir, file string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	key := make([]byte, keyLength)
	_, _ = rand.Read(key) // never fails
	part, err := os.CreateTemp(dir, KeyFile+".*")
	if err != nil {
		return err
	}
	_, err = part.Write(key)
	err = errors.Join(err, part.Sync(), part.Close())
	if err == nil {
		if err = os.Link(part.Name(), file); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return errors.Join(err, os.Remove(part.Name()))
}

func (s *storedTokens) Key() ([]byte, error) { return s.key() }

func (s *storedTokens) Load(ctx context.Context, name string) (value []byte, err error) {
	err = s.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		value, err = tokens.Load(ctx, db, name)
		return err
	})
	return value, err
}

// unlocking is how long the end of a lock waits for the store. The lease ends it anyway.
const unlocking = 5 * time.Second

func (s *storedTokens) TryLock(ctx context.Context, name string, lease time.Duration) (value []byte, release func(), err error) {
	random := make([]byte, 8)
	_, _ = rand.Read(random)
	holder := hex.EncodeToString(random)
	locked := false
	err = s.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		value, locked, err = tokens.TryLock(ctx, db, name, holder, lease)
		return err
	})
	if err != nil || !locked {
		return value, nil, err
	}
	return value, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlocking)
		defer cancel()
		_ = s.store.Do(ctx, func(ctx context.Context, db *store.DB) error { return tokens.Unlock(ctx, db, name, holder) })
	}, nil
}

func (s *storedTokens) Replace(ctx context.Context, name string, old, value []byte) (replaced bool, err error) {
	err = s.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		replaced, err = tokens.Replace(ctx, db, name, old, value)
		return err
	})
	return replaced, err
}
