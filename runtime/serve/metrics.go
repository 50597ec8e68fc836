package serve

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/history"
	"github.com/phscript/phscript/runtime/quota"
)

// meters count what this process does; a service has one set.
type meters struct {
	ended    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	retries  prometheus.Counter
	calls    *prometheus.CounterVec
}

func newMeters() *meters {
	return &meters{
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "phscript_runs_total", Help: "Runs that this process has ended, by schedule and status.",
		}, []string{"schedule", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "phscript_run_duration_seconds", Help: "How long runs took.",
			Buckets: []float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400},
		}, []string{"schedule"}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "phscript_retries_total", Help: "Further attempts of runs that failed or were lost.",
		}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "phscript_run_calls_total", Help: "Calls to Planhat that runs have made.",
		}, []string{"schedule"}),
	}
}

// note counts the end of a run.
func (m *meters) note(r *history.Run, end history.End) {
	// The script that deals with an event goes by its own name.
	name := r.Definition.Name
	m.ended.WithLabelValues(name, string(end.Status)).Inc()
	if end.Status != history.Lost {
		m.duration.WithLabelValues(name).Observe(time.Since(r.Started).Seconds())
	}
	m.calls.WithLabelValues(name).Add(float64(end.Calls))
	if r.Attempt > 1 {
		m.retries.Inc()
	}
}

// collector gives the meters, and what the store says at the time.
type collector struct {
	service *Service

	stored, busy, workers, failing        *prometheus.Desc
	used, waiting, limit, blocked, broken *prometheus.Desc
}

func newCollector(s *Service) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("phscript_"+name, help, labels, nil)
	}
	return &collector{
		service: s,
		stored:  desc("runs_stored", "Runs in the history, of all processes, by status; queued and running ones are the queue.", "status"),
		busy:    desc("workers_busy", "Runs at work in this process."),
		workers: desc("workers", "Runs that this process does at once at most."),
		failing: desc("schedule_failing", "1 for a schedule whose last run was bad.", "schedule"),
		used:    desc("quota_used", "Calls of the last minute, of all processes.", "host", "tenant"),
		waiting: desc("quota_waiting", "Calls that wait for the quota, of all processes.", "host", "tenant"),
		limit:   desc("quota_limit", "Calls that are allowed in a minute."),
		blocked: desc("quota_blocked_seconds", "For how long a 429 holds all calls back.", "host", "tenant"),
		broken:  desc("configuration_broken", "1 while a changed configuration is not used because it is wrong."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.stored, c.busy, c.workers, c.failing, c.used, c.waiting, c.limit, c.blocked, c.broken} {
		out <- d
	}
	m := c.service.meters
	for _, one := range []prometheus.Collector{m.ended, m.duration, m.retries, m.calls} {
		one.Describe(out)
	}
}

// Collect implements prometheus.Collector. What the store does not tell in time
// is left out.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	m := c.service.meters
	for _, one := range []prometheus.Collector{m.ended, m.duration, m.retries, m.calls} {
		one.Collect(out)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	s := c.service
	gauge(c.busy, float64(s.worker.Busy()))
	gauge(c.workers, float64(s.o.Workers))
	broken := s.Problem() != nil
	s.mu.Lock()
	perMinute := s.loaded.Config.CallsPerMin
	s.mu.Unlock()
	gauge(c.broken, float64(number(broken)))
	spec := planhat.LimiterConfig{CallsPerMinute: perMinute}.WindowSpec()
	gauge(c.limit, float64(spec.Limit))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if counts, err := s.history.CountByStatus(ctx); err == nil {
		for _, status := range history.Statuses {
			gauge(c.stored, float64(counts[status]), string(status))
		}
	}
	entries, _ := s.schedules.List(ctx)
	for _, e := range entries {
		gauge(c.failing, float64(number(e.Failing)), e.Name)
	}
	if reports, err := quota.Reports(ctx, s.o.DB, spec.Length); err == nil {
		for _, r := range reports {
			gauge(c.used, float64(r.Used), r.Host, r.Tenant)
			gauge(c.waiting, float64(r.Waiting), r.Host, r.Tenant)
			gauge(c.blocked, r.BlockedFor.Seconds(), r.Host, r.Tenant)
		}
	}
}
