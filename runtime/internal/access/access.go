// Package access says who may use the pages of phscript serve: accounts with roles and
// tokens, sign-in links, and sessions, all in the store. So every machine that shares the
// store knows them, and ends them at once.
//
// The store holds only the SHA-256 of what a person or a browser shows. Each is made of
// 256 random bits, so nobody can guess one, and a hash without salt reveals nothing.
package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Role says what an account may do.
type Role string

// The roles. A viewer sees everything that is not secret; an operator also acts.
const (
	Viewer   Role = "viewer"
	Operator Role = "operator"
)

// Roles are all roles, the smallest first.
var Roles = []Role{Viewer, Operator}

// May reports whether a role includes another one.
func (r Role) May(needed Role) bool { return r == Operator || r == Viewer && needed == Viewer }

const (
	// IdleTime is how long a session lasts without a request.
	IdleTime = 12 * time.Hour
	// SessionTime is how long a session lasts at most.
	SessionTime = 30 * 24 * time.Hour
	// LinkTime is how long a sign-in link can be used.
	LinkTime = 15 * time.Minute
	// touchEvery is how often the use of a session is stored.
	touchEvery = time.Minute
	// keepLinks is how long a link is kept after its end, to say what happened to it.
	keepLinks = 24 * time.Hour
	// LongestName is the longest name of an account, in characters.
	LongestName = 100
)

// Prefixes tell tokens and links apart, and let scanners of secrets find them.
const (
	tokenPrefix = "phs_"
	linkPrefix  = "phl_"
)

// Errors about what somebody shows to sign in. Whoever has guessed nothing learns nothing
// from them: the last two need the right link.
var (
	ErrUnknown = errors.New("invalid token or link, or the account was revoked")
	ErrExpired = errors.New("this token or link has expired")
	ErrUsed    = errors.New("this link has been used already")
	// ErrNoSession is the error for a cookie without a session, or whose session has ended.
	ErrNoSession = errors.New("you are not signed in, or your session has ended")
)

// Account is a person or a program that may sign in.
type Account struct {
	Name string `json:"name" doc:"the name of the account"`
	Role Role   `json:"role" doc:"viewer or operator"`
	// Token reports whether the account has a token; without one, only links sign in.
	Token    bool      `json:"token" doc:"whether the account has a token; without one, only links of 'phscript access link' sign in"`
	Created  time.Time `json:"created" doc:"when it was added"`
	Expires  time.Time `json:"expires,omitzero" doc:"when it expires; left out if it does not"`
	Expired  bool      `json:"expired" doc:"whether it has expired"`
	Used     time.Time `json:"used,omitzero" doc:"when it was last used; left out if it never was"`
	Sessions int       `json:"sessions" doc:"the number of browsers that are signed in"`
}

// User is who makes a request.
type User struct {
	Name string
	Role Role
	// Proxy reports whether a proxy named the user, so that phscript cannot sign the user out.
	Proxy bool
}

// Accounts are the accounts in a store. It is safe for concurrent use.
type Accounts struct {
	db *store.DB
	// reads answers what only reads.
	reads store.Queryer
}

// New returns the accounts in a store. What only reads is asked through reads, which may be
// the store itself.
func New(db *store.DB, reads store.Queryer) *Accounts { return &Accounts{db, reads} }

// secret returns a new secret, and what the store holds of it.
func secret(prefix string) (text string, hash []byte) {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // it never fails
	text = prefix + base64.RawURLEncoding.EncodeToString(bits[:])
	return text, hashed(text)
}

func hashed(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// NameError is the error for a name that an account cannot have.
type NameError struct{ Message, Hint string }

func (e *NameError) Error() string { return e.Message }

// ErrorHint says what to do about it.
func (e *NameError) ErrorHint() string { return e.Hint }

func checkName(name string) error {
	odd := strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
	if name == "" || odd || strings.TrimSpace(name) != name || len([]rune(name)) > LongestName {
		return &NameError{
			Message: fmt.Sprintf("%q cannot be the name of an account", name),
			Hint:    fmt.Sprintf("use at most %d printable characters, without spaces at either end, such as \"kim\" or \"kim@example.com\"", LongestName),
		}
	}
	return nil
}

// Add adds an account and returns its token, which nothing shows again. The account
// expires after a time, 0 for never.
func (a *Accounts) Add(ctx context.Context, name string, role Role, lasts time.Duration, by audit.Actor) (token string, err error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	token, hash := secret(tokenPrefix)
	expires := "NULL"
	if lasts > 0 {
		expires = fmt.Sprintf("%s + %d", a.db.Now(), lasts.Microseconds())
	}
	added := false
	err = a.db.InDurableTx(ctx, func(tx *store.Tx) (err error) {
		added, err = store.Changed(ctx, tx, `INSERT INTO phscript_access_account (name, role, token, created_at, expires_at)
			VALUES (?, ?, ?, `+a.db.Now()+`, `+expires+`) ON CONFLICT DO NOTHING`, name, string(role), hash)
		if err != nil || !added {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Actor: by, Action: "add", Target: target(name), Detail: string(role)})
	})
	if err == nil && !added {
		return "", &NameError{
			Message: fmt.Sprintf("there is already an account named %q", name),
			Hint:    "choose another name, or remove the account first with 'phscript access revoke'",
		}
	}
	return token, err
}

// target is an account as the target of an act.
func target(name string) string { return "account " + name }

// List returns the accounts by name.
func (a *Accounts) List(ctx context.Context) (list []Account, err error) {
	now := a.db.Now()
	err = store.Each(ctx, a.reads, func(row *sql.Rows) error {
		var one Account
		var created int64
		var expires, used *int64
		err := row.Scan(&one.Name, &one.Role, &one.Token, &created, &expires, &one.Expired, &used, &one.Sessions)
		one.Created, one.Expires, one.Used = time.UnixMicro(created), store.Time(expires), store.Time(used)
		list = append(list, one)
		return err
	}, `SELECT name, role, token IS NOT NULL, created_at, expires_at, coalesce(expires_at <= `+now+`, FALSE), used_at,
		(SELECT count(*) FROM phscript_access_session s WHERE s.account = a.id AND `+live(now)+`)
		FROM phscript_access_account a ORDER BY name`)
	return list, err
}

// live is the condition for a session s that has not ended.
func live(now string) string {
	return fmt.Sprintf("s.seen_at > %s - %d AND s.created_at > %[1]s - %[3]d", now, IdleTime.Microseconds(), SessionTime.Microseconds())
}

// Revoke removes an account. Its token, links and sessions end at once. It reports
// whether there was one, and records who did it.
func (a *Accounts) Revoke(ctx context.Context, name string, by audit.Actor) (found bool, err error) {
	err = a.db.InDurableTx(ctx, func(tx *store.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, `DELETE FROM phscript_access_account WHERE name = ? RETURNING id`, name).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			found = false
			return nil
		}
		found = true
		return errors.Join(err, store.Exec(ctx, tx, `DELETE FROM phscript_access_link WHERE account = ?`, id),
			store.Exec(ctx, tx, `DELETE FROM phscript_access_session WHERE account = ?`, id),
			audit.Record(ctx, tx, audit.Entry{Actor: by, Action: "revoke", Target: target(name)}))
	})
	return found, err
}
