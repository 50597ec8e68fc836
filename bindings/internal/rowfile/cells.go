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
	return s.elements(files, "xl/styles.xml", func(_ *xml.Decoder, e xml.StartElement) error {
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
func (s *Sheet) readCells() error {
	s.cells = s.cells[:0]
	for {
		token, err := s.dec.RawToken()
		if err != nil {
			return s.damaged(err)
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
				return s.damaged(fmt.Errorf("%w: cell %s is in the wrong place", zip.ErrFormat, attribute(t, "r")))
			}
			for len(s.cells) < at {
				s.cells = append(s.cells, cell{})
			}
			c, err := s.readCell(attribute(t, "t"), attribute(t, "s"))
			if err != nil {
				return err
			}
			s.cells = append(s.cells, c)
		}
	}
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
func (s *Sheet) readCell(kind, look string) (cell, error) {
	value, inValue := "", false
	for {
		token, err := s.dec.RawToken()
		if err != nil {
			return cell{}, s.damaged(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if inValue = t.Name.Local == "v"; t.Name.Local == "is" {
				text, err := s.texts(s.dec, "is")
				if err != nil {
					return cell{}, err
				}
				value = text
			}
		case xml.CharData:
			if inValue {
				value += string(t)
			}
		case xml.EndElement:
			inValue = false
			if t.Name.Local == "c" {
				return s.cell(kind, look, value), nil
			}
		}
	}
}

// cell returns what a cell of a type and a style shows.
func (s *Sheet) cell(kind, look, value string) cell {
	switch kind {
	case "s":
		if i, err := strconv.Atoi(value); err == nil && i >= 0 && i < len(s.shared) {
			return cell{text: s.shared[i]}
		}
		return cell{}
	case "b":
		return cell{text: strconv.FormatBool(value == "1" || value == "true"), kind: mapping.Exact}
	case "str":
		return cell{text: unescaped(value)}
	case "inlineStr", "e":
		return cell{text: value}
	case "d":
		return cell{text: value, kind: mapping.Exact}
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return cell{text: value}
	}
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
