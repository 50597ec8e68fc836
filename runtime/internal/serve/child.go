package serve

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/schedule"
)

// The environment variables that phscript sets for a run.
const (
	// RunVariable holds the run's number. A program that has it ends when its
	// standard input is closed: its worker is gone then.
	RunVariable = "PHSCRIPT_RUN"
	// ConfigVariable holds the name of a copy of the configuration file, which is
	// read instead.
	ConfigVariable = "PHSCRIPT_CONFIG_COPY"
	// ScheduleVariable holds the name of the run's schedule.
	ScheduleVariable = "PHSCRIPT_SCHEDULE"
	// JournalVariable holds the number of the run's first attempt, whose journal all
	// attempts continue.
	JournalVariable = "PHSCRIPT_JOURNAL"
	// LogMarkVariable holds the text that begins each record of the run's log. The
	// script does not know it, so it cannot forge a record.
	LogMarkVariable = "PHSCRIPT_LOG_MARK"
	// HookVariable holds the name of the webhook whose events the run handles.
	HookVariable = "PHSCRIPT_WEBHOOK"
	// PlanVariable holds the number of the plan that the run applies.
	PlanVariable = "PHSCRIPT_PLAN"
	// ParamsVariable holds the run's parameters as JSON.
	ParamsVariable = "PHSCRIPT_PARAMS"
)

// Time limits for the end of a program.
const (
	// overtime is how much longer than its time limit a run may take before it is
	// asked to stop.
	overtime = 10 * time.Second
	// askedFor is how long a program may take to stop before it is killed.
	askedFor = 15 * time.Second
)

// Program starts runs: each is a process of the same program.
type Program struct {
	// Path returns the program's file, which may move while the service runs.
	Path func() (string, error)
	// Dir is the folder of runs if the configuration does not say from which one it
	// was loaded.
	Dir string
	// Env is the environment of every run.
	Env []string
	// Flags are given to every run.
	Flags []string
	// Profile is the profile of schedules that name none, "" for that of the file.
	Profile string
	// Tokens, if set, returns the variables with the tokens of a profile, which the run
	// cannot find itself. Refused, if set, is told that Planhat has refused a token.
	Tokens  func(ctx context.Context, from *Loaded, profile string) ([]string, error)
	Refused func(profile string)
	// Getenv returns other variables, which a schedule may allow its script.
	Getenv func(string) (string, bool)
	// Children, if set, are told of the processes.
	Children *Children
	// Plans keeps the plans of schedules whose runs need approval.
	Plans PlanKeeper
}

// PlanKeeper keeps plans of runs.
type PlanKeeper interface {
	// Save writes the plan that a run applies to a file, and returns the flags that confirm it.
	Save(ctx context.Context, plan int64, file string) (flags []string, err error)
	// Keep stores the plan that a run has made, if there is the file. It returns what it did with
	// the plan, for people.
	Keep(ctx context.Context, from *Loaded, r *history.Run, d schedule.Definition, file string) (says string, err error)
}

// planName is the file of a plan in the folder of a run.
const planName = "plan.jsonl"

// Launch starts a run and waits for its end.
func (p *Program) Launch(ctx context.Context, from *Loaded, r *history.Run, d schedule.Definition, out Output) history.End {
	failed := func(err error) history.End {
		return history.End{Status: history.Failed, Error: "the run could not start: " + err.Error()}
	}
	own, err := newFolder()
	if err != nil {
		return failed(err)
	}
	defer func() { _ = own.remove() }()
	summary := filepath.Join(own.path, "summary.json")
	cmd, err := p.command(ctx, from, r, d, own.path, summary)
	if err != nil {
		return failed(err)
	}
	if p.Tokens != nil {
		tokens, err := p.Tokens(ctx, from, p.profile(d))
		if err != nil {
			return failed(err)
		}
		cmd.Env = append(cmd.Env, tokens...)
	}
	mark := rand.Text()
	cmd.Env = append(cmd.Env, LogMarkVariable+"="+mark)
	ownGroup(cmd)
	stdin, noInput := cmd.StdinPipe()
	stdout, noOutput := cmd.StdoutPipe()
	stderr, noErrors := cmd.StderrPipe()
	if err := cmp.Or(noInput, noOutput, noErrors); err != nil {
		return failed(err)
	}
	wait, err := p.Children.start(cmd)
	if err != nil {
		return failed(err)
	}
	var tail tail
	var sent []byte
	var reading sync.WaitGroup
	reading.Go(func() {
		readLines(stdout, "", func(text string, _ bool) { out.Line(history.Line{Level: "print", Message: text}) })
	})
	reading.Go(func() {
		readLines(stderr, mark, func(text string, record bool) {
			if record {
				if s := sentSummary(text); s != nil {
					sent = s
				} else if p := sentProgress(text); p != nil {
					out.Progress(*p)
				} else {
					out.Line(logLine(text))
				}
				return
			}
			tail.add(text)
			out.Line(history.Line{Level: "stderr", Message: text})
		})
	})
	over := make(chan struct{})
	var watch sync.WaitGroup
	var late bool
	watch.Go(func() { late = p.watch(ctx, cmd, stdin, d, over) })
	reading.Wait()
	err = wait()
	close(over)
	watch.Wait()
	_ = stdin.Close()
	if sent == nil {
		sent = readSummary(summary)
	}
	if p.Refused != nil && cmd.ProcessState.ExitCode() == fault.ExitAuth {
		p.Refused(p.profile(d))
	}
	end := conclude(cmd, err, late, sent, strings.Join(tail.lines[max(0, len(tail.lines)-tailLines):], "\n"))
	if d.Approve && (end.Status == history.Succeeded || end.Status == history.Rejected) {
		p.keepPlan(from, r, d, filepath.Join(own.path, planName), &end)
	}
	return end
}

// keepPlan stores the plan that a run has made.
func (p *Program) keepPlan(from *Loaded, r *history.Run, d schedule.Definition, file string, end *history.End) {
	ctx, cancel := context.WithTimeout(context.Background(), longPassTime)
	defer cancel()
	says, err := p.Plans.Keep(ctx, from, r, d, file)
	if err == nil {
		end.Reason = storable(says)
		return
	}
	end.Status, end.Reason = history.Failed, storable("the plan was not kept: "+err.Error())
	if hint, ok := errors.AsType[interface {
		error
		ErrorHint() string
	}](err); ok {
		end.Hint = storable(hint.ErrorHint())
	}
}

// command is the command line of a run. The run does not read the configuration file,
// which may be invalid by now, and does not follow a link that may have been switched
// to another release.
func (p *Program) command(ctx context.Context, from *Loaded, r *history.Run, d schedule.Definition, temp, summary string) (*exec.Cmd, error) {
	path, err := p.Path()
	if err != nil {
		return nil, err
	}
	verb := "run"
	switch {
	case d.Plan > 0:
		verb = "apply"
	case d.Approve:
		verb = "plan"
	}
	args := []string{verb, "--quiet", "--log-format", "json", "--summary", summary}
	configCopy := ""
	if c := from.Config; c.File != "" {
		args = append(args, "--config", c.File)
		configCopy = filepath.Join(temp, config.FileName)
		if err := os.WriteFile(configCopy, c.Text, 0o600); err != nil {
			return nil, err
		}
	}
	args = append(args, p.Flags...)
	if name := p.profile(d); name != "" {
		args = append(args, "--profile", name)
	}
	if d.Plan > 0 {
		file := filepath.Join(temp, planName)
		flags, err := p.Plans.Save(ctx, d.Plan, file)
		if err != nil {
			return nil, err
		}
		args = append(append(args, flags...), file)
	} else {
		args = append(args, scriptArgs(r, d, temp)...)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = cmp.Or(from.Dir, p.Dir)
	p.variables(cmd, from, r, d)
	if configCopy != "" {
		cmd.Env = append(cmd.Env, ConfigVariable+"="+configCopy)
	}
	return cmd, nil
}

// scriptArgs are the flags of a run that runs its script, and the script.
func scriptArgs(r *history.Run, d schedule.Definition, temp string) []string {
	args := []string{"--timeout", d.Timeout.String()}
	if d.MaxMemory > 0 {
		args = append(args, "--max-memory", strconv.FormatInt(d.MaxMemory, 10)+"B")
	}
	switch {
	case d.Approve:
		args = append(args, "--out", filepath.Join(temp, planName), "--expires-in", d.PlanLife.String())
	case d.DryRun:
		args = append(args, "--dry-run")
	case d.Resume == string(schedule.ResumeSend) || d.Resume == string(schedule.ResumeSkip):
		args = append(args, "--resume="+d.Resume)
	}
	for flag, values := range map[string][]string{"--allow-write": d.AllowWrite, "--allow-read": d.AllowRead, "--allow-env": d.AllowEnv, "--allow-net": d.AllowNet} {
		for _, v := range values {
			args = append(args, flag, v)
		}
	}
	// A name such as -x.lua is not a flag, and neither is an argument.
	script := r.Script
	if strings.HasPrefix(script, "-") {
		script = "./" + script
	}
	args = append(args, script)
	if len(d.Args) > 0 {
		args = append(append(args, "--"), d.Args...)
	}
	return args
}

// profile is the profile of a run, "" for the only one of the file, or for none.
func (p *Program) profile(d schedule.Definition) string { return cmp.Or(d.Profile, p.Profile) }

// watch ends the program if ctx ends, or if the run takes much longer than its time
// limit. It reports whether it did.
func (p *Program) watch(ctx context.Context, cmd *exec.Cmd, stdin io.Closer, d schedule.Definition, over <-chan struct{}) (late bool) {
	limit := time.NewTimer(d.Timeout + overtime)
	defer limit.Stop()
	select {
	case <-over:
		return false
	case <-limit.C:
		late = true
	case <-ctx.Done():
		if errors.Is(context.Cause(ctx), errKilled) {
			killGroup(cmd)
			return false
		}
	}
	askToStop(cmd, stdin)
	patience := time.NewTimer(askedFor)
	defer patience.Stop()
	select {
	case <-over:
	case <-patience.C:
		killGroup(cmd)
	}
	return late
}

// tail keeps the last lines of standard error: the error report.
type tail struct{ lines []string }

// Bounds of a report.
const (
	tailLines     = 40
	longestReport = 64 << 10
)

func (t *tail) add(text string) {
	t.lines = append(t.lines, text)
	if len(t.lines) > 2*tailLines {
		t.lines = append([]string(nil), t.lines[len(t.lines)-tailLines:]...)
	}
}

func conclude(cmd *exec.Cmd, err error, late bool, summary []byte, report string) history.End {
	end := history.End{Status: history.Succeeded, Summary: summary}
	var o outcome.Summary
	code := cmd.ProcessState.ExitCode()
	switch {
	case json.Unmarshal(summary, &o) == nil:
		end.Calls, end.Written, end.Rejected, end.InDoubt = o.Calls, o.Changed(), o.Lost(), o.InDoubt
	case code != fault.ExitUsage: // with which it ends before it begins
		end = end.Unfinished()
	}
	if code >= 0 {
		end.ExitCode = &code
	}
	var exit *exec.ExitError
	switch {
	case late:
		end.Status, end.Reason = history.TimedOut, "it ran past its time limit and was killed"
	case err == nil:
		return end
	case !errors.As(err, &exit):
		end.Status, end.Error = history.Failed, err.Error()
	case code == fault.ExitRejected:
		end.Status, end.Reason = history.Rejected, "rows were rejected"
		if end.Rejected > 0 {
			end.Reason = english.Plural(end.Rejected, "row was", "rows were") + " rejected"
		} else if o.Error != nil {
			end.Reason = storable(o.Error.String())
		}
	case code == fault.ExitLimit:
		end.Status = history.TimedOut
	case code == fault.ExitInterrupted || code == fault.ExitTerminated:
		end.Status = history.Cancelled
	case code < 0:
		end.Status, end.Reason = history.Failed, "the process was killed ("+exit.String()+"); the system may have run out of memory"
	default:
		end.Status = history.Failed
	}
	if end.Reason == "" && o.Error != nil {
		end.Reason = storable(o.Error.String())
	}
	if end.Error == "" {
		end.Error = lastOf(report, longestReport)
	}
	if o.Error != nil {
		end.Hint = storable(o.Error.Hint)
	} else {
		end.Hint = hintIn(end.Error)
	}
	if end.Status == history.Failed {
		end.Reason = history.Why(end.Reason, end.Error)
	}
	return end
}

// hintIn returns the hint at the end of a report, for a run that ended before it had a
// summary.
func hintIn(report string) string {
	at := strings.LastIndex("\n"+report, "\nhint: ")
	if at < 0 {
		return ""
	}
	hint, _, _ := strings.Cut(report[at+len("hint: "):], "\n")
	return hint
}
