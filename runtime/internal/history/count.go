package history

import (
	"context"
	"database/sql"
	"math"
	"slices"
)

// mostCounted is about how many runs one statement adds up: it takes a few
// milliseconds, and others can use the store before the next one.
const mostCounted = 10_000

// CountByStatus returns how many runs have each of these statuses.
func (h *History) CountByStatus(ctx context.Context, statuses ...Status) (map[Status]int64, error) {
	counts := map[Status]int64{}
	for _, status := range statuses {
		n, err := h.addUp(ctx, mostCounted, `count(*)`, `due_at`, `status = ?`, status)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			counts[status] = n
		}
	}
	return counts, nil
}

// size returns how many bytes the runs that have ended take.
func (h *History) size(ctx context.Context) (int64, error) {
	return h.addUp(ctx, mostCounted, `sum(size)`, `ended_at`, `ended_at IS NOT NULL`)
}

// addUp returns an aggregate over the runs of a condition. It goes through an index of
// the condition and a column, about so many runs at a time.
func (h *History) addUp(ctx context.Context, most int, aggregate, column, condition string, args ...any) (total int64, err error) {
	part := ` FROM phscript_run WHERE ` + condition + ` AND ` + column + ` > ?`
	after := int64(math.MinInt64)
	for {
		var upTo sql.NullInt64
		from := append(slices.Clone(args), after)
		err := h.db.QueryRowContext(ctx, `SELECT max(at) FROM (SELECT `+column+` AS at`+part+` ORDER BY `+column+` LIMIT ?) AS part`, append(from, most)...).Scan(&upTo)
		if err != nil || !upTo.Valid {
			return total, err
		}
		var n sql.NullInt64
		if err := h.db.QueryRowContext(ctx, `SELECT `+aggregate+part+` AND `+column+` <= ?`, append(from, upTo.Int64)...).Scan(&n); err != nil {
			return total, err
		}
		total += n.Int64
		after = upTo.Int64
	}
}
