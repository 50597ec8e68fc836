package keyring

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	system "github.com/zalando/go-keyring"
)

// held is a keyring in memory. err, if set, is the answer to everything, and hang, if set,
// is what it waits for.
type held struct {
	secrets map[string]string
	err     error
	hang    chan struct{}
}

func (h *held) wait() error {
	if h.hang != nil {
		<-h.hang
	}
	return h.err
}

func (h *held) Get(service, name string) (string, error) {
	if err := h.wait(); err != nil {
		return "", err
	}
	secret, ok := h.secrets[service+"/"+name]
	if !ok {
		return "", system.ErrNotFound
	}
	return secret, nil
}

func (h *held) Set(service, name, secret string) error {
	if err := h.wait(); err != nil {
		return err
	}
	h.secrets[service+"/"+name] = secret
	return nil
}

func (h *held) Delete(service, name string) error {
	if _, err := h.Get(service, name); err != nil {
		return err
	}
	delete(h.secrets, service+"/"+name)
	return nil
}

func TestKeyring(t *testing.T) {
	h := &held{secrets: map[string]string{}}
	k := &Keyring{Backend: h}
	_, err := k.Get(t.Context(), "a")
	require.ErrorIs(t, err, ErrNone)
	require.ErrorIs(t, k.Delete(t.Context(), "a"), ErrNone)
	require.NoError(t, k.Set(t.Context(), "a", "one"))
	secret, err := k.Get(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, "one", secret)
	assert.Equal(t, map[string]string{"phscript/a": "one"}, h.secrets)
	require.NoError(t, k.Delete(t.Context(), "a"))
	assert.Empty(t, h.secrets)
}

// TestHangingKeyring: one that waits for a person who is not there holds nothing up.
func TestHangingKeyring(t *testing.T) {
	h := &held{err: errors.New("it is too late"), hang: make(chan struct{})}
	t.Cleanup(func() { close(h.hang) })
	k := &Keyring{Backend: h, Limit: 10 * time.Millisecond}
	_, err := k.Get(t.Context(), "a")
	require.EqualError(t, err, "the keyring did not answer within 10ms; it may be locked and waiting for its password")
	require.ErrorAs(t, k.Set(t.Context(), "a", "one"), new(*Error))
	require.ErrorAs(t, k.Delete(t.Context(), "a"), new(*Error))
	stopped, stop := context.WithCancelCause(t.Context())
	reason := errors.New("the person pressed Ctrl-C")
	stop(reason)
	_, err = (&Keyring{Backend: h}).Get(stopped, "a")
	assert.ErrorIs(t, err, reason)
	assert.Equal(t, 3*time.Second, DefaultLimit)
}

func TestWhatKeyringsSay(t *testing.T) {
	for said, want := range map[string]string{
		`exec: "dbus-launch": executable file not found in $PATH`:                        "the desktop session cannot be reached",
		"dial unix /run/user/1000/bus: connect: no such file or directory":               "the desktop session cannot be reached",
		"The name org.freedesktop.secrets was not provided by any .service files":        "no program in this session provides a keyring",
		"failed to unlock correct collection '/org/freedesktop/secrets/aliases/default'": "the keyring is locked",
		"prompt dismissed": "the keyring is locked",
		"Object does not exist at path “/org/freedesktop/secrets/collection/login”": "no login keyring",
		"No such object path '/org/freedesktop/secrets/aliases/default'":            "no login keyring",
		"security: SecKeychainItemCopyContent: User interaction is not allowed.":    "the keyring is locked",
		"security: The user canceled the operation":                                 "access to the keyring was refused",
		"something that nobody\nexpected":                                           "the keyring cannot be used: something that nobody expected",
		system.ErrUnsupportedPlatform.Error():                                       "the keyring cannot be used",
	} {
		_, err := (&Keyring{Backend: &held{err: errors.New(said)}}).Get(t.Context(), "a")
		var failed *Error
		require.ErrorAs(t, err, &failed, said)
		assert.Contains(t, failed.Message, want, said)
		assert.Contains(t, failed.Hint, "phscript login --store file", said)
		assert.Equal(t, 4, failed.ExitCode())
	}
	for err, want := range map[error]string{system.ErrUnsupportedPlatform: "does not support a keyring", system.ErrSetDataTooBig: "too long"} {
		assert.ErrorContains(t, (&Keyring{Backend: &held{err: err}}).Set(t.Context(), "a", "b"), want)
	}
}
