package hooks

import (
	"slices"
	"strconv"
	"sync"
	"time"
)

// Bounds are the bounds of the buckets for the times until events were acknowledged, in
// seconds.
var Bounds = []float64{0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5}

// Metrics count what this process has taken for a webhook.
type Metrics struct {
	Received, Repeated uint64
	// Refused are the refusals by status.
	Refused map[string]uint64
	// Acknowledged are the times until the answer, by Bounds; the last one counts those above
	// all. Seconds is their sum.
	Acknowledged []uint64
	Seconds      float64
}

type meter struct {
	mu sync.Mutex
	m  Metrics
}

func (in *Intake) meter(hook string) *meter {
	in.mu.Lock()
	defer in.mu.Unlock()
	m := in.meters[hook]
	if m == nil {
		m = &meter{m: Metrics{Refused: map[string]uint64{}, Acknowledged: make([]uint64, len(Bounds)+1)}}
		in.meters[hook] = m
	}
	return m
}

func (m *meter) observe(again bool, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if again {
		m.m.Repeated++
	} else {
		m.m.Received++
	}
	at, _ := slices.BinarySearch(Bounds, took.Seconds())
	m.m.Acknowledged[at]++
	m.m.Seconds += took.Seconds()
}

func (m *meter) refuse(status int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m.Refused[strconv.Itoa(status)]++
}

// Metrics returns what this process has taken, by webhook.
func (in *Intake) Metrics() map[string]Metrics {
	in.mu.Lock()
	meters := make(map[string]*meter, len(in.meters))
	for name, m := range in.meters {
		meters[name] = m
	}
	in.mu.Unlock()
	all := map[string]Metrics{}
	for name, m := range meters {
		m.mu.Lock()
		one := m.m
		one.Acknowledged = slices.Clone(one.Acknowledged)
		refused := map[string]uint64{}
		for status, n := range m.m.Refused {
			refused[status] = n
		}
		one.Refused = refused
		m.mu.Unlock()
		all[name] = one
	}
	return all
}
