package run

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	board "github.com/phscript/phscript/runtime/internal/progress"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/serve"
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

// report returns how far the run is, for its service.
func report(s *outcome.Summary, doing *board.Task, secrets *redact.Secrets) history.Progress {
	p := history.Progress{Calls: s.Calls, Written: s.Changed(), Rejected: s.Lost()}
	if doing != nil {
		p.Task = &history.Task{Name: secrets.String(doing.Name), Unit: secrets.String(doing.Unit), Done: doing.Done, Total: doing.Total, Left: -1}
		if doing.Left >= 0 {
			p.Task.Left = int64(doing.Left.Seconds())
		}
	}
	return p
}

// keep keeps the summary file up to date, and tells the service how far the run is, until
// stop is called.
func (p *progress) keep(env *environment.Env, file, script string, started time.Time, secrets *redact.Secrets, doing func() *board.Task) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		var said string
		for calls, modules := 0, 0; ; {
			select {
			case <-tick.C:
			case <-end:
				return
			}
			s := p.summary(script, started)
			if text, err := json.Marshal(report(s, doing(), secrets)); err == nil && env.LogMark != "" && string(text) != said {
				said = string(text)
				fmt.Fprintf(env.Stderr, "\n%s%s%s}\n", env.LogMark, serve.ProgressRecord, said) // the end of the run reports a service that is gone
			}
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
