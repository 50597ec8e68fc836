// Package snapshot saves the records of a tenant as fixtures of the simulator.
package snapshot

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/anonymize"
)

// Options say what to save.
type Options struct {
	Client *planhat.Client
	// Known are all models, Models those to save; see Complete.
	Known, Models []*catalog.Model
	// Companies are ids of the companies to save, in any form that Planhat takes. Limit,
	// if it is not 0, saves that many companies. With either, records that belong to
	// other companies, or to none although others of their model do, are left out.
	Companies []string
	Limit     int
	// Mask, if set, replaces what says something about people and companies.
	Mask *anonymize.Records
	// Fits returns an error if fixtures of a model cannot hold a value.
	Fits func(m *catalog.Model, property string, value jsontext.Value) error
	// Progress is told how many records of a model were saved, from time to time, and
	// when all were.
	Progress func(m *catalog.Model, saved int, done bool)
}

// Report is what was saved, and what was not.
type Report struct {
	Models []Saved
	// Unreadable are the models that the token may not list, with the reason.
	Unreadable []Unreadable
}

// Saved counts the records of a model.
type Saved struct {
	Model   *catalog.Model
	Records int
	// Without counts the records that were left out, by reason, and Lost the values, by
	// property, that fixtures cannot hold.
	Without, Lost map[string]int
	// Why has an example of the reason for each of Lost.
	Why map[string]string
}

// Unreadable is a model that could not be listed.
type Unreadable struct {
	Model *catalog.Model
	Err   error
}

// Why a record is left out.
const (
	// noCompany: its company is not in the snapshot.
	noCompany = "belong to companies that are not in the snapshot"
	loose     = "belong to no company"
	noParent  = "belong to records that are not in the snapshot"
)

// every is after how many records progress is told.
const every = 10_000

// idsAtOnce is how many ids a filter takes: about 78 fit into the addresses that clients
// send. After oneByOne companies, reading a whole list is taken to cost less than a request
// for each.
const idsAtOnce, oneByOne = 70, 20

type saving struct {
	o      Options
	folder string
	report *Report
	// ids are those that were saved, of models which others can only refer to if they
	// are there.
	ids map[string]idSet
	// chosen are the ids of the companies, sorted; nil for all.
	chosen []string
	// seen are the records of the file that is written, if they may come twice.
	seen idSet
}

// Save writes one file for each model into a folder.
func Save(ctx context.Context, folder string, o Options) (*Report, error) {
	s := &saving{o: o, folder: folder, report: &Report{}, ids: map[string]idSet{}}
	if err := s.define(ctx); err != nil {
		return nil, err
	}
	models := ordered(o.Known, o.Models)
	for _, m := range models {
		if slices.ContainsFunc(models, func(whole *catalog.Model) bool { return m.Part != nil && m.Part.Of == whole.Snake }) {
			continue // saved with those of the whole model
		}
		var parts []*catalog.Model
		for _, part := range models {
			if part.Part != nil && part.Part.Of == m.Snake && part.Path != m.Path {
				parts = append(parts, part)
			}
		}
		if err := s.model(ctx, m, parts); err != nil {
			return nil, err
		}
	}
	return s.report, nil
}

// define reads the custom fields, whose types say what may stay.
func (s *saving) define(ctx context.Context) error {
	if s.o.Mask == nil {
		return nil
	}
	for _, m := range s.o.Known {
		if !m.Has(catalog.FieldDefinition) {
			continue
		}
		for record, err := range s.o.Client.Resource(m).Each(ctx, planhat.ListOptions{}) {
			switch {
			case refused(err):
				return nil // all of them are masked
			case err != nil:
				return err
			}
			if err := s.o.Mask.Define(record); err != nil {
				return err
			}
		}
	}
	return nil
}

// refused reports whether the token may not read a list, or the tenant does not have it.
func refused(err error) bool {
	return slices.Contains([]planhat.Kind{planhat.KindPermission, planhat.KindNotFound}, planhat.KindOf(err))
}

// model writes the file of a model, with the records of others that are parts of it.
func (s *saving) model(ctx context.Context, m *catalog.Model, parts []*catalog.Model) (err error) {
	file := m.Snake
	if m.Part != nil {
		file = m.Part.Of
	}
	path := filepath.Join(s.folder, file+".jsonl")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if info, failed := os.Stat(path); failed == nil && info.Size() == 0 {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	s.seen = nil
	if len(parts) > 0 || len(m.Operation("get_list").Views()) > 1 || m.Part != nil {
		s.seen = idSet{}
	}
	saved := Saved{Model: m, Without: map[string]int{}, Lost: map[string]int{}, Why: map[string]string{}}
	for _, one := range slices.Concat([]*catalog.Model{m}, parts) {
		before := saved.Records
		err := s.list(ctx, one, w, &saved)
		if refused(err) && saved.Records == before && !one.Has(catalog.Account) {
			s.report.Unreadable = append(s.report.Unreadable, Unreadable{one, err})
			continue
		}
		if err != nil {
			return err
		}
	}
	if len(s.report.Unreadable) == 0 || s.report.Unreadable[len(s.report.Unreadable)-1].Model != m {
		s.report.Models = append(s.report.Models, saved)
		s.o.Progress(m, saved.Records, true)
	}
	if m.Has(catalog.Account) && (s.o.Limit > 0 || len(s.o.Companies) > 0) {
		s.chosen = s.ids[m.Snake].sorted()
	}
	return w.Flush()
}

// list writes the records of a model.
func (s *saving) list(ctx context.Context, m *catalog.Model, w *bufio.Writer, saved *Saved) error {
	resource, filter := s.o.Client.Resource(m), s.filter(m)
	if m.Has(catalog.Account) && len(s.o.Companies) > 0 {
		for _, id := range s.o.Companies {
			record, err := resource.GetByID(ctx, id)
			if err != nil {
				return err
			}
			if err := s.record(m, record, w, saved); err != nil {
				return err
			}
		}
		return nil
	}
	for _, view := range m.Operation("get_list").Views() {
		for _, ids := range filter {
			o := planhat.ListOptions{Filter: view}
			if m.Has(catalog.Account) {
				o.Limit = s.o.Limit
			}
			if ids != "" {
				o.Filter["companyId"] = ids
			}
			for record, err := range resource.Each(ctx, o) {
				if err != nil {
					return err
				}
				if err := s.record(m, record, w, saved); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// filter returns the values for the companies of a list, one for each request, "" to read
// all of it.
func (s *saving) filter(m *catalog.Model) []string {
	q := m.Operation("get_list").Parameter("companyId")
	switch {
	case s.chosen == nil || q == nil || q.Filter == nil || m.Has(catalog.Account):
		return []string{""}
	case q.Several:
		var out []string
		for batch := range slices.Chunk(s.chosen, idsAtOnce) {
			out = append(out, strings.Join(batch, ","))
		}
		return out
	case len(s.chosen) <= oneByOne:
		return s.chosen
	}
	return []string{""}
}

// record writes a record, unless it is left out.
func (s *saving) record(m *catalog.Model, record planhat.Record, w *bufio.Writer, saved *Saved) error {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(record, &members, jsontext.AllowDuplicateNames(true)); err != nil {
		return fmt.Errorf("a record of %s cannot be read: %w", m.Snake, err)
	}
	id := idIn(members["_id"])
	if s.seen != nil {
		if s.seen.has(id) {
			return nil
		}
		s.seen.add(id)
	}
	if why := s.leftOut(m, members); why != "" {
		saved.Without[why]++
		return nil
	}
	line, err := s.line(m, members, saved)
	if err != nil {
		return fmt.Errorf("%s %s: %w", m.Snake, id, err)
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return err
	}
	if s.referred(m) {
		if s.ids[m.Snake] == nil {
			s.ids[m.Snake] = idSet{}
		}
		s.ids[m.Snake].add(id)
	}
	if saved.Records++; saved.Records%every == 0 {
		s.o.Progress(saved.Model, saved.Records, false)
	}
	return nil
}

// line returns the record as the fixture has it. The properties are sorted, so that two
// snapshots differ only where the records do.
func (s *saving) line(m *catalog.Model, members map[string]jsontext.Value, saved *Saved) ([]byte, error) {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		switch {
		case a == "_id":
			return -1
		case b == "_id":
			return 1
		}
		return strings.Compare(a, b)
	})
	out := []byte{'{'}
	for _, name := range names {
		value := members[name]
		if p := m.Property(name); p != nil && p.Type == catalog.ObjectID && value.Kind() == '{' {
			value, _ = jsontext.AppendQuote(nil, idIn(value)) // lists may show an owner as an object
		}
		if s.o.Mask != nil {
			var err error
			if value, err = s.o.Mask.Property(m, name, value); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := s.o.Fits(m, name, value); err != nil {
			saved.Lost[name]++
			saved.Why[name] = err.Error()
			continue
		}
		var err error
		if len(out) > 1 {
			out = append(out, ',')
		}
		if out, err = jsontext.AppendQuote(out, name); err != nil {
			return nil, err
		}
		out = append(append(out, ':'), value...)
	}
	compact := jsontext.Value(append(out, '}'))
	return compact, compact.Compact()
}
