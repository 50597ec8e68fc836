package host

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// storing is how long the store may take for the entry of a run. A run does not wait for
// it longer.
const storing = 10 * time.Second

// Entry is the run of a command in the history. It is made when the run first writes. If
// the store fails, the run has none, and says so. A nil Entry makes none. It is safe for
// concurrent use.
type Entry struct {
	stored  *storage.Lazy
	log     *slog.Logger
	secrets *redact.Secrets
	run     history.Run
	// cancel ends the work. Runs that ended more than days ago are deleted, and older ones
	// than the last that take size bytes.
	cancel func(error)
	days   int
	size   int64

	mu sync.Mutex
	// note is why the run ended as it did, if there was no error.
	note   string
	id     int64
	failed bool
	stop   context.CancelFunc
	beats  sync.WaitGroup
}

// Enter returns the entry of a command that works with a script, nil for one that has none:
// a simulated one, and one without a store. cancel is called if somebody
// cancels the run. In a scheduled run, the entry is the one of the service.
func (h *Opened) Enter(env *environment.Env, cause history.Cause, script runtime.Script, cancel func(error)) *Entry {
	if h.store == nil {
		return nil
	}
	e := &Entry{
		stored: h.store, log: h.store.Log, secrets: h.Secrets, cancel: cancel,
		run: history.Run{Cause: cause, Script: h.Secrets.String(script.Name), ScriptHash: hashOf(script.Source), Definition: config.Schedule{Profile: h.Config.Profile.Name}},
	}
	e.days, e.size = cmp.Or(max(0, h.Config.Serve.KeepDays), serve.DefaultKeepDays), serve.DefaultKeepSize
	_ = config.Set("", h.Config.Serve.KeepSize, &e.size, config.ParseSize) // a service says what is wrong
	if run, scheduled := env.Getenv(serve.RunVariable); scheduled {
		e.id, _ = strconv.ParseInt(run, 10, 64)
		e.failed = true // to add one
	}
	h.entry.Store(e)
	return e
}

// ID returns the number of the run, 0 if it has none.
func (e *Entry) ID() int64 {
	if e == nil {
		return 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.id
}

// Begin makes the entry before the first write, and returns its number, 0 if there is none.
func (e *Entry) Begin(ctx context.Context) int64 {
	if e == nil {
		return 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.id > 0 || e.failed {
		return e.id
	}
	r := e.run
	err := e.history(ctx, func(ctx context.Context, h *history.History) error {
		if err := h.LoseCommands(ctx); err != nil {
			return err
		}
		return h.Begin(ctx, &r, quota.ProcessName())
	})
	if err != nil {
		e.failed = true
		e.log.WarnContext(ctx, "this run has no number: it could not be added to the history", "reason", err.Error())
		return 0
	}
	e.id = r.ID
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	e.beats.Go(func() { e.beat(beating, r.ID) })
	return e.id
}

// script is the name of the script, "" for a nil Entry.
func (e *Entry) script() string {
	if e == nil {
		return ""
	}
	return e.run.Script
}

// history works on the history, for a short time.
func (e *Entry) history(ctx context.Context, do func(ctx context.Context, h *history.History) error) error {
	return e.store(ctx, func(ctx context.Context, db *store.DB) error { return do(ctx, history.New(db)) })
}

func (e *Entry) store(ctx context.Context, do func(ctx context.Context, db *store.DB) error) error {
	if e == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storing)
	defer cancel()
	db, err := e.stored.Open(ctx)
	if err != nil {
		return err
	}
	return do(ctx, db)
}

// beat tells the store that the run is alive.
func (e *Entry) beat(ctx context.Context, id int64) {
	tick := time.NewTicker(history.CommandLost / 6)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = e.history(ctx, func(ctx context.Context, h *history.History) error {
			own, cancelled, err := h.Seen(ctx, id, quota.ProcessName(), nil)
			if err == nil && own && cancelled && e.cancel != nil {
				e.cancel(fault.StoppedBy(syscall.SIGTERM))
			}
			return err
		})
	}
}

// Note sets why the run ends as it does, for one that ends without an error.
func (e *Entry) Note(why string) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.note = why
}

// End stores how the run ended.
func (e *Entry) End(ctx context.Context, s *outcome.Summary) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stop == nil {
		return
	}
	e.stop()
	e.beats.Wait()
	e.stop = nil
	end := history.End{Status: statusOf(s), ExitCode: &s.ExitCode, Calls: s.Calls, Written: s.Changed(), Rejected: s.Lost(), Reason: e.secrets.String(e.note)}
	if s.Error != nil {
		end.Reason = e.secrets.String(s.Error.String())
		end.Error, end.Hint = e.secrets.String(s.Error.Message), e.secrets.String(s.Error.Hint)
	}
	text, err := json.Marshal(s)
	if err == nil {
		end.Summary = []byte(display.JSON(e.secrets.String(string(text))))
		err = e.history(ctx, func(ctx context.Context, h *history.History) error {
			return h.Conclude(ctx, e.id, end)
		})
	}
	if err != nil {
		e.log.WarnContext(ctx, "the history does not say how this run ended", "run", e.id, "reason", err.Error())
		return
	}
	_ = e.history(ctx, func(ctx context.Context, h *history.History) error {
		_, err := h.Prune(ctx, time.Now().AddDate(0, 0, -e.days), e.size)
		return err
	})
}

func hashOf(source []byte) string {
	if len(source) == 0 {
		return ""
	}
	sum := sha256.Sum256(source)
	return hex.EncodeToString(sum[:])
}

// statusOf is the status of a run with a summary.
func statusOf(s *outcome.Summary) history.Status {
	switch s.ExitCode {
	case fault.ExitDone:
		return history.Succeeded
	case fault.ExitRejected:
		return history.Rejected
	case fault.ExitLimit:
		return history.TimedOut
	case fault.ExitInterrupted, fault.ExitTerminated:
		return history.Cancelled
	}
	return history.Failed
}
