package bindings

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/internal/luajson"

	"github.com/dustin/go-humanize"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/invalid"
)

// csvReader turns CSV text into Lua tables, one row at a time.
type csvReader struct {
	*csvtext.Reader
	src *source
	opt csvOptions
	// convert holds the conversion of each column, or nil.
	convert  []convertCell
	problems *problems
	// from is where the rows come from.
	from *origin
	// names are the columns as keys of a table; keys and values are those of a row.
	names, keys, values []lua.LValue
}

// onCSV makes a function that reads its first argument, a file or a text, by the
// options in its second. It also returns the list of problems if they are collected.
func onCSV(open func(a *Args, name string) (*source, error), read func(*Args, *csvReader) (lua.LValue, error)) func(*Args) (int, error) {
	return func(a *Args) (int, error) {
		opt, err := readCSVOptions(a, 1)
		if err != nil {
			return 0, err
		}
		name := a.String(0)
		opt.Again = func() (io.ReadCloser, error) { return open(a, name) }
		src, err := open(a, name)
		if err != nil {
			return 0, err
		}
		r, err := csvtext.NewReader(src.name, src, opt.Options)
		if err != nil {
			src.done()
			return 0, src.fail(err)
		}
		if doubt := r.Doubt(); doubt != "" {
			a.Host.Log.WarnOnce(a.Context(), doubt, doubt)
		}
		if n := r.Unknown(); n > 0 {
			text := mayBeStored(src.name, n)
			a.Host.Log.WarnOnce(a.Context(), text, text)
		}
		c := &csvReader{
			Reader: r, src: src, opt: opt, problems: newProblems(a, src.name, opt.collect),
			from: &origin{file: src.file(), titles: r.Titles, columns: r.Columns},
		}
		for _, name := range r.Columns {
			c.convert = append(c.convert, opt.convert[name])
			c.names = append(c.names, lua.LString(name))
		}
		v, err := read(a, c)
		return c.problems.give(a, v, err)
	}
}

// mayBeStored warns of rows of a file of rejected rows.
func mayBeStored(name string, n int) string {
	if n == 1 {
		return name + ": 1 row has the state \"unknown\": Planhat may have stored it. Look it up in Planhat, and if it is there, delete it from the file " +
			"before you import the file: a row without a key would be stored twice"
	}
	return fmt.Sprintf("%s: %s rows have the state \"unknown\": Planhat may have stored them. Look them up in Planhat, and delete those that are there from the file "+
		"before you import it: rows without a key would be stored twice", name, humanize.Comma(int64(n)))
}

// next returns the next row that is not empty, and the line where it begins;
// io.EOF after the last one.
func (c *csvReader) next(L *lua.LState) (lua.LValue, int, error) {
	for {
		cells, line, err := c.Next()
		var wrong *csvtext.RowError
		switch {
		case errors.As(err, &wrong) && c.opt.collect:
			c.problems.add(wrong.Line, wrong.Err, map[string]lua.LValue{"row": c.row(L, wrong.Cells, c.place(wrong.Line, wrong.Cells), nil)})
			continue
		case errors.Is(err, io.EOF):
			return nil, 0, c.problems.end()
		case err != nil:
			return nil, 0, err
		}
		at := c.place(line, cells)
		if c.opt.Trim {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
		}
		if c.Columns == nil {
			row := stringList(L, cells)
			putPlace(row, at)
			return row, line, c.problems.good()
		}
		row := c.row(L, cells, at, func(i int, cell string) lua.LValue {
			v, e := c.value(c.convert[i], cell)
			if e == nil {
				return v
			}
			data := &invalid.Error{}
			errors.As(e, &data)
			err = c.Errorf(line, data.Hint, "column %q: %v", c.Columns[i], e)
			if c.opt.collect {
				c.problems.add(line, err, map[string]lua.LValue{"row": c.row(L, cells, at, nil), "column": lua.LString(c.Columns[i]), "value": lua.LString(cell)})
			}
			return lua.LNil
		})
		switch {
		case err == nil:
			return row, line, c.problems.good()
		case !c.opt.collect:
			return nil, 0, err
		}
	}
}

// place is where the row of the cells comes from.
func (c *csvReader) place(line int, cells []string) place {
	return place{origin: c.from, line: line, cells: slices.Clone(cells)}
}

// row makes a table of cells, whose values in named columns are those of the
// function, or text.
func (c *csvReader) row(L *lua.LState, cells []string, at place, value func(i int, cell string) lua.LValue) *lua.LTable {
	keys, values := c.keys[:0], c.values[:0]
	c.keys, c.values = nil, nil // the function may make another row
	for i, cell := range cells {
		v := lua.LValue(lua.LString(cell))
		var name lua.LValue
		switch {
		case i >= len(c.names):
			name = lua.LString(csvtext.ColumnName(i))
		case value != nil:
			name, v = c.names[i], value(i, cell)
		default:
			name = c.names[i]
		}
		if v != lua.LNil {
			keys, values = append(keys, name), append(values, v)
		}
	}
	c.keys, c.values = keys, values
	t := luajson.NewObject(L, keys, values)
	putPlace(t, at)
	return t
}

func (c *csvReader) value(convert convertCell, cell string) (lua.LValue, error) {
	if convert != nil {
		cell = strings.TrimSpace(cell)
	}
	switch {
	case cell == "":
		return c.opt.empty, nil
	case convert == nil:
		return lua.LString(cell), nil
	}
	return convert(cell)
}

// readAll reads all rows and closes the source.
func readAll(a *Args, c *csvReader) (lua.LValue, error) {
	defer c.src.done()
	rows := a.L.NewTable()
	for {
		row, _, err := c.next(a.L)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, c.src.fail(err)
		}
		rows.Append(row)
	}
}
