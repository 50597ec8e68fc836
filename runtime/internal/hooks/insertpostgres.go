package hooks

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// insertEvents stores events that are given as columns, for PostgreSQL.
const insertEvents = `INSERT INTO phscript_hook_event (hook, delivery, content, order_key, received_at, address, method, path, headers, body, size, secret, due_at, digest)
	SELECT e.hook, e.delivery, e.content, e.order_key, ?::bigint, e.address, e.method, e.path, e.headers, e.body, length(e.body), e.secret, ?::bigint, e.digest
	FROM unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bytea[], ?::text[], ?::text[], ?::text[])
		WITH ORDINALITY AS e (hook, delivery, content, order_key, address, method, path, headers, body, secret, before, digest, at)
	WHERE NOT EXISTS (SELECT 1 FROM phscript_hook_event AS o WHERE o.hook = e.hook AND o.delivery = e.before AND o.received_at > ?::bigint)
	ORDER BY e.at
	ON CONFLICT DO NOTHING RETURNING hook, delivery, id`

// own is what tells an event from others of its group.
type own struct{ hook, delivery string }

// insertAtOnce stores events with one statement, since each statement is a message to the
// server and back, and says which are repetitions.
func insertAtOnce(ctx context.Context, tx *store.Tx, group []arrival, now int64) (again []bool, err error) {
	first := map[own]*Event{}
	var whole, late []arrival
	for _, a := range group {
		// What another one of the group repeats can only be seen once that is stored.
		if _, ok := first[own{a.Hook, a.before}]; ok && a.before != "" {
			late = append(late, a)
			continue
		}
		if at := (own{a.Hook, a.Delivery}); first[at] == nil {
			first[at] = a.Event
			whole = append(whole, a)
		}
	}
	stored := map[*Event]bool{}
	for _, part := range [][]arrival{whole, late} {
		if len(part) == 0 {
			continue
		}
		args, err := columns(part, now)
		if err != nil {
			return nil, err
		}
		err = store.Each(ctx, tx, func(row *sql.Rows) error {
			var at own
			var id int64
			if err := row.Scan(&at.hook, &at.delivery, &id); err != nil {
				return err
			}
			for _, a := range part {
				if a.Hook == at.hook && a.Delivery == at.delivery && !stored[a.Event] {
					a.ID, a.Received = id, time.UnixMicro(now)
					stored[a.Event] = true
					break
				}
			}
			return nil
		}, insertEvents, args...)
		if err != nil {
			return nil, err
		}
	}
	for _, a := range group {
		is := !stored[a.Event]
		if again = append(again, is); is {
			if err := repeated(ctx, tx, a.Event); err != nil {
				return nil, err
			}
		}
	}
	return again, nil
}

// columns are the arguments of insertEvents.
func columns(group []arrival, now int64) ([]any, error) {
	texts := make([][]string, 10)
	var contents []*string
	var bodies [][]byte
	for _, a := range group {
		header, err := json.Marshal(a.Header)
		if err != nil {
			return nil, err
		}
		for i, text := range []string{a.Hook, a.Delivery, a.Key, a.Address, a.Method, a.Path, string(header), a.Secret, a.before, a.digest} {
			texts[i] = append(texts[i], text)
		}
		contents, bodies = append(contents, a.contentOrNull()), append(bodies, a.Body)
	}
	return []any{
		now, now, texts[0], texts[1], contents, texts[2], texts[3], texts[4], texts[5], texts[6], bodies, texts[7], texts[8], texts[9], now - repeatedWithin.Microseconds(),
	}, nil
}
