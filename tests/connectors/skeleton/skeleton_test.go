package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
)

// serve is a program that runs the stand-in of Harbor and prints its address.
const serve = `package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/harbor"
)

func main() {
	s := harbor.New(standin.RunningClock(time.Now()))
	s.Fill(250)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("http://"+listener.Addr().String(), harbor.Token)
	panic(http.Serve(listener, s))
}
`

// harbor writes the connector of the guide to a folder.
func harbor(t *testing.T) (dir, file string) {
	t.Helper()
	guide, err := os.ReadFile("../../../docs/connectors.md")
	require.NoError(t, err)
	_, code, ok := strings.Cut(string(guide), "```lua file=harbor.lua\n")
	require.True(t, ok)
	code, _, _ = strings.Cut(code, "```")
	dir = t.TempDir()
	file = filepath.Join(dir, "harbor.lua")
	require.NoError(t, os.WriteFile(file, []byte(code), 0o600))
	return dir, file
}

// overlay lets the compiler see files as if they were in the repository.
func overlay(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	replace := map[string]string{}
	for name, file := range files {
		replace[filepath.Join(root, filepath.FromSlash(name))] = file
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	name := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(name, text, 0o600))
	return name
}

func command(t *testing.T, dir, name string, arguments ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, arguments...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestSkeletonOfTheGuide: the skeleton of the made-up vendor builds, passes its own test,
// and answers the connector that it was made from.
func TestSkeletonOfTheGuide(t *testing.T) {
	dir, file := harbor(t)
	out := filepath.Join(dir, "standin")
	require.NoError(t, run([]string{"-out", out, file}))
	require.ErrorContains(t, run([]string{"-out", out, file}), "only written to a new folder")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(serve), 0o600))
	files := map[string]string{"tests/standin/harbor/run/main.go": filepath.Join(dir, "main.go")}
	for _, name := range []string{"doc.go", "server.go", "server_test.go"} {
		files["tests/standin/harbor/"+name] = filepath.Join(out, name)
	}
	seen := overlay(t, dir, files)
	tests, program := filepath.Join(dir, "harbor.test"), filepath.Join(dir, "harbor")
	command(t, "../../..", "go", "test", "-vet=off", "-c", "-overlay", seen, "-o", tests, "./tests/standin/harbor")
	command(t, dir, tests)
	command(t, "../../..", "go", "build", "-overlay", seen, "-o", program, "./tests/standin/harbor/run")

	server := exec.CommandContext(t.Context(), program)
	stdout, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	address, token, _ := strings.Cut(strings.TrimSpace(line), " ")

	account, err := simulator.Start(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, account.Close()) })
	rt, err := runtime.New(runtime.Options{
		WorkDir: dir, Stdout: io.Discard, AllowNet: []string{"127.0.0.1"}, EnvAllow: []string{"HARBOR_TOKEN"},
		Env:     func(name string) (string, bool) { return token, name == "HARBOR_TOKEN" },
		Planhat: planhat.Config{APIToken: account.APIToken(), BaseURL: account.URL(), AnalyticsURL: account.AnalyticsURL()},
	})
	require.NoError(t, err)
	result, err := rt.Run(t.Context(), runtime.Script{Name: "sync.lua", Source: []byte(
		`require("harbor"):sync{ settings = { base = "` + address + `" } }
return #planhat.company.get_list(), planhat.company.get_by_id("srcid-17").name`)})
	require.NoError(t, err)
	assert.Equal(t, []any{250.0, "name 17"}, result.Values)
}

// TestSkeletons: what connectors declare is found, and each skeleton is a program.
func TestSkeletons(t *testing.T) {
	for name, want := range map[string]string{
		"hubspot":         `"GET /crm/objects/2026-09/companies", s.list("companies", page{items: "results", next: "paging.next.after", send: "after", limit: "limit"})`,
		"aha":             `"GET /api/v1/ideas", s.list("ideas", page{items: "ideas"})`,
		"asknicely":       `r.Header.Get("X-apikey") == Token`,
		"google_calendar": "// TODO: the stream events, whose requests the connector computes.",
		"intercom":        `"POST /contacts/search"`,
		"surveymonkey":    "// TODO: the list of the parts of responses",
	} {
		t.Run(name, func(t *testing.T) {
			d, err := read(t.Context(), name)
			require.NoError(t, err)
			files, err := d.files()
			require.NoError(t, err)
			assert.Contains(t, string(files["server.go"]), want)
			assert.Contains(t, string(files["doc.go"]), "TODO: this is a skeleton")
		})
	}
	_, err := read(t.Context(), "nothing")
	require.ErrorContains(t, err, "connectors.nothing")
}
