package access

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Owner is the account of whoever runs the service. It exists from the first link on.
const Owner = "owner"

// Link returns a new secret that signs in to an account once, within LinkTime. The account
// Owner is added if it is missing. found is false for another one that does not exist.
func (a *Accounts) Link(ctx context.Context, name string) (link string, found bool, err error) {
	if name == Owner {
		if err := a.addOwner(ctx); err != nil {
			return "", false, err
		}
	}
	link, hash := secret(linkPrefix)
	found, err = store.Changed(ctx, a.db, `INSERT INTO phscript_access_link (hash, account, expires_at)
		SELECT ?, id, `+a.db.Now()+` + ? FROM phscript_access_account WHERE name = ?`, hash, LinkTime.Microseconds(), name)
	return link, found, err
}

func (a *Accounts) addOwner(ctx context.Context) error {
	return store.Exec(ctx, a.db, `INSERT INTO phscript_access_account (name, role, created_at) VALUES (?, ?, `+a.db.Now()+`) ON CONFLICT DO NOTHING`,
		Owner, string(Operator))
}

// Nobody reports whether no account can have signed in yet: none has a token, and no link
// was used.
func (a *Accounts) Nobody(ctx context.Context) (bool, error) {
	some, err := store.Exists(ctx, a.db, `FROM phscript_access_account WHERE token IS NOT NULL OR used_at IS NOT NULL`)
	return !some, err
}

// Shown returns the token or the link in what somebody pasted, which may be the whole
// address of a sign-in page.
func Shown(text string) string {
	if i := strings.LastIndexByte(text, '#'); i >= 0 {
		text = text[i+1:]
	}
	return strings.TrimSpace(text)
}

// SignIn begins a session for a token or a link, and returns the secret that the browser
// keeps. A link is used up.
func (a *Accounts) SignIn(ctx context.Context, shown, address string) (session string, user User, err error) {
	if known, err := a.known(ctx, shown); err != nil || !known {
		return "", User{}, cmp.Or(err, ErrUnknown)
	}
	session, hash := secret("")
	var refused error
	err = a.db.InDurableTx(ctx, func(tx *store.Tx) error {
		refused = nil
		var id int64
		var expired bool
		var err error
		now := a.db.Now()
		switch {
		case strings.HasPrefix(shown, linkPrefix):
			id, refused, err = a.use(ctx, tx, shown)
			if err != nil || refused != nil {
				return err
			}
			err = tx.QueryRowContext(ctx, `SELECT id, name, role, coalesce(expires_at <= `+now+`, FALSE) FROM phscript_access_account WHERE id = ?`, id).
				Scan(&id, &user.Name, &user.Role, &expired)
		default:
			err = tx.QueryRowContext(ctx, `SELECT id, name, role, coalesce(expires_at <= `+now+`, FALSE) FROM phscript_access_account WHERE token = ?`, hashed(shown)).
				Scan(&id, &user.Name, &user.Role, &expired)
		}
		switch {
		case errors.Is(err, sql.ErrNoRows):
			refused = ErrUnknown
			return nil
		case err != nil:
			return err
		case expired:
			refused = ErrExpired
			return nil
		}
		with := "token"
		if strings.HasPrefix(shown, linkPrefix) {
			with = "link"
		}
		return errors.Join(
			audit.Record(ctx, tx, audit.Entry{Actor: audit.Actor{Name: user.Name, Role: string(user.Role), Address: address}, Action: "sign in", Target: target(user.Name), Detail: "with a " + with}),
			store.Exec(ctx, tx, `UPDATE phscript_access_account SET used_at = `+now+` WHERE id = ?`, id),
			store.Exec(ctx, tx, `INSERT INTO phscript_access_session (hash, account, created_at, seen_at, address) VALUES (?, ?, `+now+`, `+now+`, ?)`, hash, id, address),
			store.Exec(ctx, tx, `DELETE FROM phscript_access_session WHERE hash IN (SELECT s.hash FROM phscript_access_session s WHERE NOT (`+live(now)+`))`),
			store.Exec(ctx, tx, `DELETE FROM phscript_access_link WHERE expires_at < `+now+` - ?`, keepLinks.Microseconds()))
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return "", User{}, err
	}
	return session, user, nil
}

// known reports whether the store holds a token or a link. It only reads, so those who guess
// take no time of those who write.
func (a *Accounts) known(ctx context.Context, shown string) (bool, error) {
	from := `FROM phscript_access_account WHERE token = ?`
	if strings.HasPrefix(shown, linkPrefix) {
		from = `FROM phscript_access_link WHERE hash = ?`
	}
	return store.Exists(ctx, a.reads, from, hashed(shown))
}

// use uses a link up. Of several that show it at once, one succeeds.
func (a *Accounts) use(ctx context.Context, tx *store.Tx, link string) (account int64, refused, err error) {
	var expired, used bool
	now := a.db.Now()
	err = tx.QueryRowContext(ctx, `SELECT account, expires_at <= `+now+`, used_at IS NOT NULL FROM phscript_access_link WHERE hash = ?`+a.db.Locking(), hashed(link)).
		Scan(&account, &expired, &used)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, ErrUnknown, nil
	case err != nil:
		return 0, nil, err
	case used:
		return 0, ErrUsed, nil
	case expired:
		return 0, ErrExpired, nil
	}
	return account, nil, store.Exec(ctx, tx, `UPDATE phscript_access_link SET used_at = `+now+` WHERE hash = ?`, hashed(link))
}

// Session returns who a browser is signed in as, or ErrNoSession. It writes only now and
// then.
func (a *Accounts) Session(ctx context.Context, session string) (user User, err error) {
	if session == "" {
		return User{}, ErrNoSession
	}
	var stale bool
	now := a.db.Now()
	err = a.reads.QueryRowContext(ctx, `SELECT a.name, a.role, s.seen_at < `+now+` - ? FROM phscript_access_session s JOIN phscript_access_account a ON a.id = s.account
		WHERE s.hash = ? AND `+live(now)+` AND (a.expires_at IS NULL OR a.expires_at > `+now+`)`, touchEvery.Microseconds(), hashed(session)).
		Scan(&user.Name, &user.Role, &stale)
	if errors.Is(err, sql.ErrNoRows) {
		return User{}, ErrNoSession
	}
	if err == nil && stale {
		// A store that cannot be written now does not sign anybody out.
		_ = a.touch(ctx, session)
	}
	return user, err
}

func (a *Accounts) touch(ctx context.Context, session string) error {
	now := a.db.Now()
	return a.db.InTx(ctx, func(tx *store.Tx) error {
		var account int64
		err := tx.QueryRowContext(ctx, `UPDATE phscript_access_session SET seen_at = `+now+` WHERE hash = ? RETURNING account`, hashed(session)).Scan(&account)
		if err != nil {
			return err
		}
		return store.Exec(ctx, tx, `UPDATE phscript_access_account SET used_at = `+now+` WHERE id = ?`, account)
	})
}

// SignOut ends a session.
func (a *Accounts) SignOut(ctx context.Context, session string) error {
	return store.Exec(ctx, a.db, `DELETE FROM phscript_access_session WHERE hash = ?`, hashed(session))
}
