package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/quota"
)

// durations are the bounds of the buckets for run times, in seconds.
var durations = []float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400}

// meters count what this process does.
type meters struct {
	ended, calls, callRetries, waited, retries *family
	took                                       *family
}

func newMeters() *meters {
	m := &meters{
		ended:       newFamily("runs_total", "counter", "Runs that ended in this process, by schedule and status."),
		took:        newFamily("run_duration_seconds", "histogram", "How long runs took."),
		retries:     newFamily("retries_total", "counter", "Further attempts of runs that failed or were lost."),
		calls:       newFamily("run_calls_total", "counter", "Calls to Planhat that runs have made."),
		callRetries: newFamily("run_call_retries_total", "counter", "Calls of runs that were repeated."),
		waited:      newFamily("run_quota_waited_seconds_total", "counter", "Time that calls of runs waited for the quota."),
	}
	m.retries.add(0) // so that it is shown before the first retry
	return m
}

func (m *meters) note(r *history.Run, end history.End) {
	// The run of a handler has no schedule, but a name.
	name := r.Definition.Name
	m.ended.add(1, "schedule", name, "status", string(end.Status))
	if end.Status != history.Lost {
		m.took.observe(time.Since(r.Started).Seconds(), durations, "schedule", name)
	}
	var o outcome.Totals
	if len(end.Summary) == 0 || json.Unmarshal(end.Summary, &o) != nil {
		o = outcome.Totals{} // it was killed before it wrote one
	}
	m.calls.add(float64(max(0, end.Calls)), "schedule", name)
	m.callRetries.add(float64(o.Retries), "schedule", name)
	m.waited.add(o.WaitedSeconds, "schedule", name)
	if r.Attempt > 1 {
		m.retries.add(1)
	}
}

// begin makes the series of a schedule exist before its first run, so that the first
// change can be seen.
func (m *meters) begin(schedule string) {
	for _, status := range history.Statuses {
		if status.Over() && status != history.Skipped && status != history.Missed {
			m.ended.add(0, "schedule", schedule, "status", string(status))
		}
	}
	for _, f := range []*family{m.calls, m.callRetries, m.waited} {
		f.add(0, "schedule", schedule)
	}
}

// tally counts the stored runs by status. Those that have ended are counted again only
// when fifty times as long has passed as that took: there may be millions.
type tally struct {
	mu    sync.Mutex
	ended map[history.Status]int64
	until time.Time
}

func (t *tally) count(ctx context.Context, h *history.History) (map[history.Status]int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if began := time.Now(); began.After(t.until) {
		var over []history.Status
		for _, status := range history.Statuses {
			if status.Over() {
				over = append(over, status)
			}
		}
		ended, err := h.CountByStatus(ctx, over...)
		if err != nil {
			return nil, err
		}
		t.ended, t.until = ended, time.Now().Add(50*time.Since(began))
	}
	counts, err := h.CountByStatus(ctx, history.Queued, history.Running)
	maps.Copy(counts, t.ended)
	return counts, err
}

// seconds is a time as Prometheus counts it, 0 for none.
func seconds(t time.Time) float64 {
	if t.IsZero() || t.UnixNano() == 0 {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// writeMetrics writes the meters, and the state of the store unless that is slow or
// unreachable.
func (s *Service) writeMetrics(ctx context.Context, w io.Writer) {
	m := s.meters
	list := []*family{m.ended, m.took, m.retries, m.calls, m.callRetries, m.waited}
	gauge := func(name, help string) *family {
		f := newFamily(name, "gauge", help)
		list = append(list, f)
		return f
	}
	gauge("workers_busy", "Runs in progress in this process.").add(float64(s.worker.Busy()))
	gauge("workers", "The most runs that this process makes at once.").add(float64(s.o.Workers))
	gauge("configuration_broken", "1 while the configuration on disk is invalid and not in use.").add(float64(number(s.Problem() != nil)))
	s.mu.Lock()
	perMinute := s.loaded.Config.CallsPerMin
	s.mu.Unlock()
	spec := planhat.LimiterConfig{CallsPerMinute: perMinute}.WindowSpec()
	gauge("quota_limit", "Calls allowed per minute.").add(float64(spec.Limit))
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	gauge("last_planning_timestamp_seconds", "When this process last planned schedules.").add(seconds(time.Unix(0, s.planned.Load())))
	gauge("store_up", "1 while the store answers.").add(float64(number(s.o.DB.PingContext(ctx) == nil)))
	if counts, err := s.stored.count(ctx, s.history); err == nil {
		stored := gauge("runs_stored", "Runs in the history, of all processes, by status; queued and running ones are the queue.")
		for _, status := range history.Statuses {
			stored.add(float64(counts[status]), "status", string(status))
		}
	}
	if entries, _ := s.schedules.List(ctx); len(entries) > 0 {
		ticks, _ := s.schedules.LastTicks(ctx)
		undelivered, _ := s.schedules.Undelivered(ctx)
		for _, e := range entries {
			m.begin(e.Name)
		}
		for _, f := range []struct {
			name, kind, help string
			value            func(e Entry) float64
		}{
			{"schedule_failing", "gauge", "1 for a schedule whose last run did not succeed.", func(e Entry) float64 { return float64(number(e.Failing)) }},
			{"schedule_paused", "gauge", "1 for a schedule that is paused.", func(e Entry) float64 { return float64(number(e.Paused)) }},
			{"schedule_missed_total", "counter", "Ticks that were missed, in all processes.", func(e Entry) float64 { return float64(e.Missed) }},
			{"schedule_skipped_total", "counter", "Ticks that were skipped, in all processes.", func(e Entry) float64 { return float64(e.Skipped) }},
			{"schedule_ticks_without_run", "gauge", "Ticks in a row that did not run.", func(e Entry) float64 { return float64(e.InARow) }},
			{"schedule_notifications_undelivered", "gauge", "Notifications that could not be sent yet and are tried again.", func(e Entry) float64 { return float64(undelivered[e.Name]) }},
			{"schedule_notifications_given_up_total", "counter", "Notifications of which every try failed, in all processes.", func(e Entry) float64 { return float64(e.GivenUp) }},
			{"schedule_last_tick_timestamp_seconds", "gauge", "When the schedule was last due, whether it ran or not; 0 for never.", func(e Entry) float64 { return seconds(ticks[e.Name]) }},
			{"schedule_last_success_timestamp_seconds", "gauge", "When a run last succeeded; 0 for never.", func(e Entry) float64 { return seconds(e.LastSuccess) }},
			{"schedule_added_timestamp_seconds", "gauge", "When the schedule was added to the store.", func(e Entry) float64 { return seconds(e.Added) }},
		} {
			of := newFamily(f.name, f.kind, f.help)
			list = append(list, of)
			for _, e := range entries {
				of.add(f.value(e), "schedule", e.Name)
			}
		}
	}
	list = append(list, s.ofHooks(ctx)...)
	if reports, err := quota.Reports(ctx, s.o.DB, spec.Length); err == nil && len(reports) > 0 {
		used, waiting := gauge("quota_used", "Calls of the last minute, of all processes."), gauge("quota_waiting", "Calls that wait for the quota, of all processes.")
		blocked := gauge("quota_blocked_seconds", "Seconds until calls resume after a 429.")
		others := gauge("quota_others", "Calls that other programs have made with the token, at least; 0 if none were seen in the last 2 minutes.")
		for _, r := range reports {
			others.add(float64(r.Others), "host", r.Host, "tenant", r.Tenant)
			used.add(float64(r.Used), "host", r.Host, "tenant", r.Tenant)
			waiting.add(float64(r.Waiting), "host", r.Host, "tenant", r.Tenant)
			blocked.add(r.BlockedFor.Seconds(), "host", r.Host, "tenant", r.Tenant)
		}
	}
	var b strings.Builder
	for _, f := range list {
		f.write(&b)
	}
	_, _ = fmt.Fprint(w, b.String())
}
