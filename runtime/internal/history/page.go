package history

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// Key is the place of a run in a list: its due time and its number. It stays where it is
// when runs are added.
type Key struct {
	Due time.Time
	ID  int64
}

// KeyOf is the place of a run.
func KeyOf(r *Run) Key { return Key{r.Due, r.ID} }

// String returns the key as text for an address.
func (k Key) String() string {
	return strconv.FormatInt(k.Due.UnixMicro(), 36) + "-" + strconv.FormatInt(k.ID, 36)
}

// ParseKey is the inverse of Key.String.
func ParseKey(text string) (Key, error) {
	due, id, _ := strings.Cut(text, "-")
	at, err := strconv.ParseInt(due, 36, 64)
	n, failed := strconv.ParseInt(id, 36, 64)
	if err != nil || failed != nil {
		return Key{}, errors.New("the place in the list is malformed")
	}
	return Key{time.UnixMicro(at), n}, nil
}

// listed are the columns of a page: without the summary, and with the beginning of the
// error.
var listed = strings.Replace(brief, "rejected, error, hint", "rejected, substr(error, 1, 1000), hint", 1)

// Page is a part of a list of runs.
type Page struct {
	Runs []*Run
	// Next selects the next page with Filter.Before, nil on the last one.
	Next *Key
}

// mostListed is how many runs a page has if the filter has no limit.
const mostListed = 50

// Page returns runs, the latest due ones first. They have no summaries, and only the
// beginning of a long error.
func (h *History) Page(ctx context.Context, f Filter) (p Page, err error) {
	if f.Limit <= 0 {
		f.Limit = mostListed
	}
	most := f.Limit
	f.Limit++
	if p.Runs, err = h.list(ctx, f, listed); err != nil || len(p.Runs) <= most {
		return p, err
	}
	p.Runs = p.Runs[:most]
	next := KeyOf(p.Runs[most-1])
	p.Next = &next
	return p, nil
}

// Open returns the runs that are at work, and then those that are due, the oldest first, at
// most so many.
func (h *History) Open(ctx context.Context, most int) ([]*Run, error) {
	return h.pick(ctx, h.read, listed, open+` AND due_at <= `+h.read.Now()+` ORDER BY status DESC, due_at, id LIMIT ?`, most)
}

// Finished returns the runs that ended last, at most so many. Skipped and missed ones, which
// were not started, are not among them.
func (h *History) Finished(ctx context.Context, most int) ([]*Run, error) {
	return h.pick(ctx, h.read, listed, `ended_at IS NOT NULL AND status NOT IN (?, ?) ORDER BY ended_at DESC, id DESC LIMIT ?`, Skipped, Missed, most)
}

// longestSearch is how many bytes of a text are looked for.
const longestSearch = 200

// searched is what Filter.Text is looked for in. One text is compared faster than six.
const searched = `coalesce(schedule, '') || ' ' || script || ' ' || reason || ' ' || error || ' ' || asked_by || ' ' || asked_why`

// more adds the conditions of a filter that only pages use.
func (f Filter) more(s store.Source, add func(condition string, values ...any)) {
	if !f.Until.IsZero() {
		add("due_at <= ?", f.Until.UnixMicro())
	}
	if f.Before != nil {
		add("(due_at, id) < (?, ?)", f.Before.Due.UnixMicro(), f.Before.ID)
	}
	if len(f.Causes) > 0 {
		add("cause IN (?"+strings.Repeat(", ?", len(f.Causes)-1)+")", values(f.Causes)...)
	}
	if f.Worker != "" {
		add(s.Matches("worker"), store.Beginning(searchable(f.Worker)))
	}
	if f.Text == "" {
		return
	}
	if id, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(f.Text), "#"), 10, 64); err == nil {
		add("("+s.Matches(searched)+" OR id = ?)", store.Containing(searchable(f.Text)), id)
		return
	}
	add(s.Matches(searched), store.Containing(searchable(f.Text)))
}

// searchable returns a text that can be looked for.
func searchable(text string) string {
	return storable(strings.ToValidUTF8(text[:min(len(text), longestSearch)], ""))
}

func values[T any](list []T) (all []any) {
	for _, v := range list {
		all = append(all, v)
	}
	return all
}
