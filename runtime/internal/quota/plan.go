package quota

import (
	"slices"
	"time"
)

// start is a booked call: its time and its run.
type start struct {
	at  int64
	run string
}

// rules bound the starts of a tenant. Times are in microseconds.
type rules struct {
	// At most limit starts are in any stretch of length, each spacing after the
	// one before. The last reserve of them are for runs that have at most that
	// many themselves.
	limit, reserve  int
	length, spacing int64
}

func newRules(limit, reserve int, length, spacing time.Duration) rules {
	return rules{limit: limit, reserve: max(0, min(reserve, limit-1)), length: length.Microseconds(), spacing: spacing.Microseconds()}
}

// earliest returns the first time, at from or later, at which a run may have one
// more start. booked is sorted.
func (r rules) earliest(booked []start, run string, from int64) int64 {
	if r.limit <= 0 {
		return from
	}
	var all, own []int64
	for _, s := range booked {
		all = append(all, s.at)
		if s.run == run {
			own = append(own, s.at)
		}
	}
	// A start becomes possible only when another one leaves the window or is far
	// enough away.
	at := []int64{from}
	for _, s := range all {
		for _, after := range []int64{s + r.length, s + r.spacing} {
			if after > from {
				at = append(at, after)
			}
		}
	}
	slices.Sort(at)
	for _, t := range slices.Compact(at) {
		if r.apart(all, t) && fits(all, t, r.limit, r.length) && (fits(own, t, r.reserve, r.length) || fits(all, t, r.limit-r.reserve, r.length)) {
			return t
		}
	}
	return at[len(at)-1]
}

// apart reports whether no start is closer to t than the spacing.
func (r rules) apart(starts []int64, t int64) bool {
	i, _ := slices.BinarySearch(starts, t-r.spacing+1)
	return i == len(starts) || starts[i] >= t+r.spacing
}

// fits reports whether one more start at t leaves at most limit of them in every
// half-open stretch of that length.
func fits(starts []int64, t int64, limit int, length int64) bool {
	i, _ := slices.BinarySearch(starts, t)
	// Any limit+1 consecutive starts that include t must span length.
	for first := max(0, i-limit); first <= i && first+limit <= len(starts); first++ {
		from, to := at(starts, i, t, first), at(starts, i, t, first+limit)
		if to-from < length {
			return false
		}
	}
	return true
}

// at returns item n of the starts with t inserted at index i.
func at(starts []int64, i int, t int64, n int) int64 {
	switch {
	case n < i:
		return starts[n]
	case n == i:
		return t
	}
	return starts[n-1]
}
