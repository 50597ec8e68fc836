package credential

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/keyring"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// desk is a folder with a configuration, variables and a keyring.
type desk struct {
	*testing.T
	dir       string
	variables map[string]string
	finder    *Finder
	ring      *ring
	stderr    bytes.Buffer
}

// ring is a keyring in memory that counts how often it is asked.
type ring struct {
	secrets map[string]string
	asked   int
	err     error
}

func (r *ring) Get(_, name string) (string, error) {
	r.asked++
	secret, ok := r.secrets[name]
	if !ok && r.err == nil {
		return "", keyring.ErrNone
	}
	return secret, r.err
}

func (r *ring) Set(_, name, secret string) error {
	if r.err == nil {
		r.secrets[name] = secret
	}
	return r.err
}

func (r *ring) Delete(_, name string) error {
	_, err := r.Get("", name)
	delete(r.secrets, name)
	return err
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{T: t, dir: t.TempDir(), variables: map[string]string{}, ring: &ring{secrets: map[string]string{}}}
	d.finder = &Finder{
		Getenv: func(name string) (string, bool) { v, ok := d.variables[name]; return v, ok },
		Trust:  trust.Current(func(string) (string, bool) { return "", false }), State: filepath.Join(d.dir, "state"),
		Keyring: &keyring.Keyring{Backend: d.ring}, Dir: d.dir, Stderr: &d.stderr, Environ: os.Environ(), limit: time.Minute,
	}
	return d
}

func (d *desk) file(name, text string, mode os.FileMode) string {
	d.Helper()
	path := filepath.Join(d.dir, name)
	require.NoError(d, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(d, os.WriteFile(path, []byte(text), mode))
	require.NoError(d, os.Chmod(path, mode))
	return path
}

// config reads a configuration, and chooses a profile.
func (d *desk) config(text, profile string) config.Config {
	d.Helper()
	c, err := config.Load("", d.dir, func(name string) ([]byte, error) {
		if text == "" {
			return nil, os.ErrNotExist
		}
		return []byte(text), nil
	}, d.finder.Getenv)
	require.NoError(d, err)
	require.NoError(d, c.Choose(config.Choice{Name: profile, Getenv: d.finder.Getenv}))
	return c
}

func (d *desk) read(c config.Config, t Token) (token, from string, err error) {
	d.Helper()
	s, err := d.finder.Find(c, t)
	if err != nil {
		return "", "", err
	}
	token, err = s.Read(d.Context())
	return token, s.Origin.String(), err
}

const profiles = `
[profile.plain]
region = "us2"
[profile.env]
token_env = "OWN_TOKEN"
[profile.file]
token_file = "own.token"
tenant_token_file = "own.tenant"
[profile.command]
token_command = ["echo", "of a program"]
`

// TestOrder: what is meant for the profile counts first, and the keyring is asked last.
func TestOrder(t *testing.T) {
	d := newDesk(t)
	credentials := filepath.Join(d.dir, "credentials")
	expect := func(text, profile, token, from string) {
		t.Helper()
		got, origin, err := d.read(d.config(text, profile), API)
		require.NoError(t, err)
		assert.Equal(t, token, got)
		assert.Equal(t, from, strings.ReplaceAll(origin, d.dir, "DIR"))
	}
	expect(profiles, "plain", "", "")
	expect("", "", "", "")

	store := func(text, profile, token string) {
		t.Helper()
		_, err := d.finder.Store(t.Context(), d.config(text, profile), API, InKeyring, token, "h", time.Now())
		require.NoError(t, err)
	}
	store("", "", "everywhere")
	store(profiles, "plain", "of plain")
	expect("", "", "everywhere", "phscript login, in the keyring")
	expect("strict = true\n", "", "everywhere", "phscript login, in the keyring")
	expect(profiles, "plain", "of plain", "phscript login, in the keyring")
	expect(profiles, "command", "of a program", "token_command (echo with 1 argument)")
	asked := d.ring.asked

	d.variables["CREDENTIALS_DIRECTORY"] = credentials
	d.file("credentials/planhat_api_token", "handed over\n", 0o444)
	expect("", "", "handed over", "DIR/credentials/planhat_api_token")
	d.file("credentials/planhat_api_token.plain", "handed to plain", 0o444)
	expect(profiles, "plain", "handed to plain", "DIR/credentials/planhat_api_token.plain")

	expect("api_token = \"in the file\"\n", "", "in the file", "DIR/phscript.toml:1")
	expect("token_file = \"t\"\n", "", d.token("t", "of t"), "DIR/t")
	d.variables["PLANHAT_API_TOKEN_FILE"] = "v"
	expect("token_file = \"t\"\n", "", d.token("v", "of v"), "DIR/v")
	delete(d.variables, "PLANHAT_API_TOKEN_FILE")
	d.variables["PLANHAT_API_TOKEN"] = "of the variable"
	expect("token_file = \"t\"\n", "", "of the variable", "PLANHAT_API_TOKEN")
	expect(profiles, "plain", "handed to plain", "DIR/credentials/planhat_api_token.plain")
	expect(profiles, "file", d.token("own.token", "of the profile"), "DIR/own.token")
	d.variables["OWN_TOKEN"] = "of my variable"
	expect(profiles, "env", "of my variable", "OWN_TOKEN")
	assert.Equal(t, asked, d.ring.asked, "the keyring is not asked if another source has the token")

	d.variables[ServiceVariable+"PLANHAT_API_TOKEN"], d.variables[ServiceVariable+"PLANHAT_API_TOKEN_FROM"] = "of the service", "there"
	expect(profiles, "env", "of the service", "there")
}

// token writes a token to a private file, and returns it.
func (d *desk) token(name, token string) string {
	d.Helper()
	d.file(name, token+"\nmore\n", 0o600)
	return token
}

func TestTenantToken(t *testing.T) {
	d := newDesk(t)
	d.token("own.tenant", "tenant")
	token, _, err := d.read(d.config(profiles, "file"), Tenant)
	require.NoError(t, err)
	assert.Equal(t, "tenant", token)
	d.variables["PLANHAT_TENANT_TOKEN"] = "t"
	token, from, err := d.read(d.config(profiles, "plain"), Tenant)
	require.NoError(t, err)
	assert.Equal(t, "t", token)
	assert.Equal(t, "PLANHAT_TENANT_TOKEN", from)
}

func TestTokensThatCannotBeHad(t *testing.T) {
	d := newDesk(t)
	fails := func(text, profile string, code int, message, hint string) {
		t.Helper()
		_, _, err := d.read(d.config(text, profile), API)
		require.ErrorContains(t, err, message)
		var exit fault.Exiter
		require.ErrorAs(t, err, &exit)
		assert.Equal(t, code, exit.ExitCode())
		var hinter interface{ ErrorHint() string }
		require.ErrorAs(t, err, &hinter)
		assert.Contains(t, hinter.ErrorHint(), hint)
	}
	fails(profiles, "env", 4, "phscript.toml:5: the environment variable OWN_TOKEN, which holds the token, is not set", "set OWN_TOKEN")
	fails(profiles, "file", 4, "own.token: the file with the token does not exist", "create it")
	d.file("own.token", "\n\n", 0o600)
	fails(profiles, "file", 4, "it is empty", "first line")
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o660} {
		d.file("own.token", "secret", mode)
		fails(profiles, "file", 2, "own.token", "chmod")
	}
	d.variables["PLANHAT_API_TOKEN"], d.variables["PLANHAT_API_TOKEN_FILE"] = "a", "b"
	fails(profiles, "plain", 2, "PLANHAT_API_TOKEN_FILE is also set", "unset one of them")
	clear(d.variables)

	command := func(list string) string { return "token_command = [" + list + "]\n" }
	fails(command(`"no-such-program-here", "x"`), "", 4, "the program no-such-program-here was not found", "there is no shell")
	fails(command(`"sh", "-c", "exit 3"`), "", 4, "sh with 2 arguments failed: exit status 3", "by hand")
	fails(command(`"true"`), "", 4, "true printed no token", "first line")
	fails(command(`"./own.token"`), "", 4, "cannot be started", "by hand")
	const endless = "printed more than 64 KiB, so phscript ended it"
	fails(command(`"yes"`), "", 4, "yes "+endless, "the first line")
	fails(command(`"sh", "-c", "yes | tr -d '\\n'"`), "", 4, endless, "the first line")
	fails(command(`"sh", "-c", "trap '' PIPE TERM; head -c 65537 /dev/zero; exec sleep 100"`), "", 4, endless, "the first line")
	d.finder.limit = 20 * time.Millisecond
	fails(command(`"sleep", "100"`), "", 4, "sleep with 1 argument did not print the token within 20ms", "by hand")
	// What it has started may keep the output open.
	fails(command(`"sh", "-c", "sleep 100 & sleep 100"`), "", 4, "did not print the token", "by hand")
}

func TestCommands(t *testing.T) {
	d := newDesk(t)
	d.file("p/phscript.toml", "", 0o600)
	read := func(list string) string {
		t.Helper()
		c, err := config.Load(filepath.Join(d.dir, "p", "phscript.toml"), d.dir, func(string) ([]byte, error) { return []byte("token_command = [" + list + "]\n"), nil }, d.finder.Getenv)
		require.NoError(t, err)
		token, _, err := d.read(c, API)
		require.NoError(t, err)
		return token
	}
	assert.Equal(t, `$HOME ~ | "x"`, read(`"echo", "$HOME ~ | \"x\""`), "there is no shell")
	assert.Equal(t, "first", read(`"printf", "\\r\\nfirst \\r\\nsecond\\n"`))
	folder, err := filepath.EvalSymlinks(filepath.Join(d.dir, "p"))
	require.NoError(t, err)
	assert.Equal(t, folder, read(`"pwd", "-P"`), "it runs beside the configuration")
	assert.Equal(t, "token", read(`"sh", "-c", "echo please >&2; read x; echo token"`), "it has no input")
	assert.Equal(t, "please\n", d.stderr.String())

	stopped, stop := context.WithCancelCause(t.Context())
	reason := errors.New("Ctrl-C")
	stop(reason)
	s, err := d.finder.Find(d.config(`token_command = ["sleep", "100"]`, ""), API)
	require.NoError(t, err)
	_, err = s.Read(stopped)
	assert.ErrorIs(t, err, reason)
}

func TestLogin(t *testing.T) {
	d := newDesk(t)
	c := d.config(profiles, "plain")
	l, err := d.finder.Store(t.Context(), c, API, InKeyring, "in the ring", "h", time.Now())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"plain (" + filepath.Join(d.dir, "phscript.toml") + ")": "in the ring"}, d.ring.secrets)
	text, err := os.ReadFile(l.File())
	require.NoError(t, err)
	assert.NotContains(t, string(text), "in the ring")
	assert.True(t, trust.Secret(filepath.Join("/home/me/.local/state/phscript/logins", filepath.Base(l.File()))), "scripts cannot read it")

	// Another profile, and a profile of that name in another project, have their own.
	for _, other := range []func() config.Config{
		func() config.Config { return d.config(profiles+"[profile.other]\nregion = \"us2\"\n", "other") },
		func() config.Config { c := d.config(profiles, "plain"); c.File = "/elsewhere/phscript.toml"; return c },
	} {
		token, _, err := d.read(other(), API)
		require.NoError(t, err)
		assert.Empty(t, token)
	}
	l, err = d.finder.Store(t.Context(), c, API, InFile, "in a file", "h", time.Now())
	require.NoError(t, err)
	assert.Empty(t, d.ring.secrets, "the token of before is not kept")
	info, err := os.Stat(l.File())
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	token, _, err := d.read(c, API)
	require.NoError(t, err)
	assert.Equal(t, "in a file", token)
	require.NoError(t, os.Chmod(l.File(), 0o644))
	_, _, err = d.read(c, API)
	require.ErrorContains(t, err, "other users of this machine can use it (mode 0644)")
	require.NoError(t, os.Chmod(l.File(), 0o600))
	removed, err := d.finder.Forget(t.Context(), c, API)
	require.NoError(t, err)
	assert.Equal(t, InFile, removed.Store)
	removed, err = d.finder.Forget(t.Context(), c, API)
	require.NoError(t, err)
	assert.Nil(t, removed)
	assert.NoFileExists(t, l.File())

	_, err = d.finder.Store(t.Context(), c, API, InKeyring, "again", "h", time.Now())
	require.NoError(t, err)
	clear(d.ring.secrets)
	_, _, err = d.read(c, API)
	require.ErrorContains(t, err, "the keyring no longer has the token of plain")
	d.ring.err = errors.New("the keyring is locked")
	_, err = d.finder.Store(t.Context(), c, API, InKeyring, "never", "h", time.Now())
	require.ErrorContains(t, err, "locked")
	require.ErrorContains(t, d.finder.Ready(t.Context(), c, API), "locked")
	_, err = d.finder.Forget(t.Context(), c, API)
	require.ErrorContains(t, err, "locked")
	d.file(strings.TrimPrefix(l.File(), d.dir), "{", 0o600)
	_, _, err = d.read(c, API)
	require.ErrorContains(t, err, "cannot be read")
	d.finder.State = ""
	_, err = d.finder.Store(t.Context(), c, API, InFile, "x", "h", time.Now())
	assert.ErrorContains(t, err, "there is no home directory")
}
