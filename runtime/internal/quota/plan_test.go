package quota

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

// crowd returns the most starts in any half-open stretch of that length.
func crowd(starts []int64, length int64) int {
	best := 0
	for i, from := range starts {
		n := 0
		for _, s := range starts[i:] {
			if s < from+length {
				n++
			}
		}
		best = max(best, n)
	}
	return best
}

func times(booked []start, run string) []int64 {
	var list []int64
	for _, s := range booked {
		if run == "" || s.run == run {
			list = append(list, s.at)
		}
	}
	return list
}

// TestEarliestKeepsTheRules books at random, also with several limits at once,
// and compares with a search that tries every time.
func TestEarliestKeepsTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.Int64Range(5, 30).Draw(t, "length")
		limits := map[string]int{"a": rapid.IntRange(1, 6).Draw(t, "limit of a"), "b": rapid.IntRange(1, 6).Draw(t, "limit of b")}
		spacing := rapid.Int64Range(0, 2).Draw(t, "spacing")
		reserve := rapid.IntRange(0, 2).Draw(t, "reserve")
		var booked []start
		now := int64(0)
		for range rapid.IntRange(1, 25).Draw(t, "calls") {
			now += rapid.Int64Range(0, 4).Draw(t, "pause")
			run := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "run")
			r := rules{limit: limits[run], reserve: min(reserve, limits[run]-1), length: length, spacing: spacing}
			got := r.earliest(booked, run, now)
			with := func(at int64) []start {
				list := append(slices.Clone(booked), start{at, run})
				slices.SortStableFunc(list, func(x, y start) int { return int(x.at - y.at) })
				return list
			}
			// What lies in a stretch that the new start is part of.
			around := func(list []int64, at int64) []int64 {
				return slices.DeleteFunc(slices.Clone(list), func(s int64) bool { return s <= at-length || s >= at+length })
			}
			allowed := func(at int64) bool {
				for _, s := range booked {
					if at > s.at-spacing && at < s.at+spacing {
						return false
					}
				}
				all, own := around(times(with(at), ""), at), around(times(with(at), run), at)
				return within(all, at, length, r.limit) &&
					(within(own, at, length, r.reserve) || within(all, at, length, r.limit-r.reserve))
			}
			want := now
			for !allowed(want) {
				want++
			}
			if got != want {
				t.Fatalf("%v: the next start of %s from %d on is %d, not %d", booked, run, now, want, got)
			}
			booked = with(got)
		}
		most := max(limits["a"], limits["b"])
		if n := crowd(times(booked, ""), length); n > most {
			t.Fatalf("%d starts in a stretch, more than %d: %v", n, most, booked)
		}
	})
}

// within reports whether every stretch that holds at has at most limit starts.
func within(starts []int64, at, length int64, limit int) bool {
	for from := at - length + 1; from <= at; from++ {
		n := 0
		for _, s := range starts {
			if s >= from && s < from+length {
				n++
			}
		}
		if n > limit {
			return false
		}
	}
	return true
}

// TestAShareIsLeftForOthers: however many imports there are, runs that make a
// few calls find some that are left.
func TestAShareIsLeftForOthers(t *testing.T) {
	r := newRules(10, 2, time.Minute, 0)
	var booked []start
	book := func(run string) (wait time.Duration) {
		at := r.earliest(booked, run, 0)
		booked = append(booked, start{at, run})
		slices.SortStableFunc(booked, func(x, y start) int { return int(x.at - y.at) })
		return time.Duration(at) * time.Microsecond
	}
	for range 4 {
		assert.Zero(t, book("import"))
		assert.Zero(t, book("another import"))
	}
	assert.Equal(t, time.Minute, book("import"))
	assert.Equal(t, time.Minute, book("another import"))
	assert.Zero(t, book("one call"))
	assert.Zero(t, book("two calls"))
	assert.Equal(t, time.Minute, book("two calls"), "the window is full")
}
