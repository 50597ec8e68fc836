package runtime

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/tokens"
)

// brokenStore fails to store while it is broken.
type brokenStore struct {
	bindings.TokenStore
	stores, broken atomic.Int64
}

func (s *brokenStore) Replace(ctx context.Context, name string, old, value []byte) (bool, error) {
	if s.stores.Add(1) == s.broken.Load() {
		return false, errors.New("the disk is full")
	}
	return s.TokenStore.Replace(ctx, name, old, value)
}

// A new token that cannot be stored is not used, and not lost as long as the run lasts.
func TestTokenThatCannotBeStored(t *testing.T) {
	b, a := newAuthority(t)
	store := &brokenStore{TokenStore: &tokens.Memory{}}
	store.broken.Store(2) // the first one marks that the refresh token was sent
	b.opts.Tokens = store
	refresh := a.oauth.Grant("app", "acme").Refresh
	call := `local api = http.client{ base = BASE, bearer = oauth2.refresh(app{ refresh_token = "` + refresh + `", again = "set CRM_REFRESH_TOKEN" }) }
		local ok, err = pcall(api.get, api, "/api")
		print(ok, err.kind, err.message, err.hint) `
	require.NoError(t, a.run(t, b, call+`api:get("/api")`))
	assert.Contains(t, b.stdout.String(), "false\tconfig\t"+a.URL[len("http://"):]+" issued a new token, but it could not be stored, so it was not used: the disk is full")
	assert.Contains(t, b.stdout.String(), "If the run ends before, set CRM_REFRESH_TOKEN")
	assert.Equal(t, []int{1, 1}, []int{a.requests(), a.pages})

	// A run that ends before loses it.
	fresh := a.oauth.Grant("app", "acme").Refresh
	store.broken.Store(store.stores.Load() + 2)
	require.Error(t, a.run(t, b, `http.get(BASE .. "/api", { bearer = oauth2.refresh(app{ refresh_token = "`+fresh+`" }) })`))
	err := a.run(t, b, `http.get(BASE .. "/api", { bearer = oauth2.refresh(app{ refresh_token = "`+fresh+`" }) })`)
	require.ErrorContains(t, err, "was never stored")
}

// Only those who have the secret get the stored token.
func TestStoredTokenNeedsTheSecret(t *testing.T) {
	b, a := newAuthority(t)
	b.opts.Tokens = &tokens.Memory{}
	get := `http.get(BASE .. "/api", { bearer = oauth2.client_credentials(app(OPTIONS)) })`
	for range 3 {
		require.NoError(t, a.run(t, b, `local OPTIONS = nil `+get))
	}
	assert.Equal(t, 1, a.requests(), "later runs use the stored token")
	require.ErrorContains(t, a.run(t, b, `local OPTIONS = { client_secret = "guessed-secret" } `+get), "invalid_client")
	require.NoError(t, a.run(t, b, `local OPTIONS = { scopes = "write" } `+get))
	assert.Equal(t, 3, a.requests(), "other scopes are another token")
}

// All runs that use a credential wait when its endpoint is busy.
func TestBusyEndpointHoldsAllRuns(t *testing.T) {
	b, a := newAuthority(t)
	b.opts.Tokens = &tokens.Memory{}
	busy := make(chan struct{})
	var early, sent atomic.Int64
	var until atomic.Pointer[time.Time]
	a.before = func(w http.ResponseWriter, _ *http.Request) bool {
		if sent.Add(1) == 1 {
			end := time.Now().Add(time.Second)
			until.Store(&end)
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			close(busy)
			return true
		}
		if time.Now().Before(*until.Load()) {
			early.Add(1)
		}
		return false
	}
	get := `local http, oauth2 = require "http", require "oauth2"
		http.get("` + a.URL + `/api", { bearer = oauth2.client_credentials{ token_url = "` + a.URL + `/token", client_id = "app", client_secret = "` + appSecret + `" } })`
	rt, err := New(b.opts)
	require.NoError(t, err)
	ended := make(chan error, 4)
	start := func() {
		_, err := rt.Run(t.Context(), Script{Name: "a.lua", Source: []byte(get)})
		ended <- err
	}
	go start()
	<-busy
	for range 3 {
		go start()
	}
	for range 4 {
		require.NoError(t, <-ended)
	}
	assert.Zero(t, early.Load())
	assert.EqualValues(t, 2, sent.Load())
}

// A stored token that was damaged is an error about the store, not about the service.
func TestDamagedToken(t *testing.T) {
	b, a := newAuthority(t)
	store := &damagingStore{TokenStore: &tokens.Memory{}}
	b.opts.Tokens = store
	get := `http.get(BASE .. "/api", { bearer = oauth2.refresh(app{ refresh_token = "` + a.oauth.Grant("app", "acme").Refresh + `", again = "set CRM_REFRESH_TOKEN" }) })`
	other := `http.get(BASE .. "/api", { bearer = oauth2.client_credentials(app()) })`
	require.NoError(t, a.run(t, b, get+other))
	store.damage = true
	err := a.run(t, b, get)
	var failed *planhat.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, planhat.KindConfig, failed.Kind)
	assert.Contains(t, failed.Message, "cannot be read: it is damaged")
	assert.Equal(t, "set CRM_REFRESH_TOKEN", failed.Hint)
	assert.Equal(t, 2, a.requests())
}

type damagingStore struct {
	bindings.TokenStore
	damage bool
}

func (s *damagingStore) TryLock(ctx context.Context, name string, lease time.Duration) ([]byte, func(), error) {
	value, release, err := s.TokenStore.TryLock(ctx, name, lease)
	if s.damage {
		value = append([]byte{value[0] ^ 1}, value[1:]...)
	}
	return value, release, err
}

// lateStore is a store whose leases have always ended.
type lateStore struct{ bindings.TokenStore }

func (s *lateStore) TryLock(ctx context.Context, name string, lease time.Duration) ([]byte, func(), error) {
	value, release, err := s.TokenStore.TryLock(ctx, name, lease)
	if release == nil {
		release = func() {}
	}
	return value, release, err
}

// A run whose refresh token was used by another one in the meantime looks for the token
// that the other one has stored, before it gives up.
func TestRefusedRefreshReadsAgain(t *testing.T) {
	b, a := newAuthority(t)
	b.opts.Tokens = &lateStore{TokenStore: &tokens.Memory{}}
	get := []byte(`local http, oauth2 = require "http", require "oauth2"
		http.get("` + a.URL + `/api", { bearer = oauth2.refresh{ token_url = "` + a.URL + `/token", client_id = "app", client_secret = "` + appSecret + `",
			refresh_token = "` + a.oauth.Grant("app", "acme").Refresh + `" } })`)
	rt, err := New(b.opts)
	require.NoError(t, err)
	var first atomic.Bool
	a.before = func(http.ResponseWriter, *http.Request) bool {
		if first.CompareAndSwap(false, true) {
			_, err := rt.Run(t.Context(), Script{Name: "faster.lua", Source: get})
			assert.NoError(t, err)
		}
		return false
	}
	_, err = rt.Run(t.Context(), Script{Name: "slower.lua", Source: get})
	require.NoError(t, err)
	renewed, reused := a.oauth.Counts()
	assert.Equal(t, []int{1, 1, 2}, []int{renewed, reused, a.requests()})
}
