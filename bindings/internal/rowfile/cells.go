package rowfile

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/internal/mapping"
)

// The days from 1970-01-01 on which the day numbers of workbooks begin. Excel counts a
// 29 February 1900, so that day numbers below 61 are a day later than they seem.
const (
	epoch1900 = -25_569
	epoch1904 = -24_107
	leapDay   = 61
)

// style is how numbers are shown.
type style byte

const (
	plain style = iota
	days
	moments
	times
)

// readStyles reads which styles of cells show dates.
func (s *Sheet) readStyles(files *zip.Reader) error {
	formats, inCells := map[string]style{}, false
	return s.elements(files, s.stylesAt, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			formats[attribute(e, "numFmtId")] = styleOf(attribute(e, "formatCode"))
		case "cellXfs":
			inCells = true
		case "cellStyles", "dxfs":
			inCells = false
		case "xf":
			if !inCells {
				return nil
			}
			id := attribute(e, "numFmtId")
			known, own := formats[id]
			if !own {
				known = builtIn(id)
			}
			s.styles = append(s.styles, known)
		}
		return nil
	})
}

// builtIn returns the style of a format that Excel knows by its number.
func builtIn(id string) style {
	n, _ := strconv.Atoi(id)
	switch {
	case n == 22:
		return moments
	case n >= 14 && n <= 17, n >= 27 && n <= 31, n == 36, n >= 50 && n <= 58:
		return days
	case n >= 18 && n <= 21, n >= 32 && n <= 35, n == 45, n == 47:
		return times
	}
	return plain
}

// literal are the parts of a format that are shown as they are, conditions and colors.
var literal = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^\]]*\]`)

// elapsed are durations, which are numbers of days.
var elapsed = regexp.MustCompile(`(?i)\[(h+|m+|s+)\]`)

// styleOf returns the style of a format.
func styleOf(format string) style {
	if elapsed.MatchString(format) {
		return plain
	}
	first, _, _ := strings.Cut(literal.ReplaceAllString(format, ""), ";")
	first = strings.ToLower(first)
	hasDay, hasTime := strings.ContainsAny(first, "yd"), strings.ContainsAny(first, "hs")
	switch {
	case strings.Contains(first, "general"):
		return plain
	case hasDay && hasTime:
		return moments
	case hasTime:
		return times
	case hasDay || strings.Contains(first, "m"):
		return days
	}
	return plain
}

// readCells reads the cells of a row.
func (s *Sheet) readCells(row int) error {
	s.cells = s.cells[:0]
	size := 0
	for {
		token, err := s.part.next()
		if err != nil {
			return s.in(row, err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			if t.Name.Local == "row" {
				return nil
			}
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			at := len(s.cells)
			if ref := attribute(t, "r"); ref != "" {
				at = columnOf(ref)
			}
			if at < len(s.cells) || at >= mostColumns {
				return s.misplaced(at, row, attribute(t, "r"))
			}
			for len(s.cells) < at {
				s.cells = append(s.cells, cell{})
			}
			c, err := s.readCell(at, row, attribute(t, "t"), attribute(t, "s"))
			if err != nil {
				return err
			}
			if size += len(c.text); size > mostRow {
				return s.wrong("row %d has more than %s of text", row, humanize.IBytes(mostRow))
			}
			s.cells = append(s.cells, c)
		}
	}
}

// misplaced is the error of a cell of a row that can't be at its column.
func (s *Sheet) misplaced(column, row int, ref string) error {
	switch last := len(s.cells) - 1; {
	case column >= mostColumns:
		return s.wrong("row %d has more than %s columns", row, humanize.Comma(mostColumns))
	case column < 0:
		return s.wrong("row %d: %s is not the name of a cell", row, luatext.Quote(invalid.Cut(ref, 40)))
	case column == last:
		return s.wrong("cell %s occurs twice", cellName(column, row))
	default:
		return s.wrong("cell %s comes after cell %s", cellName(column, row), cellName(last, row))
	}
}

// in is the error of a row that can't be read.
func (s *Sheet) in(row int, err error) error {
	return s.damagedAt(fmt.Sprintf("sheet %s, row %d: ", luatext.Quote(s.title), row), err)
}

// inCell is the error of a cell that can't be read.
func (s *Sheet) inCell(column, row int, err error) error {
	return s.damagedAt(fmt.Sprintf("sheet %s, cell %s: ", luatext.Quote(s.title), cellName(column, row)), err)
}

// cellName returns the name of a cell, such as B17, whose column counts from 0.
func cellName(column, row int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name + strconv.Itoa(row)
}

// columnOf returns the column of a reference such as B17, from 0, or -1.
func columnOf(ref string) int {
	n := 0
	for _, c := range ref {
		if c < 'A' || c > 'Z' || n > mostColumns {
			break
		}
		n = 26*n + int(c-'A') + 1
	}
	return n - 1
}

// readCell reads a cell, of a type and a style, up to its end.
func (s *Sheet) readCell(column, row int, kind, look string) (cell, error) {
	var value strings.Builder
	inValue, formula := false, false
	for {
		token, err := s.part.next()
		if err != nil {
			return cell{}, s.inCell(column, row, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			inValue = t.Name.Local == "v"
			switch t.Name.Local {
			case "f":
				formula = true
			case "is":
				text, err := textsOf(s.part, "is")
				if err != nil {
					return cell{}, s.inCell(column, row, err)
				}
				value.WriteString(text)
			}
		case xml.CharData:
			if inValue {
				value.Write(t)
			}
		case xml.EndElement:
			inValue = false
			if t.Name.Local == "c" {
				c, err := s.cell(kind, look, value.String(), formula)
				if err != nil {
					err = s.wrong("cell %s %w", cellName(column, row), err)
				}
				return c, err
			}
		}
		if value.Len() > mostCell {
			return cell{}, s.inCell(column, row, fmt.Errorf("the text is longer than %s", humanize.IBytes(mostCell)))
		}
	}
}

// isoDate is the form of dates and times in cells that hold them as text.
var isoDate = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:\d\d)?)?$|^T?\d\d:\d\d(:\d\d([.,]\d+)?)?Z?$`)

// cell returns what a cell of a type and a style shows. A text that is not in the workbook
// is an error; other values that can't be understood are those of kinds with a fault.
func (s *Sheet) cell(kind, look, value string, formula bool) (cell, error) {
	bare := strings.TrimSpace(value)
	if kind != "e" && bare == "" && (kind != "inlineStr" && kind != "str") {
		if formula && kind != "s" { // of an empty text, the type is str
			return cell{kind: mapping.NoResult}, nil
		}
		return cell{}, nil
	}
	switch kind {
	case "s":
		i, err := strconv.Atoi(bare)
		text, ok := s.shared.at(i)
		if err != nil || !ok {
			return cell{}, fmt.Errorf("refers to the shared text %s, but the workbook has %s", invalid.Cut(bare, 40), english.Plural(len(s.shared.ends), "text", ""))
		}
		return cell{text: text}, nil
	case "b":
		switch bare {
		case "1", "true":
			return cell{text: "true", kind: mapping.Exact}, nil
		case "0", "false":
			return cell{text: "false", kind: mapping.Exact}, nil
		}
		return cell{text: value, kind: mapping.NoBoolean}, nil
	case "str":
		return cell{text: unescaped(value)}, nil
	case "inlineStr":
		return cell{text: value}, nil
	case "e":
		return cell{text: bare, kind: mapping.Error}, nil
	case "d":
		if isoDate.MatchString(bare) {
			return cell{text: strings.Replace(bare, ",", ".", 1), kind: mapping.Exact}, nil
		}
		return cell{text: value, kind: mapping.NoDate}, nil
	case "", "n":
		if n, ok := finite(bare); ok {
			return s.number(n, look), nil
		}
		return cell{text: value, kind: mapping.NoNumber}, nil
	}
	return cell{}, fmt.Errorf("has the unknown type %s", luatext.Quote(invalid.Cut(kind, 40)))
}

// finite reads a decimal number.
func finite(text string) (n float64, ok bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) && !strings.ContainsAny(text, "xX")
}

// number returns a number as its style shows it.
func (s *Sheet) number(n float64, look string) cell {
	shown := plain
	if i, err := strconv.Atoi(look); err == nil && i >= 0 && i < len(s.styles) {
		shown = s.styles[i]
	}
	if text := s.moment(n, shown); text != "" {
		return cell{text: text, kind: mapping.Exact}
	}
	return cell{text: number(n), kind: mapping.Exact}
}

// number writes a number with the 15 digits that Excel has.
func number(n float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(n, 'e', 14, 64), 64)
	if err == nil {
		n = rounded
	}
	if math.Abs(n) < 1e21 {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}

// moment writes a day number as the date or time that it is shown as, or returns "".
func (s *Sheet) moment(n float64, shown style) string {
	if shown == plain || n < 0 || n >= 2_958_466 { // the year 10000
		return ""
	}
	day := math.Floor(n)
	seconds := math.Round((n - day) * 86_400)
	if s.epoch == epoch1900 && n < leapDay {
		day++
	}
	t := time.Unix(int64(day)*86_400+int64(s.epoch)*86_400+int64(seconds), 0).UTC()
	switch {
	case shown == times && n < 1:
		return t.Format(time.TimeOnly)
	case shown == days || seconds == 0:
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02T15:04:05")
}

var escape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescaped returns a text with the characters that Excel writes as _x000D_, and with
// the line ends of CSV.
func unescaped(s string) string {
	if strings.Contains(s, "_x") {
		s = escape.ReplaceAllStringFunc(s, func(code string) string {
			n, err := strconv.ParseUint(code[2:6], 16, 16)
			if err != nil || n == 0 {
				return code
			}
			return string(rune(n))
		})
	}
	if strings.Contains(s, "\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return s
}
