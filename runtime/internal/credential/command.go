package credential

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
)

// commandLimit is how long a program that prints a token may take.
const commandLimit = 30 * time.Second

// run starts a program and returns the first line that it prints. There is no shell. What the
// program writes to standard error is shown.
func (f *Finder) run(ctx context.Context, s Source) (string, error) {
	setting, command := s.Token.prefix+"command", s.Command
	name := config.CommandName(command)
	ctx, cancel := context.WithTimeoutCause(ctx, cmp.Or(f.limit, commandLimit), errors.New("it took too long"))
	defer cancel()
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	out := &limited{left: longest}
	cmd.Stdout, cmd.Stderr, cmd.Dir, cmd.Env = out, f.Stderr, s.dir, f.Environ
	// What the program has started may keep its output open.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	const again = "run the program by hand to see what is wrong"
	_, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", unavailable(setting, name+" did not print the token within "+cmp.Or(f.limit, commandLimit).String(), again)
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "", unavailable(setting, "the program "+command[0]+" was not found", "install it, or name it with its folder; there is no shell, so each argument is an entry of the list")
	case failed:
		return "", unavailable(setting, name+" failed: "+err.Error(), again)
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return "", unavailable(setting, name+" cannot be started: "+plain(err).Error(), again)
	}
	if token := firstLine(out.String()); token != "" {
		return token, nil
	}
	return "", unavailable(setting, name+" printed no token", "the first line that it prints must be the token")
}

// limited keeps the start of what is written to it.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	kept := p[:min(len(p), l.left)]
	l.left -= len(kept)
	_, _ = l.Buffer.Write(kept) // never fails
	return len(p), nil
}
