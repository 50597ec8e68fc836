// Package proposal proposes how a file becomes records: the model, the property of each
// column, and how its cells are read. It says what it is not sure of.
package proposal

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Column is a column of a file.
type Column struct {
	Name string
	// Cells are its cells as text, with empty ones.
	Cells []string
	// Exact says that numbers and dates are written as Planhat takes them, as in workbooks.
	Exact bool
	// Numbers are the cells that are numbers of a workbook, nil for other files. They say
	// nothing about how texts are written.
	Numbers []bool
	// Decimal is the decimal sign of numbers that could have either, "" if it is not known.
	Decimal string
}

// kind is what the cells of a column are.
type kind int

const (
	empty kind = iota
	text
	id
	number
	money
	boolean
	date
	email
	link
)

// look is what the cells of a column look like.
type look struct {
	kind   kind
	filled int
	// unique says that no two cells are equal.
	unique bool
	// values are the different cells by how often they occur, at most mostValues.
	values []value
	// any is a cell that has the form of most.
	any string
	// decimal is "," or ".", or "" if the numbers need no sign.
	decimal string
	// format is how dates are written, "" for ISO 8601.
	format string
	// odd is a cell that does not look like the others, and oddCount how many do not.
	odd      string
	oddCount int
	cells    []string
	// texts are the cells that are not numbers of a workbook, which workbook tells.
	texts    []string
	workbook bool
	// assumed says that no amount shows the decimal sign.
	assumed bool
	// mixed says that some numbers have one decimal sign, and some the other.
	mixed bool
	// forms are how dates could be written that are not in ISO 8601.
	forms []string
	// either says why the cells could be read in two ways, "" if they cannot.
	either string
}

type value struct {
	text  string
	count int
}

// mostValues is how many different cells count as a choice.
const mostValues = 30

// patterns are compiled when a file is looked at.
var patterns = sync.OnceValue(func() (p struct{ plain, zeros, comma, point, groupsPoint, groupsComma, iso, day, email, link, currency, percent *regexp.Regexp }) {
	p.plain = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
	p.zeros = regexp.MustCompile(`^0\d`)
	p.comma = regexp.MustCompile(`^-?(\d{1,3}([. '\x{a0}\x{202f}’]\d{3})+|\d+),\d+$`)
	p.point = regexp.MustCompile(`^-?\d{1,3}([, '\x{a0}\x{202f}’]\d{3})+\.\d+$`)
	p.groupsPoint = regexp.MustCompile(`^-?\d{1,3}(\.\d{3})+$`)
	p.groupsComma = regexp.MustCompile(`^-?\d{1,3}(,\d{3})+$`)
	p.iso = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$`)
	p.day = regexp.MustCompile(`^(\d{1,2})([./-])(\d{1,2})[./-](\d{4})$`)
	p.email = regexp.MustCompile(`^[^\s@]+@[^\s@]+\.[^\s@]+$`)
	p.link = regexp.MustCompile(`^(https?://)?([a-zA-Z0-9-]+\.)+[a-zA-Z]{2,}(/\S*)?$`)
	p.currency = regexp.MustCompile(`^(-?\s*(?:[€$£¥]|[A-Z]{3})\s*)?-?\(?[\d., '\x{a0}\x{202f}’]+\)?(\s*(?:[€$£¥]|[A-Z]{3}|kr))?$`)
	p.percent = regexp.MustCompile(`^-?[\d., ]+\s*%$`)
	return p
})

// strays is of how many cells one can have another form than the column.
const strays = 10

// of looks at the cells of a column.
func of(c Column) look {
	l := look{}
	counts := map[string]int{}
	var cells []string
	for i, cell := range c.Cells {
		if cell = strings.TrimSpace(cell); cell != "" {
			cells = append(cells, cell)
			counts[cell]++
			if i >= len(c.Numbers) || !c.Numbers[i] {
				l.texts = append(l.texts, cell)
			}
		}
	}
	l.cells, l.workbook = cells, c.Numbers != nil
	l.filled, l.unique = len(cells), len(counts) == len(cells)
	if len(counts) <= mostValues {
		for cell, n := range counts {
			l.values = append(l.values, value{cell, n})
		}
		slices.SortFunc(l.values, func(a, b value) int { return cmp.Or(b.count-a.count, strings.Compare(a.text, b.text)) })
	}
	if len(cells) == 0 {
		return l
	}
	p := patterns()
	for _, one := range []struct {
		kind kind
		is   func(string) bool
	}{
		{boolean, isBoolean},
		{date, isDate},
		{email, p.email.MatchString},
		{id, func(s string) bool {
			return p.zeros.MatchString(s) && p.plain.MatchString(s) && !strings.Contains(s, ".")
		}},
		{number, isNumber},
		{money, isMoney},
		{link, p.link.MatchString},
	} {
		n, match := 0, ""
		odd := ""
		for _, cell := range cells {
			if one.is(cell) {
				n++
				match = cell
			} else if odd == "" {
				odd = cell
			}
		}
		if one.kind == id && n > 0 || n > 0 && len(cells)-n <= max(len(cells)/strays, min(len(cells)/3, 1)) {
			l.kind, l.any = one.kind, match
			if one.kind != id {
				l.odd, l.oddCount = odd, len(cells)-n
			}
			break
		}
	}
	switch l.kind {
	case empty:
		l.kind, l.any = text, cells[0]
	case number, money:
		l.decimals(l.texts)
		if l.either != "" && !l.mixed && c.Decimal != "" {
			l.decimal, l.either = c.Decimal, ""
		}
	case date:
		l.dates(cells)
	}
	if c.Exact {
		l.decimal, l.either = "", ""
	}
	return l
}

// unlike returns a cell that is not what a function reports, or one of them.
func (l look) unlike(is func(string) bool) string {
	for _, cell := range l.cells {
		if !is(cell) {
			return cell
		}
	}
	return l.any
}

func isDate(cell string) bool {
	p := patterns()
	return p.iso.MatchString(cell) || p.day.MatchString(cell)
}

func isNumber(cell string) bool {
	p := patterns()
	return p.plain.MatchString(cell) || p.comma.MatchString(cell) || p.point.MatchString(cell) || p.groupsPoint.MatchString(cell) || p.groupsComma.MatchString(cell)
}

func isBoolean(cell string) bool {
	return slices.Contains([]string{"true", "false", "yes", "no"}, strings.ToLower(cell))
}

// isMoney reports whether a cell is a number with a currency or a percent sign.
func isMoney(cell string) bool {
	p := patterns()
	return strings.ContainsAny(cell, "0123456789") && (p.currency.MatchString(cell) || p.percent.MatchString(cell))
}

// decimals finds the decimal sign.
func (l *look) decimals(cells []string) {
	p := patterns()
	commas, points, ambiguous := 0, 0, ""
	for _, cell := range cells {
		digits := strings.Trim(cell, "()%€$£¥ABCDEFGHIJKLMNOPQRSTUVWXYZkr \u00a0-")
		switch {
		case p.comma.MatchString(digits) && !p.groupsComma.MatchString(digits):
			commas++
		case p.point.MatchString(digits):
			points++
		case p.groupsPoint.MatchString(digits) && strings.Count(digits, ".") > 1:
			commas++
		case p.groupsComma.MatchString(digits) && strings.Count(digits, ",") > 1:
			points++
		case p.groupsPoint.MatchString(digits), p.groupsComma.MatchString(digits):
			ambiguous = cell
		case p.plain.MatchString(digits) && strings.Contains(digits, "."):
			points++
		}
	}
	switch {
	case commas > 0 && points > 0:
		l.mixed = true
		l.either = "some numbers have a decimal comma, and others a decimal point"
	case commas > 0:
		l.decimal = ","
	case points > 0:
		l.decimal = "."
	case ambiguous != "":
		l.either = "its numbers could have a decimal sign, or be in the thousands, such as \"" + ambiguous + "\""
	case l.kind == money:
		l.decimal, l.assumed = ".", true
	}
}

// dates finds how dates are written.
func (l *look) dates(cells []string) {
	p := patterns()
	dayFirst, monthFirst, iso, others, ambiguous := 0, 0, 0, 0, ""
	signs := map[string]bool{}
	for _, cell := range cells {
		m := p.day.FindStringSubmatch(cell)
		if m == nil {
			if p.iso.MatchString(cell) {
				iso++
			}
			continue
		}
		others++
		signs[m[2]] = true
		switch {
		case len(m[1]) == 2 && m[1] > "12":
			dayFirst++
		case len(m[3]) == 2 && m[3] > "12":
			monthFirst++
		case m[2] == ".":
			dayFirst++
		default:
			ambiguous = cell
		}
	}
	sign := "/"
	for one := range signs {
		sign = one
	}
	l.forms = []string{"%d" + sign + "%m" + sign + "%Y", "%m" + sign + "%d" + sign + "%Y"}
	if dayFirst > 0 || sign == "." {
		l.forms = l.forms[:1]
	}
	// A few that are written in another way are odd: their rows are rejected.
	few, minority := max(len(cells)/strays, min(len(cells)/3, 1)), min(iso, others)
	if minority > 0 && len(signs) == 1 && l.oddCount+minority <= few {
		is := p.day
		if others < iso {
			is, signs, dayFirst, monthFirst, ambiguous = p.iso, nil, 0, 0, ""
		} else {
			iso = 0
		}
		l.odd, l.oddCount = l.unlike(is.MatchString), l.oddCount+minority
	}
	switch {
	case len(signs) > 1 || iso > 0 && len(signs) > 0 || dayFirst > 0 && monthFirst > 0:
		l.either = "the dates are written in different ways"
	case dayFirst > 0:
		l.format = "%d" + sign + "%m" + sign + "%Y"
	case monthFirst > 0:
		l.format = "%m" + sign + "%d" + sign + "%Y"
	case ambiguous != "":
		l.either = "its dates could begin with the day or the month, such as \"" + ambiguous + "\""
	}
}

// example returns a date in a form.
func example(format string, i int) string {
	day := time.Date(2026, time.January, 15+i, 0, 0, 0, 0, time.UTC)
	return day.Format(strings.NewReplacer("%d", "02", "%m", "01", "%Y", "2006").Replace(cmp.Or(format, "%Y-%m-%d")))
}
