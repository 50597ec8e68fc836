package csvtext

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/planhat/catalog"
)

// readColumns sets the names of the columns.
func (r *Reader) readColumns() error {
	names := r.opt.Names
	r.Titles = names
	if r.opt.Header {
		record, err := r.headerRow()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if names, err = r.headerNames(record); err != nil {
			return err
		}
	} else if len(names) == 0 {
		return nil
	}
	if r.unnamed {
		return nil
	}
	for _, name := range r.opt.Required {
		if !slices.Contains(names, name) {
			return r.unknownColumn("required", name, names)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.opt.Typed)) {
		if !slices.Contains(names, name) && len(names) > 0 {
			return r.unknownColumn(r.opt.Typed[name], name, names)
		}
	}
	seen := make(map[string]int, len(names))
	for i, name := range names {
		if first, again := seen[name]; again {
			return r.repeatedName(first, i, name)
		}
		seen[name] = i
	}
	r.Columns = names
	return nil
}

// headerRow returns the cells of the header row: the first row that is not empty,
// or the first that has the names to find.
func (r *Reader) headerRow() ([]string, error) {
	for {
		record, err := r.record()
		var bad *invalid.Error
		switch {
		case errors.Is(err, io.EOF) && len(r.opt.Find) > 0 && r.text:
			return nil, invalid.Errorf("compare the names with the file, or skip the lines above the header with { skip = ... }",
				"%s: no row has the columns that 'header' names: %s", r.name, strings.Join(r.opt.Find, ", "))
		case errors.As(err, &bad) && len(r.opt.Find) > 0:
			continue // a line above the header may hold anything
		case err != nil:
			return nil, err
		case blank(record) && len(r.scan.quoted) == 0:
			continue
		}
		r.header, r.headerQuoted = r.scan.row+r.skipped, len(r.scan.quoted) > 0
		names := r.cellNames(record)
		if !slices.ContainsFunc(r.opt.Find, func(name string) bool { return !slices.Contains(names, name) }) {
			return record, nil
		}
	}
}

// cellNames returns the names of columns by the cells of a row.
func (r *Reader) cellNames(record []string) []string {
	names := make([]string, len(record))
	for i, cell := range record {
		names[i] = cmp.Or(trimName(cell), ColumnName(i))
	}
	return names
}

// trimName removes white space and byte order marks around the name of a column.
func trimName(cell string) string {
	return strings.TrimFunc(cell, func(c rune) bool { return unicode.IsSpace(c) || c == '\ufeff' })
}

// headerNames returns the names of the columns by the header row, which an empty
// file does not have, and the options.
func (r *Reader) headerNames(record []string) ([]string, error) {
	names := r.cellNames(record)
	r.Titles = numbered(names)
	if given := r.opt.Names; len(given) > 0 && len(record) > 0 {
		if len(given) != len(names) {
			return nil, r.Errorf(r.header, "pass one name per column of the header: "+strings.Join(names, ", "),
				"'columns' names %s, but the header row has %d", english.Plural(len(given), "column", ""), len(names))
		}
		return slices.Clone(given), nil
	}
	if r.opt.RenameRepeated {
		names = numbered(names)
	}
	for from := range r.opt.Renames {
		if !slices.Contains(names, from) {
			return nil, r.unknownColumn("columns", from, names)
		}
	}
	for i, name := range names {
		if to, ok := r.opt.Renames[name]; ok {
			names[i] = to
		}
	}
	return names, nil
}

// numbered appends a number to each name that came before: id, id_2, id_3.
func numbered(names []string) []string {
	given, used := make(map[string]bool, len(names)), make(map[string]bool, len(names))
	for _, name := range names {
		given[name] = true
	}
	last := map[string]int{} // the last number of each name, so that many are not tried again
	unique := make([]string, len(names))
	for i, name := range names {
		unique[i] = name
		for n := max(2, last[name]+1); used[unique[i]] || unique[i] != name && given[unique[i]]; n++ {
			unique[i], last[name] = name+"_"+strconv.Itoa(n), n
		}
		used[unique[i]] = true
	}
	return unique
}

// ColumnName returns the name of a column without one, counted from 0.
func ColumnName(i int) string { return "column_" + strconv.Itoa(i+1) }

func (r *Reader) unknownColumn(option, name string, names []string) error {
	known := "the file is empty"
	if len(names) > 0 {
		known = "the file has: " + strings.Join(names, ", ")
	}
	if hint := r.headerBelow(option, name); hint != "" {
		known = hint
	}
	return invalid.Errorf(known, "%s has no column %q, which the option '%s' names%s", r.name, name, option, catalog.DidYouMean(name, names))
}
