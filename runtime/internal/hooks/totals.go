package hooks

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// Totals are what a webhook has and had.
type Totals struct {
	Hook string
	// Received, Repeated and Refused count what arrived.
	Received, Repeated, Refused int64
	// Differing counts the repetitions with another body than the event that was stored.
	Differing int64
	// Waiting, Running and Parked are the events in these states. WaitingBytes is what the
	// bodies take of those that wait, and Oldest when the first of them arrived.
	Waiting, Running, Parked, WaitingBytes int64
	Oldest                                 time.Time
	// Failing reports whether somebody should look at it.
	Failing bool
	// Secrets are those that have ever fitted, by name.
	Secrets map[string]SecretUse
}

// SecretUse says how often a secret has fitted, and when it last did.
type SecretUse struct {
	Uses int64
	Last time.Time
}

// Last is when the last message arrived that was accepted.
func (t Totals) Last() (last time.Time) {
	for _, s := range t.Secrets {
		if s.Last.After(last) {
			last = s.Last
		}
	}
	return last
}

// Totals returns the totals of the webhooks that have any, by name.
func (s *Events) Totals(ctx context.Context) (map[string]Totals, error) {
	from, err := s.reads()
	if err != nil {
		return nil, err
	}
	return ReadTotals(ctx, from)
}

// ReadTotals is Events.Totals on one state of a store.
func ReadTotals(ctx context.Context, q store.Source) (map[string]Totals, error) {
	all := map[string]Totals{}
	err := store.Each(ctx, q, func(row *sql.Rows) error {
		t := Totals{Secrets: map[string]SecretUse{}}
		err := row.Scan(&t.Hook, &t.Received, &t.Repeated, &t.Differing, &t.Refused, &t.Failing)
		all[t.Hook] = t
		return err
	}, `SELECT name, received, repeated, differing, refused, failing <> 0 FROM phscript_hook`)
	for name, t := range all {
		if err == nil {
			err = pending(ctx, q, &t)
		}
		all[name] = t
	}
	if err != nil {
		return nil, err
	}
	return all, store.Each(ctx, q, func(row *sql.Rows) error {
		var hook, secret string
		var uses, last int64
		err := row.Scan(&hook, &secret, &uses, &last)
		if t, ok := all[hook]; ok {
			t.Secrets[secret] = SecretUse{uses, time.UnixMicro(last)}
		}
		return err
	}, `SELECT hook, secret, uses, last_at FROM phscript_hook_secret`)
}

// pending counts the events of a webhook that are not handled, each in a small index.
func pending(ctx context.Context, q store.Source, t *Totals) error {
	var oldest *int64
	one := func(state string, into ...any) error {
		columns := `count(*)`
		if len(into) > 1 {
			columns += `, coalesce(sum(size), 0), min(received_at)`
		}
		return q.QueryRowContext(ctx, `SELECT `+columns+` FROM phscript_hook_event WHERE hook = ? AND state = '`+state+`'`, t.Hook).Scan(into...)
	}
	err := errors.Join(one("waiting", &t.Waiting, &t.WaitingBytes, &oldest), one("running", &t.Running), one("parked", &t.Parked))
	t.Oldest = store.Time(oldest)
	return err
}

// use is a secret of a webhook.
type use struct{ hook, secret string }

func sortedUses(uses map[use]int64) []use {
	return slices.SortedFunc(maps.Keys(uses), func(a, b use) int { return cmp.Or(cmp.Compare(a.hook, b.hook), cmp.Compare(a.secret, b.secret)) })
}

// countUses notes which secrets have fitted, in the order of their names.
func countUses(ctx context.Context, tx *store.Tx, uses map[use]int64, now int64) error {
	for _, u := range sortedUses(uses) {
		err := store.Exec(ctx, tx, `INSERT INTO phscript_hook_secret (hook, secret, uses, last_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (hook, secret) DO UPDATE SET uses = phscript_hook_secret.uses + excluded.uses, last_at = excluded.last_at`, u.hook, u.secret, uses[u], now)
		if err != nil {
			return err
		}
	}
	return nil
}
