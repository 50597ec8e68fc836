// Package reconcile compares rows with the records that are there, and sends those
// that differ.
package reconcile

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/bindings/internal/precheck"
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
	// MaxMissing is the share of the records with a key above which none is archived.
	MaxMissing float64
	// Remember compares rows also with those of earlier calls of Send.
	Remember bool
	// Changes keeps the changes of each row.
	Changes bool
	Bulk    planhat.BulkOptions
	// Companies are those that rows refer to.
	Companies *planhat.Resource
	// Match says how rows find a record that does not have their key. It needs Remember.
	Match Matching
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
	// Adopted and Shared count the rows that found a record without a key, and one with
	// the key of another system. Links are what Learn takes for the keys of the latter.
	Adopted, Shared int
	Links           map[string]string
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

// DefaultKey is the property by which rows of a model are matched by default.
func DefaultKey(m *catalog.Model) string {
	keys := Keys(m)
	for _, name := range []string{"externalId", "extId", "sourceId", "email"} {
		if slices.Contains(keys, name) {
			return name
		}
	}
	return keys[len(keys)-1]
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

// Run reads the records of a model, compares the rows with them and sends those that
// differ or are new. With an error of the bulk call, nothing is archived.
func Run(ctx context.Context, r *planhat.Resource, rows iter.Seq2[planhat.Row, error], o Options) (*Result, error) {
	s, err := Open(ctx, r, o)
	if err != nil {
		return nil, err
	}
	result, err := s.Send(ctx, rows, o.Bulk)
	if err != nil || o.Missing == Ignore {
		return result, err
	}
	result.Missing = s.Missing(Owned{})
	if o.Missing == Archive && len(result.Missing) > 0 {
		return result, s.archiveMissing(ctx, result)
	}
	return result, nil
}

// read reads what is there.
func (s *Target) read() error {
	archived := ArchivedBy(s.model)
	var selected []string
	if s.o.Read != nil {
		for _, name := range slices.Concat([]string{"_id", s.o.Key, s.model.CompanyRef(), archived}, s.o.Read) {
			name, _, _ = strings.Cut(name, ".")
			if p := s.model.Property(name); p != nil && p.ReadAs != "" {
				name = p.ReadAs
			}
			if name != "" && !slices.Contains(selected, name) {
				selected = append(selected, name)
			}
		}
	}
	for _, filter := range s.model.Operation("get_list").Views() {
		if err := s.index.read(s.ctx, s.resource, planhat.ListOptions{Select: selected, Filter: filter}, archived); err != nil {
			return err
		}
	}
	return nil
}

// compared passes the rows, and says of each whether it has to be sent.
func (s *Target) compared(rows iter.Seq2[planhat.Row, error]) iter.Seq2[planhat.Row, error] {
	return func(yield func(planhat.Row, error) bool) {
		for row, err := range rows {
			if err == nil {
				if s.o.Remember {
					s.sent = append(s.sent, -1)
				}
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

func (s *Target) compare(row *planhat.Row) error {
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
	at, sure := x.find(key, company)
	if at < 0 {
		matched, why := s.match(row.Record, key, company)
		switch {
		case why != "":
			row.Rejected = why
			return nil
		case matched >= 0 && x.records[matched].key != "":
			return s.shares(row, matched, key)
		case matched >= 0:
			s.result.Adopted++
			s.adopt(row, matched, key)
			at, sure = matched, false
		}
	}
	if at < 0 {
		if row.Rejected = s.incomplete(row.Record); row.Rejected != "" {
			return nil
		}
		s.result.New++
		if s.o.Remember {
			at = x.learn(key, company, s.round)
			s.sent[len(s.sent)-1] = at
			return s.update(&x.records[at], row.Record)
		}
		return nil
	}
	rec := &x.records[at]
	again := rec.seen && rec.round == s.round // the call rejects the row
	rec.seen, rec.own, rec.round = true, true, s.round
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
	if s.o.Remember {
		s.sent[len(s.sent)-1] = at
		if err := s.update(rec, row.Record); err != nil {
			return err
		}
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

// update sets the values that a row changes.
func (s *Target) update(rec *record, text []byte) (failed error) {
	x := s.index
	x.visit(text, func(name string, p *catalog.Property, value []byte) {
		x.buf = appendCanonical(x.buf[:0], p, value)
		if failed == nil {
			failed = s.resolve(p)
		}
		x.set(rec, name)
	})
	return failed
}

// incomplete says what a row that creates a record lacks, or returns "".
func (s *Target) incomplete(row planhat.Record) string {
	var given []string
	x := s.index
	x.visit(row, func(name string, p *catalog.Property, value []byte) {
		if x.buf = appendCanonical(x.buf[:0], p, value); len(x.buf) > 0 {
			given = append(given, name)
		}
	})
	return precheck.Incomplete(s.model, func(name string) bool { return slices.Contains(given, name) })
}

// compares reports whether a property of a row counts.
func (s *Target) compares(name string, p *catalog.Property) bool {
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
func (s *Target) resolve(p *catalog.Property) error {
	if p == nil || !p.NamesCompany() || p.Type == catalog.Array {
		return nil
	}
	id, err := s.company(string(s.index.buf))
	s.index.buf = append(s.index.buf[:0], id...)
	return err
}

// company returns the _id of a company that a row names by another id, or the text
// itself if there is none. The companies are read once.
func (s *Target) company(ref string) (string, error) {
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

// archiveMissing archives the missing records, unless a record may be missing only because
// its row could not be told.
func (s *Target) archiveMissing(ctx context.Context, result *Result) error {
	switch {
	case s.rows == 0:
		result.Unsafe = "there were no rows"
	case s.keyless > 0:
		result.Unsafe = fmt.Sprintf("%s no %s", english.Plural(s.keyless, "row has", "rows have"), s.o.Key)
	case float64(len(result.Missing)) > s.o.MaxMissing*float64(s.Known()):
		result.Unsafe = fmt.Sprintf("%s of %s with %s have no row, more than the option max_missing = %v allows; if all of them should be archived, raise max_missing",
			humanize.Comma(int64(len(result.Missing))), english.Plural(s.Known(), s.model.Noun, s.model.Plural), s.o.Key, s.o.MaxMissing)
	}
	if result.Unsafe != "" {
		return nil
	}
	done, err := s.Archive(ctx, result.Missing, true, s.o.Bulk)
	if done != nil {
		result.Archived = done.Updated + done.UncertainOutcome
		for _, e := range done.Errors {
			e.Index = -1
			result.Errors = append(result.Errors, e)
		}
	}
	return err
}
