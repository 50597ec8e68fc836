package planhat

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxTallied bounds the rejected rows that a Tally keeps; beyond it they are
// only counted.
const maxTallied = 100_000

// maxReasons bounds the different reasons that a Tally keeps.
const maxReasons = 1_000

// Tally is an Observer that adds up. Its zero value is ready; it is safe for
// concurrent use.
type Tally struct {
	mu       sync.Mutex
	total    Summary
	byModel  map[string]Counts
	reasons  map[string]*Reason
	rejected []TalliedRow
}

// Counts adds up records.
type Counts struct {
	Read, Created, Updated, Unchanged, Deleted, Planned, Rejected int
	// UncertainOutcome, Late and Unseen are as in Outcome.
	UncertainOutcome, Late, Unseen int
}

// Reason is why rows were rejected. Messages that differ in numbers only count
// as one reason, with the first row's message.
type Reason struct {
	Message string
	// Count is the number of rows, FirstIndex the first one's position in its
	// own input, or -1.
	Count, FirstIndex int
}

// TalliedRow is a rejected row with the operation that it belongs to.
type TalliedRow struct {
	Model, Operation string
	RowError
}

// Summary is what a Tally has added up.
type Summary struct {
	// Calls counts requests, Retries those of them that repeated another, and
	// Waited is the time they waited for quota.
	Calls, Retries int
	Waited         time.Duration
	Counts
	// Reasons are in falling order of count.
	Reasons []Reason
	ByModel map[string]Counts
}

// Attempt implements Observer.
func (t *Tally) Attempt(a Attempt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total.Calls++
	t.total.Waited += a.QuotaWait
	if a.Number > 1 {
		t.total.Retries++
	}
}

// Outcome implements Observer.
func (t *Tally) Outcome(o Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := Counts{
		Read: o.Read, Created: o.Created, Updated: o.Updated, Unchanged: o.Unchanged,
		Deleted: o.Deleted, Planned: o.Planned, Rejected: len(o.Rejected),
		UncertainOutcome: o.UncertainOutcome, Late: o.Late, Unseen: o.Unseen,
	}
	t.total.Counts = t.total.plus(c)
	if t.byModel == nil {
		t.byModel = make(map[string]Counts)
		t.reasons = make(map[string]*Reason)
	}
	t.byModel[o.Model] = t.byModel[o.Model].plus(c)
	for _, row := range o.Rejected {
		t.reason(row)
		if len(t.rejected) < maxTallied {
			t.rejected = append(t.rejected, TalliedRow{Model: o.Model, Operation: o.Operation, RowError: row})
		}
	}
}

// reason counts a row with those that were rejected for the same reason.
// Numbers in messages, such as other rows' positions, make no difference.
func (t *Tally) reason(row RowError) {
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, row.Message)
	r := t.reasons[name]
	if r == nil {
		if len(t.reasons) == maxReasons {
			return
		}
		r = &Reason{Message: row.Message, FirstIndex: row.Index}
		t.reasons[name] = r
	}
	r.Count++
}

func (c Counts) plus(d Counts) Counts {
	c.Read += d.Read
	c.Created += d.Created
	c.Updated += d.Updated
	c.Unchanged += d.Unchanged
	c.Deleted += d.Deleted
	c.Planned += d.Planned
	c.Rejected += d.Rejected
	c.UncertainOutcome += d.UncertainOutcome
	c.Late += d.Late
	c.Unseen += d.Unseen
	return c
}

// Since returns what was added since an earlier snapshot of the same Tally:
// calls, waiting and records, without the reasons.
func (s Summary) Since(earlier Summary) Summary {
	since := Summary{
		Calls: s.Calls - earlier.Calls, Retries: s.Retries - earlier.Retries, Waited: s.Waited - earlier.Waited,
		Counts: s.minus(earlier.Counts), ByModel: map[string]Counts{},
	}
	for model, counts := range s.ByModel {
		if c := counts.minus(earlier.ByModel[model]); c != (Counts{}) {
			since.ByModel[model] = c
		}
	}
	return since
}

func (c Counts) minus(d Counts) Counts {
	return c.plus(Counts{-d.Read, -d.Created, -d.Updated, -d.Unchanged, -d.Deleted, -d.Planned, -d.Rejected, -d.UncertainOutcome, -d.Late, -d.Unseen})
}

// Snapshot returns the sums so far.
func (t *Tally) Snapshot() Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.total
	s.ByModel = maps.Clone(t.byModel)
	for _, r := range t.reasons {
		s.Reasons = append(s.Reasons, *r)
	}
	slices.SortFunc(s.Reasons, func(a, b Reason) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		if a.Message < b.Message {
			return -1
		}
		return 1
	})
	return s
}

// Rejected returns the rejected rows so far, up to 100,000 of them.
func (t *Tally) Rejected() []TalliedRow {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.rejected)
}
