package consent

import (
	"context"
	"sync"

	"github.com/dustin/go-humanize"
)

// Running decides about the writes of a script while it runs: how many there will be is not
// known ahead. It is safe for concurrent use.
type Running struct {
	terms *Terms
	what  string

	// mu is held while a person is asked, so that there is one question at a time.
	mu               sync.Mutex
	deleted, written map[string]int
	deletes, writes  bool // allowed
}

// Run returns what decides about a run. what names its script.
func (t *Terms) Run(what string) *Running {
	return &Running{terms: t, what: what, deleted: map[string]int{}, written: map[string]int{}}
}

// Write is a request that a script is about to send.
type Write struct {
	Model string
	Rows
	// Known returns how many records of the model the script has read, Inputs the files
	// that it has read.
	Known  func() int
	Inputs func() []string
}

// Check decides about a write. An error stops the run.
func (r *Running) Check(ctx context.Context, w Write) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.terms.allowed(w.Model, w.Rows); err != nil {
		return err
	}
	if w.Deleted > 0 {
		return r.delete(ctx, w)
	}
	t, all := r.terms, w.written()
	for _, n := range r.written {
		all += n
	}
	// Without a terminal, only the threshold of a profile ends a run: nobody knows ahead
	// how many records a script writes.
	if all > t.threshold() && !r.writes && (t.Ask != nil || t.Profile.Threshold != 0) {
		if err := t.confirm(ctx, r.what+" is about to write more than "+humanize.Comma(int64(t.threshold()))+" records", "", false); err != nil {
			return err
		}
		r.writes = true
	}
	r.written[w.Model] += w.written()
	return nil
}

// delete decides about deletes.
func (r *Running) delete(ctx context.Context, w Write) error {
	t, n, all := r.terms, r.deleted[w.Model]+w.Deleted, w.Deleted
	for _, other := range r.deleted {
		all += other
	}
	rows := Rows{Deleted: n}
	if t.Most.Given() {
		rows.Known = w.Known()
	}
	if t.Most.Over(n, rows.Known) {
		return t.tooMany(r.what+" is about to delete "+count(w.Model, n), rows, before)
	}
	if t.Most.OverTotal(all) {
		return t.tooMany(r.what+" is about to delete "+records(all), Rows{}, before)
	}
	if !r.deletes {
		what := r.what + " is about to delete " + count(w.Model, w.Deleted)
		if !t.EmptySource && !t.Scheduled {
			if empty := Empty(w.Inputs()); len(empty) > 0 {
				return emptySource(what, empty)
			}
		}
		more := ", and perhaps more"
		if t.Most.Given() {
			more += ", at most " + t.Most.String()
		}
		if err := t.confirm(ctx, what, more, true); err != nil {
			return err
		}
		r.deletes = true
	}
	r.deleted[w.Model] = n
	return nil
}
