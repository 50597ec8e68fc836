package runtime

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/lualib"
)

// host is what the modules see of a run.
type host struct{ *run }

var _ bindings.Host = host{}

func (h host) OpenRead(name string) (io.ReadCloser, error) { return h.box.OpenRead(name) }

func (h host) OpenWrite(name string, appendTo bool) (io.WriteCloser, error) {
	return h.box.OpenWrite(name, appendTo)
}

func (h host) Stat(name string) (fs.FileInfo, error) { return h.box.Stat(name) }

func (h host) ReadDir(name string) ([]fs.DirEntry, error) { return h.box.ReadDir(name) }

func (h host) MkdirAll(name string) error { return h.box.MkdirAll(name) }

func (h host) Remove(name string) error { return h.box.Remove(name) }

func (h host) Rename(from, to string) error { return h.box.Rename(from, to) }

// EnvError says that a script asked for a variable it may not see.
type EnvError struct{ Name, Suggestion string }

func (e *EnvError) Error() string {
	return fmt.Sprintf("the environment variable %s is not declared for scripts%s: run with --allow-env=%s", e.Name, e.Suggestion, e.Name)
}

// ErrorKind names the kind of the error for scripts.
func (e *EnvError) ErrorKind() string { return "permission" }

// ErrorHint says what to do about it.
func (e *EnvError) ErrorHint() string { return "run with --allow-env=" + e.Name }

func (h host) Getenv(name string) (string, bool, error) {
	if !slices.Contains(h.rt.opts.EnvAllow, name) {
		return "", false, &EnvError{name, catalog.DidYouMean(name, h.rt.opts.EnvAllow)}
	}
	value, ok := h.rt.opts.Env(name)
	if ok && h.rt.opts.Secrets.String(value) != value {
		return "", false, &SecretEnvError{name}
	}
	return value, ok, nil
}

// SecretEnvError says that a declared variable holds a token, which scripts
// never see.
type SecretEnvError struct{ Name string }

func (e *SecretEnvError) Error() string {
	return "the environment variable " + e.Name + " holds a token, and scripts never see tokens"
}

// ErrorKind names the kind of the error for scripts.
func (e *SecretEnvError) ErrorKind() string { return "permission" }

// ErrorHint says what to do about it.
func (e *SecretEnvError) ErrorHint() string {
	return "the planhat module uses the configured token by itself; require \"planhat\" is enough"
}

func (h host) EnvNames() []string { return slices.Sorted(slices.Values(h.rt.opts.EnvAllow)) }

func (h host) Log(ctx context.Context, level slog.Level, message string, fields []slog.Attr) {
	h.log.LogAttrs(ctx, level, message, fields...)
}

func (h host) Warn(ctx context.Context, key, message string) {
	h.mu.Lock()
	seen := h.warned[key]
	if !seen {
		h.warned[key] = true
		h.warnings = append(h.warnings, h.rt.opts.Secrets.String(message))
	}
	h.mu.Unlock()
	if !seen {
		h.log.LogAttrs(ctx, slog.LevelWarn, message)
	}
}

func (h host) AddSecret(value string) { h.rt.opts.Secrets.Add(value) }

func (h host) Now() time.Time { return h.rt.opts.Now() }

func (h host) Location() *time.Location { return h.rt.opts.Location }

func (h host) Call(L *lua.LState, fn *lua.LFunction, args ...lua.LValue) ([]lua.LValue, error) {
	return lualib.Call(L, fn, args...)
}

func (h host) Strict() bool { return h.rt.opts.Strict }
