package access

import (
	"context"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

// TestAccounts runs what needs a store, on both databases.
func TestAccounts(t *testing.T) {
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		db, err := store.Open(t.Context(), location)
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		for _, test := range []func(trial){tokens, sessionsEnd, links, linksSignInOnce, secretsAreNotStored, names} {
			for _, table := range []string{"account", "link", "session"} {
				require.NoError(t, store.Exec(t.Context(), db, "DELETE FROM phscript_access_"+table))
			}
			of := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
			t.Run(name+"/"+of[strings.LastIndex(of, ".")+1:], func(t *testing.T) { test(trial{t, New(db, db), t.Context()}) })
		}
	}
}

// by is who adds and revokes accounts.
var by = audit.Actor{Name: "root", Role: audit.CommandLine}

// trial are accounts, and what tests do with them.
type trial struct {
	*testing.T
	*Accounts
	ctx context.Context
}

func (r trial) signIn(shown string) string {
	r.Helper()
	session, _, err := r.SignIn(r.ctx, shown, "192.0.2.1")
	require.NoError(r, err)
	return session
}

func (r trial) refuses(want error, shown string) {
	r.Helper()
	session, user, err := r.SignIn(r.ctx, shown, "192.0.2.1")
	require.ErrorIs(r, err, want)
	assert.Empty(r, session)
	assert.Zero(r, user)
}

func (r trial) is(want User, session string) {
	r.Helper()
	user, err := r.Session(r.ctx, session)
	require.NoError(r, err)
	assert.Equal(r, want, user)
}

func (r trial) ended(session string) {
	r.Helper()
	_, err := r.Session(r.ctx, session)
	assert.ErrorIs(r, err, ErrNoSession)
}

// later moves everything that the store remembers into the past.
func (r trial) later(table string, by time.Duration, columns ...string) {
	r.Helper()
	for _, column := range columns {
		require.NoError(r, store.Exec(r.ctx, r.db, "UPDATE phscript_access_"+table+" SET "+column+" = "+column+" - ?", by.Microseconds()))
	}
}

func tokens(r trial) {
	t := r.T
	nobody, err := r.Nobody(r.ctx)
	require.NoError(t, err)
	assert.True(t, nobody)
	kim, err := r.Add(r.ctx, "kim", Operator, 0, by)
	require.NoError(t, err)
	lee, err := r.Add(r.ctx, "lee@example.com", Viewer, time.Hour, by)
	require.NoError(t, err)
	assert.NotEqual(t, kim, lee)
	assert.Len(t, kim, len(tokenPrefix)+43, "256 bits")
	_, err = r.Add(r.ctx, "kim", Viewer, 0, by)
	require.EqualError(t, err, `there is already an account named "kim"`)
	nobody, err = r.Nobody(r.ctx)
	require.NoError(t, err)
	assert.False(t, nobody)

	first, second, other := r.signIn(kim), r.signIn(kim), r.signIn(lee)
	r.is(User{Name: "kim", Role: Operator}, first)
	r.is(User{Name: "lee@example.com", Role: Viewer}, other)
	for _, forged := range []string{"", kim[:len(kim)-1], kim + "A", strings.ToUpper(kim), "phs_" + strings.Repeat("A", 43), first, string(hashed(kim)), "' OR 1=1 --"} {
		r.refuses(ErrUnknown, forged)
	}
	for _, forged := range []string{"", kim, string(hashed(first)), first + " "} {
		r.ended(forged)
	}
	require.NoError(t, r.SignOut(r.ctx, first))
	r.ended(first)
	r.is(User{Name: "kim", Role: Operator}, second)

	list, err := r.List(r.ctx)
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, "kim", list[0].Name)
	assert.True(t, list[0].Token)
	assert.Equal(t, 1, list[0].Sessions)
	assert.Zero(t, list[0].Expires)
	assert.WithinDuration(t, time.Now(), list[0].Used, time.Minute)
	assert.WithinDuration(t, time.Now().Add(time.Hour), list[1].Expires, time.Minute)

	// An account that has expired cannot sign in, and its sessions end.
	r.later("account", 2*time.Hour, "expires_at")
	r.ended(other)
	r.refuses(ErrExpired, lee)
	list, err = r.List(r.ctx)
	require.NoError(t, err)
	assert.True(t, list[1].Expired)
	assert.False(t, list[0].Expired)

	// Revoking ends sessions, tokens and links at once.
	link, found, err := r.Link(r.ctx, "kim")
	require.NoError(t, err)
	require.True(t, found)
	found, err = r.Revoke(r.ctx, "kim", by)
	require.NoError(t, err)
	assert.True(t, found)
	r.ended(second)
	r.refuses(ErrUnknown, kim)
	r.refuses(ErrUnknown, link)
	found, err = r.Revoke(r.ctx, "kim", by)
	require.NoError(t, err)
	assert.False(t, found)
	again, err := r.Add(r.ctx, "kim", Viewer, 0, by)
	require.NoError(t, err)
	assert.NotEqual(t, kim, again)
	r.ended(second)
}

func sessionsEnd(r trial) {
	t := r.T
	kim, err := r.Add(r.ctx, "kim", Operator, 0, by)
	require.NoError(t, err)
	session := r.signIn(kim)
	user := User{Name: "kim", Role: Operator}
	// A request every eleven hours keeps a session for 30 days, and no longer.
	for range 65 {
		r.later("session", 11*time.Hour, "seen_at", "created_at")
		r.is(user, session)
	}
	r.later("session", 11*time.Hour, "seen_at", "created_at")
	r.ended(session)

	idle := r.signIn(kim)
	r.later("session", IdleTime, "seen_at", "created_at")
	r.ended(idle)
	list, err := r.List(r.ctx)
	require.NoError(t, err)
	assert.Zero(t, list[0].Sessions)
	r.signIn(kim)
	var stored int
	require.NoError(t, r.db.QueryRowContext(r.ctx, "SELECT count(*) FROM phscript_access_session").Scan(&stored))
	assert.Equal(t, 1, stored, "sessions that have ended are deleted")
}

func links(r trial) {
	t := r.T
	link, found, err := r.Link(r.ctx, Owner)
	require.NoError(t, err)
	require.True(t, found)
	nobody, err := r.Nobody(r.ctx)
	require.NoError(t, err)
	assert.True(t, nobody, "a link alone is nobody yet: the next start prints one, too")
	r.is(User{Name: Owner, Role: Operator}, r.signIn(link))
	r.refuses(ErrUsed, link)
	nobody, err = r.Nobody(r.ctx)
	require.NoError(t, err)
	assert.False(t, nobody)

	late, _, err := r.Link(r.ctx, Owner)
	require.NoError(t, err)
	r.later("link", LinkTime, "expires_at")
	r.refuses(ErrExpired, late)
	r.later("link", keepLinks+time.Second, "expires_at")
	next, _, err := r.Link(r.ctx, Owner)
	require.NoError(t, err)
	r.signIn(next)
	r.refuses(ErrUnknown, late)

	_, found, err = r.Link(r.ctx, "nobody")
	require.NoError(t, err)
	assert.False(t, found)
	list, err := r.List(r.ctx)
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.False(t, list[0].Token)
	assert.Equal(t, "phl_x", Shown(" https://phscript.example.com/team/sign-in#phl_x\n"))
	assert.Equal(t, "phs_x", Shown("phs_x"))
}

// linksSignInOnce, however many show it at the same time.
func linksSignInOnce(r trial) {
	t := r.T
	a := r.Accounts
	link, _, err := a.Link(t.Context(), Owner)
	require.NoError(t, err)
	var signedIn atomic.Int32
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			switch _, _, err := a.SignIn(t.Context(), link, ""); err {
			case nil:
				signedIn.Add(1)
			default:
				assert.ErrorIs(t, err, ErrUsed)
			}
		})
	}
	wait.Wait()
	assert.EqualValues(t, 1, signedIn.Load())
}

// secretsAreNotStored: whoever reads the store cannot sign in.
func secretsAreNotStored(r trial) {
	t := r.T
	token, err := r.Add(r.ctx, "kim", Operator, 0, by)
	require.NoError(t, err)
	link, _, err := r.Link(r.ctx, "kim")
	require.NoError(t, err)
	session := r.signIn(token)
	for table, column := range map[string]string{"account": "token", "link": "hash", "session": "hash"} {
		var stored []byte
		require.NoError(t, r.db.QueryRowContext(r.ctx, "SELECT "+column+" FROM phscript_access_"+table).Scan(&stored))
		assert.Len(t, stored, 32)
		for _, secret := range []string{token, link, session} {
			assert.NotContains(t, string(stored), secret)
		}
		r.refuses(ErrUnknown, string(stored))
		r.ended(string(stored))
	}
}

func names(r trial) {
	t, a := r.T, r.Accounts
	for _, name := range []string{"", " kim", "kim\n", "\x1b[31mkim", "k\u202eim", strings.Repeat("é", LongestName+1)} {
		_, err := a.Add(t.Context(), name, Viewer, 0, by)
		assert.ErrorContains(t, err, "cannot be the name of an account", "%q", name)
	}
	for _, name := range []string{"Kim Ek", "kim@example.com", "ci", strings.Repeat("é", LongestName), "<script>"} {
		_, err := a.Add(t.Context(), name, Viewer, 0, by)
		assert.NoError(t, err, name)
	}
}

func TestRoles(t *testing.T) {
	assert.True(t, Operator.May(Viewer))
	assert.True(t, Operator.May(Operator))
	assert.True(t, Viewer.May(Viewer))
	assert.False(t, Viewer.May(Operator))
	assert.False(t, Role("").May(Viewer))
	assert.False(t, Role("admin").May(Operator))
	assert.False(t, Role("").May(""))
}
