package planhat

import (
	"context"
	"slices"
	"sync"

	"github.com/phscript/phscript/planhat/internal/ahead"
)

// smallestPage is the smallest page that holds the last record of the page
// before and one more.
const smallestPage = 2

// certainlyWhole bounds the pages that end a list by being short. A server's own
// maximum, which cuts pages whatever was asked for, is taken to be higher.
const certainlyWhole = 100

// Each time that a list has moved to the front, the walk steps back. At the end of a
// list that moves at every call, it takes the page that shows the end after
// fewRounds of that, and any page after mostRounds.
const fewRounds, mostRounds = 3, 12

// farAway is an offset after the end of every list.
const farAway = 100_000_000

// order says how the ids of a list follow each other.
type order int

const (
	// byOther is an order that has nothing to do with ids.
	byOther order = iota
	byID
	byIDFalling
)

func orderOf(sort string) order {
	switch sort {
	case "_id":
		return byID
	case "-_id":
		return byIDFalling
	default:
		return byOther
	}
}

// walk goes through a list by offset, and returns each record that is in it all
// the while exactly once, although others come, go and move meanwhile.
//
// Each request asks for the last record of the page before again. In an order
// of ids, a page that begins at or before that record continues the list without
// a gap, whatever has happened. A page that begins after it has lost some, so
// the walk steps back until one does. In other orders a record may move from the
// part that is still to be read to the part that was read. The walk then
// remembers the ids that it has seen and, after the last of several pages, goes
// through the list by id for what it has missed.
//
// When a page was read does not matter for any of that, so pages may be requested
// ahead.
type walk struct {
	// read returns part of the list, in the list's own order if sort is "".
	read  func(ctx context.Context, sort string, offset, limit int) ([]Record, error)
	order order
	// size is the page size, sized says that the caller chose it, and usual is
	// the server's default one.
	size, usual int
	sized       bool
	// whole says that the first request asks for the whole list, whatever its
	// length.
	whole bool
	// repairable says that the whole list is wanted and can be read by id.
	repairable bool

	mu sync.Mutex
	// ahead requests pages before their turn.
	ahead ahead.Queue[part]
	// offset is the place after the last page, shift how many places the list
	// moved to the front between the last two, and longest the longest page.
	offset, shift, longest int
	// last is the id of the last record of the last page, and highest the
	// highest id so far. seen holds the ids of lists in another order.
	last, highest string
	seen          map[string]struct{}
	// bound is the highest id that the list had when the caller was about to
	// create records: what comes after it is the caller's own.
	bound string
	// previous is the last page, and asked the number of records asked for then.
	previous []Record
	asked    int

	// still says that no page has shown a change: each was the first, or held the
	// overlap only.
	still bool
	// pages counts the pages that held something new. repair goes through a list
	// in another order by id.
	pages  int
	repair *walk
	// late counts the records that the repair found, and unseen how often a list
	// that can't be repaired has moved, since the caller last asked.
	late, unseen int
}

// next returns the next records, about as many as are wanted, and whether more
// may follow.
func (w *walk) next(ctx context.Context, want int) (fresh []Record, more bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.repair == nil {
		fresh, more, err = w.forward(ctx, want)
		if err != nil || more || w.order != byOther || !w.repairable || (w.pages < 2 && !w.sized && w.still) {
			return fresh, more, err
		}
		read := func(ctx context.Context, _ string, offset, limit int) ([]Record, error) {
			return w.read(ctx, "_id", offset, limit)
		}
		w.repair = &walk{read: read, order: byID, size: w.size, usual: w.usual, sized: w.sized, bound: w.bound}
		w.repair.ahead = w.ahead.For(w.repair.request)
		if len(fresh) > 0 {
			return fresh, true, nil
		}
	}
	for {
		fresh, more, err = w.repair.forward(ctx, want)
		if err != nil {
			return nil, false, err
		}
		w.unseen, w.repair.unseen = w.unseen+w.repair.unseen, 0
		if w.repair.order == byOther && !more {
			w.unseen++ // the server does not sort by id: this list may have moved as well
		}
		fresh = slices.DeleteFunc(fresh, w.saw)
		w.late += len(fresh)
		if len(fresh) > 0 || !more {
			return fresh, more, nil
		}
	}
}

// forward reads until it has found records after the place, or the end.
func (w *walk) forward(ctx context.Context, want int) ([]Record, bool, error) {
	w.ahead.Enter()
	defer w.ahead.Leave()
	overlap := w.overlap()
	step := max(1, min(w.size, w.longest)/16)
	offset, back := w.following(), step
	rounds, stepped := 0, false
	for {
		offset = max(0, offset)
		limit := w.limit(offset, want)
		page, err := w.page(ctx, ahead.Span{Offset: offset, Limit: limit}, want)
		if err != nil {
			return nil, false, err
		}
		if again, err := w.again(ctx, page, limit); again || err != nil {
			return nil, false, err
		}
		if w.order != byOther && !w.sorted(page) {
			w.order, w.repairable = byOther, false
		}
		fresh := w.fresh(page)
		if w.order != byOther && overlap > 0 && offset > 0 && len(fresh) == len(page) {
			if !stepped {
				rounds, stepped = rounds+1, true
			}
			offset, back = offset-back, back*4
			w.ahead.Drop()
			continue
		}
		stepped = false
		if w.order == byOther && !w.repairable && overlap > 0 && (len(page) == 0 || idOf(page[0]) != w.last || len(page)-len(fresh) > overlap) {
			w.unseen++
		}
		known := len(page) - len(fresh)
		w.shift = w.offset - (offset + known)
		w.still = w.previous == nil || (w.still && len(page) == overlap)
		w.remember(page, fresh, offset, limit)
		w.ahead.Accept(ctx, bytesOf(page), len(fresh) > 0 && (len(page) == limit || w.pages > 1 && len(page) == w.longest))
		if len(fresh) == 0 && len(page) > overlap {
			// Records came or went before the place, so it has moved.
			if ends := len(page) < min(limit, w.longest); rounds > mostRounds || ends && rounds > fewRounds {
				if !ends {
					w.unseen++ // the server may have cut the page
				}
				return nil, false, nil
			}
			offset, back = w.offset-overlap, step
			continue
		}
		more := len(fresh) > 0 && !w.short(len(page), limit)
		fresh, within := w.within(fresh)
		return fresh, more && within, nil
	}
}

// following is the offset of the page that continues the list.
func (w *walk) following() int {
	offset := w.offset - w.overlap()
	if w.order != byOther {
		offset -= max(0, w.shift) // as far as the last time
	}
	return max(0, offset)
}

// limit is how many records to ask for from an offset on.
func (w *walk) limit(offset, want int) int { return min(w.size, want+w.offset-offset) }

// overlap is how many records of the last page are asked for again: none where
// records have no ids or pages no room for it.
func (w *walk) overlap() int {
	if w.last == "" || w.longest < smallestPage {
		return 0
	}
	return 1
}

// short reports whether a page is surely the last one because of its length.
func (w *walk) short(n, limit int) bool {
	return n < limit && n < certainlyWhole && !w.sized && n != w.usual && n%50 != 0
}

// sorted reports whether the ids of a page follow each other in the order of
// the list.
func (w *walk) sorted(page []Record) bool {
	before := ""
	for _, record := range page {
		id := idOf(record)
		if id == "" || (before != "" && !w.behind(id, before)) {
			return false
		}
		before = id
	}
	return true
}

// behind reports whether an id comes after another in the order of the list.
func (w *walk) behind(id, other string) bool {
	c := compareIDs(id, other)
	if w.order == byIDFalling {
		c = -c
	}
	return c > 0
}

// fresh returns the records of a page that were not there before.
func (w *walk) fresh(page []Record) []Record {
	if w.order == byOther {
		if w.seen == nil {
			return page
		}
		return slices.DeleteFunc(slices.Clone(page), w.saw)
	}
	if w.last == "" {
		return page
	}
	at := slices.IndexFunc(page, func(r Record) bool { return w.behind(idOf(r), w.last) })
	if at < 0 {
		at = len(page)
	}
	return page[at:]
}

func (w *walk) saw(record Record) bool {
	_, found := w.seen[idOf(record)]
	return found
}

// remember notes where a page has brought the walk.
func (w *walk) remember(page, fresh []Record, offset, limit int) {
	w.offset = offset + len(page)
	w.longest = max(w.longest, len(page))
	w.previous, w.asked = page, limit
	if len(fresh) > 0 {
		w.pages++
	}
	if w.order != byOther {
		if len(fresh) > 0 {
			w.last = idOf(fresh[len(fresh)-1])
			w.highest = w.last
		}
		return
	}
	if len(page) > 0 {
		w.last = idOf(page[len(page)-1])
	}
	if w.seen == nil {
		w.seen = make(map[string]struct{}, len(page))
	}
	for _, record := range fresh {
		if id := idOf(record); id != "" {
			w.seen[id] = struct{}{}
			w.highest = maxID(w.highest, id)
		}
	}
}

func maxID(a, b string) string {
	if compareIDs(a, b) < 0 {
		return b
	}
	return a
}

// within returns the records up to the bound, and whether the list goes on.
func (w *walk) within(fresh []Record) ([]Record, bool) {
	if w.bound == "" {
		return fresh, true
	}
	beyond := func(r Record) bool { return compareIDs(idOf(r), w.bound) > 0 }
	if w.order == byOther {
		return slices.DeleteFunc(slices.Clone(fresh), beyond), true
	}
	if at := slices.IndexFunc(fresh, beyond); at >= 0 && w.order == byID {
		return fresh[:at], false
	}
	return fresh, true
}

// bind keeps records that are created from now on out of the list, so that a loop
// that creates what it reads comes to an end. It costs a request, once.
func (w *walk) bind(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bound != "" || w.order == byIDFalling || (w.order == byOther && !w.repairable) {
		return
	}
	id, ok := w.top(ctx)
	if !ok { // others may have been at work
		id, ok = w.top(ctx)
	}
	if !ok || !isObjectID(w.reached()) {
		return
	}
	w.bound = maxID(id, w.reached())
	if w.repair != nil {
		w.repair.bound = w.bound
	}
}

// reached is the highest id that the list has delivered.
func (w *walk) reached() string {
	if w.repair == nil {
		return w.highest
	}
	return maxID(w.highest, w.repair.highest)
}

// trusted is how many records in falling order show that a server sorts by id.
const trusted = 20

// top returns the highest id in the list, "" if it is empty, and whether that is
// sure: a server that does not sort by id names any record first.
func (w *walk) top(ctx context.Context) (string, bool) {
	page, err := w.read(ctx, "-_id", 0, trusted)
	if err != nil || len(page) == 0 {
		return "", err == nil
	}
	falls := slices.IsSortedFunc(page, func(a, b Record) int { return compareIDs(idOf(b), idOf(a)) })
	id := idOf(page[0])
	if len(page) == 1 && compareIDs(id, w.reached()) < 0 {
		rest, err := w.read(ctx, "-_id", 1, 1)
		falls = err == nil && len(rest) == 0
	}
	return id, falls && isObjectID(id)
}

// notes returns what there is to say about the records since the last time.
func (w *walk) notes() (late, unseen int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	late, unseen = w.late, w.unseen
	w.late, w.unseen = 0, 0
	return late, unseen
}
