package quota

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// ProcessName identifies this process among those that share a quota.
func ProcessName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	// River accepts names of at most 100 characters.
	return fmt.Sprintf("%s:%d", host[:min(len(host), 64)], os.Getpid())
}

// Report is the state of one tenant's quota.
type Report struct {
	// Host receives the tenant's calls. Tenant identifies the tenant on it.
	Host   string `json:"host" doc:"the host that receives the calls"`
	Tenant string `json:"tenant" doc:"a hash that identifies the tenant"`
	// Used calls started within the last minute, Waiting ones are booked for
	// later.
	Used    int `json:"used" doc:"calls of the last minute"`
	Waiting int `json:"waiting" doc:"calls that are booked for later"`
	// WaitFor is how long the first waiting one still waits.
	WaitFor time.Duration `json:"-"`
	// BlockedFor is how long a 429 still pauses all calls.
	BlockedFor time.Duration `json:"-"`
	// Last429 is when Planhat last answered 429, zero for never, and LastScript the
	// script that got it.
	Last429    time.Time `json:"last_429,omitzero" doc:"when Planhat last answered 429"`
	LastScript string    `json:"last_429_script,omitempty" doc:"the script that got this answer"`
	Users      []User    `json:"users" doc:"who uses the quota, the largest share first"`
}

// User is one run's share of the quota.
type User struct {
	Script  string `json:"script" doc:"the script"`
	Run     string `json:"run" doc:"the host and process that runs it"`
	Used    int    `json:"used" doc:"its calls of the last minute"`
	Waiting int    `json:"waiting" doc:"its calls that are booked for later"`
	// WaitSeconds is how long its first waiting call still waits.
	WaitSeconds float64 `json:"wait_seconds,omitempty" doc:"how long the first of these still waits"`
}

// Reports returns the quota of every tenant in the store, by host.
func Reports(ctx context.Context, db *store.DB, length time.Duration) (reports []Report, err error) {
	var now int64
	err = store.Each(ctx, db, func(row *sql.Rows) error {
		var r Report
		var until, at int64
		err := row.Scan(&r.Tenant, &r.Host, &until, &at, &r.LastScript, &now)
		r.BlockedFor = time.Duration(max(0, until-now)) * time.Microsecond
		if at > 0 {
			r.Last429 = time.UnixMicro(at)
		}
		reports = append(reports, r)
		return err
	}, `SELECT tenant, host, blocked_until, blocked_at, blocked_by, `+db.Now()+` FROM phscript_quota ORDER BY host, tenant`)
	for i := range reports {
		err = errors.Join(err, reports[i].count(ctx, db, now, length))
	}
	if err != nil {
		return nil, err
	}
	return reports, nil
}

// count adds up who uses the quota.
func (r *Report) count(ctx context.Context, db *store.DB, now int64, length time.Duration) error {
	err := store.Each(ctx, db, func(row *sql.Rows) error {
		var u User
		var first int64
		err := row.Scan(&u.Script, &u.Run, &u.Used, &u.Waiting, &first)
		if u.Waiting > 0 {
			wait := time.Duration(first-now) * time.Microsecond
			if u.WaitSeconds = wait.Seconds(); r.Waiting == 0 || wait < r.WaitFor {
				r.WaitFor = wait
			}
		}
		r.Used, r.Waiting, r.Users = r.Used+u.Used, r.Waiting+u.Waiting, append(r.Users, u)
		return err
	}, `SELECT script, run, sum(CASE WHEN starts_at <= ? THEN 1 ELSE 0 END), sum(CASE WHEN starts_at > ? THEN 1 ELSE 0 END),
		coalesce(min(CASE WHEN starts_at > ? THEN starts_at END), 0)
		FROM phscript_quota_start WHERE tenant = ? AND starts_at > ? GROUP BY script, run`, now, now, now, r.Tenant, now-length.Microseconds())
	slices.SortFunc(r.Users, func(a, b User) int { return b.Used + b.Waiting - a.Used - a.Waiting })
	return err
}

// How long tenants that make no calls stay in reports, and those that got a 429.
const (
	forgetAfter    = time.Hour
	forget429After = 7 * 24 * time.Hour
)

// Forget deletes the records of tenants that no longer make calls.
func Forget(ctx context.Context, db *store.DB) error {
	return db.InTx(ctx, func(tx *store.Tx) error {
		if err := store.Exec(ctx, tx, `DELETE FROM phscript_quota_start WHERE starts_at < `+db.Now()+` - ?`, forgetAfter.Microseconds()); err != nil {
			return err
		}
		return store.Exec(ctx, tx, `DELETE FROM phscript_quota WHERE blocked_at < `+db.Now()+` - ?
			AND NOT EXISTS (SELECT 1 FROM phscript_quota_start WHERE phscript_quota_start.tenant = phscript_quota.tenant)`, forget429After.Microseconds())
	})
}
