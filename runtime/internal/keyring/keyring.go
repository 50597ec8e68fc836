// Package keyring keeps tokens in the keyring of the system: the Keychain of macOS, the
// Credential Manager of Windows, or the Secret Service of a desktop session.
package keyring

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	system "github.com/zalando/go-keyring"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// Service is the name under which the keyring lists what phscript stores.
const Service = "phscript"

// DefaultLimit is how long the keyring may take.
const DefaultLimit = 3 * time.Second

// ErrNone is the error about a name under which nothing is stored.
var ErrNone = errors.New("nothing is stored in the keyring")

// Backend is a keyring. Its methods may hang.
type Backend interface {
	Get(service, name string) (string, error)
	Set(service, name, secret string) error
	Delete(service, name string) error
}

// Keyring asks a Backend for at most a while. The zero value has none. It is safe for
// concurrent use.
type Keyring struct {
	Backend Backend
	// Limit is DefaultLimit if it is 0.
	Limit time.Duration
	// Missing, if set, says why there cannot be a keyring, before the Backend is asked.
	Missing func() string
}

// Error is why the keyring cannot be used, in words that help. It says nothing of what the
// keyring holds.
type Error struct{ Message, Hint string }

func (e *Error) Error() string { return e.Message }

// ErrorHint says what to do about it.
func (e *Error) ErrorHint() string { return e.Hint }

// ExitCode returns fault.ExitAuth.
func (e *Error) ExitCode() int { return fault.ExitAuth }

// instead says how to do without a keyring.
const instead = "set PLANHAT_API_TOKEN, or name a file with token_file or a program with token_command; " +
	"or keep the token in a file that only you can read: phscript login --store file"

// System is the keyring of the system. getenv looks up an environment variable, exists
// reports whether there is a file.
func System(getenv func(string) (string, bool), exists func(string) bool) *Keyring {
	return &Keyring{Backend: ofSystem{}, Missing: func() string {
		if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
			return ""
		}
		// Without an address, the library would start a program.
		if address, _ := getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" {
			return ""
		}
		if dir, _ := getenv("XDG_RUNTIME_DIR"); dir != "" && exists(dir+"/bus") {
			return ""
		}
		return "there is no desktop session here, so there is no keyring"
	}}
}

type ofSystem struct{}

func (ofSystem) Get(service, name string) (string, error) { return system.Get(service, name) }
func (ofSystem) Set(service, name, secret string) error   { return system.Set(service, name, secret) }
func (ofSystem) Delete(service, name string) error        { return system.Delete(service, name) }

// Get returns what is stored under a name, or ErrNone.
func (k *Keyring) Get(ctx context.Context, name string) (secret string, err error) {
	return k.ask(ctx, func(b Backend) (string, error) { return b.Get(Service, name) })
}

// Set stores a secret under a name, in place of an earlier one.
func (k *Keyring) Set(ctx context.Context, name, secret string) error {
	_, err := k.ask(ctx, func(b Backend) (string, error) { return "", b.Set(Service, name, secret) })
	return err
}

// Delete removes what is stored under a name, or returns ErrNone.
func (k *Keyring) Delete(ctx context.Context, name string) error {
	_, err := k.ask(ctx, func(b Backend) (string, error) { return "", b.Delete(Service, name) })
	return err
}

func (k *Keyring) ask(ctx context.Context, do func(Backend) (string, error)) (string, error) {
	if k == nil || k.Backend == nil {
		return "", &Error{"there is no keyring here", instead}
	}
	if k.Missing != nil {
		if why := k.Missing(); why != "" {
			return "", &Error{why, instead}
		}
	}
	limit := k.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &Error{
		fmt.Sprintf("the keyring did not answer within %s; it may be locked and waiting for its password", limit),
		"unlock the keyring and try again; without one, " + instead,
	})
	defer cancel()
	type answer struct {
		secret string
		err    error
	}
	answered := make(chan answer, 1)
	// A keyring that waits for a person may never answer, and cannot be interrupted.
	go func() {
		secret, err := do(k.Backend)
		answered <- answer{secret, err}
	}()
	select {
	case a := <-answered:
		return a.secret, translated(a.err)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// translated puts the error of a keyring into words that help.
func translated(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, system.ErrNotFound) || errors.Is(err, ErrNone) {
		return ErrNone
	}
	said := strings.ToLower(err.Error())
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(said, part) {
				return true
			}
		}
		return false
	}
	switch {
	case errors.Is(err, system.ErrUnsupportedPlatform):
		return &Error{"phscript does not support a keyring on this system", instead}
	case errors.Is(err, system.ErrSetDataTooBig):
		return &Error{"the token is too long for the keyring", "check that it is a token, and nothing else"}
	case has("dbus-launch", "no such file or directory", "connection refused", "session bus", "authentication failed"):
		return &Error{"the desktop session cannot be reached, so its keyring cannot be used", instead}
	case has("org.freedesktop.secrets was not provided", "serviceunknown", "name is not activatable", "org.freedesktop.secrets: no such"):
		return &Error{"no program in this session provides a keyring, such as GNOME Keyring or KWallet", instead}
	case has("unlock", "locked", "dismissed", "user interaction is not allowed", "exit status 36", "exit status 51"):
		return &Error{"the keyring is locked", "unlock it and try again; without one, " + instead}
	case has("no such object", "does not exist", "object does not exist", "unknownobject", "nosuchobject"):
		return &Error{"the session has no login keyring to store a token in", "create one in the program that manages passwords in this session; without one, " + instead}
	case has("canceled", "cancelled", "exit status 128"):
		return &Error{"access to the keyring was refused", "allow it and try again; without one, " + instead}
	}
	return &Error{"the keyring cannot be used: " + strings.Join(strings.Fields(err.Error()), " "), instead}
}
