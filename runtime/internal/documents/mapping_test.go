package documents

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	script := fmt.Sprintf("local setup = require('connector.setup')\nprint(json.encode({ streams = json.array(setup.mapping(%[1]q)), about = setup.describe(%[1]q) }))\n", name)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "map.lua"), []byte(script), 0o644))
	stdout, stderr, code := phscript(t, dir, "run", "--simulate", "--quiet", "map.lua")
	require.Zero(t, code, stderr)
	var declared struct {
		Streams []struct {
			Stream, Model, Prefix string
			Permissions           []string
			BackPermissions       []string `json:"back_permissions"`
			Rows                  []struct{ Property, From, How string }
		}
		About struct {
			Title, Version, Sunset string
			Expires                any
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &declared), stdout)
	require.NotEmpty(t, declared.Streams, name)
	var b strings.Builder
	b.WriteString(lifetime(declared.About.Title, declared.About.Version, declared.About.Sunset, declared.About.Expires))
	for _, s := range declared.Streams {
		fmt.Fprintf(&b, "\n**%s → %s**", s.Stream, s.Model)
		if s.Prefix != "" {
			fmt.Fprintf(&b, ", with `%s` before the id", s.Prefix)
		}
		b.WriteString("\n\n")
		if len(s.Permissions) > 0 {
			fmt.Fprintf(&b, "Permissions: `%s`", strings.Join(s.Permissions, "`, `"))
			if len(s.BackPermissions) > 0 {
				fmt.Fprintf(&b, "; to write fields back, also `%s`", strings.Join(s.BackPermissions, "`, `"))
			}
			b.WriteString("\n\n")
		}
		b.WriteString("| Property | From | How |\n| --- | --- | --- |\n")
		for _, r := range s.Rows {
			assert.NotEqual(t, "computed", r.How, "%s %s.%s: describe how it is computed with F.about", name, s.Stream, r.Property)
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Property, r.From, strings.ReplaceAll(r.How, "|", "\\|"))
		}
	}
	return b.String() + "\n"
}

// lifetime says which version of its API a connector uses, and what ends when.
func lifetime(title, version, sunset string, expires any) string {
	if version == "" {
		return ""
	}
	text := fmt.Sprintf("\nThe connector uses version %s of %s's API", version, title)
	if sunset != "" {
		text += ", which ends on " + sunset
	}
	text += "."
	if dates, ok := expires.(map[string]any); ok {
		for _, variable := range slices.Sorted(maps.Keys(dates)) {
			text += fmt.Sprintf(" %s no longer accepts `%s` from %v on.", title, variable, dates[variable])
		}
	}
	return text + "\n"
}
