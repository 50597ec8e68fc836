// Package credential finds Planhat's tokens: in the environment, in files, in the keyring
// of the system, or from a program that prints them. It says where each comes from.
package credential

import (
	"cmp"
	"context"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/keyring"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// Token is one of Planhat's tokens.
type Token struct {
	// Setting is its name in the configuration, Variable in the environment.
	Setting, Variable string
	// prefix begins the settings of its sources.
	prefix string
}

// The tokens: that of the main API, and that of the analytics host.
var (
	API    = Token{"api_token", "PLANHAT_API_TOKEN", "token_"}
	Tenant = Token{"tenant_token", "PLANHAT_TENANT_TOKEN", "tenant_token_"}
)

// The environment variables of other programs.
const (
	// fileSuffix makes the name of a variable with the name of a file.
	fileSuffix = "_FILE"
	// directoryVariable is the folder into which systemd puts credentials.
	directoryVariable = "CREDENTIALS_DIRECTORY"
)

// ServiceVariable begins the names of the variables in which a service hands the tokens that
// it has read to its runs.
const ServiceVariable = "PHSCRIPT_SERVICE_"

// Finder finds tokens.
type Finder struct {
	Getenv func(string) (string, bool)
	Trust  trust.Rules
	// State is the state directory, "" if there is none. Login files are in it.
	State   string
	Keyring *keyring.Keyring
	// Dir is the working directory. Stderr shows what programs say.
	Dir    string
	Stderr io.Writer
	// Environ are the variables of programs.
	Environ []string
	// Terminal reports whether programs may ask on a terminal. They then stay in the process
	// group of phscript: others cannot read from it.
	Terminal bool
	// limit is how long a program may take.
	limit time.Duration
}

// Source is where a token is. The zero value is no source.
type Source struct {
	Token  Token
	Origin config.Origin
	// File is set for a token in a file.
	File string
	// Command is set for a token that a program prints.
	Command []string
	// Stored is set for a token that phscript login has stored.
	Stored *Login
	// direct is a token that was found already, and known is set if the file has it.
	direct string
	known  bool
	// handedOver is set for a file of systemd.
	handedOver bool
	// dir is the folder that a program runs in.
	dir    string
	finder *Finder
}

// IsZero reports whether there is no token.
func (s Source) IsZero() bool { return s.Origin.Kind == "" }

// Direct returns the token if finding it was enough, or else "".
func (s Source) Direct() string { return s.direct }

// Own reports whether the file phscript.toml holds the token itself.
func (s Source) Own() bool { return s.known }

// Error is a token that cannot be had. It never holds a token.
type Error struct {
	Where, Message, Hint string
	code                 int
}

func (e *Error) Error() string {
	if e.Where == "" {
		return e.Message
	}
	return e.Where + ": " + e.Message
}

// ErrorHint says what to do about it.
func (e *Error) ErrorHint() string { return e.Hint }

// ExitCode returns fault.ExitUsage for a setting that cannot be used, or fault.ExitAuth.
func (e *Error) ExitCode() int { return cmp.Or(e.code, fault.ExitUsage) }

func unavailable(where, message, hint string) *Error {
	return &Error{where, message, hint, fault.ExitAuth}
}

// Find says where a token is. It starts no program and does not ask the keyring. What is
// meant for the profile has priority: its settings, what systemd hands over for it, and what
// phscript login has stored. Then comes the environment. Without a profile, the environment
// has priority.
func (f *Finder) Find(c config.Config, t Token) (Source, error) {
	s, err := f.find(c, t)
	s.Token, s.finder, s.dir = t, f, f.Dir
	if c.File != "" {
		s.dir = filepath.Dir(c.File)
	}
	return s, err
}

func (f *Finder) find(c config.Config, t Token) (Source, error) {
	if value, _ := f.Getenv(ServiceVariable + t.Variable); value != "" {
		origin, _ := f.Getenv(ServiceVariable + t.Variable + "_FROM")
		return Source{direct: value, Origin: config.Origin{Kind: config.FromVariable, Name: cmp.Or(origin, "the service")}}, nil
	}
	own := func() (Source, error) {
		if value := valueOf(c, t); value != "" && !slices.Contains(c.Variables, t.Variable) {
			return Source{known: true, direct: value, Origin: c.OriginOf(t.Setting)}, nil
		}
		return Source{}, nil
	}
	order := []func() (Source, error){
		func() (Source, error) { return f.environment(t) }, func() (Source, error) { return f.configured(c, t) }, own,
		func() (Source, error) { return f.handedOver(t, "") }, func() (Source, error) { return f.stored(c, t) },
	}
	if name := c.Profile.Name; name != "" {
		order = []func() (Source, error){
			order[1], func() (Source, error) { return f.handedOver(t, "."+name) }, order[4], order[0], order[3],
		}
	}
	for _, look := range order {
		if s, err := look(); err != nil || !s.IsZero() {
			return s, err
		}
	}
	return Source{}, nil
}

func valueOf(c config.Config, t Token) string {
	if t == Tenant {
		return c.TenantToken
	}
	return c.APIToken
}

// configured is what the settings of the file or of the profile name.
func (f *Finder) configured(c config.Config, t Token) (Source, error) {
	variable, file, command := c.TokenEnv, c.TokenFile, c.TokenCommand
	if t == Tenant {
		variable, file, command = c.TenantTokenEnv, c.TenantTokenFile, c.TenantTokenCommand
	}
	switch {
	case variable != "":
		origin := c.OriginOf(t.prefix + "env")
		value, _ := f.Getenv(variable)
		if value == "" {
			return Source{}, unavailable(origin.String(), "the environment variable "+variable+", which holds the token, is not set", "set "+variable)
		}
		return Source{direct: value, Origin: config.Origin{Kind: config.FromVariable, Name: variable}}, nil
	case file != "":
		return Source{File: file, Origin: config.Origin{Kind: config.FromFile, Name: file}}, nil
	case len(command) > 0:
		return Source{Command: command, Origin: config.Origin{Kind: config.FromCommand, Name: t.prefix + "command (" + config.CommandName(command) + ")"}}, nil
	}
	return Source{}, nil
}

// environment is what the usual variables name.
func (f *Finder) environment(t Token) (Source, error) {
	value, _ := f.Getenv(t.Variable)
	file, _ := f.Getenv(t.Variable + fileSuffix)
	switch {
	case value != "" && file != "":
		return Source{}, &Error{Where: t.Variable, Message: t.Variable + fileSuffix + " is also set, and phscript can use only one of them", Hint: "unset one of them"}
	case value != "":
		return Source{direct: value, Origin: config.Origin{Kind: config.FromVariable, Name: t.Variable}}, nil
	case file != "":
		if !filepath.IsAbs(file) {
			file = filepath.Join(f.Dir, file)
		}
		return Source{File: file, Origin: config.Origin{Kind: config.FromFile, Name: file}}, nil
	}
	return Source{}, nil
}

// Read returns the token.
func (s Source) Read(ctx context.Context) (string, error) {
	switch {
	case s.IsZero():
		return "", nil
	case s.direct != "":
		return s.direct, nil
	case s.File != "":
		return s.finder.readFile(s.File, s.handedOver)
	case s.Stored != nil:
		return s.finder.read(ctx, s.Stored)
	}
	return s.finder.run(ctx, s)
}

// Renewable reports whether reading again may return another token, since a program prints
// it.
func (s Source) Renewable() bool { return len(s.Command) > 0 }
