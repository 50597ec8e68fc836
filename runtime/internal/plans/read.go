package plans

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

const columns = `id, plan, schedule, script, profile, definition, needs, totals, likeness, undoes, state, reason, made_run, seen_run, made_by, made_why,
	made_at, expires_at, decided_by, decided_why, decided_at, consent, run, tries, ended_at, size`

// noRows turns a missing row into io.EOF.
func noRows(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return io.EOF
	}
	return err
}

func scan(row interface{ Scan(into ...any) error }) (*Plan, error) {
	p := &Plan{}
	var definition, needs, totals, consent string
	var made, expires int64
	var decided, ended *int64
	if err := row.Scan(&p.ID, &p.Plan, &p.Schedule, &p.Script, &p.Profile, &definition, &needs, &totals, &p.likeness, &p.Undoes, &p.State, &p.Reason, &p.MadeRun, &p.SeenRun,
		&p.MadeBy, &p.MadeWhy, &made, &expires, &p.DecidedBy, &p.DecidedWhy, &decided, &consent, &p.Run, &p.tries, &ended, &p.Size); err != nil {
		return nil, err
	}
	p.Made, p.Expires, p.Decided, p.Ended = time.UnixMicro(made), time.UnixMicro(expires), store.Time(decided), store.Time(ended)
	err := errors.Join(json.Unmarshal([]byte(definition), &p.definition), json.Unmarshal([]byte(needs), &p.Needs), json.Unmarshal([]byte(totals), &p.Totals))
	if consent != "" {
		err = errors.Join(err, json.Unmarshal([]byte(consent), &p.consent))
	}
	return p, err
}

// Get returns a plan, or ErrNoPlan.
func Get(ctx context.Context, q store.Queryer, id int64) (*Plan, error) {
	return one(ctx, q, `id = ?`, id)
}

func one(ctx context.Context, q store.Queryer, where string, args ...any) (*Plan, error) {
	p, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM phscript_plan WHERE `+where, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNoPlan
	}
	return p, err
}

// OfRun returns the plan that a run has made or found again, or nil.
func OfRun(ctx context.Context, q store.Queryer, run int64) (*Plan, error) {
	p, err := one(ctx, q, `made_run = ? OR seen_run = ? ORDER BY id DESC LIMIT 1`, run, run)
	if errors.Is(err, ErrNoPlan) {
		return nil, nil
	}
	return p, err
}

// Filter selects plans. Empty fields select all.
type Filter struct {
	States   []State
	Schedule string
	// Before is the number of a plan: only earlier ones are listed.
	Before int64
	// Limit is the maximum number of plans, 0 for all.
	Limit int
}

// List returns plans, the latest first.
func List(ctx context.Context, q store.Queryer, f Filter) (list []*Plan, err error) {
	where, args := []string{"1 = 1"}, []any{}
	if len(f.States) > 0 {
		where = append(where, "state IN (?"+strings.Repeat(", ?", len(f.States)-1)+")")
		for _, s := range f.States {
			args = append(args, s)
		}
	}
	if f.Schedule != "" {
		where, args = append(where, "schedule = ?"), append(args, f.Schedule)
	}
	if f.Before > 0 {
		where, args = append(where, "id < ?"), append(args, f.Before)
	}
	limit := ""
	if f.Limit > 0 {
		limit = " LIMIT " + strconv.Itoa(f.Limit)
	}
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		p, err := scan(row)
		list = append(list, p)
		return err
	}, `SELECT `+columns+` FROM phscript_plan WHERE `+strings.Join(where, " AND ")+` ORDER BY id DESC`+limit, args...)
	return list, err
}

// Waits is what waits for people.
type Waits struct {
	// Plans are the first that somebody should decide about, the oldest first. Count counts all.
	Plans []*Plan
	Count int
	// Version changes with each change of a plan.
	Version int64
}

// Wait reads what waits for people.
func Wait(ctx context.Context, q store.Queryer, most int) (w Waits, err error) {
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		p, err := scan(row)
		if w.Count++; len(w.Plans) < most {
			w.Plans = append(w.Plans, p)
		}
		return err
	}, `SELECT `+columns+` FROM phscript_plan WHERE ended_at IS NULL AND state IN (?, ?) ORDER BY id`, Waiting, Interrupted)
	if err == nil {
		err = q.QueryRowContext(ctx, `SELECT coalesce(max(changed_at), 0) + count(*) FROM phscript_plan`).Scan(&w.Version)
	}
	return w, err
}
