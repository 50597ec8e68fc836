package quota

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
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
	// Others is the least number of calls that Planhat has counted and this store has not,
	// 0 if none were seen lately. OthersSeen is when.
	Others     int64     `json:"others" doc:"calls that other programs have made with the token, at least"`
	OthersSeen time.Time `json:"others_seen,omitzero" doc:"when these were last seen"`
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
func Reports(ctx context.Context, db store.Source, length time.Duration) (reports []Report, err error) {
	err = store.Each(ctx, db, func(row *sql.Rows) error {
		t, err := scan(row)
		if err == nil {
			t.drop(t.now - length.Microseconds())
			reports = append(reports, t.report())
		}
		return err
	}, `SELECT `+columns+`, `+db.Now()+` FROM phscript_quota ORDER BY host, tenant`)
	return reports, err
}

// report adds up who uses the quota.
func (t *tenant) report() Report {
	r := Report{Host: t.host, Tenant: t.key, LastScript: t.blockedBy, BlockedFor: time.Duration(max(0, t.blockedUntil-t.now)) * time.Microsecond}
	if t.blockedAt > 0 {
		r.Last429 = time.UnixMicro(t.blockedAt)
	}
	if t.others > 0 && t.now-t.othersAt < shownFor {
		r.Others, r.OthersSeen = t.others, time.UnixMicro(t.othersAt)
	}
	users := map[[2]string]*User{}
	for _, s := range t.starts {
		key := [2]string{s.run, s.script}
		u := users[key]
		if u == nil {
			u = &User{Script: s.script, Run: s.run}
			users[key] = u
		}
		wait := time.Duration(s.at-t.now) * time.Microsecond
		if wait <= 0 {
			r.Used, u.Used = r.Used+1, u.Used+1
			continue
		}
		if r.Waiting == 0 {
			r.WaitFor = wait
		}
		if u.Waiting == 0 {
			u.WaitSeconds = wait.Seconds()
		}
		r.Waiting, u.Waiting = r.Waiting+1, u.Waiting+1
	}
	for _, key := range slices.SortedFunc(maps.Keys(users), func(a, b [2]string) int { return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1])) }) {
		r.Users = append(r.Users, *users[key])
	}
	slices.SortStableFunc(r.Users, func(a, b User) int { return b.Used + b.Waiting - a.Used - a.Waiting })
	return r
}

// How long tenants that make no calls stay in reports, and those that got a 429.
const (
	forgetAfter    = time.Hour
	forget429After = 7 * 24 * time.Hour
)

// Forget deletes the records of tenants that no longer make calls.
func Forget(ctx context.Context, db *store.DB) error {
	idle := `blocked_at < ` + db.Now() + ` - ? AND booked_at < ` + db.Now() + ` - ?`
	args := []any{forget429After.Microseconds(), forgetAfter.Microseconds()}
	if err := forgetPast(ctx, db, idle, args...); err != nil {
		return err
	}
	return store.Exec(ctx, db, `DELETE FROM phscript_quota WHERE `+idle, args...)
}
