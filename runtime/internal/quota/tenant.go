package quota

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// tenant is what the store holds of a tenant, in one row: a call reads and writes it
// once. Times are in microseconds of the database's clock.
type tenant struct {
	key, host string
	// now is the database's time, read is ours just after it.
	now  int64
	read time.Time

	blockedUntil, blockedAt int64
	blockedBy               string
	// bookedAt is when the last start was booked, last its number. moved is what last was
	// when starts were last moved: those with higher numbers are where they were booked.
	bookedAt, last, moved int64
	starts                []start
	// dropped are starts that were removed because they no longer count.
	dropped []start
	// others is how many calls others had sent at othersAt, marks are how many were ours.
	others, othersAt int64
	marks            []mark
}

// The texts are last, so that glance need not read them.
const columns = `tenant, host, blocked_until, blocked_at, blocked_by, booked_at, last_start, moved_start, others, others_at, marks, runs, starts`

// change reads a tenant, creates one that is missing, and stores it if do returns true.
// Nobody else changes the tenant meanwhile.
func change(ctx context.Context, db *store.DB, key, host string, do func(t *tenant) bool) error {
	// The time is read after the row is locked, which may take long.
	get := `SELECT ` + columns + `, ` + db.Now() + ` FROM (SELECT ` + columns + ` FROM phscript_quota WHERE tenant = ?` + db.Locking() + `) AS locked`
	const set = `UPDATE phscript_quota SET blocked_until = ?, blocked_at = ?, blocked_by = ?, booked_at = ?, last_start = ?, moved_start = ?, others = ?, others_at = ?, marks = ?, runs = ?, starts = ? WHERE tenant = ?`
	if err := db.Prepare(ctx, get, set, addPast); err != nil {
		return err
	}
	return db.InTx(ctx, func(tx *store.Tx) error {
		load := func() (tenant, error) { return scan(tx.QueryRowContext(ctx, get, key)) }
		t, err := load()
		if errors.Is(err, sql.ErrNoRows) {
			if err = store.Exec(ctx, tx, `INSERT INTO phscript_quota (tenant, host) VALUES (?, ?) ON CONFLICT (tenant) DO NOTHING`, key, host); err == nil {
				t, err = load()
			}
		}
		if err != nil || !do(&t) {
			return err
		}
		runs, starts, err := t.write()
		if err != nil {
			return err
		}
		marks, err := t.writeMarks()
		if err != nil {
			return err
		}
		if err := store.Exec(ctx, tx, set, t.blockedUntil, t.blockedAt, t.blockedBy, t.bookedAt, t.last, t.moved, t.others, t.othersAt, marks, runs, starts, key); err != nil {
			return err
		}
		return t.settle(ctx, tx)
	})
}

// read reads a tenant as it is. One that is missing has nothing booked.
func read(ctx context.Context, db *store.DB, key string) (t tenant, err error) {
	t, err = scan(db.QueryRowContext(ctx, `SELECT `+columns+`, `+db.Now()+` FROM phscript_quota WHERE tenant = ?`, key))
	if errors.Is(err, sql.ErrNoRows) {
		t.key, err = key, db.QueryRowContext(ctx, `SELECT `+db.Now()).Scan(&t.now)
	}
	return t, err
}

// glance reads a tenant without its starts.
func glance(ctx context.Context, db *store.DB, key string) (t tenant, err error) {
	get := `SELECT blocked_until, blocked_at, booked_at, last_start, moved_start, ` + db.Now() + ` FROM phscript_quota WHERE tenant = ?`
	if err = db.Prepare(ctx, get); err == nil {
		err = db.QueryRowContext(ctx, get, key).Scan(&t.blockedUntil, &t.blockedAt, &t.bookedAt, &t.last, &t.moved, &t.now)
	}
	t.read = time.Now()
	t.moveBack()
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return t, err
}

// moveBack corrects the times if the clock was set back: what has happened cannot be in
// the future. Starts are stored relative to bookedAt.
func (t *tenant) moveBack() {
	if ahead := max(t.bookedAt, t.blockedAt) - t.now; ahead > 0 {
		t.bookedAt, t.blockedAt, t.blockedUntil = t.bookedAt-ahead, t.blockedAt-ahead, t.blockedUntil-ahead
		t.othersAt -= ahead
		t.moved = t.last
	}
}

// drop forgets the starts up to a time.
func (t *tenant) drop(until int64) {
	t.starts = slices.DeleteFunc(t.starts, func(s start) bool {
		if s.at > until {
			return false
		}
		t.dropped = append(t.dropped, s)
		return true
	})
}

type row interface{ Scan(to ...any) error }

// scan reads columns and the time, and moves everything if the clock was set back.
func scan(r row) (t tenant, err error) {
	var runs, starts, marks string
	if err = r.Scan(&t.key, &t.host, &t.blockedUntil, &t.blockedAt, &t.blockedBy, &t.bookedAt, &t.last, &t.moved, &t.others, &t.othersAt, &marks, &runs, &starts, &t.now); err != nil {
		return t, err
	}
	t.read = time.Now()
	t.moveBack()
	if err = t.parseMarks(marks); err != nil {
		return t, err
	}
	t.starts, err = t.parse(runs, starts)
	return t, err
}

// What a start in the store may be.
const (
	isLong int64 = 1 << iota
	isSettled
)

// write returns starts as two JSON texts: the runs with their scripts, and for each start
// its time after bookedAt, its number after last, the index of its run, and what it is.
// So the texts are short: each call reads and writes them.
func (t *tenant) write() (runs, list string, err error) {
	var known [][2]string
	text := append(make([]byte, 0, 24*len(t.starts)+2), '[')
	for i, s := range t.starts {
		run := [2]string{s.run, s.script}
		n := slices.Index(known, run)
		if n < 0 {
			n, known = len(known), append(known, run)
		}
		var flags int64
		if s.long {
			flags |= isLong
		}
		if s.settled {
			flags |= isSettled
		}
		if i > 0 {
			text = append(text, ',')
		}
		for j, v := range [...]int64{s.at - t.bookedAt, s.id - t.last, int64(n), flags} {
			text = append(text, "[,,,"[j])
			text = strconv.AppendInt(text, v, 10)
		}
		text = append(text, ']')
	}
	names, err := json.Marshal(known)
	return string(names), string(append(text, ']')), err
}

// parse is the inverse of write. Each call parses all starts, and encoding/json would
// take most of its time.
func (t *tenant) parse(runs, list string) ([]start, error) {
	var known [][2]string
	if err := json.Unmarshal([]byte(runs), &known); err != nil {
		return nil, fmt.Errorf("the booked calls: %w", err)
	}
	starts := make([]start, 0, strings.Count(list, "]"))
	for rest := strings.Trim(list, "[]"); rest != ""; {
		var one string
		one, rest, _ = strings.Cut(rest, "],[")
		var v [4]int64
		for i := range v {
			var number string
			var err error
			number, one, _ = strings.Cut(one, ",")
			if v[i], err = strconv.ParseInt(number, 10, 64); err != nil {
				return nil, fmt.Errorf("the booked calls: %w", err)
			}
		}
		if v[2] < 0 || v[2] >= int64(len(known)) {
			return nil, errors.New("the booked calls: one has no run")
		}
		run := known[v[2]]
		starts = append(starts, start{at: t.bookedAt + v[0], id: t.last + v[1], run: run[0], script: run[1], long: v[3]&isLong != 0, settled: v[3]&isSettled != 0})
	}
	return starts, nil
}
