package soak

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phscript/phscript/planhat"
)

var (
	first = flag.Int64("soak.seed", 1, "the first seed")
	runs  = flag.Int("soak.runs", 2000, "how many scenarios, one per seed")
)

// outcome is how a scenario went.
type outcome struct {
	problems []string
	claims   []claim
	calls    int
	retries  int
	hits     map[string]int
}

// run plays a scenario and judges it.
func (l *lane) run(s *scenario) outcome {
	t, err := newTenant(s)
	if err != nil {
		return outcome{problems: []string{"the scenario can't be set up: " + err.Error()}}
	}
	defer func() { _ = t.Close() }()
	l.serve(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	play := runClient
	if s.lua {
		play = runScript
	}
	claims, sum, err := play(ctx, t, l)
	if err != nil {
		return outcome{problems: []string{"the script ended: " + err.Error()}, claims: claims}
	}
	calls := t.calls
	t.settle()
	j := newJudge(s, t.log, claims)
	out := outcome{problems: append(j.problems(), j.tally(sum)...), claims: claims, calls: calls, retries: sum.Retries, hits: map[string]int{}}
	for _, c := range t.Calls() {
		out.hits[c.Fault]++
	}
	return out
}

func TestSoak(t *testing.T) {
	var next, calls, retries atomic.Int64
	var mu sync.Mutex
	failures := map[int64][]string{}
	hits := map[string]int{}
	next.Store(*first)
	end := *first + int64(*runs)
	began := time.Now()
	var lanes sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		lanes.Go(func() {
			l := newLane()
			defer l.close()
			for seed := next.Add(1) - 1; seed < end; seed = next.Add(1) - 1 {
				out := l.run(newScenario(seed))
				calls.Add(int64(out.calls))
				retries.Add(int64(out.retries))
				mu.Lock()
				for fault, n := range out.hits {
					hits[fault] += n
				}
				if done := seed + 1 - *first; done%progress == 0 {
					t.Logf("%d scenarios after %s, %d failed", done, time.Since(began).Round(time.Second), len(failures))
				}
				if len(out.problems) > 0 {
					t.Logf("seed %d: %s", seed, out.problems[0])
					failures[seed] = out.problems
				}
				stop := len(failures) >= tooMany
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	lanes.Wait()
	t.Logf("%d scenarios from seed %d, %d calls, %d retries, %s", *runs, *first, calls.Load(), retries.Load(), time.Since(began).Round(time.Second))
	t.Logf("faults: %v", hits)
	l := newLane()
	defer l.close()
	for _, seed := range sortedKeys(failures)[:min(len(failures), shown)] {
		s, problems := l.smallest(newScenario(seed), failures[seed])
		t.Errorf("seed %d:\n  %s\nthe smallest scenario that fails:\n%s  %s", seed,
			strings.Join(failures[seed], "\n  "), s, strings.Join(problems, "\n  "))
	}
	if len(failures) > shown {
		t.Errorf("%d more: %v", len(failures)-shown, sortedKeys(failures)[shown:])
	}
}

// tooMany failures end the test, and as many as shown are made small and printed.
const (
	tooMany = 100
	shown   = 5
)

// progress is how often a long run tells how far it is.
const progress = 5000

func sortedKeys(m map[int64][]string) []int64 {
	var out []int64
	for seed := range m {
		out = append(out, seed)
	}
	slices.SortFunc(out, cmp.Compare[int64])
	return out
}

// smallest leaves out calls, faults and switches of a scenario that fails, as long
// as it still does.
func (l *lane) smallest(s *scenario, problems []string) (*scenario, []string) {
	try := func(smaller scenario) bool {
		out := l.run(&smaller)
		if len(out.problems) == 0 {
			return false
		}
		s, problems = &smaller, out.problems
		return true
	}
	for again := true; again; {
		again = false
		for i := len(s.ops) - 1; i >= 0; i-- {
			smaller := *s
			smaller.ops = slices.Delete(slices.Clone(s.ops), i, i+1)
			again = try(smaller) || again
		}
		for i := len(s.faults) - 1; i >= 0; i-- {
			smaller := *s
			smaller.faults = slices.Delete(slices.Clone(s.faults), i, i+1)
			again = try(smaller) || again
		}
		for name := range s.switches {
			smaller := *s
			smaller.switches = map[string]string{}
			for other, value := range s.switches {
				if other != name {
					smaller.switches[other] = value
				}
			}
			again = try(smaller) || again
		}
		for i := range s.ops {
			for k := len(s.ops[i].Rows) - 1; k >= 0 && len(s.ops[i].Rows) > 1; k-- {
				smaller := *s
				smaller.ops = slices.Clone(s.ops)
				smaller.ops[i].Rows = slices.Delete(slices.Clone(s.ops[i].Rows), k, k+1)
				again = try(smaller) || again
			}
		}
		for _, less := range []func(*scenario){
			func(s *scenario) { s.others = 0 }, func(s *scenario) { s.timeouts = 0 }, func(s *scenario) { s.lua = false },
			func(s *scenario) { s.children = 0 }, func(s *scenario) { s.companies = max(1, s.companies/2) },
		} {
			smaller := *s
			if less(&smaller); fmt.Sprint(smaller) != fmt.Sprint(*s) {
				again = try(smaller) || again
			}
		}
	}
	return s, problems
}

// tally compares the figures of the summary with those of the calls.
func (j *judge) tally(sum planhat.Summary) []string {
	var want planhat.Counts
	for n, o := range j.ops {
		c := j.claims[n]
		switch o.Kind {
		case "create":
			want.Created += count(c.OK)
		case "update":
			want.Updated += count(c.OK)
		case "delete":
			want.Deleted += count(c.OK)
		case "sweep":
			return nil // counts for itself
		default:
			want.Created += c.Created
			want.Updated += c.Updated
			want.Unchanged += c.Unchanged
			want.UncertainOutcome += c.UncertainOutcome
		}
	}
	have := planhat.Counts{Created: sum.Created, Updated: sum.Updated, Deleted: sum.Deleted, Unchanged: sum.Unchanged, UncertainOutcome: sum.UncertainOutcome}
	if have != want {
		return []string{fmt.Sprintf("the summary counts %+v, and the calls were told of %+v", have, want)}
	}
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
