package reconcile

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// Target are the records of a model that rows are compared with. Several calls of Send
// share it, so that the records are read once.
type Target struct {
	resource *planhat.Resource
	model    *catalog.Model
	o        Options
	index    *index
	matching *matching
	keyless  int
	rows     int

	// ctx and result are those of the current Send, and sent the records of its rows by
	// their positions in the index, -1 for none.
	ctx    context.Context
	result *Result
	sent   []int
	round  int32
}

// Open reads the records of a model.
func Open(ctx context.Context, r *planhat.Resource, o Options) (*Target, error) {
	m := r.Model()
	by := &matching{Matching: o.Match, records: make(map[uint64][]int32), links: make(map[string]string), taken: make(map[string]string)}
	s := &Target{ctx: ctx, resource: r, model: m, o: o, index: newIndex(m, o.Key, by), matching: by}
	return s, s.read()
}

// Send compares rows with the records, and with the rows of earlier calls, and sends those
// that differ or are new.
func (s *Target) Send(ctx context.Context, rows iter.Seq2[planhat.Row, error], bulk planhat.BulkOptions) (*Result, error) {
	s.ctx, s.result, s.sent = ctx, &Result{Changed: make(map[string]int), Links: make(map[string]string)}, s.sent[:0]
	s.matching.adopting = s.matching.adopting[:0]
	s.round++
	result := s.result
	var err error
	result.BulkResult, err = s.resource.BulkUpsertSeq(ctx, s.compared(rows), bulk)
	if result.BulkResult == nil || err != nil {
		// Nobody knows which rows arrived.
		for _, i := range s.sent {
			s.index.doubt(i)
		}
		s.forsake(-1)
		return result, err
	}
	for _, e := range result.Errors {
		if e.Index >= 0 && e.Index < len(s.sent) {
			s.index.doubt(s.sent[e.Index])
			s.forsake(e.Index)
		}
	}
	return result, nil
}

// Owned says which records may be missing.
type Owned struct {
	// Prefix is how their keys begin.
	Prefix string
	// With are properties and the values that they have, as JSON. They must be among
	// those that were read.
	With map[string][]byte
	// Known limits them to keys that Learn or a row named.
	Known bool
}

// Missing returns the records that have a key, are not archived, and had no row so far.
func (s *Target) Missing(owned Owned) []Record {
	var missing []Record
	for i := range s.index.records {
		rec := &s.index.records[i]
		if rec.key == "" || rec.seen || rec.archived || rec.id == "" || !strings.HasPrefix(rec.key, owned.Prefix) || owned.Known && !rec.own {
			continue
		}
		other := false
		for name, value := range owned.With {
			s.index.buf = appendCanonical(s.index.buf[:0], s.model.Property(name), value)
			other = other || !s.index.has(rec, name)
		}
		if !other {
			missing = append(missing, Record{rec.id, rec.key})
		}
	}
	return missing
}

// Find returns the record with a key, unless it is archived.
func (s *Target) Find(key string) (Record, bool) {
	at, _ := s.index.find(key, "")
	if at < 0 || s.index.records[at].archived || s.index.records[at].id == "" {
		return Record{}, false
	}
	return Record{s.index.records[at].id, s.index.records[at].key}, true
}

// Keep notes that the record with a key is there although no row was sent for it.
func (s *Target) Keep(key string) {
	if at, _ := s.index.find(key, ""); at >= 0 {
		s.index.records[at].seen = true
	}
}

// Known returns how many records have a key and are not archived.
func (s *Target) Known() int {
	n := 0
	for i := range s.index.records {
		if rec := &s.index.records[i]; rec.key != "" && !rec.archived {
			n++
		}
	}
	return n
}

// Archive archives records, or takes them out of the archive.
func (s *Target) Archive(ctx context.Context, records []Record, archived bool, o planhat.BulkOptions) (*planhat.BulkResult, error) {
	name := ArchivedBy(s.model)
	o.Progress, o.Rows, o.Keys = nil, len(records), false
	return s.resource.BulkUpsertSeq(ctx, func(yield func(planhat.Row, error) bool) {
		for _, rec := range records {
			if !yield(planhat.Row{Record: fmt.Appendf(nil, `{"_id":%q,%q:%t}`, rec.ID, name, archived)}, nil) {
				return
			}
		}
	}, o)
}
