package quota

import (
	"cmp"
	"slices"
	"time"

	"github.com/phscript/phscript/planhat"
)

// start is a booked call: its time and its run. Times are in microseconds of the
// database's clock.
type start struct {
	id, at      int64
	run, script string
	// long is set for the calls of a run that makes many of them. Those that are not
	// near yet make room for the calls of other runs, unless they are settled.
	long, settled bool
}

// fixed reports whether the start stays where it is.
func (s start) fixed(now int64) bool { return !s.long || s.settled || s.at <= now+near }

// share is how many calls of a window a run may make before it counts as long.
const share = 5

// lasting is how long a run stays long after a start, even if it has made few calls in
// the window because many other runs share it.
const lasting = int64(10 * time.Second / time.Microsecond)

// near is how long before its start a booking is final.
const near = int64(planhat.Settled / time.Microsecond)

// bends is how many parts the window is divided into for the starts of long runs.
const bends = 20

// rules bound the starts of a tenant. Times are in microseconds.
type rules struct {
	// At most limit starts are in any stretch of length, each spacing after the one
	// before.
	limit           int
	length, spacing int64
	// Long runs leave a 40th of the limit to others: at most long starts are in any stretch
	// of length. A quarter of the limit may start at once; the rest is spread over the
	// window, so that some part of it is always left. Beyond that quarter, starts are gap
	// apart, so that after a window they are spread evenly.
	long, burst int
	gap         int64
}

func newRules(limit int, length, spacing time.Duration) rules {
	r := rules{limit: limit, length: length.Microseconds(), spacing: spacing.Microseconds()}
	if limit > 0 {
		r.long = limit - limit/40
		r.burst = max(1, limit/4)
		r.gap = r.length / int64(r.long)
	}
	return r
}

// book adds a start of a run, at from or later. Starts that are not fixed may be later
// than before; moves reports whether there are any. booked is sorted.
func (r rules) book(booked []start, s start, now, from int64) (all []start, added start, moves bool) {
	own := 0
	for _, b := range booked {
		if b.run == s.run {
			own++
			s.long = s.long || b.long && b.at > now-lasting
		}
	}
	if s.long = s.long || own >= share; s.long {
		s.at = r.afterLong(booked, from)
		return append(booked, s), s, false
	}
	var fixed, movable []start
	for _, b := range booked {
		if b.fixed(now) {
			fixed = append(fixed, b)
		} else {
			movable = append(movable, b)
		}
	}
	var i int
	i, s.at = r.between(fixed, from)
	fixed = slices.Insert(fixed, i, s)
	for _, m := range movable {
		m.at = r.afterLong(fixed, m.at)
		fixed = append(fixed, m)
	}
	return fixed, s, len(movable) > 0
}

// between returns the first time that the limit allows, and its index in booked.
func (r rules) between(booked []start, from int64) (i int, at int64) {
	i, _ = slices.BinarySearchFunc(booked, from, func(s start, t int64) int { return cmp.Compare(s.at, t) })
	for ; ; i++ {
		at = r.after(booked[:i], from)
		if i == len(booked) || at+r.spacing <= booked[i].at && r.fits(booked, i, at) {
			return i, at
		}
	}
}

// fits reports whether the limit allows the starts from index i on if there is one more
// before them.
func (r rules) fits(booked []start, i int, at int64) bool {
	for j := max(i, r.limit-1); j < len(booked); j++ {
		first := at
		if k := j + 1 - r.limit; k < i {
			first = booked[k].at
		} else if k > i {
			first = booked[k-1].at
		}
		if booked[j].at < first+r.length {
			return false
		}
	}
	return true
}

// after returns the first time after all starts that the limit allows.
func (r rules) after(booked []start, from int64) int64 {
	n := len(booked)
	if n > 0 {
		from = max(from, booked[n-1].at+r.spacing)
	}
	return r.leaves(booked, r.limit, r.length, from)
}

// leaves returns from, or the later time at which a stretch of that length that holds the
// last starts has fewer than most of them.
func (r rules) leaves(booked []start, most int, length, from int64) int64 {
	if n := len(booked); n >= most {
		return max(from, booked[n-most].at+length)
	}
	return from
}

// afterLong returns the first time after all starts for one of a long run.
func (r rules) afterLong(booked []start, from int64) int64 {
	t := r.leaves(booked, r.long, r.length, r.after(booked, from))
	for i := range int64(bends) {
		t = r.leaves(booked, r.burst+int(int64(r.long-r.burst)*i/bends), r.length*i/bends, t)
	}
	first, _ := slices.BinarySearchFunc(booked, t-r.length, func(s start, t int64) int { return cmp.Compare(s.at, t) })
	if len(booked)-first >= r.burst {
		for i := len(booked) - 1; i >= 0; i-- {
			if booked[i].long {
				return max(t, booked[i].at+r.gap)
			}
		}
	}
	return t
}
