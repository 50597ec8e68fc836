package host

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/checkpoint"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/journal"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// The values of --resume.
const (
	// ResumeAsk stops if it is not known whether rows without keys are stored.
	ResumeAsk = "ask"
	// ResumeSend sends these rows again, ResumeSkip leaves them out.
	ResumeSend = "send"
	ResumeSkip = "skip"
)

// Journals are the journals of a run: its own, and those of the calls with the option
// checkpoint.
type Journals struct {
	env    *environment.Env
	stored *storage.Lazy
	log    *slog.Logger
	tenant string

	work    journal.Work
	run     string // of a schedule
	script  runtime.Script
	resume  string
	resumed *journal.Unfinished

	mu    sync.Mutex
	main  *journal.Journal
	named map[string]*journal.Journal
}

// OpenJournals returns the journals of a run of a script, or nil if it cannot have any.
// In a retry of a scheduled run, and with resume, the run continues where an earlier one
// ended. command is the command line that resumes it.
func (h *Opened) OpenJournals(ctx context.Context, env *environment.Env, s runtime.Script, args []string, params []byte, resume, command string) (*Journals, error) {
	if h.store == nil || h.dryRun {
		if resume != "" {
			return nil, &usage.Error{Message: "there is nothing to resume: " + h.unrecorded()}
		}
		return nil, nil
	}
	j := &Journals{
		env: env, stored: h.store, log: h.store.Log, script: s, resume: resume, named: map[string]*journal.Journal{},
		tenant: journal.TenantOf(hostOf(h.Config.APIURL), h.Config.APIToken, h.Config.TenantToken),
	}
	j.work = journal.Work{Owner: ownerOf(env, s), Arguments: arguments(args, params), Tenant: j.tenant, Command: h.Secrets.String(command)}
	run, scheduled := env.Getenv(serve.JournalVariable)
	if scheduled {
		j.work.Owner = "run " + run
	}
	j.main = journal.New(h.store.Open, j.work, j.log)
	h.journals = j
	if scheduled {
		j.main.OnStart(j.prune)
	}
	if j.run, _ = env.Getenv(serve.RunVariable); scheduled && j.run == run {
		return j, nil // there is no earlier attempt
	}
	if scheduled {
		return j, j.continueRun(ctx)
	}
	if resume != "" {
		return j, j.continueScript(ctx)
	}
	j.main.OnStart(j.tellUnfinished)
	return j, nil
}

// unrecorded says why nothing is recorded.
func (h *Opened) unrecorded() string {
	switch {
	case h.dryRun:
		return "a dry run sends nothing"
	case h.server != nil:
		return "what is sent to the simulated Planhat is not recorded"
	}
	return "without a store, nothing is recorded"
}

func hostOf(address string) string {
	u, err := url.Parse(cmp.Or(address, planhat.DefaultBaseURL))
	if err != nil {
		return address
	}
	return u.Host
}

// ownerOf names what the journal of a script belongs to.
func ownerOf(env *environment.Env, s runtime.Script) string {
	if s.Path != "" {
		return "script " + s.Path
	}
	sum := sha256.Sum256(s.Source)
	return "script " + s.Name + " in " + env.Dir + " " + hex.EncodeToString(sum[:8])
}

func arguments(args []string, params []byte) string {
	if len(params) == 0 {
		params = []byte("{}")
	}
	text, _ := json.Marshal([]any{slices.Concat([]string{}, args), json.RawMessage(params)}) // both are valid
	return string(text)
}

// reading is how long the store may take to tell what earlier attempts have sent, so that
// nobody waits for a connection that is dead.
const reading = 30 * time.Second

// find returns the unfinished journals of an owner.
func (j *Journals) find(ctx context.Context, owner string) (found []*journal.Unfinished, err error) {
	ctx, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	db, err := j.stored.Open(ctx)
	if err != nil {
		return nil, err
	}
	if err := journal.Prune(ctx, db); err != nil {
		return nil, err
	}
	return journal.Find(ctx, db, owner)
}

// wait does what reads the store, and repeats it while the store is locked or
// unreachable.
func (j *Journals) wait(ctx context.Context, do func(ctx context.Context, db *store.DB) error) error {
	p := &store.Persistent{Open: j.stored.Open, What: "the store", Waits: "waiting to read what earlier attempts have sent", Log: j.log}
	return p.Do(ctx, do)
}

// continueRun continues the earlier attempts of a scheduled run, if there are any. Its
// settings may have changed since.
func (j *Journals) continueRun(ctx context.Context) error {
	var found []*journal.Unfinished
	err := j.wait(ctx, func(ctx context.Context, db *store.DB) (err error) {
		found, err = journal.Find(ctx, db, j.work.Owner)
		return err
	})
	if err != nil || len(found) == 0 {
		if err != nil {
			j.log.WarnContext(ctx, "what earlier attempts have sent cannot be read, so it is sent again", "reason", err.Error())
		}
		return nil
	}
	return j.continueAt(ctx, j.main, found)
}

// continueAt lets a journal continue unfinished work, if it is known what was sent.
func (j *Journals) continueAt(ctx context.Context, main *journal.Journal, found []*journal.Unfinished) error {
	for _, u := range found {
		if pid, running := u.AtWork(); running {
			return &usage.Error{Message: fmt.Sprintf("the run that began at %s is still running, as process %d", clock(u.Began), pid), Hint: "wait until it ends, or stop it"}
		}
	}
	gap := ""
	doubtful := &Doubtful{Began: found[0].Began, run: j.run}
	for _, u := range found {
		gap = cmp.Or(u.Gap, gap)
		if u.Doubtful > 0 && (j.resume == "" || j.resume == ResumeAsk) {
			var rows []journal.Doubt
			err := j.wait(ctx, func(ctx context.Context, db *store.DB) (err error) {
				rows, err = u.Doubts(ctx, db)
				return err
			})
			if err != nil {
				return err
			}
			doubtful.Rows = append(doubtful.Rows, rows...)
		}
	}
	if len(doubtful.Rows) > 0 {
		return doubtful
	}
	if gap != "" && j.resume != ResumeSend {
		return &usage.Error{
			Message: "the run that began at " + clock(found[0].Began) + " could not record everything that it sent: " + gap,
			Hint:    j.how(ResumeSend) + " continues it all the same: what is not recorded is sent again, and rows without keys among it are then stored twice",
		}
	}
	if err := main.Resume(ctx, found, j.resume == ResumeSend); err != nil {
		return err
	}
	if main == j.main {
		j.resumed = found[0]
	}
	return nil
}

// prune deletes journals that are too old or too large, before a run records something.
func (j *Journals) prune(ctx context.Context, db *store.DB) {
	ctx, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	if err := journal.Prune(ctx, db); err != nil {
		j.log.DebugContext(ctx, "old records were not deleted", "reason", err.Error())
	}
}

// tellUnfinished says before a run sends the first row that an earlier one did not end,
// if it sends rows without keys a second time.
func (j *Journals) tellUnfinished(ctx context.Context, db *store.DB) {
	ctx, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	j.prune(ctx, db)
	found, err := journal.Find(ctx, db, j.work.Owner)
	if err != nil {
		return
	}
	for _, u := range found {
		if _, running := u.AtWork(); u.Same(j.work) && !running && u.Keyless+u.Doubtful > 0 {
			j.log.WarnContext(ctx, fmt.Sprintf("an earlier run, which began at %s, did not end; it sent %s without keys, which this run stores a second time. "+
				"To continue the earlier run instead, press Ctrl-C and run: %s", clock(u.Began), english.Plural(u.Keyless+u.Doubtful, "row", ""), u.Command))
			return
		}
	}
}

// LeftOut returns how many rows the run left out because of --resume=skip.
func (j *Journals) LeftOut() (n int) {
	if j == nil {
		return 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range j.named {
		n += one.LeftOut()
	}
	return n + j.main.LeftOut()
}

// Context returns the context of the run.
func (j *Journals) Context(ctx context.Context) context.Context {
	if j == nil {
		return ctx
	}
	return planhat.WithJournal(ctx, j.main)
}

// Named returns the journal of calls with the option checkpoint. It continues where the
// last run ended that used it.
func (j *Journals) Named(ctx context.Context, name string) (planhat.Journal, error) {
	if j == nil {
		return nil, nil // a dry run, or no store
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if one := j.named[name]; one != nil {
		return one, nil
	}
	work := journal.Work{Owner: "checkpoint " + name + " of " + checkpointOwner(j.env, j.script), Arguments: "[]", Tenant: j.tenant, Command: j.work.Command}
	one := journal.New(j.stored.Open, work, j.log)
	found, err := j.find(ctx, work.Owner)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(u *journal.Unfinished) bool { return !u.Same(work) })
	if len(found) > 0 {
		if err := j.continueAt(ctx, one, found); err != nil {
			return nil, inScript(err)
		}
	}
	j.named[name] = one
	return one, nil
}

// inScript turns an error into one that a script can catch.
func inScript(err error) error {
	out := &planhat.Error{Kind: planhat.KindConfig, Message: err.Error(), Err: err}
	if hinted, ok := errors.AsType[interface {
		error
		ErrorHint() string
	}](err); ok {
		out.Hint = hinted.ErrorHint()
	}
	return out
}

// Resumed returns what the run continued, nil if it began anew.
func (j *Journals) Resumed() *outcome.Resumed {
	if j == nil || j.resumed == nil {
		return nil
	}
	skipped, unmet := j.main.Skipped()
	return &outcome.Resumed{Began: j.resumed.Began, Skipped: skipped, Unmet: unmet}
}

// Used reports whether the run can be resumed.
func (j *Journals) Used() bool { return j != nil && j.main.Used() }

// End ends the use of the journals. Those of work that is done are deleted.
func (j *Journals) End(ctx context.Context, done bool) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range append(slices.Collect(maps.Values(j.named)), j.main) {
		if !done {
			one.Release(ctx)
		} else if err := one.Finish(ctx); err != nil {
			j.log.WarnContext(ctx, "the record of what this run has sent could not be deleted; --resume would find it", "reason", err.Error())
		}
	}
}

// checkpointOwner names what the checkpoints of a script belong to.
func checkpointOwner(env *environment.Env, s runtime.Script) string {
	if name, ok := env.Getenv(serve.ScheduleVariable); ok && name != "" {
		return checkpoint.OfSchedule(name)
	}
	return checkpoint.OfScript(pathOf(env, s))
}
