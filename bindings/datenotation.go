package bindings

import (
	"fmt"
	"strings"
)

// layoutOption is how a call takes the format of dates. Messages name it.
type layoutOption string

const (
	parseFormat layoutOption = `time.parse(text, { format = "%s" })`
	csvFormat   layoutOption = `{ date_format = "%s" }`
	// writtenLayout is the layout of time.format, which also takes names.
	writtenLayout layoutOption = `"%s"`
)

// with writes the option with a layout in it.
func (o layoutOption) with(layout string) string {
	return strings.Replace(string(o), "%s", layout, 1)
}

// layoutError says why a layout is invalid and what to use instead.
func (o layoutOption) layoutError(layout, why string) error {
	if named := layoutNames[layout]; named != "" {
		return &DataError{
			Message: fmt.Sprintf("the layout %q is for time.format, which writes dates", layout),
			Hint:    named + " are read without a layout, so leave it out; for others, use " + o.with("%d/%m/%Y"),
		}
	}
	hint := "use the specifiers of the date, such as " + o.with("%Y-%m-%d %H:%M:%S")
	if o == writtenLayout {
		hint = `use "iso", "date", "datetime", or specifiers such as "%Y-%m-%d %H:%M:%S"`
	}
	if meant := specifiersOf(layout); meant != "" {
		hint = "use " + o.with(meant)
	}
	return &DataError{Message: fmt.Sprintf("invalid layout %q: %s", layout, why), Hint: hint}
}

// layoutNames are the named layouts of time.format and what they write.
var layoutNames = map[string]string{
	"iso": "ISO dates and times such as 2024-01-15T10:30:00Z", "date": "dates such as 2024-01-15", "datetime": "times such as 2024-01-15 10:30:00",
}

// specifiersOf returns the specifiers for a layout as spreadsheets write it,
// such as dd/mm/yyyy or YYYY-MM-DD HH:mm, or "". The letter m means months, and
// minutes after hours.
func specifiersOf(layout string) string {
	var b strings.Builder
	last, month := byte(0), false
	for i := 0; i < len(layout); {
		c := layout[i]
		end := i + 1
		for end < len(layout) && layout[end] == c {
			end++
		}
		n := end - i
		i = end
		letter := c | 0x20
		if letter < 'a' || letter > 'z' || c == 'T' && last == 'd' {
			if c == '%' || c >= '0' && c <= '9' {
				return ""
			}
			b.WriteString(strings.Repeat(string(c), n))
			continue
		}
		unit := specifierOf(letter, n)
		if letter == 'm' && n <= 2 && (last == 'h' || month) {
			unit = "%M"
		} else if letter == 'm' {
			month = true
		}
		if unit == "" {
			return ""
		}
		last = letter
		b.WriteString(unit)
	}
	if strings.Contains(b.String(), "%p") {
		return strings.ReplaceAll(b.String(), "%H", "%I")
	}
	return b.String()
}

// specifierOf returns the specifier of a letter that is repeated n times, or "".
func specifierOf(letter byte, n int) string {
	switch {
	case letter == 'y' && (n == 1 || n == 4):
		return "%Y"
	case letter == 'y' && n == 2:
		return "%y"
	case letter == 'm' && n <= 4:
		return []string{"%m", "%m", "%b", "%B"}[n-1]
	case letter == 'd' && n <= 4:
		return []string{"%d", "%d", "%a", "%A"}[n-1]
	case letter == 'h' && n <= 2:
		return "%H"
	case letter == 's' && n <= 2:
		return "%S"
	case letter == 'a' && n == 1, letter == 't' && n == 2:
		return "%p"
	}
	return ""
}
