package serve

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
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
