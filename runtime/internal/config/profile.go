package config

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// ProfileVariable is the environment variable that chooses a profile.
const ProfileVariable = "PHSCRIPT_PROFILE"

// Permissions are what a profile can allow. Reading cannot be left out.
var Permissions = []string{"read", "create", "update", "delete"}

// Sources say where the tokens are, at most one for each token.
type Sources struct {
	// TokenEnv is an environment variable, TokenFile a file, and TokenCommand a program
	// with its arguments that prints the API token.
	TokenEnv     string   `toml:"token_env"`
	TokenFile    string   `toml:"token_file"`
	TokenCommand []string `toml:"token_command"`
	// TenantTokenEnv and the others are the same for the tenant token.
	TenantTokenEnv     string   `toml:"tenant_token_env"`
	TenantTokenFile    string   `toml:"tenant_token_file"`
	TenantTokenCommand []string `toml:"tenant_token_command"`
}

// IsZero reports whether no source is named.
func (s Sources) IsZero() bool {
	return cmp.Or(s.TokenEnv, s.TokenFile, s.TenantTokenEnv, s.TenantTokenFile) == "" && len(s.TokenCommand)+len(s.TenantTokenCommand) == 0
}

// Profile is a tenant with its own token, and what scripts may do there. Its settings
// have priority over those of the file and of the environment.
type Profile struct {
	Name string `toml:"-"`
	// Production is true for the tenant whose data people work with.
	Production bool `toml:"production"`
	// Allow are the Permissions of scripts; nil allows everything.
	Allow []string `toml:"allow"`
	// Threshold is how many records may be written without consent, 0 for the default.
	Threshold int `toml:"confirm_above"`
	// Region is a cluster, such as us2, in place of APIURL.
	Region       string `toml:"region"`
	APIURL       string `toml:"api_url"`
	AnalyticsURL string `toml:"analytics_url"`
	CallsPerMin  int    `toml:"calls_per_min"`
	RetryFor     string `toml:"retry_for"`
	Timeout      string `toml:"timeout"`
	MaxMemory    string `toml:"max_memory"`
	// Schema is the file of the tenant's schema.
	Schema string `toml:"schema"`
	Sources
}

// profileKeys are the settings of a profile, sourceKeys those of Sources.
var (
	sourceKeys  = []string{"token_env", "token_file", "token_command", "tenant_token_env", "tenant_token_file", "tenant_token_command"}
	profileKeys = append([]string{
		"production", "allow", "confirm_above", "region", "api_url", "analytics_url", "calls_per_min", "retry_for", "timeout", "max_memory", "schema",
	}, sourceKeys...)
)

// tokenHere says what to write in place of a token itself.
var tokenHere = map[string]string{
	"api_token":    "write token_env, token_file or token_command, or run 'phscript login --profile NAME': a token in this file would be in clear text",
	"tenant_token": "write tenant_token_env, tenant_token_file or tenant_token_command: a token in this file would be in clear text",
}

var profileName = pattern.Lazy(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// TokenFiles are the files with tokens that the configuration names, of all profiles.
func (c *Config) TokenFiles() (files []string) {
	add := func(s Sources) {
		for _, file := range []string{s.TokenFile, s.TenantTokenFile} {
			if file != "" {
				files = append(files, file)
			}
		}
	}
	add(c.Sources)
	for _, name := range slices.Sorted(maps.Keys(c.Profiles)) {
		add(c.Profiles[name].Sources)
	}
	return files
}

// checkProfiles completes the profiles, and returns what is wrong with one.
func (c *Config) checkProfiles(defined func(key ...string) bool) error {
	if err := c.check(""); err != nil {
		return err
	}
	c.Sources = c.beside(c.File)
	for _, name := range slices.Sorted(maps.Keys(c.Profiles)) {
		p := c.Profiles[name]
		p.Name = name
		where := "profile." + name
		if !profileName().MatchString(name) {
			return fmt.Errorf("profile %q: a profile's name consists of letters, digits, _ and -", name)
		}
		for _, one := range p.Allow {
			if !slices.Contains(Permissions, one) {
				return fmt.Errorf("%s.allow: unknown permission %q%s; the permissions are %s", where, one, catalog.DidYouMean(one, Permissions), strings.Join(Permissions, ", "))
			}
		}
		if defined("profile", name, "allow") && !slices.Contains(p.Allow, "read") {
			return fmt.Errorf(`%s.allow: must contain "read", because a script cannot work without reading`, where)
		}
		for key, number := range map[string]int{"calls_per_min": p.CallsPerMin, "confirm_above": p.Threshold} {
			if defined("profile", name, key) && number < 1 {
				return fmt.Errorf("%s.%s: must be at least 1", where, key)
			}
		}
		if p.Region != "" && p.APIURL != "" {
			return fmt.Errorf("%s: region and api_url both name the host; remove one of them", where)
		}
		if p.Region != "" && !profileName().MatchString(p.Region) {
			return fmt.Errorf(`%s.region: %q is not the name of a region, such as "us2" or "eu3"`, where, p.Region)
		}
		if err := p.set(new(Config)); err != nil {
			return fmt.Errorf("%s.%w", where, err)
		}
		if err := p.check(where + "."); err != nil {
			return err
		}
		p.Sources = p.beside(c.File)
		c.Profiles[name] = p
	}
	if len(c.Profiles) == 0 {
		return nil
	}
	for _, key := range append([]string{"api_token", "tenant_token"}, sourceKeys...) {
		if defined(key) {
			own := key
			if named, ok := map[string]string{"api_token": "token_env, token_file or token_command", "tenant_token": "tenant_token_env, tenant_token_file or tenant_token_command"}[key]; ok {
				own = named
			}
			return fmt.Errorf("%s: in a file with profiles, each profile has its own token; write %s under [profile.NAME]", key, own)
		}
	}
	return nil
}

// check refuses two sources of one token.
func (s Sources) check(prefix string) error {
	for _, of := range []struct {
		kind      string
		env, file string
		command   []string
	}{{"token", s.TokenEnv, s.TokenFile, s.TokenCommand}, {"tenant_token", s.TenantTokenEnv, s.TenantTokenFile, s.TenantTokenCommand}} {
		var set []string
		if of.env != "" {
			set = append(set, prefix+of.kind+"_env")
		}
		if of.file != "" {
			set = append(set, prefix+of.kind+"_file")
		}
		if of.command != nil {
			set = append(set, prefix+of.kind+"_command")
			if len(of.command) == 0 || of.command[0] == "" {
				return fmt.Errorf(`%s%s_command: must name a program, such as ["pass", "show", "planhat"]`, prefix, of.kind)
			}
		}
		if len(set) > 1 {
			return fmt.Errorf("%s both say where the token is; remove one of them", strings.Join(set[:2], " and "))
		}
	}
	return nil
}

// beside resolves files relative to the configuration file.
func (s Sources) beside(name string) Sources {
	for _, file := range []*string{&s.TokenFile, &s.TenantTokenFile} {
		if *file != "" && !filepath.IsAbs(*file) {
			*file = filepath.Join(filepath.Dir(name), *file)
		}
	}
	return s
}

// set lays the limits of a profile over a configuration.
func (p Profile) set(c *Config) error {
	if p.CallsPerMin > 0 {
		c.CallsPerMin = p.CallsPerMin
	}
	c.Schema = cmp.Or(p.Schema, c.Schema)
	return cmp.Or(Set("retry_for: ", p.RetryFor, &c.RetryFor, ParseTimeout),
		Set("timeout: ", p.Timeout, &c.Timeout, ParseTimeout), Set("max_memory: ", p.MaxMemory, &c.MaxMemory, ParseSize))
}

// Choice says which profile is meant.
type Choice struct {
	// Name is what the flag --profile says.
	Name string
	// Simulated means that Planhat is a simulated one: there need not be a choice, and
	// the profile says nothing about hosts and tokens.
	Simulated bool
	Getenv    func(string) (string, bool)
}

// Choose lays a profile over the settings: the one that the choice or the environment
// names, or the only one. Of several, one must be named.
func (c *Config) Choose(which Choice) error {
	name, origin := which.Name, Origin{Kind: FromFlag, Name: "--profile"}
	if name == "" {
		name, _ = which.Getenv(ProfileVariable)
		origin = Origin{Kind: FromVariable, Name: ProfileVariable}
	}
	names := slices.Sorted(maps.Keys(c.Profiles))
	where := cmp.Or(c.File, "phscript.toml")
	if name == "" {
		switch {
		case len(names) == 0, len(names) > 1 && which.Simulated:
			return nil
		case len(names) > 1:
			return &Error{Where: where, Message: "no profile was chosen of " + strings.Join(names, ", "), Hint: "choose one with --profile NAME, or set " + ProfileVariable, Choose: true}
		}
		name, origin = names[0], Origin{Kind: FromFile, Name: c.File, Line: c.lines().of("profile." + names[0])}
	}
	p, ok := c.Profiles[name]
	if !ok {
		e := &Error{
			Where: origin.Name, Message: fmt.Sprintf("there is no profile '%s'%s", name, catalog.DidYouMean(name, names)),
			Hint: "the profiles in " + where + " are: " + strings.Join(names, ", "),
		}
		switch {
		case c.File == "":
			e.Hint = "there is no phscript.toml here; profiles are written there, under [profile." + name + "]"
		case len(names) == 0:
			e.Hint = where + " has no profiles; write one under [profile." + name + "]"
		}
		return e
	}
	c.Profile, c.chosenBy = p, origin
	if err := p.set(c); err != nil {
		return &Error{Where: where, Message: "profile." + name + "." + err.Error()}
	}
	own := []string{"calls_per_min", "retry_for", "timeout", "max_memory", "schema", "production", "allow", "confirm_above"}
	if !which.Simulated {
		own = append(append(own, "analytics_url", "api_url", "region"), sourceKeys...)
		c.Sources = p.Sources
		c.AnalyticsURL = cmp.Or(p.AnalyticsURL, c.AnalyticsURL)
		c.APIURL = cmp.Or(p.APIURL, c.APIURL)
		if p.Region != "" {
			c.APIURL = "https://api-" + strings.ToLower(p.Region) + ".planhat.com"
		}
	}
	lines := c.lines()
	for _, key := range own {
		in := "profile." + name + "." + key
		if !lines.defines(in) {
			continue
		}
		setting := key
		switch key {
		case "region":
			setting = "api_url"
		case "production", "allow", "confirm_above":
			setting = in
		}
		c.Origin(setting, Origin{Kind: FromFile, Name: c.File, Line: lines.of(in)})
	}
	return nil
}

// CommandName is a source's program, without its arguments, which may be secrets.
func CommandName(list []string) string { return command(list) }

// Named returns the setting that says where a token is, "" if none does.
func (c Config) Named(tenant bool) string {
	prefix, env, file, list, own := "", c.TokenEnv, c.TokenFile, c.TokenCommand, c.APIToken != "" && c.Outside("api_token") == ""
	if tenant {
		prefix, env, file, list, own = "tenant_", c.TenantTokenEnv, c.TenantTokenFile, c.TenantTokenCommand, c.TenantToken != "" && c.Outside("tenant_token") == ""
	}
	switch {
	case env != "":
		return prefix + "token_env"
	case file != "":
		return prefix + "token_file"
	case len(list) > 0:
		return prefix + "token_command"
	case own && tenant:
		return "tenant_token"
	case own:
		return "api_token"
	}
	return ""
}

// Origin notes where a setting comes from, in place of the file and the environment.
func (c *Config) Origin(setting string, o Origin) {
	c.origins = maps.Clone(c.origins)
	if c.origins == nil {
		c.origins = map[string]Origin{}
	}
	c.origins[setting] = o
	c.Variables = slices.DeleteFunc(slices.Clone(c.Variables), func(name string) bool { return name == variables[setting] })
}

// OriginOf returns where a setting comes from.
func (c Config) OriginOf(setting string) Origin {
	_, from := c.place(setting, c.lines())
	return from
}

// Outside returns where a setting comes from if that is not the file, or else "".
func (c Config) Outside(setting string) string {
	if from, ok := c.origins[setting]; ok {
		if from.Kind == FromFile && from.Name == c.File {
			return ""
		}
		return from.Name
	}
	if variable := variables[setting]; slices.Contains(c.Variables, variable) {
		return variable
	}
	return ""
}

// ChosenBy says who chose the profile.
func (c Config) ChosenBy() Origin { return c.chosenBy }
