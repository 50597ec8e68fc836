package serve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/phscript/phscript/runtime/internal/hooks"
)

// family is a metric with its time series, in Prometheus' text format. The
// libraries for it would cost every command of the program more to start than
// this does. It is safe for concurrent use.
type family struct {
	name, kind, help string

	mu     sync.Mutex
	values map[string]float64
	// counts are the observations of each series, by bucket. The last one counts
	// those above all bounds.
	counts map[string][]uint64
	bounds []float64
}

func newFamily(name, kind, help string) *family {
	return &family{name: "phscript_" + name, kind: kind, help: help, values: map[string]float64{}, counts: map[string][]uint64{}}
}

// inLabel escapes a label's value.
var inLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// series writes labels, which alternate names and values.
func series(labels []string) string {
	var list []string
	for i := 0; i < len(labels); i += 2 {
		list = append(list, labels[i]+`="`+inLabel.Replace(labels[i+1])+`"`)
	}
	return strings.Join(list, ",")
}

func (f *family) add(v float64, labels ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values[series(labels)] += v
}

// observe counts a value of a histogram, whose buckets have these bounds.
func (f *family) observe(v float64, bounds []float64, labels ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := series(labels)
	f.bounds = bounds
	if f.counts[key] == nil {
		f.counts[key] = make([]uint64, len(bounds)+1)
	}
	at, _ := slices.BinarySearch(bounds, v)
	f.counts[key][at]++
	f.values[key] += v
}

// write writes all series of the family, or nothing if there are none.
func (f *family) write(b *strings.Builder) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.values) == 0 {
		return
	}
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
	line := func(name, labels, value string) {
		if labels != "" {
			labels = "{" + labels + "}"
		}
		fmt.Fprintf(b, "%s%s %s\n", name, labels, value)
	}
	float := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	for _, labels := range slices.Sorted(maps.Keys(f.values)) {
		counts := f.counts[labels]
		if counts == nil {
			line(f.name, labels, float(f.values[labels]))
			continue
		}
		var total uint64
		bucket := func(bound string) { line(f.name+"_bucket", labels+`,le="`+bound+`"`, strconv.FormatUint(total, 10)) }
		for i, bound := range f.bounds {
			total += counts[i]
			bucket(float(bound))
		}
		total += counts[len(f.bounds)]
		bucket("+Inf")
		line(f.name+"_sum", labels, float(f.values[labels]))
		line(f.name+"_count", labels, strconv.FormatUint(total, 10))
	}
}

// ofHooks returns the metrics of webhooks: what this process has taken, and the state of the
// store.
func (s *Service) ofHooks(ctx context.Context) []*family {
	if s.o.Intake == nil || s.o.Handler == nil {
		return nil
	}
	received := newFamily("webhook_received_total", "counter", "Events that this process has stored.")
	repeated := newFamily("webhook_repeated_total", "counter", "Repetitions of events that this process has acknowledged.")
	refused := newFamily("webhook_refused_total", "counter", "Messages that this process has not accepted, by status.")
	took := newFamily("webhook_acknowledged_seconds", "histogram", "How long it took until an event was stored and acknowledged.")
	for name, m := range s.o.Intake.Metrics() {
		received.add(float64(m.Received), "webhook", name)
		repeated.add(float64(m.Repeated), "webhook", name)
		for status, n := range m.Refused {
			refused.add(float64(n), "webhook", name, "status", status)
		}
		took.set(m.Acknowledged, m.Seconds, hooks.Bounds, "webhook", name)
	}
	list := []*family{received, repeated, refused, took}
	totals, err := hooks.NewEvents(s.o.DB).Totals(ctx)
	if err != nil {
		return list
	}
	now, err := s.schedules.now(ctx, s.o.DB)
	if err != nil {
		return list
	}
	for _, f := range []struct {
		name, help string
		value      func(t hooks.Totals) float64
	}{
		{"webhook_waiting", "Events that wait for a run.", func(t hooks.Totals) float64 { return float64(t.Waiting) }},
		{"webhook_running", "Events in runs.", func(t hooks.Totals) float64 { return float64(t.Running) }},
		{"webhook_parked", "Events that failed at every try.", func(t hooks.Totals) float64 { return float64(t.Parked) }},
		{"webhook_lag_seconds", "How long the first waiting event has been waiting; 0 for none.", func(t hooks.Totals) float64 {
			if t.Oldest.IsZero() {
				return 0
			}
			return max(0, now.Sub(t.Oldest).Seconds())
		}},
	} {
		of := newFamily(f.name, "gauge", f.help)
		list = append(list, of)
		for name, t := range totals {
			if name != "" {
				of.add(f.value(t), "webhook", name)
			}
		}
	}
	return list
}

// set makes a series of a histogram these counts of observations, by bucket, and their sum.
func (f *family) set(counts []uint64, sum float64, bounds []float64, labels ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := series(labels)
	f.bounds, f.counts[key], f.values[key] = bounds, counts, sum
}
