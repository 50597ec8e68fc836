package quota

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/planhat"
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

func timesOf(list []start) []int64 {
	times := make([]int64, len(list))
	for i, s := range list {
		times[i] = s.at
	}
	return times
}

// TestBookingsKeepTheRules books and gives back at random.
func TestBookingsKeepTheRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 40).Draw(t, "limit")
		length := rapid.Int64Range(1, 30).Draw(t, "length") * int64(time.Second/time.Microsecond)
		spacing := rapid.Int64Range(0, 100_000).Draw(t, "spacing")
		r := newRules(limit, time.Duration(length)*time.Microsecond, time.Duration(spacing)*time.Microsecond)
		var booked []start
		now := int64(0)
		for id := range int64(rapid.IntRange(1, 80).Draw(t, "calls")) {
			now += rapid.Int64Range(0, 500_000).Draw(t, "pause")
			run := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "run")
			before := slices.Clone(booked)
			var s start
			booked, s, _ = r.book(booked, start{id: id, run: run}, now, now)
			assert.GreaterOrEqual(t, s.at, now)
			assert.Len(t, booked, len(before)+1)
			for _, old := range before {
				i := slices.IndexFunc(booked, func(s start) bool { return s.id == old.id })
				at := booked[i].at
				if at < old.at || at > old.at && (!old.long || old.at <= now+near || s.long) {
					t.Fatalf("at %d a start moved from %d to %d: %+v", now, old.at, at, old)
				}
			}
			times := timesOf(booked)
			if !slices.IsSorted(times) || crowd(times, length) > limit || spacing > 0 && crowd(times, spacing) > 1 {
				t.Fatalf("%d of %d starts in a stretch: %v", crowd(times, length), limit, times)
			}
			if len(booked) > 3 && rapid.Bool().Draw(t, "give one back") {
				i := rapid.IntRange(0, len(booked)-1).Draw(t, "which")
				booked = slices.Delete(booked, i, i+1)
			}
		}
	})
}

// scene is a time of its own, in which runs call as fast as they may.
type scene struct {
	rules   rules
	now     int64
	booked  []start
	started []start
	events  []event
	ids     int64
}

type event struct {
	at int64
	do func()
}

func (s *scene) later(at int64, do func()) {
	i := len(s.events)
	for i > 0 && s.events[i-1].at > at {
		i--
	}
	s.events = slices.Insert(s.events, i, event{at, do})
}

func (s *scene) runUntil(end int64) {
	for len(s.events) > 0 && s.events[0].at <= end {
		next := s.events[0]
		s.events = s.events[1:]
		s.now = next.at
		next.do()
	}
	s.now = end
}

// call books a call, waits for it as the client does, and calls then with the time that it waited.
func (s *scene) call(run string, then func(waited int64)) {
	s.ids++
	id, asked := s.ids, s.now
	s.booked = slices.DeleteFunc(s.booked, func(b start) bool { return b.at <= s.now-s.rules.length })
	s.booked, _, _ = s.rules.book(s.booked, start{id: id, run: run}, s.now, s.now)
	var wait func()
	wait = func() {
		at := s.booked[slices.IndexFunc(s.booked, func(b start) bool { return b.id == id })].at
		if at > s.now+near {
			s.later(at-near, wait)
			return
		}
		s.later(at, func() {
			s.started = append(s.started, start{at: s.now, run: run})
			then(s.now - asked)
		})
	}
	wait()
}

// importing is a long run with four calls at a time.
func (s *scene) importing(run string) {
	var again func(int64)
	again = func(int64) { s.later(s.now+200_000, func() { s.call(run, again) }) }
	for range 4 {
		s.call(run, again)
	}
}

// job is a run of a few calls, one after the other; waited gets the sum of its waits.
func (s *scene) job(run string, calls int, latency int64, waited *int64) {
	if calls > 0 {
		s.call(run, func(wait int64) {
			*waited += wait
			s.later(s.now+latency, func() { s.job(run, calls-1, latency, waited) })
		})
	}
}

func newScene(imports int) *scene {
	spec := planhat.LimiterConfig{}.WindowSpec()
	s := &scene{rules: newRules(spec.Limit, spec.Length, spec.Spacing)}
	for i := range imports {
		s.importing(fmt.Sprint("import ", i))
	}
	return s
}

const second = int64(time.Second / time.Microsecond)

// TestImportsUseTheQuota: 97 % of it, from the first minute on.
func TestImportsUseTheQuota(t *testing.T) {
	for _, imports := range []int{1, 4, 20} {
		s := newScene(imports)
		s.runUntil(10 * 60 * second)
		assert.GreaterOrEqual(t, len(s.started), 10*planhat.DefaultCallsPerMinute*97/100, "%d imports", imports)
		assert.LessOrEqual(t, crowd(timesOf(s.started), s.rules.length), s.rules.limit)
	}
}

// TestJobsAreServedBesideImports: whenever they come, and however many imports there
// are. Four jobs want 20 calls in all, more than imports that use 97 % leave within three
// seconds. Imports that begin start a quarter of their calls at once, and so leave less in
// the seconds before these calls leave the window.
func TestJobsAreServedBesideImports(t *testing.T) {
	moments := []int64{1, 15, 29, 43, 50, 52, 54, 56, 58, 60, 62, 64, 80, 119, 151, 199}
	for jobs, most := range map[int]struct{ begun, lasting time.Duration }{
		1: {100 * time.Millisecond, 100 * time.Millisecond},
		2: {2100 * time.Millisecond, 1800 * time.Millisecond},
		3: {4100 * time.Millisecond, 3300 * time.Millisecond},
		4: {6100 * time.Millisecond, 4900 * time.Millisecond},
	} {
		for _, imports := range []int{1, 4, 20} {
			for _, after := range moments {
				s := newScene(imports)
				s.runUntil(after * second)
				waited := make([]int64, jobs)
				for i := range waited {
					s.job(fmt.Sprint("job ", i), 5, 50_000, &waited[i])
				}
				s.runUntil((after + 90) * second)
				allowed := most.begun
				if after > 60 {
					allowed = most.lasting
				}
				assert.LessOrEqual(t, time.Duration(slices.Max(waited))*time.Microsecond, allowed, "%d jobs beside %d imports after %d s", jobs, imports, after)
				assert.LessOrEqual(t, crowd(timesOf(s.started), s.rules.length), s.rules.limit)
			}
		}
	}
}
