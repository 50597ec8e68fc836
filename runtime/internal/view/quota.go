package view

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Quota is how much of one tenant's quota is used, and by whom.
type Quota struct {
	quota.Report
	Limit          int     `json:"limit" doc:"calls allowed per minute"`
	Free           int     `json:"free" doc:"calls that could start now"`
	BlockedSeconds float64 `json:"blocked_seconds" doc:"how much longer a 429 response blocks all calls"`
}

// Quotas reads the quota of every tenant that was called lately.
func Quotas(ctx context.Context, db *store.DB, spec planhat.WindowSpec) ([]Quota, error) {
	reports, err := quota.Reports(ctx, db, spec.Length)
	list := []Quota{}
	for _, r := range reports {
		list = append(list, Quota{r, spec.Limit, max(0, spec.Limit-r.Used-r.Waiting), r.BlockedFor.Seconds()})
	}
	return list, err
}

// QuotaColumns are the columns of Rows.
var QuotaColumns = []Column{{Least: 14}, {Least: 12}, {}}

// Rows are the quota as rows of a table.
func (q Quota) Rows() [][]string {
	rows := [][]string{
		{fmt.Sprintf("%s, token %.6s", q.Host, q.Tenant)},
		{"  used", fmt.Sprintf("%d of %d in the last minute", q.Used, q.Limit)},
		{"  waiting", strconv.Itoa(q.Waiting) + still(q.Waiting, q.WaitFor)},
		{"  free", strconv.Itoa(q.Free)},
	}
	if q.BlockedFor > 0 {
		rows = append(rows, []string{"  blocked", "for " + remaining(q.BlockedFor) + ", as Planhat asked"})
	}
	if q.Others > 0 {
		rows = append(rows, []string{"  others", fmt.Sprintf("at least %d, seen at %s", q.Others, At(q.OthersSeen))})
	}
	if !q.Last429.IsZero() {
		rows = append(rows, []string{"  last 429", fmt.Sprintf("%s, sent to %s", At(q.Last429), q.LastScript)})
	}
	for _, u := range q.Users {
		rows = append(rows, []string{"  " + u.Script, u.Run, fmt.Sprintf("%d used, %d waiting%s", u.Used, u.Waiting, still(u.Waiting, Seconds(u.WaitSeconds)))})
	}
	return rows
}

// still says how long the first of waiting calls still waits.
func still(calls int, wait time.Duration) string {
	if calls == 0 {
		return ""
	}
	return ", the first for " + remaining(wait)
}

// remaining is a time for people that is still to come.
func remaining(d time.Duration) string {
	if d = d.Round(time.Second); d <= 0 {
		return "less than a second"
	}
	return "another " + Duration(d)
}

// Warnings are what keeps scripts from using the whole quota.
func (q Quota) Warnings() (list []string) {
	token := fmt.Sprintf("the token %.6s", q.Tenant)
	if q.BlockedFor > 0 {
		list = append(list, fmt.Sprintf("Planhat has refused calls with %s (429): all calls wait for %s", token, remaining(q.BlockedFor)))
	}
	if q.Others > 0 {
		list = append(list, fmt.Sprintf("other programs use %s, too: Planhat has counted at least %s that scripts with this store have not made", token, english.Plural(int(q.Others), "call", "")))
	}
	return list
}
