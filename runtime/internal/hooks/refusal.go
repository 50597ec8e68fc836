package hooks

import (
	"context"
	"database/sql"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// mostRefusals is how many refusals of each webhook are kept.
const mostRefusals = 50

// Refusal is a message that was not accepted.
type Refusal struct {
	// Hook is "" for a path that no webhook has.
	Hook    string
	At      time.Time
	Address string
	Size    int64
	// Status is the answer, Reason what was wrong; it holds no secrets.
	Status int
	Reason string
}

// refusals are those that are not stored yet.
type refusals struct {
	count int64
	last  []Refusal
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// refuse answers a message that is not accepted, and remembers that. The answer says nothing
// that could help to guess.
func (in *Intake) refuse(w http.ResponseWriter, r *http.Request, hook string, no *refusal, size int64) {
	if no.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	w.Header().Set("Content-Type", plainText)
	w.WriteHeader(no.status)
	_, _ = w.Write([]byte(strconv.Itoa(no.status) + "\n"))
	if no.quiet {
		return
	}
	if hook != "" {
		in.meter(hook).refuse(no.status)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	of := in.refused[hook]
	if of == nil {
		of = &refusals{}
		in.refused[hook] = of
	}
	if of.count++; of.count == 1 && hook != "" { // once between two flushes
		in.log.Warn("event refused", "webhook", hook, "status", no.status, "reason", no.reason, "from", remote(r))
	}
	of.last = append(of.last, Refusal{Hook: hook, At: in.now(), Address: remote(r), Size: size, Status: no.status, Reason: storable(no.reason)})
	if len(of.last) > mostRefusals {
		of.last = of.last[1:]
	}
}

// flush stores the refusals, and counts what waits.
func (in *Intake) flush(ctx context.Context) {
	in.flushing.Lock()
	defer in.flushing.Unlock()
	in.mu.Lock()
	refused, hooks := in.refused, in.hooks
	in.refused = map[string]*refusals{}
	in.mu.Unlock()
	if len(refused) > 0 {
		if err := in.events.addRefusals(ctx, refused); err != nil && ctx.Err() == nil {
			in.log.Warn("refused events could not be recorded", "reason", err.Error())
		}
	}
	if len(hooks) == 0 {
		return
	}
	totals, err := in.events.Totals(ctx)
	if err != nil {
		return
	}
	for _, h := range hooks {
		t := totals[h.Name]
		h.setWaiting(t.Waiting, t.WaitingBytes)
	}
}

func (s *Events) addRefusals(ctx context.Context, refused map[string]*refusals) error {
	return s.db.InTx(ctx, func(tx *store.Tx) error {
		counts := map[string]*Totals{}
		for _, name := range sortedNames(refused) {
			counts[name] = &Totals{Refused: refused[name].count}
			for _, r := range refused[name].last {
				err := store.Exec(ctx, tx, `INSERT INTO phscript_hook_refusal (hook, at, address, size, status, reason) VALUES (?, ?, ?, ?, ?, ?)`,
					name, r.At.UnixMicro(), r.Address, r.Size, r.Status, r.Reason)
				if err != nil {
					return err
				}
			}
			err := store.Exec(ctx, tx, `DELETE FROM phscript_hook_refusal WHERE hook = ? AND id <= (SELECT id FROM phscript_hook_refusal WHERE hook = ? ORDER BY id DESC LIMIT 1 OFFSET ?)`, name, name, mostRefusals)
			if err != nil {
				return err
			}
		}
		return count(ctx, tx, counts)
	})
}

// Refusals returns the last refusals, of one webhook or of all if name is nil, the newest
// first.
func (s *Events) Refusals(ctx context.Context, name *string) (list []Refusal, err error) {
	from, err := s.reads()
	if err != nil {
		return nil, err
	}
	where, args := "1 = 1", []any{}
	if name != nil {
		where, args = "hook = ?", []any{*name}
	}
	err = store.Each(ctx, from, func(row *sql.Rows) error {
		var r Refusal
		var at int64
		err := row.Scan(&r.Hook, &at, &r.Address, &r.Size, &r.Status, &r.Reason)
		r.At = time.UnixMicro(at)
		list = append(list, r)
		return err
	}, strings.Join([]string{`SELECT hook, at, address, size, status, reason FROM phscript_hook_refusal WHERE`, where, `ORDER BY id DESC LIMIT ` + strconv.Itoa(mostRefusals*20)}, " "), args...)
	return list, err
}
