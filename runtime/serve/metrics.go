package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/history"
	"github.com/phscript/phscript/runtime/quota"
)

// meters count what this process does; a service has one set. docs/deploy.md
// says what each of them is.
type meters struct{ set *metrics.Set }

func newMeters() *meters {
	m := &meters{metrics.NewSet()}
	m.retries().Add(0) // shown before there is one
	return m
}

// durations are the bounds of the buckets that run times are counted in, in
// seconds.
var durations = []float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400}

func (m *meters) retries() *metrics.Counter {
	return m.set.GetOrCreateCounter("phscript_retries_total")
}

// note counts the end of a run.
func (m *meters) note(r *history.Run, end history.End) {
	// The script that deals with an event goes by its own name.
	name := r.Definition.Name
	m.set.GetOrCreateCounter(series("runs_total", "schedule", name, "status", string(end.Status))).Inc()
	if end.Status != history.Lost {
		m.set.GetOrCreatePrometheusHistogramExt(series("run_duration_seconds", "schedule", name), durations).Update(time.Since(r.Started).Seconds())
	}
	m.set.GetOrCreateCounter(series("run_calls_total", "schedule", name)).Add(end.Calls)
	var o outcome
	if len(end.Summary) == 0 || json.Unmarshal(end.Summary, &o) != nil {
		o = outcome{} // it was killed before it wrote one
	}
	m.set.GetOrCreateCounter(series("run_call_retries_total", "schedule", name)).Add(o.Retries)
	m.set.GetOrCreateFloatCounter(series("run_quota_waited_seconds_total", "schedule", name)).Add(o.WaitedSeconds)
	if r.Attempt > 1 {
		m.retries().Inc()
	}
}

// inLabel writes a label's value as the text format wants it.
var inLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// series is the name of a time series; labels are names and values in turn.
func series(name string, labels ...string) string {
	name = "phscript_" + name
	var list []string
	for i := 0; i < len(labels); i += 2 {
		list = append(list, fmt.Sprintf(`%s="%s"`, labels[i], inLabel.Replace(labels[i+1])))
	}
	if len(list) > 0 {
		name += "{" + strings.Join(list, ",") + "}"
	}
	return name
}

// writeMetrics writes the meters, what the store says at the time, and what
// the process uses. What the store does not tell in time is left out.
func (s *Service) writeMetrics(ctx context.Context, w io.Writer) {
	s.meters.set.WritePrometheus(w)
	now := metrics.NewSet()
	gauge := func(v float64, name string, labels ...string) {
		now.GetOrCreateGauge(series(name, labels...), func() float64 { return v })
	}
	gauge(float64(s.worker.Busy()), "workers_busy")
	gauge(float64(s.o.Workers), "workers")
	gauge(float64(number(s.Problem() != nil)), "configuration_broken")
	s.mu.Lock()
	perMinute := s.loaded.Config.CallsPerMin
	s.mu.Unlock()
	spec := planhat.LimiterConfig{CallsPerMinute: perMinute}.WindowSpec()
	gauge(float64(spec.Limit), "quota_limit")
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if counts, err := s.history.CountByStatus(ctx); err == nil {
		for _, status := range history.Statuses {
			gauge(float64(counts[status]), "runs_stored", "status", string(status))
		}
	}
	entries, _ := s.schedules.List(ctx)
	for _, e := range entries {
		gauge(float64(number(e.Failing)), "schedule_failing", "schedule", e.Name)
	}
	if reports, err := quota.Reports(ctx, s.o.DB, spec.Length); err == nil {
		for _, r := range reports {
			gauge(float64(r.Used), "quota_used", "host", r.Host, "tenant", r.Tenant)
			gauge(float64(r.Waiting), "quota_waiting", "host", r.Host, "tenant", r.Tenant)
			gauge(r.BlockedFor.Seconds(), "quota_blocked_seconds", "host", r.Host, "tenant", r.Tenant)
		}
	}
	now.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}
