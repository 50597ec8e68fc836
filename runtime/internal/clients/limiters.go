package clients

import (
	"cmp"
	"sync"

	"github.com/phscript/phscript/planhat"
)

// Limiters are the limiters of tenants, shared by all runs. It is safe for concurrent
// use.
type Limiters struct {
	// Quota are their limits.
	Quota planhat.LimiterConfig
	// Window, if set, makes the window of a tenant's minute quota. script is the
	// first one that needs it.
	Window func(url, token, script string, spec planhat.WindowSpec) planhat.Window

	mu   sync.Mutex
	made map[tenant]*planhat.Limiter
}

// tenant is whose quota a client spends.
type tenant struct{ host, token string }

// of returns the limiter of a client's tenant, and whether it existed. The first
// client of a tenant sets its quota.
func (l *Limiters) of(cfg planhat.Config, callsPerMinute int, script string) (limiter *planhat.Limiter, known bool) {
	key := tenant{host: cmp.Or(cfg.BaseURL, planhat.DefaultBaseURL), token: cmp.Or(cfg.APIToken, cfg.TenantToken)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if limiter := l.made[key]; limiter != nil {
		return limiter, true
	}
	quota := l.Quota
	if callsPerMinute != 0 {
		quota.CallsPerMinute = callsPerMinute
	}
	if l.Window != nil && quota.Window == nil {
		quota.Window = l.Window(key.host, key.token, script, quota.WindowSpec())
	}
	limiter = planhat.NewLimiter(quota)
	if l.made == nil {
		l.made = map[tenant]*planhat.Limiter{}
	}
	l.made[key] = limiter
	return limiter, false
}
