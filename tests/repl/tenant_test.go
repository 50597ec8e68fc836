//go:build unix

package repl_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/terminal"
)

// Custom fields that cannot follow a dot are completed in brackets, and their values.
func TestCompletesCustomFields(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "planhat.schema.json"), []byte(`{
"format": "phscript schema 1",
"tenant": {"host":"https://api.planhat.com"},
"custom_fields": [
  {"model":"company","name":"Next Review","type":"list","values":["Not planned"]},
  {"model":"company","name":"Wave","type":"text"}
],
"phases": ["Handover phase"],
"users": [],
"workflows": []
}
`), 0o600))
	term := start(t, terminal.Setting{Dir: dir}, "repl", "--simulate", "--companies", "2")
	term.Prompt()
	term.Enter("c = planhat.company.get_list()[1]")
	term.Keys(`c.custom["N` + terminal.TabKey)
	term.See(`c.custom["Next Review"]`)
	term.Keys(` == "` + terminal.TabKey)
	term.See(`c.custom["Next Review"] == "Not planned"`)
	term.Keys(terminal.EnterKey)
	term.Prompt()
	term.Keys("c.custom." + terminal.TabKey)
	term.See(`["Next Review"]`, "Wave")
	term.Keys("Ne" + terminal.TabKey)
	term.See(`c.custom["Next Review"]`)
	term.Keys(terminal.EnterKey)
	term.Prompt()
	term.Keys("c.custom.Wa" + terminal.TabKey)
	term.See("c.custom.Wave")
	term.Keys(terminal.EnterKey)
	term.Prompt()
	term.Enter(":fields company")
	term.See("Custom fields of your account", `custom["Next Review"]  list, Not planned`, "custom.Wave            text")
	term.Keys(`c.phase == "Ha` + terminal.TabKey)
	term.See(`c.phase == "Handover phase"`)
}
