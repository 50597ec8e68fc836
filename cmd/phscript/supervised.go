package main

import (
	"io"
	"os"

	"github.com/phscript/phscript/runtime/serve"
)

// supervised prepares a run that phscript serve has started. It has no standard
// input of its own: that is a pipe which ends when the service does, also where
// it is killed, and the run ends then, so that nobody repeats it beside it.
func supervised(env *environment) *environment {
	if _, ok := env.getenv(serve.RunVariable); !ok {
		return env
	}
	inner := *env
	inner.interrupts = func() (<-chan os.Signal, func()) {
		signals, ignore := env.interrupts()
		both := make(chan os.Signal, 2)
		go func() {
			for s := range signals {
				both <- s
			}
		}()
		go func() {
			_, _ = io.Copy(io.Discard, env.stdin)
			both <- os.Interrupt
		}()
		return both, ignore
	}
	return &inner
}
