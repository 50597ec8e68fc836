package consent

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// Limit is how many records may be deleted: a number for all models together, or a share
// of the known records of each model. The zero value allows any number.
type Limit struct {
	text  string
	count int
	share float64
}

// ParseLimit reads a number such as 100, or a share such as 5%.
func ParseLimit(text string) (Limit, error) {
	if number, ok := strings.CutSuffix(text, "%"); ok {
		share, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || math.IsNaN(share) || share < 0 || share > 100 {
			return Limit{}, errors.New("a share is between 0% and 100%, such as 5%")
		}
		return Limit{text, -1, share / 100}, nil
	}
	n, err := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
	if err != nil || n < 0 {
		return Limit{}, errors.New("it takes a number such as 100, or a share such as 5%")
	}
	return Limit{text, n, 0}, nil
}

// Given reports whether there is a limit.
func (l Limit) Given() bool { return l.text != "" }

// Share reports whether the limit is a share of records.
func (l Limit) Share() bool { return l.Given() && l.count < 0 }

func (l Limit) String() string { return l.text }

// Over reports whether so many deletes of a model exceed a share of its known records.
func (l Limit) Over(deletes, known int) bool {
	return l.Given() && l.count < 0 && float64(deletes) > l.share*float64(max(known, deletes))
}

// OverTotal reports whether so many deletes exceed a number.
func (l Limit) OverTotal(deletes int) bool { return l.Given() && l.count >= 0 && deletes > l.count }

// of says which share is meant.
func (l Limit) of(rows Rows) string {
	if l.count >= 0 || rows.Deleted == 0 {
		return ""
	}
	return " of the " + humanize.Comma(int64(max(rows.Known, rows.Deleted))) + " that it knows"
}
