package run

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
)

// orphanGrace is how long a run may take to end gently once its service is gone.
// It is over before another worker may repeat the run.
const orphanGrace = 10 * time.Second

// Supervised prepares a run that phscript serve has started. Its standard
// input is a pipe that ends when the service does, also if it is killed. The run
// ends then, so that it does not run twice when another worker repeats it.
func Supervised(env *environment.Env) *environment.Env {
	if _, ok := env.Getenv(serve.RunVariable); !ok {
		return env
	}
	inner := *env
	inner.Stdin = strings.NewReader("")
	inner.ReadFile = sourcefile.Read // nobody is there to end the wait for a pipe
	inner.LogMark, _ = env.Getenv(serve.LogMarkVariable)
	inner.Getenv = func(name string) (string, bool) {
		if name == serve.LogMarkVariable {
			return "", false // also if the schedule lets its script read all variables
		}
		return env.Getenv(name)
	}
	if copied, ok := env.Getenv(serve.ConfigVariable); ok {
		// It may hold a token, so it does not stay.
		inner.ReadConfig = func(string) ([]byte, error) {
			text, err := env.ReadFile(copied)
			return text, errors.Join(err, os.Remove(copied))
		}
	}
	inner.Interrupts = func() (<-chan os.Signal, func()) {
		signals, ignore := env.Interrupts()
		both := make(chan os.Signal, 2)
		go func() {
			for s := range signals {
				both <- s
			}
		}()
		go func() {
			_, _ = io.Copy(io.Discard, env.Stdin)
			both <- os.Interrupt
			time.Sleep(orphanGrace)
			both <- os.Interrupt
		}()
		return both, ignore
	}
	return &inner
}
