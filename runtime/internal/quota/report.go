package quota

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// ProcessName tells this process apart from others that share a quota.
func ProcessName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	// Some that keep the name bound its length.
	return fmt.Sprintf("%s:%d", host[:min(len(host), 64)], os.Getpid())
}

// Report is what is known of one tenant's quota.
type Report struct {
	// Host is where the tenant's calls go, Tenant tells tenants of one host
	// apart.
	Host   string `json:"host"`
	Tenant string `json:"tenant"`
	// Used calls have started within the last minute, Waiting ones are booked
	// for later.
	Used    int `json:"used"`
	Waiting int `json:"waiting"`
	// BlockedFor is how long a 429 holds all calls back.
	BlockedFor time.Duration `json:"-"`
	// Last429 is when Planhat last said that there were too many calls, zero
	// for never, and LastScript which script was told.
	Last429    time.Time `json:"last_429,omitzero"`
	LastScript string    `json:"last_429_script,omitempty"`
	Users      []User    `json:"users"`
}

// User is one run's share of the quota.
type User struct {
	Script  string `json:"script"`
	Run     string `json:"run"`
	Used    int    `json:"used"`
	Waiting int    `json:"waiting"`
}

// Reports tells about all tenants in a store, by host.
func Reports(ctx context.Context, db *store.DB, length time.Duration) ([]Report, error) {
	rows, err := db.QueryContext(ctx, `SELECT tenant, host, blocked_until, blocked_at, blocked_by, `+db.Now()+` FROM phscript_quota ORDER BY host, tenant`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var reports []Report
	var now int64
	for rows.Next() {
		var r Report
		var until, at int64
		if err := rows.Scan(&r.Tenant, &r.Host, &until, &at, &r.LastScript, &now); err != nil {
			return nil, err
		}
		r.BlockedFor = time.Duration(max(0, until-now)) * time.Microsecond
		if at > 0 {
			r.Last429 = time.UnixMicro(at)
		}
		reports = append(reports, r)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	for i := range reports {
		if err := reports[i].count(ctx, db, now, length); err != nil {
			return nil, err
		}
	}
	return reports, nil
}

// count adds up who uses the quota.
func (r *Report) count(ctx context.Context, db *store.DB, now int64, length time.Duration) error {
	rows, err := db.QueryContext(ctx, db.Bind(`SELECT script, run, sum(CASE WHEN starts_at <= ? THEN 1 ELSE 0 END), sum(CASE WHEN starts_at > ? THEN 1 ELSE 0 END)
		FROM phscript_quota_start WHERE tenant = ? AND starts_at > ? GROUP BY script, run`), now, now, r.Tenant, now-length.Microseconds())
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var u User
		if err := rows.Scan(&u.Script, &u.Run, &u.Used, &u.Waiting); err != nil {
			return err
		}
		r.Used += u.Used
		r.Waiting += u.Waiting
		r.Users = append(r.Users, u)
	}
	slices.SortFunc(r.Users, func(a, b User) int { return b.Used + b.Waiting - a.Used - a.Waiting })
	return rows.Err()
}

// How long a tenant that calls no more is told of, and one that was held back.
const (
	forgetAfter    = time.Hour
	forget429After = 7 * 24 * time.Hour
)

// Forget drops what is known of tenants that call no more.
func Forget(ctx context.Context, db *store.DB) error {
	return db.InTx(ctx, func(tx *store.Tx) error {
		if _, err := tx.ExecContext(ctx, db.Bind(`DELETE FROM phscript_quota_start WHERE starts_at < `+db.Now()+` - ?`), forgetAfter.Microseconds()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, db.Bind(`DELETE FROM phscript_quota WHERE blocked_at < `+db.Now()+` - ?
			AND NOT EXISTS (SELECT 1 FROM phscript_quota_start WHERE phscript_quota_start.tenant = phscript_quota.tenant)`), forget429After.Microseconds())
		return err
	})
}
