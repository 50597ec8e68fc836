// Package reconcile compares rows with the records that are there, and sends those
// that differ.
package reconcile

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// Missing says what happens to records that have a key and no row.
type Missing string

// The ways.
const (
	Ignore  Missing = "ignore"
	Report  Missing = "report"
	Archive Missing = "archive"
)

// Options say how rows are compared.
type Options struct {
	// Key is the property by which a row finds its record.
	Key string
	// Fields are the properties that are compared, such as name and custom.Tier; none
	// are all of each row.
	Fields []string
	// Read are the properties that rows have, nil if that is not known before.
	Read []string
	// All sends rows also if they do not differ.
	All     bool
	Missing Missing
	// Changes keeps the changes of each row.
	Changes bool
	Bulk    planhat.BulkOptions
	// Companies are those that rows refer to.
	Companies *planhat.Resource
}

// Result is what was found and sent.
type Result struct {
	*planhat.BulkResult
	// New and Differing count the rows without a record, and those that differ from
	// theirs. Changed counts the latter by property.
	New, Differing int
	Changed        map[string]int
	Changes        []Change
	Missing        []Record
	Archived       int
	// Unsafe says why missing records were not archived.
	Unsafe string
}

// Change is a row that differs from its record.
type Change struct {
	// Index is the row's position, from 0.
	Index  int
	Record Record
	Fields []string
}

// Record names a record that is there.
type Record struct{ ID, Key string }

// Keys returns the properties by which rows of a model can be matched.
func Keys(m *catalog.Model) []string {
	return slices.DeleteFunc(slices.Clone(m.Keyables.Bulk), func(name string) bool { return m.Property(name) == nil && name != "_id" })
}

// ArchivedBy returns the property that archives a record of a model, or "".
func ArchivedBy(m *catalog.Model) string {
	for _, name := range []string{"archived", "isArchived"} {
		if p := m.Property(name); p != nil && !p.ReadOnly {
			return name
		}
	}
	return ""
}

// run is one call.
type run struct {
	ctx      context.Context
	resource *planhat.Resource
	model    *catalog.Model
	o        Options
	index    *index
	result   *Result
	rows     int
	keyless  int
}

// Run reads the records of a model, compares the rows with them and sends those that
// differ or are new. With an error of the bulk call, nothing is archived.
func Run(ctx context.Context, r *planhat.Resource, rows iter.Seq2[planhat.Row, error], o Options) (*Result, error) {
	m := r.Model()
	s := &run{ctx: ctx, resource: r, model: m, o: o, index: newIndex(m, o.Key), result: &Result{Changed: make(map[string]int)}}
	if err := s.read(); err != nil {
		return nil, err
	}
	var err error
	if s.result.BulkResult, err = r.BulkUpsertSeq(ctx, s.compared(rows), o.Bulk); err != nil {
		return s.result, err
	}
	if o.Missing == Ignore {
		return s.result, nil
	}
	for i := range s.index.records {
		if rec := &s.index.records[i]; rec.key != "" && !rec.seen && !rec.archived {
			s.result.Missing = append(s.result.Missing, Record{rec.id, rec.key})
		}
	}
	if o.Missing == Archive && len(s.result.Missing) > 0 {
		return s.result, s.archive()
	}
	return s.result, nil
}

// read reads what is there.
func (s *run) read() error {
	archived := ArchivedBy(s.model)
	var selected []string
	if s.o.Read != nil {
		for _, name := range slices.Concat([]string{"_id", s.o.Key, s.model.CompanyRef(), archived}, s.o.Read) {
			name, _, _ = strings.Cut(name, ".")
			if name != "" && !slices.Contains(selected, name) {
				selected = append(selected, name)
			}
		}
	}
	list := s.model.Operation("get_list")
	filters := []map[string]string{nil}
	if list.Parameter("archived") != nil {
		filters = []map[string]string{{"archived": "true"}} // these as well
	} else if list.Parameter("isArchived") != nil {
		filters = append(filters, map[string]string{"isArchived": "true"})
	}
	for _, filter := range filters {
		if err := s.index.read(s.ctx, s.resource, planhat.ListOptions{Select: selected, Filter: filter}, archived); err != nil {
			return err
		}
	}
	return nil
}

// compared passes the rows, and says of each whether it has to be sent.
func (s *run) compared(rows iter.Seq2[planhat.Row, error]) iter.Seq2[planhat.Row, error] {
	return func(yield func(planhat.Row, error) bool) {
		for row, err := range rows {
			if err == nil {
				if row.Rejected == "" {
					err = s.compare(&row)
				} else {
					s.keyless++ // it may be that of any record
				}
				s.rows++
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func (s *run) compare(row *planhat.Row) error {
	x := s.index
	key, company, failed := "", "", error(nil)
	x.visit(row.Record, func(name string, p *catalog.Property, value []byte) {
		if name == s.o.Key || name == s.model.CompanyRef() {
			x.buf = appendCanonical(x.buf[:0], p, value)
			if name == s.o.Key {
				key = string(x.buf)
			}
			if name == s.model.CompanyRef() {
				company = string(x.buf)
			}
		}
	})
	if key == "" {
		s.keyless++
		row.Rejected = "the row has no " + s.o.Key + ", which says which record it is"
		return nil
	}
	if x.scoped && company != "" {
		if company, failed = s.company(company); failed != nil {
			return failed
		}
	}
	rec, sure := x.find(key, company)
	if rec == nil {
		s.result.New++
		return nil
	}
	again := rec.seen // the call rejects the row
	rec.seen = true
	var changed []string
	x.visit(row.Record, func(name string, p *catalog.Property, value []byte) {
		if failed != nil || !s.compares(name, p) {
			return
		}
		x.buf = appendCanonical(x.buf[:0], p, value)
		if failed = s.resolve(p); failed == nil && !x.has(rec, name) {
			changed = append(changed, name)
		}
	})
	if failed != nil {
		return failed
	}
	if sure && len(changed) == 0 {
		row.Unchanged = !s.o.All
		return nil
	}
	if again {
		return nil
	}
	s.result.Differing++
	for _, name := range changed {
		s.result.Changed[name]++
	}
	if s.o.Changes {
		s.result.Changes = append(s.result.Changes, Change{s.rows, Record{rec.id, rec.key}, changed})
	}
	return nil
}

// compares reports whether a property of a row counts.
func (s *run) compares(name string, p *catalog.Property) bool {
	if name == s.o.Key || name == "_id" || p != nil && p.ReadOnly && !slices.Contains(s.model.Keyables.Bulk, name) {
		return false
	}
	if len(s.o.Fields) == 0 {
		return true
	}
	top, _, _ := strings.Cut(name, ".")
	return slices.Contains(s.o.Fields, name) || slices.Contains(s.o.Fields, top)
}

// resolve gives a reference to a company in x.buf the form that records have.
func (s *run) resolve(p *catalog.Property) error {
	if p == nil || !p.NamesCompany() || p.Type == catalog.Array {
		return nil
	}
	id, err := s.company(string(s.index.buf))
	s.index.buf = append(s.index.buf[:0], id...)
	return err
}

// company returns the _id of a company that a row names by another id, or the text
// itself if there is none. The companies are read once.
func (s *run) company(ref string) (string, error) {
	if !strings.HasPrefix(ref, "extid-") && !strings.HasPrefix(ref, "srcid-") {
		return ref, nil
	}
	if s.index.companies == nil {
		s.index.companies = make(map[string]string)
		for text, err := range s.o.Companies.Each(s.ctx, planhat.ListOptions{Select: []string{"externalId", "sourceId"}}) {
			if err != nil {
				return "", err
			}
			var id string
			var others []string
			for _, f := range fieldsOf(text) {
				value := string(appendCanonical(nil, nil, f.value))
				switch {
				case value == "":
				case f.name == "_id":
					id = value
				case f.name == "externalId":
					others = append(others, "extid-"+value)
				case f.name == "sourceId":
					others = append(others, "srcid-"+value)
				}
			}
			for _, other := range others {
				s.index.companies[other] = id
			}
		}
	}
	if id := s.index.companies[ref]; id != "" {
		return id, nil
	}
	return ref, nil
}

// archive archives the missing records, unless a record may be missing only because
// its row could not be told.
func (s *run) archive() error {
	switch {
	case s.rows == 0:
		s.result.Unsafe = "there were no rows"
	case s.keyless > 0:
		s.result.Unsafe = fmt.Sprintf("%s no %s", english.Plural(s.keyless, "row has", "rows have"), s.o.Key)
	}
	if s.result.Unsafe != "" {
		return nil
	}
	name := ArchivedBy(s.model)
	o := s.o.Bulk
	o.Progress, o.Rows, o.Keys = nil, len(s.result.Missing), false
	done, err := s.resource.BulkUpsertSeq(s.ctx, func(yield func(planhat.Row, error) bool) {
		for _, rec := range s.result.Missing {
			if !yield(planhat.Row{Record: fmt.Appendf(nil, `{"_id":%q,%q:true}`, rec.ID, name)}, nil) {
				return
			}
		}
	}, o)
	if done != nil {
		s.result.Archived = done.Updated + done.UncertainOutcome
		for _, e := range done.Errors {
			e.Index = -1
			s.result.Errors = append(s.result.Errors, e)
		}
	}
	return err
}
