package run

import (
	"slices"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// progressEvery is how often the summary of a scheduled run is brought up to date
// while it makes calls, so that little is missing if the run is killed.
const progressEvery = time.Second

// unfinished is the outcome in the summary of a run that has not ended.
const unfinished = "unfinished"

// progress is what a run has done so far.
type progress struct {
	calls planhat.Tally

	mu      sync.Mutex
	modules []outcome.Module
}

// required notes a file that the script required.
func (p *progress) required(m runtime.ModuleVersion) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.modules = append(p.modules, outcome.Module(m))
}

// summary returns the summary so far.
func (p *progress) summary(script string, started time.Time) *outcome.Summary {
	s := outcome.New(script, started, outcome.Work{Summary: p.calls.Snapshot(), Duration: time.Since(started)})
	s.Outcome = unfinished
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Modules = slices.Clone(p.modules)
	return s
}

// keep keeps the summary file up to date until stop is called.
func (p *progress) keep(env *environment.Env, file, script string, started time.Time, secrets *redact.Secrets) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for calls, modules := 0, 0; ; {
			select {
			case <-tick.C:
			case <-end:
				return
			}
			s := p.summary(script, started)
			if s.Calls == calls && len(s.Modules) == modules {
				continue
			}
			calls, modules = s.Calls, len(s.Modules)
			_ = writeSummary(env, file, s, secrets) // the end of the run reports what is wrong with the file
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}
