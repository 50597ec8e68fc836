package run

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/rejects"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// summaryFile is what --summary names.
var summaryFile = printing.Output{Flag: "--summary", What: "the summary", Begins: "{\n  \"script\":", Private: true}

// rejectsFile is what --rejects names.
var rejectsFile = printing.Output{Flag: "--rejects", What: "the rejected rows", Begins: "\ufeff" + bindings.RejectedColumns[0]}

// dryRunName is the name of the file of a dry run: the real run that follows needs
// that of --rejects.
func dryRunName(name string) string {
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + ".dry-run" + ext
}

// recordRejects returns the recorder of --rejects, or nil. From then on, the runs of
// the host report to it.
func (o *options) recordRejects(env *environment.Env) (*rejects.Recorder, error) {
	if o.rejects == "" {
		return nil, nil
	}
	if err := rejectsFile.CheckNew(env, o.rejects); err != nil {
		return nil, err
	}
	if o.DryRun {
		o.rejects = dryRunName(o.rejects)
		if err := rejectsFile.Check(env, o.rejects); err != nil {
			return nil, err
		}
	}
	r, err := rejects.NewRecorder(env.Path(o.rejects))
	if err != nil {
		return nil, printing.NotWritten(o.rejects, rejectsFile.What, err)
	}
	r.Replaces = o.DryRun
	o.Observer = r
	return r, nil
}

// writeSummary writes a summary as JSON; the file appears whole or not at all.
func writeSummary(env *environment.Env, name string, s *outcome.Summary, secrets *redact.Secrets) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write the summary: %w", err)
	}
	return summaryFile.Write(env, name, []byte(display.JSON(secrets.String(string(text)))+"\n"))
}

// sendSummary passes a summary to the service in the log, if a service reads it: the file
// that the service named may be on a disk that is full. It reports whether it did.
func sendSummary(env *environment.Env, s *outcome.Summary, secrets *redact.Secrets) bool {
	if env.LogMark == "" {
		return false
	}
	brief := *s
	for {
		text, err := json.Marshal(struct {
			*outcome.Summary
			LeftOut int `json:"rejected_rows_left_out,omitempty"`
		}{&brief, len(s.Rows) - len(brief.Rows)})
		if err != nil {
			return false
		}
		text = []byte(display.JSON(secrets.String(string(text))))
		if len(text) <= serve.LongestSummary {
			_, err = fmt.Fprintf(env.Stderr, "\n%s%s%s}\n", env.LogMark, serve.SummaryRecord, text)
			return err == nil
		}
		if len(brief.Rows) == 0 {
			return false
		}
		brief.Rows, brief.Writes = brief.Rows[:len(brief.Rows)/2], nil
	}
}

// unwritten reports a file that could not be written, or does nothing if err is nil. A
// run with such a file has failed, but the rest of its report still follows.
func unwritten(env *environment.Env, secrets *redact.Secrets, s *outcome.Summary, err error) {
	if err == nil {
		return
	}
	printing.Error(secrets.Writer(env.Stderr), env.StderrColor(), err)
	s.Unwritten = true
	if s.ExitCode == fault.ExitDone || s.ExitCode == fault.ExitRejected {
		s.ExitCode, s.Outcome = fault.ExitScript, "failed"
		s.Error = &outcome.Failure{Message: err.Error()}
	}
}
