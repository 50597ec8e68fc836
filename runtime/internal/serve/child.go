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
	"slices"
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
}

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
	cmd, err := p.command(from, r, d, own.path, summary)
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
	return conclude(cmd, err, late, sent, strings.Join(tail.lines[max(0, len(tail.lines)-tailLines):], "\n"))
}

// command is the command line of a run. The run does not read the configuration file,
// which may be invalid by now, and does not follow a link that may have been switched
// to another release.
func (p *Program) command(from *Loaded, r *history.Run, d schedule.Definition, temp, summary string) (*exec.Cmd, error) {
	path, err := p.Path()
	if err != nil {
		return nil, err
	}
	args := []string{"run", "--quiet", "--log-format", "json", "--summary", summary, "--timeout", d.Timeout.String()}
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
	if d.MaxMemory > 0 {
		args = append(args, "--max-memory", strconv.FormatInt(d.MaxMemory, 10)+"B")
	}
	if d.DryRun {
		args = append(args, "--dry-run")
	} else if d.Resume == string(schedule.ResumeSend) || d.Resume == string(schedule.ResumeSkip) {
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
	cmd := exec.Command(path, args...)
	cmd.Dir = cmp.Or(from.Dir, p.Dir)
	cmd.Env = append(cmd.Env, p.Env...)
	passed := map[string]bool{}
	for _, name := range slices.Concat(from.Config.AllowEnv, d.AllowEnv) {
		if passed[name] {
			continue
		}
		passed[name] = true
		// Env may differ from the service's own environment on purpose: with
		// --simulate, it has the addresses of the simulated Planhat.
		if hasVariable(p.Env, name) {
			continue
		}
		if value, ok := p.Getenv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, RunVariable+"="+itoa(r.ID), JournalVariable+"="+itoa(cmp.Or(r.First, r.ID)))
	if configCopy != "" {
		cmd.Env = append(cmd.Env, ConfigVariable+"="+configCopy)
	}
	if r.Schedule != "" {
		cmd.Env = append(cmd.Env, ScheduleVariable+"="+r.Schedule)
	}
	if r.Cause == history.ByHook {
		cmd.Env = append(cmd.Env, HookVariable+"="+r.Definition.Name)
	}
	if !d.Params.IsZero() {
		cmd.Env = append(cmd.Env, ParamsVariable+"="+d.Params.JSON())
	}
	return cmd, nil
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
