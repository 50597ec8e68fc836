package run

import (
	"encoding/json"
	"fmt"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/rejects"
)

// summaryFile is what --summary names.
var summaryFile = printing.Output{Flag: "--summary", What: "the summary", Begins: "{\n  \"script\":"}

// rejectsFile is what --rejects names.
var rejectsFile = printing.Output{Flag: "--rejects", What: "the rejected rows"}

// recordRejects returns the recorder of --rejects, or nil. From then on, the runs of
// the host report to it.
func (o *options) recordRejects(env *environment.Env) (*rejects.Recorder, error) {
	if o.rejects == "" {
		return nil, nil
	}
	if err := rejectsFile.CheckNew(env, o.rejects); err != nil {
		return nil, err
	}
	r, err := rejects.NewRecorder(env.Path(o.rejects))
	if err != nil {
		return nil, printing.NotWritten(o.rejects, rejectsFile.What, err)
	}
	o.Observer = r
	return r, nil
}

// writeSummary writes a summary as JSON; the file appears whole or not at all.
func writeSummary(env *environment.Env, name string, s *outcome.Summary, secrets *redact.Secrets) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write the summary: %w", err)
	}
	return summaryFile.Write(env, name, []byte(secrets.String(string(text))+"\n"))
}
