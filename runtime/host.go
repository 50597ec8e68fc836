package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/sandbox"
)

// host is what lasts over all the code that is run in one state: the script and
// the functions that are called after it, or the inputs of a session. It is
// what the modules see of them.
type host struct {
	rt *Runtime
	// script is whom checkpoints and quotas are kept for.
	script Script
	log    *slog.Logger

	box            *sandbox.Sandbox
	files          openFiles
	stdout, stderr *redact.Writer

	// sources holds the text of every chunk that was loaded, by the name that
	// messages give it; syntax holds the chunks that did not compile.
	sources map[string][]byte
	syntax  []*compile.SyntaxError
	// paths are the files of chunks that loadfile and dofile have loaded.
	paths map[string]string
	// loading are the modules that are being required, the outermost first.
	loading []string

	tally   planhat.Tally
	clients []*planhat.Client
	client  *planhat.Client
	// dryRun withholds writes.
	dryRun atomic.Bool
	// checkpoint is nil until the script names it.
	checkpoint bindings.CheckpointStore

	mu       sync.Mutex
	planned  []PlannedWrite
	warned   map[string]bool
	warnings []string
}

// newHost makes a host whose sandbox holds the script's folder.
func (r *Runtime) newHost(s Script) *host {
	read := append([]string{r.opts.WorkDir}, r.opts.ReadDirs...)
	if s.Path != "" {
		if !filepath.IsAbs(s.Path) {
			s.Path = filepath.Join(r.opts.WorkDir, s.Path)
		}
		read = append(read, filepath.Dir(s.Path))
	}
	if s.Name == "" {
		s.Name = "script"
	}
	h := &host{
		rt: r, script: s, log: r.log,
		box:     sandbox.New(r.opts.WorkDir, read, r.opts.WriteDirs),
		sources: map[string][]byte{}, paths: map[string]string{},
		stdout: r.opts.Secrets.Writer(r.opts.Stdout),
		stderr: r.opts.Secrets.Writer(r.opts.Stderr),
		warned: map[string]bool{},
	}
	h.dryRun.Store(r.opts.DryRun)
	return h
}

var _ bindings.Host = (*host)(nil)

func (h *host) OpenRead(name string) (io.ReadCloser, error) { return h.box.OpenRead(name) }

func (h *host) OpenWrite(name string, appendTo bool) (io.WriteCloser, error) {
	return h.box.OpenWrite(name, appendTo)
}

func (h *host) Stat(name string) (fs.FileInfo, error) { return h.box.Stat(name) }

func (h *host) ReadDir(name string) ([]fs.DirEntry, error) { return h.box.ReadDir(name) }

func (h *host) MkdirAll(name string) error { return h.box.MkdirAll(name) }

func (h *host) Remove(name string) error { return h.box.Remove(name) }

func (h *host) Rename(from, to string) error { return h.box.Rename(from, to) }

// EnvError says that a script asked for a variable it may not see.
type EnvError struct{ Name, Suggestion string }

func (e *EnvError) Error() string {
	return fmt.Sprintf("the environment variable %s is not declared for scripts%s: run with --allow-env=%s", e.Name, e.Suggestion, e.Name)
}

// ErrorKind names the kind of the error for scripts.
func (e *EnvError) ErrorKind() string { return "permission" }

// ErrorHint says what to do about it.
func (e *EnvError) ErrorHint() string { return "run with --allow-env=" + e.Name }

func (h *host) Getenv(name string) (string, bool, error) {
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

func (h *host) EnvNames() []string { return slices.Sorted(slices.Values(h.rt.opts.EnvAllow)) }

func (h *host) Log(ctx context.Context, level slog.Level, message string, fields []slog.Attr) {
	h.log.LogAttrs(ctx, level, message, fields...)
}

func (h *host) Warn(ctx context.Context, key, message string) {
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

func (h *host) AddSecret(value string) { h.rt.opts.Secrets.Add(value) }

func (h *host) Now() time.Time { return h.rt.opts.Now() }

func (h *host) Location() *time.Location { return h.rt.opts.Location }

func (h *host) Call(L *lua.LState, fn *lua.LFunction, args ...lua.LValue) ([]lua.LValue, error) {
	return lualib.Call(L, fn, args...)
}

func (h *host) Strict() bool { return h.rt.opts.Strict }

// compile compiles a chunk and remembers its text for messages. The path is
// that of its file, "" where it has none.
func (h *host) compile(src []byte, name, path string) (*lua.FunctionProto, error) {
	h.sources[name] = src
	var cover *compile.Lines
	if path != "" && h.rt.opts.Sources != nil {
		cover = h.rt.opts.Sources(path)
	}
	proto, err := compile.Options{Cover: cover}.Compile(src, name)
	if err != nil {
		var syntax *compile.SyntaxError
		if errors.As(err, &syntax) {
			h.syntax = append(h.syntax, syntax)
		}
		return nil, err
	}
	return proto, nil
}

// finish closes everything that is open. What the script did not write to its
// end is dropped.
func (h *host) finish(err error) error {
	for _, c := range h.clients {
		c.Close()
	}
	closed := h.closeFiles(err == nil || exited(err) != nil)
	for _, w := range []*redact.Writer{h.stdout, h.stderr} {
		if err := w.Flush(); err != nil {
			closed = errors.Join(closed, fmt.Errorf("the output cannot be written: %w", err))
		}
	}
	if err == nil || closed != nil && exited(err) != nil {
		return closed
	}
	return err
}
