package calendar

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// Excel is the layout of the day numbers of spreadsheets: days since the end of 1899,
// with a fraction for the time of day.
const Excel = "excel"

// The last day number is 9999-12-31. Day 60 is 1900-02-29, which did not exist: Excel
// counts it for the sake of an older program, so earlier days are one less.
const (
	lastExcelDay = 2958465
	noExcelDay   = 60
)

// readExcel reads a day number.
func (r Reader) readExcel(text string) (at time.Time, dateOnly bool, err error) {
	trimmed := strings.TrimSpace(text)
	n, err := strconv.ParseFloat(trimmed, 64)
	if err != nil || strings.Trim(trimmed, "0123456789.") != "" {
		return at, false, invalid.Errorf("dates that the file has as text need another format", "%q is not a day number of Excel, such as 45306", invalid.Cut(text, 60))
	}
	day, clock := math.Modf(n)
	if day < 1 || day > lastExcelDay || day == noExcelDay {
		return at, false, invalid.Errorf("day numbers are 1 for 1900-01-01 to 2958465 for 9999-12-31", "%q is not a date: Excel has no such day", invalid.Cut(text, 60))
	}
	if day < noExcelDay {
		day++
	}
	millis := math.Round(clock * 24 * 60 * 60 * 1000)
	return time.Date(1899, 12, 30+int(day), 0, 0, 0, int(millis)*int(time.Millisecond), r.Zone), clock == 0, nil
}

// excelDay returns the date of a whole number that is probably Excel's, from 1954 to
// 2119, or "".
func excelDay(text string) string {
	if len(text) != len("45306") || text < "20000" || text >= "80000" {
		return ""
	}
	at, _, err := Reader{Zone: time.UTC}.readExcel(text)
	if err != nil {
		return ""
	}
	return at.Format(time.DateOnly)
}
