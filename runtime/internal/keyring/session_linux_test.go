package keyring

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoSession: without a session, nothing is started to find one.
func TestNoSession(t *testing.T) {
	variables := map[string]string{}
	k := System(func(name string) (string, bool) { v, ok := variables[name]; return v, ok }, func(name string) bool { return name == "/run/user/7/bus" })
	h := &held{secrets: map[string]string{}}
	k.Backend = h
	_, err := k.Get(t.Context(), "a")
	require.EqualError(t, err, "there is no desktop session here, so there is no keyring")
	variables["XDG_RUNTIME_DIR"] = "/run/user/8"
	_, err = k.Get(t.Context(), "a")
	require.ErrorContains(t, err, "no desktop session")
	variables["XDG_RUNTIME_DIR"] = "/run/user/7"
	_, err = k.Get(t.Context(), "a")
	require.ErrorIs(t, err, ErrNone)
	delete(variables, "XDG_RUNTIME_DIR")
	variables["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/x"
	_, err = k.Get(t.Context(), "a")
	require.ErrorIs(t, err, ErrNone)
	_, err = (*Keyring)(nil).Get(t.Context(), "a")
	require.EqualError(t, err, "there is no keyring here")
}
