package quota

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// Starts that no longer count are added up by minute, script and run, and kept for keptPast.
const (
	keptPast = 24 * time.Hour
	// minute is a minute in microseconds.
	minute = int64(time.Minute / time.Microsecond)
	// prunedEvery is how many bookings of a tenant there are between two deletions of what is
	// older.
	prunedEvery = 100
)

const addPast = `INSERT INTO phscript_quota_minute (tenant, minute, script, run, calls) VALUES (?, ?, ?, ?, ?)
	ON CONFLICT (tenant, minute, script, run) DO UPDATE SET calls = phscript_quota_minute.calls + excluded.calls`

// used is who made calls in a minute.
type used struct {
	minute      int64
	script, run string
}

// settle adds the dropped starts of a tenant to its past, in the transaction that removes
// them.
func (t *tenant) settle(ctx context.Context, tx *store.Tx) error {
	if len(t.dropped) == 0 {
		return nil
	}
	calls := map[used]int{}
	for _, s := range t.dropped {
		calls[used{s.at / minute, s.script, s.run}]++
	}
	for u, n := range calls {
		if err := store.Exec(ctx, tx, addPast, t.key, u.minute, u.script, u.run, n); err != nil {
			return err
		}
	}
	if t.last%prunedEvery != 0 {
		return nil
	}
	return store.Exec(ctx, tx, `DELETE FROM phscript_quota_minute WHERE tenant = ? AND minute < ?`, t.key, (t.now-keptPast.Microseconds())/minute)
}

// Past is the calls of a tenant in the last 24 hours.
type Past struct {
	// Host and Tenant are as in Report.
	Host, Tenant string
	// Steps are the stretches of time with calls, in order.
	Steps []Step
	// Scripts are those that made calls, the busiest first.
	Scripts []ScriptCalls
}

// Step is the calls that started in a stretch of time.
type Step struct {
	// At is when it began.
	At    time.Time
	Calls int
	// Scripts are those that made them, the busiest first.
	Scripts []ScriptCalls
}

// ScriptCalls is how many calls a script made.
type ScriptCalls struct {
	Script string
	Calls  int
}

// Pasts returns the calls of every tenant in the store since some time ago, at most 24
// hours, by host. They are added up in steps of whole minutes.
func Pasts(ctx context.Context, s store.Source, since, step time.Duration) ([]Past, error) {
	minutes := max(1, int64(step/time.Minute))
	type place struct {
		step   int64
		script string
	}
	hosts, calls := map[string]string{}, map[string]map[place]int{}
	add := func(tenant string, step int64, script string, n int) {
		if calls[tenant] == nil {
			calls[tenant] = map[place]int{}
		}
		calls[tenant][place{step, script}] += n
	}
	var now int64
	if err := s.QueryRowContext(ctx, `SELECT `+s.Now()).Scan(&now); err != nil {
		return nil, err
	}
	from := (now - min(since, keptPast).Microseconds()) / minute
	err := store.Each(ctx, s, func(row *sql.Rows) error {
		t, err := scan(row)
		hosts[t.key] = t.host
		for _, start := range t.starts {
			if m := start.at / minute; start.at <= t.now && m >= from {
				add(t.key, m/minutes, start.script, 1)
			}
		}
		return err
	}, `SELECT `+columns+`, `+s.Now()+` FROM phscript_quota`)
	if err != nil {
		return nil, err
	}
	err = store.Each(ctx, s, func(row *sql.Rows) error {
		var tenant, script string
		var m int64
		var n int
		err := row.Scan(&tenant, &m, &script, &n)
		add(tenant, m, script, n)
		return err
	}, `SELECT tenant, step, script, sum(calls) FROM (SELECT tenant, minute / ? AS step, script, calls FROM phscript_quota_minute WHERE minute >= ?) AS steps
		GROUP BY tenant, step, script`, minutes, from)
	if err != nil {
		return nil, err
	}
	var list []Past
	for tenant, places := range calls {
		p := Past{Host: hosts[tenant], Tenant: tenant}
		steps, scripts := map[int64][]ScriptCalls{}, map[string]int{}
		for at, n := range places {
			steps[at.step] = append(steps[at.step], ScriptCalls{at.script, n})
			scripts[at.script] += n
		}
		for _, at := range slices.Sorted(maps.Keys(steps)) {
			one := Step{At: time.UnixMicro(at * minutes * minute), Scripts: steps[at]}
			busiest(one.Scripts)
			for _, s := range one.Scripts {
				one.Calls += s.Calls
			}
			p.Steps = append(p.Steps, one)
		}
		for script, n := range scripts {
			p.Scripts = append(p.Scripts, ScriptCalls{script, n})
		}
		busiest(p.Scripts)
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Past) int {
		return cmp.Or(strings.Compare(a.Host, b.Host), strings.Compare(a.Tenant, b.Tenant))
	})
	return list, nil
}

func busiest(list []ScriptCalls) {
	slices.SortFunc(list, func(a, b ScriptCalls) int { return cmp.Or(b.Calls-a.Calls, strings.Compare(a.Script, b.Script)) })
}

// forgetPast adds the starts of tenants that make no more calls to their past, so that
// their records can be deleted, and deletes what is older than a day.
func forgetPast(ctx context.Context, db *store.DB, idle string, args ...any) error {
	hosts := map[string]string{}
	err := store.Each(ctx, db, func(row *sql.Rows) error {
		var key, host string
		err := row.Scan(&key, &host)
		hosts[key] = host
		return err
	}, `SELECT tenant, host FROM phscript_quota WHERE `+idle, args...)
	for key, host := range hosts {
		if err != nil {
			break
		}
		err = change(ctx, db, key, host, func(t *tenant) bool {
			t.drop(t.now)
			return len(t.dropped) > 0
		})
	}
	if err != nil {
		return err
	}
	return store.Exec(ctx, db, `DELETE FROM phscript_quota_minute WHERE minute < (`+db.Now()+` - ?) / ?`, keptPast.Microseconds(), minute)
}
