package connectors

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/standin/gcal"
)

// kept keeps the tokens of several runtimes, one after another.
type kept struct{ values map[string][]byte }

func (*kept) Key() ([]byte, error) { return bytes.Repeat([]byte{7}, 32), nil }

func (k *kept) Load(_ context.Context, name string) ([]byte, error) { return k.values[name], nil }

func (k *kept) TryLock(_ context.Context, name string, _ time.Duration) ([]byte, func(), error) {
	return k.values[name], func() {}, nil
}

func (k *kept) Replace(_ context.Context, name string, old, value []byte) (bool, error) {
	if !bytes.Equal(k.values[name], old) {
		return false, nil
	}
	if k.values == nil {
		k.values = map[string][]byte{}
	}
	k.values[name] = value
	return true, nil
}

// A person authorizes the app in a browser once. All scripts with the same credentials use
// that, and it ends after seven days if the app is only for tests.
func TestGoogleCalendarInBrowser(t *testing.T) {
	a := newAgenda(t)
	a.google.Put(gcal.Account, "review", meeting("Review", "kim@northwind.example"))
	opened := 0
	browse := func(line string) {
		_, address, _ := strings.Cut(line, "\n")
		opened++
		go func() {
			res, err := http.Get(address)
			if assert.NoError(t, err) {
				assert.NoError(t, res.Body.Close())
			}
		}()
	}
	with := map[string]string{"GOOGLE_CALENDAR_CLIENT_ID": gcal.ClientID, "GOOGLE_CALENDAR_CLIENT_SECRET": gcal.ClientSecret}
	a.with(t, with)
	_, err := a.sync(t, ``, ``)
	require.ErrorContains(t, err, "nobody has authorized the app")

	store := &kept{}
	a.options.Tokens, a.options.Tell = store, browse
	a.google.Testing(true)
	a.start(t)
	did := a.must(t, ``, ``)
	assert.EqualValues(t, 1, did["created"])
	assert.Equal(t, 1, opened)

	// Later runs need nobody, also when the access token has expired.
	a.options.Tell = nil
	a.start(t)
	a.clock.Advance(2 * time.Hour)
	a.google.Put(gcal.Account, "review", gcal.Body{"summary": "Changed"})
	did = a.must(t, ``, ``)
	assert.EqualValues(t, 1, did["updated"])
	other := runtime.Script{Name: "other.lua", Path: filepath.Join(a.options.WorkDir, "other.lua"), Source: fmt.Appendf(nil,
		`return require("connectors.google_calendar").sync{ settings = { base = %q, user = %q }, account = "other" }`, a.url+"/calendar/v3", gcal.Account)}
	_, err = a.runtime.Run(t.Context(), other)
	require.NoError(t, err, "another script")

	// Other people, and who does not know the secret, are not authorized by that.
	_, err = a.sync(t, `calendars = { "x" }, user = "csm@ours.example"`, ``)
	require.ErrorContains(t, err, "nobody has authorized the app")
	with["GOOGLE_CALENDAR_CLIENT_SECRET"] = "another"
	a.start(t)
	_, err = a.sync(t, ``, ``)
	require.ErrorContains(t, err, "nobody has authorized the app")
	with["GOOGLE_CALENDAR_CLIENT_SECRET"] = gcal.ClientSecret

	a.clock.Advance(7 * 24 * time.Hour)
	a.start(t)
	_, err = a.sync(t, ``, ``)
	require.ErrorContains(t, err, "invalid_grant: Token has been expired or revoked.")
	assert.Contains(t, hintOf(err), "run the script in a terminal to authorize the app again. If that happens every seven days, the app has the publishing status Testing")
	a.options.Tell = browse
	a.start(t)
	a.must(t, ``, ``)
	assert.Equal(t, 2, opened)
	a.google.Deny(true)
	a.options.Tokens = &kept{}
	a.start(t)
	_, err = a.sync(t, ``, ``)
	require.ErrorContains(t, err, "the app was not authorized: access_denied")
	for _, secret := range []string{gcal.ClientSecret, "access-" + gcal.ClientID, "refresh-" + gcal.ClientID} {
		assert.NotContains(t, a.log.String(), secret)
	}
}
