package simulator

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// fill stores what the options ask for: fixtures, then generated companies.
func (s *Server) fill() error {
	s.store = newStore(s.options.Seed, s.models)
	if told := s.options.Changes; told != nil {
		for _, c := range s.store.collections {
			c.tell = func(c Change) {
				c.Others = s.store.others
				told(c)
			}
		}
	}
	source := s.options.Fixtures
	if source == nil && s.options.FixturesDir != "" {
		info, err := os.Stat(s.options.FixturesDir)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("the fixture folder %s does not exist", s.options.FixturesDir)
			}
			return fmt.Errorf("cannot read the fixture folder: %w", err)
		}
		if !info.IsDir() {
			return fmt.Errorf("fixtures are a folder of files such as company.json, but %s is a file", s.options.FixturesDir)
		}
		source = os.DirFS(s.options.FixturesDir)
	}
	if source != nil {
		if err := s.loadFixtures(source); err != nil {
			return fmt.Errorf("fixtures: %w", err)
		}
	}
	s.generate(s.options.Companies)
	s.settle()
	return nil
}

// loadOrder returns the models in an order in which each follows those that its
// properties refer to. Metrics and activities come last.
func (s *Server) loadOrder() []*catalog.Model {
	all := catalog.Load()
	var order, last []*catalog.Model
	seen := map[string]bool{}
	var visit func(*catalog.Model)
	visit = func(m *catalog.Model) {
		if m == nil || seen[m.Snake] {
			return
		}
		seen[m.Snake] = true
		for _, p := range m.Properties {
			if !p.ReadOnly {
				visit(all.ModelNamed(p.Ref))
			}
		}
		if writesMetrics(m) || writesActivities(m) {
			last = append(last, m)
			return
		}
		order = append(order, m)
	}
	// Records find their company and person by email address as well.
	visit(all.With(catalog.Account))
	visit(all.With(catalog.Person))
	for _, m := range s.models {
		visit(m)
	}
	return append(order, last...)
}

func (s *Server) loadFixtures(source fs.FS) error {
	files := map[string][]string{}
	entries, err := fs.ReadDir(source, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		base, ext := strings.TrimSuffix(e.Name(), path.Ext(e.Name())), path.Ext(e.Name())
		if e.IsDir() || !slices.Contains([]string{".json", ".jsonl", ".csv"}, ext) {
			continue
		}
		m, err := s.findModel(base)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name(), err)
		}
		files[m.Snake] = append(files[m.Snake], e.Name())
	}
	for _, m := range s.loadOrder() {
		for _, name := range files[m.Snake] {
			if err := s.loadFile(source, m, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Server) loadFile(source fs.FS, m *catalog.Model, name string) error {
	// A pipe would be waited for, and a device read without end.
	info, err := fs.Stat(source, name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is a pipe or a device, not a file", name)
	}
	text, err := fs.ReadFile(source, name)
	if err != nil {
		return err
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	var rows []fields
	switch path.Ext(name) {
	case ".csv":
		rows, err = csvRows(m, text)
	case ".jsonl":
		rows, err = jsonLines(text)
	default:
		var refused *failure
		rows, _, refused = payload(text)
		err = asError(refused)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, row := range rows { // those without an id get others than the ones that follow
		s.store.keep(row.text("_id"))
	}
	for i, row := range rows {
		if err := s.loadRow(m, row); err != nil {
			return fmt.Errorf("%s: record %d: %w", name, i+1, err)
		}
	}
	return nil
}

func jsonLines(text []byte) ([]fields, error) {
	d := newReader(text)
	var rows []fields
	for {
		switch d.PeekKind() {
		case '{':
			row, err := d.object()
			if err != nil {
				return nil, fmt.Errorf("record %d is not valid JSON: %w", len(rows)+1, err)
			}
			rows = append(rows, row)
		default:
			if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("record %d is not a JSON object", len(rows)+1)
			}
			return rows, nil
		}
	}
}

// csvRows reads a table whose header names properties; custom.Name reaches
// into custom, empty cells are left out, and lists are JSON or separated by
// semicolons. Cells are separated as the header row shows: by commas, or by
// semicolons or tabs, as spreadsheet programs of many countries save them.
func csvRows(m *catalog.Model, text []byte) ([]fields, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the file is not UTF-8: save it as CSV UTF-8")
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma = headerSeparator(text)
	table, err := reader.ReadAll()
	if err != nil || len(table) == 0 {
		return nil, err
	}
	for i, name := range table[0] {
		name = strings.TrimSpace(name)
		table[0][i] = name
		if name == "" || strings.HasPrefix(name, "custom.") && m.Property("custom") != nil {
			continue
		}
		if err := mayHold(m, name, "in columns such as custom.Tier"); err != nil {
			return nil, fmt.Errorf("line 1: %w", err)
		}
	}
	var rows []fields
	for number, cells := range table[1:] {
		var row, custom fields
		for i, cell := range cells {
			if cell == "" {
				continue
			}
			name := intern(table[0][i])
			if name == "" {
				return nil, fmt.Errorf("record %d: column %d has the value %q, but no name in the header", number+1, i+1, cell)
			}
			if inner, isCustom := strings.CutPrefix(name, "custom."); isCustom {
				custom.set(inner, guess(cell))
				continue
			}
			row.set(name, cellValue(m.Property(name), cell))
		}
		if custom != nil {
			row.set("custom", custom.encode())
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// headerSeparator returns what separates the names of a header row, outside of
// quotes.
func headerSeparator(text []byte) rune {
	counts, quoted := map[byte]int{}, false
	for _, b := range text {
		if b == '\n' && !quoted {
			break
		}
		if b == '"' {
			quoted = !quoted
		}
		if !quoted {
			counts[b]++
		}
	}
	best := byte(',')
	for _, b := range []byte(";\t") {
		if counts[b] > counts[best] {
			best = b
		}
	}
	return rune(best)
}

func cellValue(p *catalog.Property, cell string) jsontext.Value {
	if p == nil || p.Type != catalog.Array && p.Type != catalog.Object {
		return quote(cell)
	}
	if v := jsontext.Value(strings.TrimSpace(cell)); v.IsValid() && (v.Kind() == '[' || v.Kind() == '{') {
		if v.Compact() == nil {
			return v
		}
	}
	var items []jsontext.Value
	for part := range strings.SplitSeq(cell, ";") {
		items = append(items, quote(strings.TrimSpace(part)))
	}
	return array(items)
}

// guess takes a cell of a custom field for a number or a boolean where it
// reads like one.
func guess(cell string) jsontext.Value {
	if v := jsontext.Value(cell); v.IsValid() && (v.Kind() == '0' || v.Kind() == 't' || v.Kind() == 'f') {
		return v
	}
	return quote(cell)
}
