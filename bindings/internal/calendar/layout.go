package calendar

import (
	"strings"
	"time"

	"github.com/ncruces/go-strftime"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// Option is how a script passes a layout, with %s in its place. Messages show it.
type Option string

const (
	// ParseFormat is the option of time.parse.
	ParseFormat Option = `time.parse(text, { format = "%s" })`
	// CSVFormat is the option of csv.read.
	CSVFormat Option = `{ date_format = "%s" }`
	// written is the layout of time.format, which also takes names.
	written Option = `"%s"`
)

// with writes the option with a layout in it.
func (o Option) with(layout string) string { return strings.Replace(string(o), "%s", layout, 1) }

// layoutError says why a layout is invalid and what to use instead.
func (o Option) layoutError(layout, why string) error {
	if named := layoutNames[layout]; named != "" {
		return invalid.Errorf(named+" are read without a layout, so leave it out; for others, use "+o.with("%d/%m/%Y"),
			"the layout %q is for time.format, which writes dates", layout)
	}
	hint := "use the specifiers of the date, such as " + o.with("%Y-%m-%d %H:%M:%S")
	if o == written {
		hint = `use "iso", "date", "datetime", or specifiers such as "%Y-%m-%d %H:%M:%S"`
	}
	if meant := specifiersOf(layout); meant != "" {
		hint = "use " + o.with(meant)
	}
	return invalid.Errorf(hint, "invalid layout %q: %s", layout, why)
}

// layoutNames are the named layouts of time.format and what they write.
var layoutNames = map[string]string{
	"iso": "ISO dates and times such as 2024-01-15T10:30:00Z", "date": "dates such as 2024-01-15", "datetime": "times such as 2024-01-15 10:30:00",
}

// goLayouts are the specifiers that the time package has a layout for. In texts
// that are read, months, days and hours may have one digit.
var (
	goLayouts = map[byte]string{
		'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'p': "PM", 'M': "04", 'S': "05",
		'B': "January", 'b': "Jan", 'A': "Monday", 'a': "Mon", 'j': "002", 'z': "-0700", 'Z': "MST",
		'F': "2006-01-02", 'T': "15:04:05", 'e': "2",
	}
	looseLayouts = map[byte]string{'m': "1", 'd': "2", 'I': "3", 'F': "2006-1-2"}
)

// expand replaces the specifiers of a layout.
func expand(layout string, option Option, specifier func(c byte) (text string, known bool)) (string, error) {
	if !strings.Contains(layout, "%") {
		return "", option.layoutError(layout, "it has no % sign")
	}
	var b strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			b.WriteByte(layout[i])
			continue
		}
		i++
		if i == len(layout) {
			return "", option.layoutError(layout, "it ends with a lone %; write %% for a percent sign")
		}
		if layout[i] == '%' {
			b.WriteByte('%')
			continue
		}
		text, known := specifier(layout[i])
		if !known {
			return "", option.layoutError(layout, "unknown specifier %"+layout[i:i+1])
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// Format writes t by a layout: "iso", "date", "datetime" or specifiers of
// strftime.
func Format(t time.Time, layout string) (string, error) {
	switch layout {
	case "iso":
		return ISO(t), nil
	case "date":
		return t.Format(time.DateOnly), nil
	case "datetime":
		return t.Format(time.DateTime), nil
	}
	return expand(layout, written, func(c byte) (string, bool) {
		switch c {
		case 'f':
			return strftime.Format("%L", t), true
		case 'V', 'G', 'u', 's':
			return strftime.Format("%"+string(c), t), true
		}
		known, ok := goLayouts[c]
		return t.Format(known), ok
	})
}

// ISO writes a time as ISO 8601, with milliseconds if it has any.
func ISO(t time.Time) string {
	t = t.Round(time.Millisecond)
	if t.Nanosecond() == 0 {
		return t.Format(time.RFC3339)
	}
	return t.Format("2006-01-02T15:04:05.000Z07:00")
}

// fraction removes what stands for %f: the time package reads a fraction with the
// seconds.
var fraction = strings.NewReplacer(".\x00", "", ",\x00", "", "\x00", "")

// goLayout returns the layout as the time package writes it.
func (r Reader) goLayout() (layout string, dateOnly bool, err error) {
	dateOnly = true
	layout, err = expand(r.Layout, r.Option, func(c byte) (string, bool) {
		dateOnly = dateOnly && strings.IndexByte("HIMSTf", c) < 0
		if c == 'f' {
			return "\x00", true
		}
		if loose, ok := looseLayouts[c]; ok {
			return loose, true
		}
		known, ok := goLayouts[c]
		return known, ok
	})
	if err == nil && strings.ContainsAny(r.Layout, "0123456789") {
		err = r.Option.layoutError(r.Layout, "it contains digits")
	}
	return fraction.Replace(layout), dateOnly, err
}

func (r Reader) readLayout(text string) (at time.Time, dateOnly bool, err error) {
	layout, dateOnly, err := r.goLayout()
	if err != nil {
		return time.Time{}, false, err
	}
	trimmed := strings.TrimSpace(text)
	if strings.Contains(r.Layout, "%p") {
		trimmed = meridiem.Replace(trimmed)
	}
	shown := invalid.Cut(text, 60)
	at, err = time.ParseInLocation(layout, trimmed, r.Zone)
	if err != nil {
		if outOfRange(err) {
			return time.Time{}, false, outOfRangeError(trimmed, "check the text and the format", func(text string) (time.Time, error) { return time.ParseInLocation(layout, text, r.Zone) })
		}
		return time.Time{}, false, invalid.Errorf("check the text and the format", "%q is not a date or time: it does not match the format %s", shown, r.Layout)
	}
	if name, offset := at.Zone(); strings.Contains(r.Layout, "%Z") && offset == 0 && name != "UTC" && name != "GMT" {
		// Go makes up a zone for an abbreviation that the reader's zone does not use.
		return time.Time{}, false, invalid.Errorf(`pass the zone's full name, such as { zone = "Europe/Stockholm" }`,
			"%q has the zone %s, which means different offsets in different places", shown, name)
	}
	return at, dateOnly, nil
}

// meridiem makes am and pm upper case, as Go wants them.
var meridiem = strings.NewReplacer("am", "AM", "pm", "PM", "Am", "AM", "Pm", "PM")

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
