package host

import (
	"cmp"
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/credential"
)

// Settings lays the flags over the configuration.
func (o *Options) Settings(env *environment.Env) (config.Config, error) {
	c, err := config.Load(o.ConfigFile, env.Dir, env.ReadConfig, env.Getenv)
	if err != nil {
		return c, err
	}
	if o.sources, err = Choose(env, &c, o.ProfileName, o.Simulated); err != nil {
		return c, err
	}
	if o.CallsPerMin < 0 {
		return c, &usage.Error{Message: "--calls-per-min must be at least 1"}
	}
	if o.CallsPerMin > 0 {
		c.CallsPerMin = o.CallsPerMin
	}
	err = cmp.Or(config.Set("--retry-for: ", o.RetryFor, &c.RetryFor, config.ParseTimeout),
		config.Set("--timeout: ", o.Timeout, &c.Timeout, config.ParseTimeout), config.Set("--max-memory: ", o.MaxMemory, &c.MaxMemory, config.ParseSize))
	if err != nil {
		return c, &usage.Error{Message: err.Error()}
	}
	c.Strict = c.Strict || o.Strict
	c.AllowWrite = append(c.AllowWrite, o.AllowWrite...)
	c.AllowRead = append(c.AllowRead, o.AllowRead...)
	c.AllowEnv = append(c.AllowEnv, o.AllowEnv...)
	c.AllowNet = append(c.AllowNet, o.AllowNet...)
	c.LogLevel, c.LogFormat = cmp.Or(o.LogLevel, c.LogLevel), cmp.Or(o.LogFormat, c.LogFormat)
	return c, nil
}

// Repeated are the flags that decide what the script can do and which account it uses, as words
// of a command line that does the same again, without the profile.
func (o *Options) Repeated() (words []string) {
	if o.ConfigFile != "" {
		words = append(words, "--config="+o.ConfigFile)
	}
	for _, one := range []struct {
		flag   string
		values []string
	}{{"allow-read", o.AllowRead}, {"allow-write", o.AllowWrite}, {"allow-env", o.AllowEnv}, {"allow-net", o.AllowNet}, {"allow-host", o.AllowHost}} {
		if len(one.values) > 0 {
			words = append(words, "--"+one.flag+"="+strings.Join(one.values, ","))
		}
	}
	if o.readsGiven {
		words = append(words, "--max-read-calls="+strconv.Itoa(o.MaxReads))
	}
	if o.Strict {
		words = append(words, "--strict")
	}
	return words
}

// TimeLimit is the time limit of the command line, 0 without one. It replaces the script's.
func (o *Options) TimeLimit(c config.Config) time.Duration {
	if o.Timeout == "" {
		return 0
	}
	return c.Timeout
}

// LogHandler returns the handler for the log, as the configuration says.
func LogHandler(env *environment.Env, c config.Config) (slog.Handler, error) {
	format, err := usage.OneOf("log_format", cmp.Or(c.LogFormat, "text"), usage.LogFormats...)
	if err != nil {
		return nil, err
	}
	name, err := usage.OneOf("log_level", cmp.Or(c.LogLevel, "info"), usage.LogLevels...)
	if err != nil {
		return nil, err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return nil, err
	}
	return printing.LogHandler(env, format, level), nil
}

// Finder finds Planhat's tokens in an environment.
func Finder(env *environment.Env) *credential.Finder {
	f := &credential.Finder{
		Getenv: env.Getenv, Trust: env.Trust, State: storage.Dir(env), Keyring: env.Keyring, Dir: env.Dir, Stderr: env.Stderr,
		Terminal: env.StdinTTY || env.StdoutTTY || env.StderrTTY,
	}
	if env.Environ != nil {
		f.Environ = env.Environ()
	}
	return f
}

// Sources are where the tokens of a run are.
type Sources struct{ API, Tenant credential.Source }

// Choose lays the profile over the settings, and finds where its tokens are. It reads those
// that are in the environment or in phscript.toml, and no others. name is that of --profile.
func Choose(env *environment.Env, c *config.Config, name string, simulated bool) (s Sources, err error) {
	_, served := env.Getenv(SimulatedVariable)
	simulated = simulated || served
	if err := c.Choose(config.Choice{Name: name, Simulated: simulated, Getenv: env.Getenv}); err != nil || simulated {
		return s, err
	}
	f := Finder(env)
	for _, one := range []struct {
		of     credential.Token
		source *credential.Source
		value  *string
	}{{credential.API, &s.API, &c.APIToken}, {credential.Tenant, &s.Tenant, &c.TenantToken}} {
		if *one.source, err = f.Find(*c, one.of); err != nil {
			return s, err
		}
		if one.source.IsZero() {
			continue
		}
		*one.value = one.source.Direct()
		if !one.source.Own() && c.Outside(one.of.Setting) != one.source.Origin.Name {
			c.Origin(one.of.Setting, one.source.Origin)
		}
	}
	return s, nil
}

// Read reads the tokens into the settings. Programs that print them are started, and the
// keyring is asked.
func (s Sources) Read(ctx context.Context, c *config.Config) error {
	for _, one := range []struct {
		source credential.Source
		value  *string
	}{{s.API, &c.APIToken}, {s.Tenant, &c.TenantToken}} {
		if one.source.IsZero() {
			continue
		}
		token, err := one.source.Read(ctx)
		if err != nil {
			return err
		}
		*one.value = token
	}
	return nil
}

// readTokens reads the tokens, and checks that they can be right.
func (o *Options) readTokens(env *environment.Env, c *config.Config) error {
	if o.offline() {
		return nil
	}
	ctx, release := env.UntilInterrupted() // a program may take long to print a token
	defer release()
	if err := o.sources.Read(ctx, c); err != nil {
		return err
	}
	return c.CheckTokens()
}

// private returns the files that hold tokens, which scripts must not read, and the
// configuration file.
func (s Sources) private(file string) (files []string) {
	if file != "" {
		files = append(files, file)
	}
	for _, one := range []credential.Source{s.API, s.Tenant} {
		if one.File != "" {
			files = append(files, one.File)
		}
		if one.Stored != nil {
			files = append(files, one.Stored.File())
		}
	}
	return files
}
