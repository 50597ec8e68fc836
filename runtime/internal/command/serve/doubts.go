package serve

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// doubts lists what would otherwise show only when a run, or the notice of its failure,
// does not arrive.
func (o *options) doubts(env *environment.Env, loaded *serve.Loaded) (list []string) {
	c := loaded.Config
	if len(loaded.Definitions) == 0 && len(loaded.Hooks) == 0 {
		list = append(list, "no schedules: write [[schedule]] in phscript.toml, or -- @schedule \"0 2 * * *\" in the first lines of a script")
	}
	list = append(list, o.missing(env, loaded)...)
	list = append(list, o.inTheClear(c)...)
	list = append(list, alike(c.Hooks)...)
	list = append(list, host.Exposed(env, c)...)
	if len(loaded.Hooks) > 0 && c.Webhooks.Listen == "" {
		list = append(list, `the webhooks get no events, because the service does not listen for them: write listen = "127.0.0.1:8628" under [webhooks]`)
	}
	list = append(list, o.outOfReach(loaded)...)
	for _, h := range loaded.Hooks {
		if doubt := h.Doubts(reader(env), env.Now()); doubt != "" {
			list = append(list, doubt)
		}
	}
	return append(list, serve.Doubts(loaded, env.Getenv)...)
}

// outOfReach lists the webhooks that get no events because others use the address, too.
func (o *options) outOfReach(loaded *serve.Loaded) (list []string) {
	c := loaded.Config
	if c.Webhooks.Listen == "" || c.Webhooks.Listen != o.dashboardAddress(c) && c.Webhooks.Listen != cmp.Or(o.listen, c.Serve.Listen) {
		return nil
	}
	for _, h := range loaded.Hooks {
		if !strings.HasPrefix(h.Path, hooks.DefaultPath) {
			list = append(list, fmt.Sprintf("webhook '%s' gets no events: it has the path %s, and where webhooks share their address with pages or metrics, paths must begin with %s; give [webhooks] another listen", h.Name, h.Path, hooks.DefaultPath))
		}
	}
	return list
}

// alike warns of webhooks whose events are told apart by their bodies alone, and for long: a
// state that comes back would be taken for a repetition.
func alike(hooks []config.Webhook) (list []string) {
	for _, w := range hooks {
		if w.Scheme == "hmac" && w.Dedupe == nil {
			list = append(list, fmt.Sprintf("webhook '%s' has no dedupe, so for 7 days a message with the same body as an earlier one counts as its repetition and is not handled: "+
				`name fields that differ for each event, such as dedupe = ["id", "updatedAt"], or a header, such as dedupe = "header:X-Delivery"`, w.Name))
		}
	}
	return list
}

// onlyNew returns what logs warnings: each time those that were not there the time before.
func onlyNew() func(log *slog.Logger, now []string) {
	var before []string
	return func(log *slog.Logger, now []string) {
		for _, doubt := range now {
			if !slices.Contains(before, doubt) {
				log.Warn(doubt)
			}
		}
		before = now
	}
}
