package credential

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/keyring"
	"github.com/phscript/phscript/runtime/internal/unfinished"
)

// The places where phscript login stores a token.
const (
	InKeyring = "keyring"
	InFile    = "file"
)

// Login is what phscript login notes about a token: a file in the state directory, which
// holds the token itself only if it is not in the keyring.
type Login struct {
	// Config is the configuration file that the token is for, "" for folders without one.
	Config  string    `json:"config"`
	Profile string    `json:"profile,omitempty"`
	Tenant  bool      `json:"tenant,omitempty"`
	Host    string    `json:"host"`
	Store   string    `json:"store"`
	At      time.Time `json:"at"`
	// Secret is empty if the keyring has it.
	Secret string `json:"token,omitempty"`

	file string
}

// Name is what the keyring calls the token.
func (l *Login) Name() string {
	name := cmp.Or(l.Profile, "default")
	if l.Tenant {
		name += ", tenant token"
	}
	return name + " (" + cmp.Or(l.Config, "no phscript.toml") + ")"
}

// File is where the login is noted.
func (l *Login) File() string { return l.file }

// login returns an empty login for a token of a configuration. Each project has its own, so a
// profile's name means nothing in another one.
func (f *Finder) login(c config.Config, t Token) *Login {
	l := &Login{Config: real(c.File), Profile: c.Profile.Name, Tenant: t == Tenant}
	sum := sha256.Sum256([]byte(l.Config + "\n" + l.Profile + "\n" + t.Setting))
	l.file = filepath.Join(f.State, "logins", hex.EncodeToString(sum[:10])+".json")
	return l
}

// real is a file's name without links.
func real(name string) string {
	if name == "" {
		return ""
	}
	if resolved, err := filepath.EvalSymlinks(name); err == nil {
		return resolved
	}
	return filepath.Clean(name)
}

// Stored returns what phscript login has noted for a token of a configuration, or nil.
func (f *Finder) Stored(c config.Config, t Token) (*Login, error) {
	if f.State == "" {
		return nil, nil
	}
	l := f.login(c, t)
	info, err := os.Stat(l.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.IsDir() {
		err = fs.ErrInvalid
	}
	if err == nil {
		err = f.Trust.Token(l.file)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(l.file)
	}
	if err == nil {
		file := l.file
		err = json.Unmarshal(text, l)
		l.file = file
	}
	if _, untrusted := errors.AsType[interface {
		error
		ErrorHint() string
	}](err); untrusted {
		return nil, err
	}
	if err != nil || l.Store != InKeyring && (l.Store != InFile || l.Secret == "") {
		return nil, unavailable(l.file, "the file of 'phscript login' cannot be read", "run phscript login again")
	}
	return l, nil
}

// stored is what phscript login has stored. In a file without profiles, that of folders
// without a file counts as well.
func (f *Finder) stored(c config.Config, t Token) (Source, error) {
	l, err := f.Stored(c, t)
	if err == nil && l == nil && c.File != "" && len(c.Profiles) == 0 {
		without := c
		without.File = ""
		l, err = f.Stored(without, t)
	}
	if err != nil || l == nil {
		return Source{}, err
	}
	where := "phscript login, in the keyring"
	if l.Store == InFile {
		where = "phscript login, in " + l.file
	}
	return Source{Stored: l, Origin: config.Origin{Kind: config.FromLogin, Name: where}}, nil
}

// read returns the token of a login.
func (f *Finder) read(ctx context.Context, l *Login) (string, error) {
	if l.Store == InFile {
		return l.Secret, nil
	}
	token, err := f.Keyring.Get(ctx, l.Name())
	if errors.Is(err, keyring.ErrNone) {
		return "", unavailable("", "the keyring no longer has the token of "+l.Name(), "run phscript login again")
	}
	return token, err
}

// Ready returns an error if the keyring cannot be used, before somebody enters a token.
func (f *Finder) Ready(ctx context.Context, c config.Config, t Token) error {
	if _, err := f.Keyring.Get(ctx, f.login(c, t).Name()); err != nil && !errors.Is(err, keyring.ErrNone) {
		return err
	}
	return nil
}

// Store keeps a token for a configuration, in place of an earlier one.
func (f *Finder) Store(ctx context.Context, c config.Config, t Token, store, token, host string, now time.Time) (*Login, error) {
	if f.State == "" {
		return nil, unavailable("", "cannot tell where to save the login: there is no home directory", "set XDG_STATE_HOME to a folder that only you can read")
	}
	l := f.login(c, t)
	l.Store, l.Host, l.At = store, host, now.UTC().Truncate(time.Second)
	before, _ := f.Stored(c, t)
	if store == InKeyring {
		if err := f.Keyring.Set(ctx, l.Name(), token); err != nil {
			return nil, err
		}
	} else {
		l.Secret = token
	}
	if err := f.note(l); err != nil {
		return nil, err
	}
	if store == InFile && before != nil && before.Store == InKeyring {
		_ = f.Keyring.Delete(ctx, l.Name()) // it is no longer used
	}
	return l, nil
}

// note writes the file of a login, which appears whole.
func (f *Finder) note(l *Login) error {
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(l.file), 0o700); err != nil {
		return unavailable(l.file, "the login cannot be saved: "+plain(err).Error(), "")
	}
	if err := f.Trust.Kept(l.file); err != nil {
		return err
	}
	err = unfinished.Replace(l.file, 0o600, func(file *os.File) error {
		_, err := file.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return unavailable(l.file, "the login cannot be saved: "+plain(err).Error(), "")
	}
	return nil
}

// Forget removes what phscript login has stored for a token. It returns nil if there was
// nothing.
func (f *Finder) Forget(ctx context.Context, c config.Config, t Token) (*Login, error) {
	l, err := f.Stored(c, t)
	if err != nil || l == nil {
		return nil, err
	}
	if l.Store == InKeyring {
		if err := f.Keyring.Delete(ctx, l.Name()); err != nil && !errors.Is(err, keyring.ErrNone) {
			return nil, err
		}
	}
	return l, os.Remove(l.file)
}
