package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// Lines selects lines of a log. Empty fields select all.
type Lines struct {
	Run int64
	// After and Before bound the numbers of the lines, which are not among them.
	After, Before int64
	// Levels are the levels of the lines, and Text is what they contain, whatever the case of
	// its letters.
	Levels []string
	Text   string
	// Limit is the maximum number of lines: the first ones, or the last ones.
	Limit int
	Last  bool
}

// LevelsFrom returns the levels of the lines to show from a level on, nil for all. What a
// script prints counts as info, and other text on standard error as an error, because the
// report of an error is there.
func LevelsFrom(least string) []string {
	switch least {
	case "info":
		return []string{"info", "warn", "error", "print", "stderr"}
	case "warn":
		return []string{"warn", "error", "stderr"}
	case "error":
		return []string{"error", "stderr"}
	}
	return nil
}

func (l Lines) condition(s store.Source) (where string, args []any) {
	where, args = `run = ?`, []any{l.Run}
	if l.After > 0 {
		where, args = where+` AND seq > ?`, append(args, l.After)
	}
	if l.Before > 0 {
		where, args = where+` AND seq < ?`, append(args, l.Before)
	}
	if len(l.Levels) > 0 {
		where, args = where+` AND level IN (?`+strings.Repeat(`, ?`, len(l.Levels)-1)+`)`, append(args, values(l.Levels)...)
	}
	if l.Text != "" {
		where, args = where+` AND `+s.Matches(`message || ' ' || fields`), append(args, store.Containing(searchable(l.Text)))
	}
	return where, args
}

// Picks reports whether a line is among those that Levels and Text select, for lines that were
// read already.
func (l Lines) Picks(one Line) bool {
	if len(l.Levels) > 0 && !slices.Contains(l.Levels, one.Level) {
		return false
	}
	return strings.Contains(lowerCase(one.Message+" "+string(one.Fields)), lowerCase(searchable(l.Text)))
}

// lowerCase changes A to Z only, as the databases do.
func lowerCase(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// Lines returns lines of a log, in their order.
func (h *History) Lines(ctx context.Context, l Lines) (lines []Line, err error) {
	where, args := l.condition(h.read)
	query := `SELECT seq, at, level, message, fields FROM phscript_run_log WHERE ` + where + ` ORDER BY seq`
	if l.Last {
		query += ` DESC`
	}
	if l.Limit > 0 {
		query += fmt.Sprintf(" LIMIT %d", l.Limit)
	}
	err = store.Each(ctx, h.read, func(row *sql.Rows) error {
		one := Line{Run: l.Run}
		var at int64
		var fields string
		err := row.Scan(&one.Seq, &at, &one.Level, &one.Message, &fields)
		if one.At = time.UnixMicro(at); fields != "" {
			one.Fields = json.RawMessage(fields)
		}
		lines = append(lines, one)
		return err
	}, query, args...)
	if l.Last {
		slices.Reverse(lines)
	}
	return lines, err
}

// CountLines returns how many lines there are.
func (h *History) CountLines(ctx context.Context, l Lines) (n int64, err error) {
	where, args := l.condition(h.read)
	if l.After == 0 && l.Before == 0 && len(l.Levels) == 0 && l.Text == "" {
		// The lines of a run are numbered without gaps, so there is no need to count 50,000.
		err = h.read.QueryRowContext(ctx, `SELECT coalesce((SELECT max(seq) FROM phscript_run_log WHERE run = ?) - (SELECT min(seq) FROM phscript_run_log WHERE run = ?) + 1, 0)`, l.Run, l.Run).Scan(&n)
		return n, err
	}
	err = h.read.QueryRowContext(ctx, `SELECT count(*) FROM phscript_run_log WHERE `+where, args...).Scan(&n)
	return n, err
}

// Around returns a line of a log, and up to n lines before it and after it.
func (h *History) Around(ctx context.Context, run, seq int64, n int) ([]Line, error) {
	before, err := h.Lines(ctx, Lines{Run: run, Before: seq, Limit: n, Last: true})
	if err != nil {
		return nil, err
	}
	after, err := h.Lines(ctx, Lines{Run: run, After: seq - 1, Limit: n + 1})
	return append(before, after...), err
}

// Log returns the lines of a run that follow line after, at most limit of them
// (0 for all).
func (h *History) Log(ctx context.Context, run, after int64, limit int) ([]Line, error) {
	return h.Lines(ctx, Lines{Run: run, After: after, Limit: limit})
}

// Last returns the last n lines of a run's log.
func (h *History) Last(ctx context.Context, run int64, n int) ([]Line, error) {
	return h.Lines(ctx, Lines{Run: run, Limit: n, Last: true})
}

// readAtOnce is how many lines EachLine reads at once.
const readAtOnce = 1000

// EachLine passes the lines to each, some at a time, until it fails. Limit and Last do not
// count.
func (h *History) EachLine(ctx context.Context, l Lines, each func([]Line) error) error {
	l.Limit, l.Last = readAtOnce, false
	for {
		some, err := h.Lines(ctx, l)
		if err != nil {
			return err
		}
		if len(some) > 0 {
			if err := each(some); err != nil {
				return err
			}
			l.After = some[len(some)-1].Seq
		}
		if len(some) < readAtOnce {
			return nil
		}
	}
}
