package pages

import (
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/web"
)

// quotaChart is the calls of one tenant over some time, drawn by the template.
type quotaChart struct {
	Host, Tenant string
	// Used is what counts now, Limit what may.
	Used, Limit, Waiting int
	Blocked, Others      string
	Bars                 []bar
	// LimitY is where the line of the limit is; Grid are the other lines.
	LimitY string
	Grid   []gridLine
	Labels []label
	Says   string
	// Period is how long the chart goes back, Step what a bar is.
	Period, Step string
	Users        []quota.User
	Scripts      []quota.ScriptCalls
	Total        int
}

type bar struct {
	X, Y, Width, Height string
	Title               string
}

type gridLine struct{ Y, TextY, Text string }

type label struct{ X, Anchor, Text string }

// The size of a chart, in its own units. Limits fit with room for what may be above.
const (
	chartLeft, chartWidth  = 44.0, 344.0
	chartBottom, chartHigh = 102.0, 84.0
)

// Left is where the bars begin, Edge where the numbers beside them end.
func (quotaChart) Left() float64 { return chartLeft }
func (quotaChart) Edge() float64 { return chartLeft - 5 }

// quotas reads the quota now, and the calls since some time ago in steps.
func (o Options) quotas(q *web.Request, since, step time.Duration) (list []quotaChart, err error) {
	read, err := o.Overview.Quota(q.Context(), time.Minute, since, step)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	for _, report := range read.Now {
		c := quotaChart{Period: "last hour", Step: "calls a minute", Host: report.Host, Tenant: short(report.Tenant, 6), Used: report.Used, Limit: o.Limit, Waiting: report.Waiting, Users: report.Users}
		if since > time.Hour {
			c.Period, c.Step = "last "+about(since), "calls in "+lasts(step)
		}
		if report.BlockedFor > 0 {
			c.Blocked = lasts(report.BlockedFor)
		}
		if report.Others > 0 {
			c.Others = count(report.Others)
		}
		var steps []quota.Step
		for _, past := range read.Past {
			if past.Tenant == report.Tenant {
				steps, c.Scripts = past.Steps, past.Scripts
			}
		}
		c.draw(steps, now, since, step, q.Zone)
		list = append(list, c)
	}
	return list, nil
}

// draw places the bars.
func (c *quotaChart) draw(steps []quota.Step, now time.Time, since, step time.Duration, zone web.Zone) {
	limit := c.Limit * int(step/time.Minute)
	top, busiest := limit*5/4, 0
	for _, s := range steps {
		top, c.Total = max(top, s.Calls), c.Total+s.Calls
		busiest = max(busiest, s.Calls)
	}
	if top == 0 {
		top = 1
	}
	y := func(calls int) float64 { return chartBottom - chartHigh*float64(calls)/float64(top) }
	number := func(f float64) string { return fmt.Sprintf("%.1f", f) }
	n := int(since / step)
	from := now.Truncate(step).Add(-since + step)
	width := (chartWidth - chartLeft) / float64(n)
	for _, s := range steps {
		i := int(s.At.Sub(from) / step)
		if i < 0 || i >= n || s.Calls == 0 {
			continue
		}
		c.Bars = append(c.Bars, bar{
			X: number(chartLeft + width*float64(i)), Y: number(y(s.Calls)), Width: number(max(width-1.2, .6)), Height: number(chartBottom - y(s.Calls)),
			Title: s.At.In(zone.In("")).Format("15:04") + ": " + plural(s.Calls, "call", "calls"),
		})
	}
	c.LimitY = number(y(limit))
	for _, calls := range []int{0, limit / 2, limit} {
		c.Grid = append(c.Grid, gridLine{number(y(calls)), number(y(calls) + 4), count(calls)})
	}
	for i, anchor := range []string{"start", "middle", "end"} {
		at := from.Add(since * time.Duration(i) / 2)
		text := at.In(zone.In("")).Format("15:04")
		if i == 2 {
			text = "now"
		}
		c.Labels = append(c.Labels, label{number(chartLeft + (chartWidth-chartLeft)*float64(i)/2), anchor, text})
	}
	c.Says = fmt.Sprintf("%s to Planhat in %s, at most %s in %s. The limit is %s.", plural(c.Total, "call", "calls"), lasts(since), count(busiest), lasts(step), count(limit))
}

// quotaData is what the page about the quota shows.
type quotaData struct{ Hour, Day []quotaChart }

func (o Options) quota(q *web.Request) (any, error) {
	hour, err := o.quotas(q, time.Hour, time.Minute)
	if err != nil {
		return nil, err
	}
	day, err := o.quotas(q, 24*time.Hour, 15*time.Minute)
	return quotaData{hour, day}, err
}
