package planhat

import (
	"cmp"
	"maps"
	"regexp"
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
	reasons  reasons
	ifNew    reasons
	rejected []TalliedRow
}

// Counts adds up records.
type Counts struct {
	Read, Created, Updated, Unchanged, Deleted, Planned, Rejected int
	// UncertainOutcome, Late and Unseen are as in Outcome.
	UncertainOutcome, Late, Unseen int
	// Unsent and Unknown are rows whose request failed: they surely are not stored,
	// or may be. They do not count as rejected.
	Unsent, Unknown int
}

// TalliedRow is a rejected row with the operation that it belongs to.
type TalliedRow struct {
	Model, Operation string
	RowError
}

// Summary is what a Tally has added up.
type Summary struct {
	// Calls counts requests, Retries those of them that repeated another.
	Calls, Retries int
	// Waited is the time that calls waited for quota, Paused the part of it for
	// which Planhat had asked, and RetryWaited the time between attempts.
	Waited, Paused, RetryWaited time.Duration
	Counts
	// Reasons are in falling order of count, as is IfNew: why planned rows would be
	// rejected if Planhat does not have their record.
	Reasons, IfNew []Reason
	ByModel        map[string]Counts
}

// Attempt implements Observer.
func (t *Tally) Attempt(a Attempt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total.Calls++
	if a.Number > 1 {
		t.total.Retries++
	}
}

// Waited implements WaitObserver.
func (t *Tally) Waited(reason WaitReason, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch reason {
	case WaitRetry:
		t.total.RetryWaited += d
	case WaitPause:
		t.total.Paused += d
		t.total.Waited += d
	default:
		t.total.Waited += d
	}
}

// Outcome implements Observer.
func (t *Tally) Outcome(o Outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := Counts{
		Read: o.Read, Created: o.Created, Updated: o.Updated, Unchanged: o.Unchanged,
		Deleted: o.Deleted, Planned: o.Planned,
		UncertainOutcome: o.UncertainOutcome, Late: o.Late, Unseen: o.Unseen,
	}
	for _, row := range o.Rejected {
		switch state := row.State(); {
		case state == RowRejected, row.Kind == KindValidation:
			c.Rejected++
		case state == RowUnknown:
			c.Unknown++
		default:
			c.Unsent++
		}
	}
	t.total.Counts = t.total.plus(c)
	if t.byModel == nil {
		t.byModel = make(map[string]Counts)
	}
	t.byModel[o.Model] = t.byModel[o.Model].plus(c)
	for _, row := range o.IfNew {
		t.ifNew.add(row)
	}
	for _, row := range o.Rejected {
		t.reasons.add(row)
		if len(t.rejected) < maxTallied {
			t.rejected = append(t.rejected, TalliedRow{Model: o.Model, Operation: o.Operation, RowError: row})
		}
	}
}

// Lost counts the rows that are not known to be stored.
func (c Counts) Lost() int { return c.Rejected + c.Unsent + c.Unknown }

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
	c.Unsent += d.Unsent
	c.Unknown += d.Unknown
	return c
}

// Since returns what was added since an earlier snapshot of the same Tally:
// calls, waiting and records, without the reasons.
func (s Summary) Since(earlier Summary) Summary {
	since := Summary{
		Calls: s.Calls - earlier.Calls, Retries: s.Retries - earlier.Retries, Waited: s.Waited - earlier.Waited,
		Paused: s.Paused - earlier.Paused, RetryWaited: s.RetryWaited - earlier.RetryWaited,
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
	return c.plus(Counts{-d.Read, -d.Created, -d.Updated, -d.Unchanged, -d.Deleted, -d.Planned, -d.Rejected, -d.UncertainOutcome, -d.Late, -d.Unseen, -d.Unsent, -d.Unknown})
}

// Snapshot returns the sums so far.
func (t *Tally) Snapshot() Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.total
	s.ByModel = maps.Clone(t.byModel)
	s.Reasons = t.reasons.told()
	s.IfNew = t.ifNew.told()
	return s
}

// Rejected returns the rejected rows so far, up to 100,000 of them.
func (t *Tally) Rejected() []TalliedRow {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.rejected)
}

// Reason is why rows were rejected. Messages that differ only in numbers, keys and
// other quoted values count as one reason. Message is true of each of the rows: what
// differs is written "…", as in row … has the same key. Example is the message of the
// first row.
type Reason struct {
	Message, Example string
	// Count is the number of rows, FirstIndex the first one's position in its
	// own input, or -1.
	Count, FirstIndex int
}

// varying matches what makes messages about the same thing differ: words with a digit,
// and quoted values that are keys. Other quoted text may be the name of a property.
var varying = regexp.MustCompile(`"(?:extid-|srcid-)[^"]*"|"[^"]*[0-9@][^"]*"|[\pL_-]*[0-9][\pL0-9_-]*(?:[.:,][\pL0-9_-]+)*`)

// gap replaces what differs in a message.
const gap = "…"

// reason collects the messages that have the same words.
type reason struct {
	Reason
	// parts are the text between what varies; given is what varies, as all messages
	// have it so far, or the gap.
	parts, given []string
}

// take counts one more row.
func (r *reason) take(row RowError) {
	given := varying.FindAllString(row.Message, -1)
	if r.Count == 0 {
		r.Example, r.FirstIndex = row.Message, row.Index
		r.parts, r.given = varying.Split(row.Message, -1), given
	}
	for i := range r.given {
		if r.given[i] != given[i] {
			r.given[i] = gap
		}
	}
	r.Count++
}

// told returns the reason with its message.
func (r *reason) told() Reason {
	out := r.Reason
	out.Message = r.parts[0]
	for i, given := range r.given {
		out.Message += given + r.parts[i+1]
	}
	return out
}

// reasons are told apart by the words that do not vary.
type reasons map[string]*reason

// add counts a row with those of the same reason.
func (all *reasons) add(row RowError) {
	if *all == nil {
		*all = reasons{}
	}
	name := varying.ReplaceAllLiteralString(row.Message, "\x00")
	r := (*all)[name]
	if r == nil {
		if len(*all) == maxReasons {
			return
		}
		r = &reason{}
		(*all)[name] = r
	}
	r.take(row)
}

// told returns the reasons in falling order of count.
func (all reasons) told() []Reason {
	var out []Reason
	for _, r := range all {
		out = append(out, r.told())
	}
	slices.SortFunc(out, func(a, b Reason) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Message, b.Message))
	})
	return out
}
