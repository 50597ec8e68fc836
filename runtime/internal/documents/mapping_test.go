package documents

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/builtins"
)

// connectors are the systems that connectors declare streams of.
func connectors(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, name := range builtins.Names() {
		system, ok := strings.CutPrefix(name, "connectors.")
		if system == "nps_csv" { // it reads files, so it declares no streams
			continue
		}
		if _, err := os.Stat(filepath.Join(root, "docs", "connectors", system+".md")); ok && err == nil {
			names = append(names, system)
		}
	}
	require.NotEmpty(t, names)
	return names
}

// mapped returns the tables of how a connector maps its streams.
func mapped(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("print(json.encode(json.array(require('connector.setup').mapping(%q))))\n", name)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "map.lua"), []byte(script), 0o644))
	stdout, stderr, code := phscript(t, dir, "run", "--simulate", "--quiet", "map.lua")
	require.Zero(t, code, stderr)
	var streams []struct {
		Stream, Model, Prefix string
		Rows                  []struct{ Property, From, How string }
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &streams), stdout)
	require.NotEmpty(t, streams, name)
	var b strings.Builder
	for _, s := range streams {
		fmt.Fprintf(&b, "\n**%s → %s**", s.Stream, s.Model)
		if s.Prefix != "" {
			fmt.Fprintf(&b, ", with `%s` before the id", s.Prefix)
		}
		b.WriteString("\n\n| Property | From | How |\n| --- | --- | --- |\n")
		for _, r := range s.Rows {
			assert.NotEqual(t, "computed", r.How, "%s %s.%s: describe how it is computed with F.about", name, s.Stream, r.Property)
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Property, r.From, strings.ReplaceAll(r.How, "|", "\\|"))
		}
	}
	return b.String() + "\n"
}
