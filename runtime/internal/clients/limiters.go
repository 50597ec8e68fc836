package clients

import (
	"sync"

	"github.com/phscript/phscript/planhat"
)

// Limiters are the limiters of tenants, which all runs share. It is safe for
// concurrent use.
type Limiters struct {
	// Quota are their limits.
	Quota planhat.LimiterConfig
	// Window, where set, makes the window of a tenant's minute quota. Script
	// is the one whose call needs it first.
	Window func(url, token, script string, spec planhat.WindowSpec) planhat.Window

	mu   sync.Mutex
	made map[tenant]*planhat.Limiter
}

// tenant is whose quota a client spends.
type tenant struct{ host, token string }

// of returns the limiter of a client's tenant, and whether there was one
// before: the first client of a tenant sets its quota.
func (l *Limiters) of(cfg planhat.Config, callsPerMinute int, script string) (limiter *planhat.Limiter, known bool) {
	key := tenant{host: orDefault(cfg.BaseURL, planhat.DefaultBaseURL), token: orDefault(cfg.APIToken, cfg.TenantToken)}
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
