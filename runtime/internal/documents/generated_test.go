package documents

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/guide"
	"github.com/phscript/phscript/runtime/internal/reference"
	"github.com/phscript/phscript/runtime/internal/suite"
	"github.com/phscript/phscript/runtime/internal/view"
)

const regenerate = "is not what the code says; run: go test ./runtime/internal/documents -update"

func newReference(t *testing.T) *reference.Reference {
	t.Helper()
	modules := slices.DeleteFunc(append(builtins.Modules(), suite.Modules()...), func(m *bindings.Module) bool { return m.Name == "" })
	return reference.New(append(modules, builtins.LuaModules()...), catalog.Load())
}

func TestReferenceIsCurrent(t *testing.T) {
	dir := filepath.Join(root, "docs", "reference")
	pages := map[string]string{}
	r := newReference(t)
	var forms []reference.Form
	for _, f := range view.Forms {
		forms = append(forms, reference.Form(f))
	}
	for _, p := range append(r.Pages(), r.Forms(forms)) {
		pages[p.Path] = p.Text
	}
	if *update {
		require.NoError(t, os.RemoveAll(dir))
		for path, text := range pages {
			file := filepath.Join(dir, filepath.FromSlash(path))
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		}
	}
	overview := filepath.Join(root, "docs", "llms.txt")
	if *update {
		require.NoError(t, os.WriteFile(overview, []byte(r.Overview(guide.All())), 0o644))
	}
	listed, err := os.ReadFile(overview)
	require.NoError(t, err)
	assert.True(t, string(listed) == r.Overview(guide.All()), "docs/llms.txt %s", regenerate)
	for path, text := range pages {
		got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		if assert.NoError(t, err, "docs/reference/%s is missing; run: go test ./runtime/internal/documents -update", path) {
			assert.True(t, string(got) == text, "docs/reference/%s %s", path, regenerate)
		}
	}
	for _, d := range documents(t) {
		if path, ok := strings.CutPrefix(d.path, "docs/reference/"); ok {
			assert.True(t, pages[path] != "", "docs/reference/%s describes nothing; run: go test ./runtime/internal/documents -update", path)
		}
	}
}

// generated parts of documents that are otherwise written by hand.
var generated = regexp.MustCompile(`(?s)(<!-- begin generated: (\w+) -->\n).*?(<!-- end generated: \w+ -->)`)

func generators(t *testing.T) map[string]string {
	t.Helper()
	var switches strings.Builder
	switches.WriteString("| Switch | Default | Other values | Meaning |\n| --- | --- | --- | --- |\n")
	for _, d := range simulator.SwitchDocs() {
		others := slices.DeleteFunc(slices.Clone(d.Values), func(v string) bool { return v == d.Default })
		fmt.Fprintf(&switches, "| `%s` | `%s` | `%s` | %s |\n", d.Name, d.Default, strings.Join(others, "`, `"), d.Doc)
	}
	parts := map[string]string{
		"failure": shown(t, `local function find(id)
  return planhat.company.get_by_id(id)
end
print(find("extid-a-99").name)
`),
		"mistake": shown(t, `local company = planhat.company.create{ name = "Acme" }
print("owned by " .. company.owner.nickName)
`),
		"summary":    summary(t),
		"switches":   "\n" + switches.String() + "\n",
		"quickstart": block(quickstart(t)),
		"faults":     block(simulator.FaultGrammar),
		"matchers":   matchers(t),
		"testpassed": tested(t, 0, "sync_test.lua"),
		"testfailed": tested(t, 1, "rows_test.lua"),
		"testcover":  tested(t, 0, "--coverage", "sync_test.lua"),
		"rules":      rules(),
		"setup":      setUp(t),
		"check":      block(checked(t, documentedScript(t))),
		"walk":       excerpt(t, "## 6. ", "## 7. "),
		"checkjson":  strings.Replace(block(checked(t, "planhat.company.update(id, { mrr = 5 })\n", "--format", "json", "--disable", "undefined-global")), "```text", "```json", 1),
	}
	for _, name := range connectors(t) {
		parts["mapping_"+name] = mapped(t, name)
	}
	return parts
}

func TestGeneratedPartsAreCurrent(t *testing.T) {
	parts := generators(t)
	seen := map[string]bool{}
	for _, d := range documents(t) {
		want := generated.ReplaceAllStringFunc(d.text, func(found string) string {
			m := generated.FindStringSubmatch(found)
			seen[m[2]] = true
			if assert.Contains(t, parts, m[2], d.path) {
				return m[1] + parts[m[2]] + m[3]
			}
			return found
		})
		if *update && want != d.text {
			require.NoError(t, os.WriteFile(filepath.Join(root, filepath.FromSlash(d.path)), []byte(want), 0o644))
			continue
		}
		assert.True(t, want == d.text, "a generated part of %s %s", d.path, regenerate)
	}
	for name := range parts {
		assert.True(t, seen[name], "no document holds the generated part %q", name)
	}
}

// excerpt returns what the console shows in sections of docs/first-import.md, which a test walks
// through: the blocks with a plan and with what undoes it.
func excerpt(t *testing.T, sections ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "first-import.md"))
	require.NoError(t, err)
	var b strings.Builder
	for _, heading := range sections {
		_, section, found := strings.Cut(string(text), "\n"+heading)
		require.True(t, found, heading)
		section, _, _ = strings.Cut(section, "\n## ")
		for _, m := range fence.FindAllStringSubmatch(section, -1) {
			if strings.TrimSpace(m[2]) == "console" && (strings.HasPrefix(m[3], "$ phscript plan ") || strings.HasPrefix(m[3], "$ phscript undo ")) {
				b.WriteString(m[3])
			}
		}
	}
	return "\n```console\n" + b.String() + "```\n\n"
}

// quickstart returns what the README's first command prints, its summary
// included.
func quickstart(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	examples := filepath.FromSlash("scripts/examples")
	require.NoError(t, os.CopyFS(filepath.Join(dir, examples), os.DirFS(filepath.Join(root, examples))))
	stdout, stderr, code := phscript(t, dir, "run", "--simulate", quickstartScript)
	require.Equal(t, fault.ExitRejected, code, stderr)
	return stdout + duration.ReplaceAllString(stderr, " in 225ms")
}

// setUp returns what the setup says in a folder that has settings already.
func setUp(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".vscode"), 0o755))
	for name, text := range map[string]string{".luarc.json": `{ "runtime.version": "LuaJIT" }`, ".vscode/extensions.json": `{ "recommendations": [] }`} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text), 0o644))
	}
	stdout, stderr, code := phscript(t, dir, "setup")
	require.Zero(t, code, stderr)
	said, _, _ := strings.Cut(stdout, "\n\n") // what to do next is said above
	return block("$ phscript setup\n" + said)
}

// rules is the table of what the check finds.
func rules() string {
	var out strings.Builder
	out.WriteString("\n| Rule | | What it finds | Such as |\n| --- | --- | --- | --- |\n")
	for _, r := range report.Rules() {
		fmt.Fprintf(&out, "| `%s` | %s | %s | `%s` |\n", r.Name, r.Severity, r.Doc, strings.ReplaceAll(r.Example, "\n", "`<br>`"))
	}
	return out.String() + "\n"
}

// checked returns what the check prints about a script.
func checked(t *testing.T, code string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sync.lua"), []byte(code), 0o644))
	stdout, stderr, exit := phscript(t, dir, append(append([]string{"check"}, flags...), "sync.lua")...)
	require.Equal(t, 1, exit, stderr)
	return stdout
}

// documentedScript is the script that check.md shows in front of its report.
func documentedScript(t *testing.T) string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, "docs/check.md"), "```lua\n")
	require.True(t, found)
	code, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	return code
}

// block makes a fenced block of a program's output.
func block(text string) string { return "\n```text\n" + strings.Trim(text, "\n") + "\n```\n\n" }

// simulated runs code against the simulator and returns what is on its
// standard error.
func simulated(t *testing.T, code string, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sync.lua"), []byte(code), 0o644))
	_, stderr, _ := phscript(t, dir, append(append([]string{"run", "--simulate"}, flags...), "sync.lua")...)
	return stderr
}

// shown returns the report about a script that fails.
func shown(t *testing.T, code string) string {
	t.Helper()
	return block(simulated(t, code, "--quiet"))
}

var duration = regexp.MustCompile(` in [0-9.]+m?s`)

// summary returns the summary of the rows that errors.md shows being rejected.
func summary(t *testing.T) string {
	t.Helper()
	text := simulated(t, `planhat.company.bulk_upsert{
  { externalId = "a-1", name = "Acme" },
  { externalId = "a-1", name = "Acme again" },
}`)
	return block(duration.ReplaceAllString(text, " in 12ms"))
}

// matchers lists what expect knows.
func matchers(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n| Matcher | What it expects |\n| --- | --- |\n")
	for _, m := range suite.Modules() {
		if m.Name != "expect" {
			continue
		}
		for _, f := range m.Funcs {
			fmt.Fprintf(&b, "| `%s` | %s |\n", f.Signature(), strings.TrimPrefix(spec.Summary(f.Doc), "Expects "))
		}
	}
	return b.String() + "\n"
}

var testTime = regexp.MustCompile(`\b\d+ ms\b`)

// tested returns what phscript test prints about the files of testing.md.
func tested(t *testing.T, code int, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, s := range (document{"docs/testing.md", read(t, "docs/testing.md")}).snippets() {
		if name, ok := strings.CutPrefix(s.info, "lua file="); ok {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(s.code), 0o644))
		}
	}
	stdout, stderr, got := phscript(t, dir, append([]string{"test"}, args...)...)
	require.Equal(t, code, got, stdout+stderr)
	return block(testTime.ReplaceAllString(stdout, "12 ms"))
}
