package serve

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/network"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// taker takes events of other systems and hands them to runs.
type taker struct {
	intake  *hooks.Intake
	handler *hooks.Handler
	durable *store.DB
}

// reader reads the secrets of webhooks.
func reader(env *environment.Env) hooks.Reader {
	return hooks.Reader{Getenv: env.Getenv, ReadFile: func(name string) ([]byte, error) { return env.ReadFile(env.Path(name)) }}
}

// takeEvents prepares to take events.
func (o *options) takeEvents(env *environment.Env, db *store.DB, engine serve.Engine, loaded *serve.Loaded, log *slog.Logger) (*taker, error) {
	durable, err := db.Durable()
	if err != nil {
		return nil, err
	}
	most := int64(hooks.DefaultMaxMemory)
	_ = config.Set("", loaded.Config.Webhooks.MaxMemory, &most, config.ParseSize) // it was checked
	t := &taker{durable: durable}
	outbox := &hooks.Outbox{DB: db, Getenv: env.Getenv, Log: log, Send: (&sender{env.Version, log}).send, Pause: o.retryPause}
	t.handler = hooks.NewHandler(hooks.HandlerOptions{DB: db, Queue: engine, Log: log, Outbox: outbox, Tell: serve.NewSchedules(db, engine).TellOfHook})
	t.intake = hooks.NewIntake(hooks.IntakeOptions{Durable: durable, DB: db, Reader: reader(env), Log: log, Arrived: t.handler.Wake, Now: env.Now, MaxMemory: most})
	t.intake.Use(loaded.Hooks) // before it listens: some senders give up an address that is not found
	return t, nil
}

// warnOfLoss warns if events can be lost that were acknowledged.
func warnOfLoss(ctx context.Context, db *store.DB, loaded *serve.Loaded, log *slog.Logger) {
	if len(loaded.Hooks) == 0 {
		return
	}
	switch why, err := db.Unsafe(ctx); {
	case err != nil:
		log.Warn("cannot find out whether the store survives a power failure", "reason", err.Error())
	case why != "":
		log.Warn("events that were acknowledged can be lost: " + why)
	}
}

// left lists the webhooks that were removed or renamed while events of theirs wait: nothing
// handles those.
func left(ctx context.Context, db *store.DB, loaded *serve.Loaded) (list []string, err error) {
	totals, err := hooks.NewEvents(db).Totals(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot find out whether events wait whose webhooks were removed: %w", err)
	}
	for _, h := range loaded.Hooks {
		delete(totals, h.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(totals)) {
		if n := totals[name].Waiting; n > 0 {
			list = append(list, fmt.Sprintf("%s for the webhook '%s', which is not in the configuration, so nothing handles them: write a webhook with this name into phscript.toml again", english.Plural(int(n), "event waits", "events wait"), name))
		}
	}
	return list, nil
}

// suspicions are the doubts about a configuration, with those that the store shows.
func (o *options) suspicions(ctx context.Context, env *environment.Env, db *store.DB, loaded *serve.Loaded) []string {
	list := o.doubts(env, loaded)
	more, err := left(ctx, db, loaded)
	if err != nil {
		more = []string{err.Error()}
	}
	return append(list, more...)
}

func (t *taker) close() { _ = t.durable.Close() }

// sender sends the messages of runs, to hosts that those could reach.
type sender struct {
	version string
	log     *slog.Logger
}

func (s *sender) send(r *http.Request, allowed []string) (*http.Response, error) {
	o := network.Options{UserAgent: "phscript/" + s.version, Log: s.log}
	for _, text := range allowed {
		rule, err := network.ParseRule(text)
		if err != nil {
			return nil, err
		}
		o.Rules = append(o.Rules, rule)
	}
	// The script could reach the host, or else the message would not be stored.
	if rule, err := network.ParseDeclared(r.URL.Host); err == nil {
		o.Declared = append(o.Declared, rule)
	}
	n := network.New(o)
	answer, err := n.Send(r, false)
	if err != nil {
		n.Close()
		return nil, err
	}
	answer.Body = &closing{answer.Body, n.Close}
	return answer, nil
}

// closing does something when a body is closed.
type closing struct {
	io.ReadCloser
	also func()
}

func (c *closing) Close() error {
	defer c.also()
	return c.ReadCloser.Close()
}
