package run

import (
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// resumeChoices are the values of --resume.
var resumeChoices = []string{host.ResumeAsk, host.ResumeSend, host.ResumeSkip}

// checkResume checks the value of --resume.
func (o *options) checkResume() error {
	if o.resume == "" {
		return nil
	}
	if !slices.Contains(resumeChoices, o.resume) {
		return &usage.Error{Message: "--resume takes no value, send or skip, not '" + o.resume + "'", Hint: "--resume=send sends rows again that may be stored, --resume=skip leaves them out"}
	}
	if o.Simulated || o.DryRun || o.tape.replay != "" {
		return &usage.Error{Message: "--resume cannot be used with --simulate, --replay or --dry-run, whose runs leave nothing to resume"}
	}
	return nil
}

// resumeCommand is the command line that resumes the run.
func resumeCommand(env *environment.Env) string {
	line := []string{"phscript", "run", "--resume"}
	for _, arg := range unrecorded(env.Args) {
		if arg == "run" && len(line) == 3 || arg == "--resume" || strings.HasPrefix(arg, "--resume=") {
			continue
		}
		line = append(line, Quoted(arg))
	}
	return strings.Join(line, " ")
}

// Quoted returns an argument as a shell reads it.
func Quoted(arg string) string {
	plain := func(r rune) bool {
		return r < 0x80 && !strings.ContainsRune(" \t\n\"'\\$`&|;<>()*?[]#~{}!", r) || r >= 0x80
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// inDoubt returns the result of a run that was not resumed because it is not known
// whether rows are stored: these rows.
func (o *options) inDoubt(e *host.Doubtful) *runtime.Result {
	var tally planhat.Tally
	for _, row := range e.Outcomes() {
		tally.Outcome(row)
		if o.Observer != nil {
			o.Observer.Outcome(row)
		}
	}
	return &runtime.Result{Summary: tally.Snapshot(), Rejected: tally.Rejected()}
}

// refused reports whether a run ended because Planhat refused its token before anything was
// stored. With the right token, it begins anew.
func refused(journals *host.Journals, s *outcome.Summary) bool {
	c := s.Counts
	return s.ExitCode == fault.ExitAuth && journals.Resumed() == nil &&
		c.Created+c.Updated+c.Unchanged+c.Deleted+c.Rejected+c.UncertainOutcome+c.Unknown == 0
}

// done reports whether nothing is left to do for a run that resumes this one.
func done(journals *host.Journals, s *outcome.Summary) bool {
	left := journals.LeftOut()
	// Nobody can decide more about rows that were left out.
	return s.Outcome == "done" || s.Outcome == "rejected" || refused(journals, s) || left > 0 && s.Finished && s.Unsent == 0 && s.Unknown <= left
}
