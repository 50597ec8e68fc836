package clients

import (
	"cmp"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat"
)

// Limiters are the limiters of tenants, shared by all runs. Limiters without a
// Window and with the same Quota share them, so that the quota of a tenant is
// one in the whole process. It is safe for concurrent use.
type Limiters struct {
	// Quota are their limits.
	Quota planhat.LimiterConfig
	// Window, if set, makes the window of a tenant's minute quota. script is the
	// first one that needs it.
	Window func(url, token, script string, spec planhat.WindowSpec) planhat.Window

	own registry
}

// everywhere are the limiters of Limiters without a window of their own.
var everywhere registry

// registry keeps limiters while somebody uses them.
type registry struct {
	mu    sync.Mutex
	made  map[key]*shared
	swept time.Time
}

// key is whose quota a client spends, and what it is.
type key struct {
	host, token string
	quota       planhat.LimiterConfig
}

// shared is a limiter with the number of its users, and when the last one left.
type shared struct {
	limiter *planhat.Limiter
	users   int
	left    time.Time
}

// forgotten is how long a limiter is kept after its last use: longer than its
// window, and than Planhat usually blocks.
const forgotten = 15 * time.Minute

// of returns the limiter of a client's tenant, and whether it existed. The first
// client of a tenant sets its quota. The caller must call release once.
func (l *Limiters) of(cfg planhat.Config, callsPerMinute int, script string) (limiter *planhat.Limiter, known bool, release func()) {
	k := key{host: cmp.Or(cfg.BaseURL, planhat.DefaultBaseURL), token: cmp.Or(cfg.APIToken, cfg.TenantToken)}
	in := &l.own
	if l.Window == nil && l.Quota.Window == nil {
		in, k.quota = &everywhere, l.Quota
	}
	return in.use(k, func() *planhat.Limiter {
		quota := l.Quota
		if callsPerMinute != 0 {
			quota.CallsPerMinute = callsPerMinute
		}
		if l.Window != nil && quota.Window == nil {
			quota.Window = l.Window(k.host, k.token, script, quota.WindowSpec())
		}
		return planhat.NewLimiter(quota)
	})
}

func (r *registry) use(k key, make func() *planhat.Limiter) (limiter *planhat.Limiter, known bool, release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(time.Now())
	one := r.made[k]
	if known = one != nil; !known {
		one = &shared{limiter: make()}
		if r.made == nil {
			r.made = map[key]*shared{}
		}
		r.made[k] = one
	}
	one.users++
	return one.limiter, known, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		one.users--
		one.left = time.Now()
	}
}

// sweep forgets the limiters that nobody has used for a while.
func (r *registry) sweep(now time.Time) {
	if now.Sub(r.swept) < time.Minute {
		return
	}
	r.swept = now
	for k, one := range r.made {
		if one.users == 0 && now.Sub(one.left) >= forgotten {
			delete(r.made, k)
		}
	}
}
