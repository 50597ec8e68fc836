package quota

import (
	"context"
	"slices"
	"time"

	"github.com/phscript/phscript/planhat"
)

var _ planhat.SharedWindow = (*Window)(nil)

// elsewhere is what people read about calls that this store has not booked.
const elsewhere = "another program"

// Use implements planhat.SharedWindow. It does not wait for a store that is unreachable.
func (w *Window) Use(ctx context.Context, calls int) (use planhat.WindowUse, err error) {
	db, err := w.o.Open(ctx)
	if err != nil {
		return use, err
	}
	t, err := read(ctx, db, w.tenant)
	if err != nil {
		return use, err
	}
	return w.use(&t, calls), nil
}

// use adds up who uses the quota. Others are taken to make as many calls as in the last
// minute.
func (w *Window) use(t *tenant, calls int) planhat.WindowUse {
	t.drop(t.now - w.rules.length)
	use := planhat.WindowUse{Limit: max(w.o.Limit, 0)}
	var own []start
	scripts := map[string]int{}
	for _, s := range t.starts {
		switch {
		case s.run == w.o.Run:
			own = append(own, s)
			if s.at <= t.now {
				use.Own++
			}
		case s.at <= t.now:
			use.Others++
			scripts[s.script]++
		}
	}
	if t.others > 0 && t.now-t.othersAt < shownFor {
		use.Others += int(t.others)
		scripts[elsewhere] += int(t.others)
	}
	for script, n := range scripts {
		if n > use.Calls || n == use.Calls && script < use.Busiest {
			use.Busiest, use.Calls = script, n
		}
	}
	at := max(t.now, t.blockedUntil)
	if w.o.Limit > 0 {
		at = w.forecast(own, use.Others, at, calls)
	}
	use.After = time.Duration(at-t.now) * time.Microsecond
	return use
}

// forecast returns when the last of so many more calls could start, in a quota of which
// others leave a part.
func (w *Window) forecast(own []start, others int, from int64, calls int) int64 {
	left := newRules(max(1, w.o.Limit-others), w.o.Length, w.o.Spacing)
	own = slices.Clone(own)
	for i := range own {
		own[i].long = true
	}
	// All calls of a minute that is far away start as those of the one before it.
	whole := max(0, calls/left.long-2)
	at := from
	for range calls - whole*left.long {
		at = left.afterLong(own, at)
		own = append(own, start{at: at, long: true})
	}
	return at + int64(whole)*left.length
}
