package connect

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
)

// Probe is what a check of a connector that is not built in found.
type Probe struct {
	Name, Title string
	// Needed are the variables of the way that was checked, and Set those of them that are
	// set or stored.
	Needed, Set []string
	// Settings is set if the connector has settings of the account. Its system is not asked
	// then.
	Settings bool
	// State is ok, missing or failed, as connector.setup says.
	State, Message, Hint string
}

// ProbeFile reads one page of the first stream of a connector in a file. Nothing is written.
func ProbeFile(ctx context.Context, env *environment.Env, opened *host.Opened, file string) (*Probe, error) {
	from, err := find(env, file)
	if err != nil {
		return nil, err
	}
	rt, err := from.runtime(ctx, env, opened, way{}, opened.Credentials().Own().Get)
	if err != nil {
		return nil, err
	}
	s, err := describe(ctx, rt, from)
	if err != nil {
		return nil, err
	}
	p := &Probe{Name: s.name, Title: s.title, Settings: len(s.settings) > 0}
	get := s.credentials(opened).Get
	var chosen way
	for i, w := range s.ways {
		var needed, set []string
		for _, one := range w.credentials {
			needed = append(needed, one.name)
			value, _ := env.Getenv(one.name)
			if value == "" {
				value, _ = get(ctx, one.name) // the connector says that it is missing
			}
			if value != "" {
				s.hold(opened, value)
				set = append(set, one.name)
			}
		}
		if i == 0 || len(set) == len(needed) && len(p.Set) < len(p.Needed) {
			chosen, p.Needed, p.Set = w, needed, set
		}
	}
	if p.Settings = p.Settings || len(chosen.settings) > 0; p.Settings {
		return p, nil
	}
	if rt, err = s.runtime(ctx, env, opened, chosen, get); err != nil {
		return nil, err
	}
	// A host that the person has named, such as one of this machine, needs no permission.
	hosts := slices.DeleteFunc(slices.Clone(s.hosts), func(host string) bool {
		name, _, _ := strings.Cut(host, ":")
		return slices.Contains(opened.Config.AllowNet, host) || slices.Contains(opened.Config.AllowNet, name)
	})
	result, err := rt.Run(ctx, s.source.script(fmt.Sprintf("return require('connector.setup').probe(%q, %s)", s.name, table(maps.Clone(chosen.set))), hosts))
	if err != nil {
		return nil, err
	}
	t, _ := result.Values[0].(map[string]any)
	text := func(name string) string { v, _ := t[name].(string); return v }
	p.State, p.Message, p.Hint = text("state"), text("message"), text("hint")
	return p, nil
}
