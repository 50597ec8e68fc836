package serve

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
)

// TestTokensOfProfiles: the service hands each run the token of its profile, whatever its source.
// What a program printed is kept until Planhat refuses it. Scripts cannot see the token.
func TestTokensOfProfiles(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	token := w.planhat.APIToken()
	w.env = slices.DeleteFunc(w.env, func(one string) bool { return strings.HasPrefix(one, "PLANHAT_") })
	w.env = append(w.env, "PLANHAT_API_TOKEN=a-token-of-nobody", "SANDBOX_TOKEN="+token)
	profile := func(name, source string) string {
		return "[profile." + name + "]\napi_url = \"" + w.planhat.URL() + "\"\nanalytics_url = \"" + w.planhat.AnalyticsURL() + "\"\n" + source + "\n"
	}
	schedule := func(profile string) string {
		return "[[schedule]]\nname = \"" + profile + "\"\nscript = \"count.lua\"\nprofile = \"" + profile + "\"\n" + never
	}
	w.file("phscript.toml", "state = \""+filepath.ToSlash(w.state)+"\"\nallow_env = [\"PLANHAT_API_TOKEN\", \"SANDBOX_TOKEN\", \"PHSCRIPT_SERVICE_PLANHAT_API_TOKEN\"]\nallow_read = [\"/proc\"]\n"+
		profile("variable", `token_env = "SANDBOX_TOKEN"`)+profile("file", `token_file = "file.token"`)+
		profile("program", `token_command = ["sh", "-c", "echo asked >> asked.txt; cat program.token"]`)+
		schedule("variable")+schedule("file")+schedule("program"))
	w.file("count.lua", `print(#planhat.company.get_list() .. " companies")
for _, name in ipairs{ "PLANHAT_API_TOKEN", "PHSCRIPT_SERVICE_PLANHAT_API_TOKEN", "SANDBOX_TOKEN" } do
  print(name, select(2, pcall(env.get, name)), os.getenv(name))
end
for _, name in ipairs{ "file.token", "/proc/self/environ" } do
  print(pcall(fs.read, name))
end
`)
	w.file("file.token", token+"\n")
	w.file("program.token", "a-token-that-is-old\n")
	s := w.serve()
	s.says("serving")
	for _, name := range []string{"variable", "file"} {
		id := w.start(name)
		w.becomes(id, history.Succeeded)
		assert.Contains(t, w.do("runs", "logs", id), "3 companies", name)
	}
	asked := func() int {
		text, err := os.ReadFile(filepath.Join(w.dir, "asked.txt"))
		require.NoError(t, err)
		return strings.Count(string(text), "asked")
	}
	refused := w.start("program")
	w.becomes(refused, history.Failed)
	assert.Contains(t, w.do("runs", "show", refused), "Invalid API token")
	first := asked()

	w.file("program.token", token+"\n")
	for range 2 {
		id := w.start("program")
		w.becomes(id, history.Succeeded)
		assert.Contains(t, w.do("runs", "logs", id), "3 companies")
	}
	assert.Equal(t, first+1, asked(), "after a refusal the program is asked once, and its token kept")

	for _, run := range w.runs("") {
		id := strconv.FormatInt(run.ID, 10)
		for _, command := range [][]string{{"runs", "show", "--json", id}, {"runs", "logs", id}} {
			said := w.do(command...)
			assert.NotContains(t, said, token, command)
			assert.NotContains(t, said, "a-token-that-is-old", command)
		}
	}
	s.stop()
	files, err := filepath.Glob(w.state + "*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.NotContains(t, string(text), token, file)
	}
}
