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

// longestSearch is how many bytes of a text are looked for.
const longestSearch = 200

// searched are the columns that Filter.Text is looked for in.
var searched = []string{"schedule", "script", "reason", "error", "asked_by", "asked_why"}

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
		// Not LIKE, whose wildcards a name may contain.
		add("substr(worker, 1, ?) = ?", len([]rune(f.Worker)), f.Worker)
	}
	if f.Text == "" {
		return
	}
	var either []string
	var found []any
	for _, column := range searched {
		either, found = append(either, s.Contains(column)), append(found, pattern(f.Text))
	}
	if id, err := strconv.ParseInt(strings.TrimPrefix(strings.TrimSpace(f.Text), "#"), 10, 64); err == nil {
		either, found = append(either, "id = ?"), append(found, id)
	}
	add("("+strings.Join(either, " OR ")+")", found...)
}

// pattern is the parameter for a text that is looked for.
func pattern(text string) string {
	return store.Pattern(storable(strings.ToValidUTF8(text[:min(len(text), longestSearch)], "")))
}

func values[T any](list []T) (all []any) {
	for _, v := range list {
		all = append(all, v)
	}
	return all
}
