package host

import (
	"cmp"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/config"
)

// offline reports whether nothing leaves this machine, so that neither tokens nor the quota
// matter.
func (o *Options) offline() bool { return o.Simulated || o.Replay != nil }

// replaying sets the hosts and tokens of a run whose requests are answered from a recording.
func (o *Options) replaying(c *config.Config) {
	h := o.Replay.Header()
	c.APIURL, c.AnalyticsURL = h.APIURL, h.AnalyticsURL
	c.APIToken, c.TenantToken = cmp.Or(c.APIToken, "replayed-api-token"), cmp.Or(c.TenantToken, "replayed-tenant-token")
}

// tape lets a recording see or answer all requests.
func (o *Options) tape(options *runtime.Options) {
	options.Transport = o.Transport
	if o.Replay == nil {
		return
	}
	options.Transport, options.Offline = o.Replay.Transport, true
	options.AllowAddress = nil
	options.Quota = planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1}
	options.Planhat.Retry = planhat.RetryPolicy{MaxAttempts: 1, MaxPauses: 1, MaxElapsed: time.Nanosecond}
}
