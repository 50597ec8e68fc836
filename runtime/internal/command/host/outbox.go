package host

import (
	"context"
	"net/url"
	"strconv"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// outbox keeps the messages of a run for the service that has started it.
type outbox struct {
	store  *store.Persistent
	env    *environment.Env
	config config.Config
	run    int64
	// script is what made the messages.
	script string
}

// newOutbox returns the outbox of a run of phscript serve, or nil.
func newOutbox(env *environment.Env, c config.Config, stored *storage.Lazy) bindings.Outbox {
	text, _ := env.Getenv(serve.RunVariable)
	run, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil
	}
	name, _ := env.Getenv(serve.HookVariable)
	if name == "" {
		name, _ = env.Getenv(serve.ScheduleVariable)
	}
	return &outbox{&store.Persistent{Open: stored.Open, What: "the store", Waits: "waiting to store a message", Log: stored.Log}, env, c, run, name}
}

// Put implements bindings.Outbox. Secrets are not stored: the service finds them in the same
// variables. It cannot send a message with another secret.
func (o *outbox) Put(ctx context.Context, m bindings.OutMessage) (bool, error) {
	u, err := url.Parse(m.URL)
	if err != nil {
		return false, err
	}
	target := hooks.Target{URL: m.URL, Header: m.Header, Rules: o.config.AllowNet}
	if target.SecretEnv = o.variable(m.Secret); target.SecretEnv == "" && m.Secret != "" {
		return false, nil
	}
	if target.URLEnv = o.variable(m.URL); target.URLEnv != "" {
		target.URL = ""
	}
	err = o.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		return hooks.Put(ctx, db, hooks.Message{Message: m.ID, Run: o.run, Script: o.script, Host: u.Host, Target: target, Body: m.Body})
	})
	return err == nil, err
}

// variable returns the name of a variable of the script that holds a value, or "".
func (o *outbox) variable(value string) string {
	for _, name := range o.config.AllowEnv {
		if found, ok := o.env.Getenv(name); ok && value != "" && found == value {
			return name
		}
	}
	return ""
}
