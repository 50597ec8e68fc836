package serve

import (
	"log/slog"
	"slices"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
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
	list = append(list, host.Exposed(env, c)...)
	if len(loaded.Hooks) > 0 && c.Webhooks.Listen == "" {
		list = append(list, `the webhooks get no events, because the service does not listen for them: write listen = "127.0.0.1:8628" under [webhooks]`)
	}
	for _, h := range loaded.Hooks {
		if doubt := h.Doubts(reader(env), env.Now()); doubt != "" {
			list = append(list, doubt)
		}
	}
	return append(list, serve.Doubts(loaded, env.Getenv)...)
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
