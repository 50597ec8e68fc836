package network

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// rates are the limiters of a run, by what they limit.
type rates struct {
	mu   sync.Mutex
	made map[string]*planhat.Limiter
}

// margin keeps a rate exact at the other side although requests arrive with varying
// delay.
const margin = 250 * time.Millisecond

// parallel is how many requests of one rate are under way at once.
const parallel = 16

// Limit returns the limiter of a rate. All scripts that name the same host, account
// and rate share it through the store.
func (n *Network) Limit(host, account string, rate bindings.Rate) bindings.Limiter {
	key := fmt.Sprintf("%s %s %s %d/%s", host, account, rate.Class, rate.Calls, rate.Every)
	n.rates.mu.Lock()
	defer n.rates.mu.Unlock()
	if l := n.rates.made[key]; l != nil {
		return l
	}
	spec := planhat.WindowSpec{Limit: rate.Calls, Length: rate.Every + min(margin, rate.Every/10)}
	var window planhat.Window
	if n.options.Window != nil && n.options.Stubs == nil && !n.options.Offline {
		window = n.options.Window(cmp.Or(rate.Class, "all")+" calls of "+host, account+" "+key, spec)
	}
	if n.options.Offline {
		spec.Limit = math.MaxInt32
	}
	if window == nil {
		window = planhat.NewWindow(spec)
	}
	l := planhat.NewLimiter(planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1, Parallel: parallel, Window: window})
	if n.rates.made == nil {
		n.rates.made = map[string]*planhat.Limiter{}
	}
	n.rates.made[key] = l
	return l
}

var _ interface {
	Acquire(ctx context.Context) (release func(), err error)
	Block(ctx context.Context, d time.Duration) error
} = (*planhat.Limiter)(nil)
