package credential

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os/exec"
	"time"

	"github.com/dustin/go-humanize"

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
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	out := &limited{most: longest, full: func() { end(errTooMuch) }}
	cmd.Stdout, cmd.Stderr, cmd.Dir, cmd.Env = out, f.Stderr, s.dir, f.Environ
	// What the program has started may keep its output open.
	cmd.WaitDelay = time.Second
	if !f.Terminal {
		ownGroup(cmd)
	}
	err := cmd.Run()
	const again = "run the program by hand to see what is wrong"
	_, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case errors.Is(context.Cause(ctx), errTooMuch):
		return "", unavailable(setting, name+" printed more than "+humanize.IBytes(longest)+", so phscript ended it", "the first line that it prints must be the token, and little more may follow")
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
	if token := firstLine(out.buffer.String()); token != "" {
		return token, nil
	}
	return "", unavailable(setting, name+" printed no token", "the first line that it prints must be the token")
}

// errTooMuch ends a program that prints more than a token.
var errTooMuch = errors.New("it printed too much")

// limited keeps what is written to it, and calls full instead of keeping more than most. The
// buffer is not embedded: io.Copy would use its ReadFrom, which has no limit.
type limited struct {
	buffer bytes.Buffer
	most   int
	full   func()
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.most-l.buffer.Len() {
		l.full()
		return 0, errTooMuch
	}
	return l.buffer.Write(p)
}
