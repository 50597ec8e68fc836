package serve

import (
	"cmp"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// withoutTokens leaves Planhat's settings out: programs that tell people of a
// failure have no use for them.
func withoutTokens(variables []string) []string {
	return slices.DeleteFunc(variables, func(v string) bool {
		upper := strings.ToUpper(v)
		return strings.HasPrefix(upper, "PLANHAT_") || strings.HasPrefix(upper, header.VariablePrefix)
	})
}

// program says how runs are started. The store's address may hold a password,
// so it is handed over in the environment, which others cannot see.
func (o *options) program(env *environment.Env, dir, location string) *serve.Program {
	p := &serve.Program{Path: env.Program, Dir: dir, Env: append(childEnvironment(env), "PHSCRIPT_STATE="+location), Getenv: env.Getenv}
	chosen, _ := env.Getenv(config.ProfileVariable)
	p.Profile = cmp.Or(o.profile, chosen)
	for _, name := range o.allowHost {
		p.Flags = append(p.Flags, "--allow-host", name)
	}
	return p
}

// inherited are the variables that every run gets from the service: the ways of
// the system, and Planhat's settings, which scripts themselves do not see.
// Windows finds programs by PATHEXT and ComSpec, and libraries by SystemRoot and
// windir, which it spells as it likes.
var inherited = []string{
	"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "TEMP", "TMP", "APPDATA", "LOCALAPPDATA", "USERPROFILE",
	"SYSTEMROOT", "WINDIR", "COMSPEC", "PATHEXT",
	"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	"PLANHAT_API_TOKEN", "PLANHAT_TENANT_TOKEN", "PLANHAT_API_URL", "PLANHAT_ANALYTICS_URL", "PLANHAT_CALLS_PER_MIN", trust.Variable,
}

// childEnvironment are the variables that are handed on, as they are spelt.
func childEnvironment(env *environment.Env) []string {
	return handedOn(env.Environ(), serve.SameVariable)
}

// handedOn picks the variables that are handed on; same reports whether two
// names mean the same variable.
func handedOn(variables []string, same func(a, b string) bool) []string {
	var list []string
	for _, variable := range variables {
		name, _, _ := strings.Cut(variable, "=")
		known := slices.ContainsFunc(inherited, func(other string) bool { return same(name, other) })
		if known || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "XDG_") || strings.HasPrefix(name, header.VariablePrefix) {
			list = append(list, variable)
		}
	}
	return list
}
