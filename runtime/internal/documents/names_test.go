package documents

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/memory"
	"github.com/phscript/phscript/tests/program"
)

func TestMain(m *testing.M) { os.Exit(program.Run(m)) }

// phscript runs the program in dir and returns its streams and exit code.
func phscript(t *testing.T, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(program.Path(t), args...)
	cmd.Dir = dir
	// No token and no address of the developer's may reach a test.
	cmd.Env = append(os.Environ(), "PLANHAT_API_TOKEN=", "PLANHAT_TENANT_TOKEN=", "PLANHAT_API_URL=", "PLANHAT_ANALYTICS_URL=", "PLANHAT_CALLS_PER_MIN=")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

var flagName = regexp.MustCompile(`(^|[\s` + "`" + `(])--([a-z][a-z-]+)`)

// otherFlags are flags of other programs that documents name.
var otherFlags = []string{
	"full", "path", "region", "city", "max-rows", "crm-key", "system", "home-dir", "now", "rm", "check", "ignore-missing",
	"url", "bundle", "certificate-oidc-issuer", "certificate-identity-regexp", "environment",
}

func TestFlagsExist(t *testing.T) {
	var help string
	for _, command := range commands(t) {
		out, errs, code := phscript(t, t.TempDir(), command, "--help")
		require.Zero(t, code, errs)
		help += out
	}
	for _, command := range [][]string{
		{"serve"}, {"quota"}, {"hooks", "list"}, {"hooks", "show"}, {"hooks", "replay"}, {"hooks", "discard"}, {"hooks", "send"}, {"hooks", "forward"}, {"schedule", "list"}, {"schedule", "next"}, {"schedule", "run"}, {"runs", "list"}, {"runs", "retry"}, {"runs", "logs"}, {"runs", "rejected"}, {"state", "restore"}, {"access", "add"}, {"access", "link"}, {"config", "show"}, {"plan", "show"}, {"record", "mask"}, {"schema", "pull"}, {"schema", "diff"}, {"schema", "show"},
	} {
		out, errs, code := phscript(t, t.TempDir(), append(command, "--help")...)
		require.Zero(t, code, errs)
		help += out
	}
	for _, d := range documents(t) {
		for _, m := range flagName.FindAllStringSubmatch(d.text, -1) {
			name := m[2]
			known := strings.Contains(help, "--"+name) || slices.Contains(otherFlags, name)
			assert.True(t, known, "%s names --%s, which is no flag", d.path, name)
		}
	}
	var guide string
	for _, d := range documents(t) {
		if !strings.HasPrefix(d.path, "docs/reference/") {
			guide += d.text
		}
	}
	for _, m := range helpLine.FindAllStringSubmatch(help, -1) {
		explained := strings.Contains(guide, "--"+m[2]) || m[1] != "" && strings.Contains(guide, " "+m[1]+" ")
		assert.True(t, explained || m[2] == "help", "no document explains --%s", m[2])
	}
}

// commands lists the program's commands, those that cobra adds excepted.
func commands(t *testing.T) []string {
	t.Helper()
	out, errs, code := phscript(t, t.TempDir(), "--help")
	require.Zero(t, code, errs)
	_, list, found := strings.Cut(out, "Available Commands:\n")
	require.True(t, found, out)
	list, _, _ = strings.Cut(list, "\n\n")
	var names []string
	for line := range strings.Lines(list) {
		if name := strings.Fields(line)[0]; name != "completion" && name != "help" {
			names = append(names, name)
		}
	}
	require.Contains(t, names, "run")
	return names
}

// helpLine matches a flag in a help text: its short form, its name.
var helpLine = regexp.MustCompile(`(?m)^ +(?:(-\w), )?--([a-z-]+)`)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(text)
}

var setting = regexp.MustCompile("(?m)^\\| `((?:check\\.)?[a-z_]+)` \\|")

// The settings that the guide lists are those that the program takes.
func TestSettingsExist(t *testing.T) {
	_, section, found := strings.Cut(read(t, "docs/script-guide.md"), "\n## Settings\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var documented []string
	for _, m := range setting.FindAllStringSubmatch(section, -1) {
		documented = append(documented, m[1])
	}
	_, err := config.Load("", ".", func(string) ([]byte, error) { return []byte("no_such_setting = 1"), nil },
		func(string) (string, bool) { return "", false })
	var unknown *config.Error
	require.ErrorAs(t, err, &unknown)
	_, list, found := strings.Cut(unknown.Hint, "are: ")
	require.True(t, found)
	assert.ElementsMatch(t, strings.Split(list, ", "), documented)
	for _, m := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(section, -1) {
		_, err := config.Load("", ".", func(string) ([]byte, error) { return []byte(m[1]), nil },
			func(string) (string, bool) { return "", false })
		assert.NoError(t, err)
	}
}

// What errors.md says about error objects is what they hold.
func TestErrorFieldsAreDocumented(t *testing.T) {
	text := read(t, "docs/errors.md") + read(t, "docs/check.md")
	for _, f := range bindings.ErrorShape.Fields {
		assert.True(t, strings.Contains(text, "`"+f.Name+"`"), "errors.md does not name the field %s", f.Name)
	}
	for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(bindings.ErrorShape.Fields[0].Doc, -1) {
		assert.True(t, strings.Contains(text, "| `"+m[1]+"` |"), "errors.md does not name the kind %s", m[1])
	}
	for _, m := range builtins.Modules() {
		for _, s := range m.Records {
			if s.Name != "RowError" {
				continue
			}
			for _, f := range s.Fields {
				assert.True(t, strings.Contains(text, "`"+f.Name+"`"), "errors.md does not name a rejected row's %s", f.Name)
			}
		}
	}
}

// The environment that simulator.md shows is the one that clients need.
func TestSimulatorEnvironmentIsDocumented(t *testing.T) {
	text := read(t, "docs/simulator.md")
	for _, token := range []string{simulator.DefaultAPIToken, simulator.DefaultTenantToken} {
		assert.True(t, strings.Contains(text, "="+token+"\n"), "simulator.md does not show the token %s", token)
	}
}

// errors.md lists the exit codes that the program's help names.
func TestExitCodesAgree(t *testing.T) {
	help, _, _ := phscript(t, t.TempDir(), "run", "--help")
	rows := regexp.MustCompile(`(?m)^\| (\d+) \| `).FindAllStringSubmatch(read(t, "docs/errors.md"), -1)
	assert.Len(t, rows, 9)
	for _, m := range rows {
		assert.Regexp(t, `\b`+m[1]+` [a-z]`, help)
	}
}

// The README counts the models that there are.
func TestReadmeCountsModels(t *testing.T) {
	count := fmt.Sprintf(" %d models ", len(catalog.Load().Models))
	assert.True(t, strings.Contains(read(t, "README.md"), count), "README.md does not say %q", strings.TrimSpace(count))
}

// limits.md gives the defaults that the program has.
func TestLimitsAreDocumented(t *testing.T) {
	text := read(t, "docs/limits.md")
	depth := fmt.Sprintf("%d,%03d", runtime.DefaultMaxCallDepth/1000, runtime.DefaultMaxCallDepth%1000)
	for _, want := range []string{
		"| " + depth + " |",
		fmt.Sprintf("| %d MiB |", runtime.DefaultMaxString>>20),
		fmt.Sprintf("| %d GiB |", memory.DefaultLimit>>30),
		fmt.Sprintf("%d calls per minute, %d requests per second and %d requests at once",
			planhat.DefaultCallsPerMinute, planhat.DefaultPerSecond, planhat.DefaultParallel),
	} {
		assert.True(t, strings.Contains(text, want), "limits.md does not say %q", want)
	}
}

// Every field of the summary file stands in errors.md.
func TestSummaryFieldsAreDocumented(t *testing.T) {
	dir := t.TempDir()
	_, stderr, code := phscript(t, dir, "run", "--simulate", "--summary", "summary.json", "-e",
		`planhat.company.bulk_upsert{ { externalId = "a-1", name = "Acme" }, { externalId = "a-1" } }`)
	require.Equal(t, 3, code, stderr)
	written, err := os.ReadFile(filepath.Join(dir, "summary.json"))
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(written, &fields))
	rows, _ := fields["rejected_rows"].([]any)
	require.Len(t, rows, 1)
	row, _ := rows[0].(map[string]any)
	text := read(t, "docs/errors.md") + read(t, "docs/check.md")
	for _, name := range slices.Concat(slices.Collect(maps.Keys(fields)), slices.Collect(maps.Keys(row))) {
		assert.True(t, strings.Contains(text, "`"+name+"`"), "errors.md does not name the summary's %s", name)
	}
}
