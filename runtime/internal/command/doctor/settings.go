package doctor

import (
	"cmp"
	"context"

	"github.com/phscript/phscript/runtime/internal/command/configuration"
	"github.com/phscript/phscript/runtime/internal/command/host"
)

// configuration checks the settings, and shows those that somebody has set.
func (d *doctor) configuration(ctx context.Context) (found lines) {
	switch {
	case d.unread != nil:
		found.fail("file", d.unread, "")
	case d.config.File == "":
		found.ok("file", "there is no phscript.toml in %s; the defaults apply", d.env.Dir)
	default:
		found.ok("file", "%s is valid", d.config.File)
	}
	if d.unchosen != nil {
		found.fail("profile", d.unchosen, "")
	}
	for _, s := range configuration.Settings(d.env, d.config, d.options.State) {
		if s.Set {
			found.ok(s.Name, "%s = %s, from %s", s.Name, cmp.Or(s.Value, `""`), configuration.From(d.env, s))
		}
	}
	if d.unchosen == nil {
		if err := d.tokens.Read(ctx, &d.config); err != nil {
			d.unchosen = err
			found.fail("tokens", err, "")
		}
	}
	d.secrets.Add(d.config.APIToken)
	d.secrets.Add(d.config.TenantToken)
	if err := d.config.CheckTokens(); err != nil {
		found.fail("tokens", err, "")
	}
	if _, err := host.LogHandler(d.env, d.config); err != nil {
		found.fail("log", err, "")
	}
	if _, err := host.Reach(d.config, d.options.allowHost); err != nil {
		found.fail("hosts", err, "")
	}
	return found
}
