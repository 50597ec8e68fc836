package run

import (
	"encoding/json"
	"fmt"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// summaryFile is what --summary names.
var summaryFile = printing.Output{Flag: "--summary", What: "the summary", Begins: "{\n  \"script\":"}

// writeSummary writes a summary as JSON; the file appears whole or not at all.
func writeSummary(env *environment.Env, name string, s *outcome.Summary, secrets *redact.Secrets) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("cannot write the summary: %w", err)
	}
	return summaryFile.Write(env, name, []byte(secrets.String(string(text))+"\n"))
}
