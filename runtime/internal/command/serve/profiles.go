package serve

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/credential"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// profiled returns the configuration of a profile, "" for that of the service.
func (o *options) profiled(env *environment.Env, c config.Config, profile string) (config.Config, host.Sources, error) {
	sources, err := host.Choose(env, &c, cmp.Or(profile, o.profile), o.Simulated)
	return c, sources, err
}

// choose returns an error for a profile that does not exist, or whose host may not get its
// token. A token that is missing ends runs and not the service.
func (o *options) choose(env *environment.Env) func(config.Config, string) error {
	return func(c config.Config, profile string) error {
		if err := c.Choose(config.Choice{Name: cmp.Or(profile, o.profile), Simulated: o.Simulated, Getenv: env.Getenv}); err != nil {
			return err
		}
		if o.Simulated {
			return nil
		}
		_, err := host.Reach(c, o.allowHost)
		return err
	}
}

// tokens are those that runs cannot find themselves: they have neither all variables of the
// service nor its session. What a program printed or the keyring said is kept until Planhat
// refuses it.
type tokens struct {
	options *options
	env     *environment.Env
	secrets *redact.Secrets

	mu   sync.Mutex
	kept map[string]string // by profile, token and source
}

// of returns the variables with the tokens of a profile.
func (t *tokens) of(ctx context.Context, from *serve.Loaded, profile string) (variables []string, err error) {
	_, sources, err := t.options.profiled(t.env, from.Config, profile)
	if err != nil {
		return nil, err
	}
	t.mu.Lock() // one program at a time: several may ask a person
	defer t.mu.Unlock()
	for _, s := range []credential.Source{sources.API, sources.Tenant} {
		if s.IsZero() || s.Own() || s.Origin.Name == s.Token.Variable {
			continue // the run finds it
		}
		name := profile + "\n" + s.Token.Setting + "\n" + s.Origin.Name
		token, known := t.kept[name]
		if !known {
			if token, err = s.Read(ctx); err != nil {
				return nil, err
			}
			t.secrets.Add(token)
			if s.Renewable() || s.Stored != nil {
				t.kept[name] = token
			}
		}
		variables = append(variables, credential.ServiceVariable+s.Token.Variable+"="+token, credential.ServiceVariable+s.Token.Variable+"_FROM="+s.Origin.String())
	}
	return variables, nil
}

// refused forgets the tokens, so the next run asks for them again.
func (t *tokens) refused(string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.kept)
}

// missing lists the profiles of schedules whose token cannot be found.
func (o *options) missing(env *environment.Env, loaded *serve.Loaded) (list []string) {
	if o.Simulated {
		return nil
	}
	seen := map[string]bool{}
	all := slices.Clone(loaded.Definitions)
	for _, h := range loaded.Hooks {
		all = append(all, h.Settings)
	}
	for _, d := range all {
		profile := cmp.Or(d.Profile, o.profile)
		if seen[profile] {
			continue
		}
		seen[profile] = true
		c, sources, err := o.profiled(env, loaded.Config, profile)
		switch of := "profile " + c.Profile.Name; {
		case err != nil:
			list = append(list, err.Error()+": runs that call Planhat will fail")
		case !sources.API.IsZero():
		case c.Profile.Name == "":
			list = append(list, "no access token: runs that call Planhat will fail; set PLANHAT_API_TOKEN")
		default:
			list = append(list, "no access token of "+of+": its runs that call Planhat will fail; run 'phscript login --profile "+c.Profile.Name+"'")
		}
	}
	return list
}

// workerCount is how many runs this process makes at once: what the flag or the
// configuration says, or else one for each processor that it may use, which a
// container's limit bounds.
func (o *options) workerCount(c config.Config, processors int) int {
	return cmp.Or(max(0, o.workers), max(0, c.Serve.Workers), max(2, processors))
}
