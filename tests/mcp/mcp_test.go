// Package mcp tests phscript mcp as assistants use it: as a process that they talk to.
package mcp

import (
	"bufio"
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
)

func TestMain(m *testing.M) { program.Run(m) }

// token is one that no answer may have.
const token = "a-token-that-nobody-may-see"

// project is a folder with a script, its test, and files that scripts must not see.
func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"import.lua":          "local words = require \"lib.words\"\nlocal n = 0\nfor row in csv.rows(args[1] or \"data/accounts.csv\") do\n  planhat.company.create{ externalId = row.id, name = row.name }\n  n = n + 1\nend\nprint(words.count(n))\ncsv.write(\"out/done.csv\", { { n = n } })\n",
		"import_test.lua":     "it(\"imports\", function()\n  local run = run_script(\"import.lua\", { files = { [\"data/accounts.csv\"] = fs.read(\"data/accounts.csv\") } })\n  expect(run.stdout).to_equal(\"2 rows\\n\")\nend)\n",
		"lib/words.lua":       "return { count = function(n) return n .. \" rows\" end }\n",
		"data/accounts.csv":   "id,name\nA-1,Acme\nA-2,Bolt\n",
		"planhat.schema.json": "{\"format\": \"phscript schema 1\", \"tenant\": {\"host\": \"\"}, \"custom_fields\": [{\"model\": \"company\", \"name\": \"Tier\", \"type\": \"list\", \"values\": [\"Gold\"], \"mandatory\": true}], \"phases\": [\"Onboarding\"], \"users\": [{\"id\": \"u1\", \"name\": \"Ada\"}], \"workflows\": []}",
		".env":                "PLANHAT_API_TOKEN=" + token + "\n",
		"phscript.toml":       "api_token = \"" + token + "\"\nallow_write = [\"data\"]\nallow_env = [\"SECRET\"]\nallow_net = [\"example.com\"]\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return dir
}

// command starts the server in a folder.
func command(t *testing.T, dir string, variables []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program.Path(t), append([]string{"mcp"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"XDG_STATE_HOME=" + t.TempDir(), "SECRET=" + token}, variables...)...)
	cmd.Stderr = os.Stderr
	return cmd
}

// session connects the SDK's client to a server.
func session(t *testing.T, dir string, variables []string, args ...string) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	s, err := client.Connect(t.Context(), &mcp.CommandTransport{Command: command(t, dir, variables, args...)}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// call calls a tool and returns its text.
func call(t *testing.T, s *mcp.ClientSession, tool string, arguments map[string]any) (text string, failed bool) {
	t.Helper()
	result, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	require.NoError(t, err)
	require.Len(t, result.Content, 1)
	text = result.Content[0].(*mcp.TextContent).Text
	assert.NotContains(t, text, token)
	assert.Less(t, len(text), 120_000)
	return text, result.IsError
}

// files lists the files of a folder with their texts.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			text, readErr := os.ReadFile(path)
			all[path], err = string(text), readErr
		}
		return err
	}))
	return all
}

func TestTools(t *testing.T) {
	dir := project(t)
	before := files(t, dir)
	s := session(t, dir, nil)
	assert.Contains(t, s.InitializeResult().Instructions, "Never ask for a token")

	listed, err := s.ListTools(t.Context(), nil)
	require.NoError(t, err)
	var names []string
	for _, tool := range listed.Tools {
		names = append(names, tool.Name)
		assert.True(t, tool.Annotations.ReadOnlyHint, tool.Name)
		assert.False(t, *tool.Annotations.OpenWorldHint, tool.Name)
		assert.False(t, *tool.Annotations.DestructiveHint, tool.Name)
		assert.NotEmpty(t, tool.Annotations.Title)
	}
	slices.Sort(names)
	assert.Equal(t, []string{"check", "plan", "read_doc", "run", "schema", "search_docs", "test"}, names)

	for _, c := range []struct {
		tool      string
		arguments map[string]any
		want      []string
	}{
		{"search_docs", map[string]any{"query": "retries quota"}, []string{"limits"}},
		{"search_docs", map[string]any{"query": "zzzz"}, []string{"There is nothing about zzzz"}},
		{"read_doc", map[string]any{"topic": "csv.rows"}, []string{"### csv.rows"}},
		{"read_doc", map[string]any{"topic": "script-guide#dry-run"}, []string{"# Dry run"}},
		{"read_doc", map[string]any{"topic": "testing"}, []string{"Your first test"}},
		{"read_doc", map[string]any{"topic": "index"}, []string{"## Guides", "planhat.company"}},
		{"read_doc", map[string]any{"topic": "script-guide"}, []string{"continue with offset"}},
		{"schema", map[string]any{}, []string{"company: "}},
		{"schema", map[string]any{"model": "Company"}, []string{"- externalId (string)", "A new record needs: name", "read-only", "- custom.Tier (list, mandatory) Values: Gold.", "phase of this account: Onboarding"}},
		{"check", map[string]any{}, []string{"exit code 0 (no mistakes found)", "3 files"}},
		{"check", map[string]any{"paths": []string{"new.lua"}, "files": map[string]string{"new.lua": "print(planhat.compny)"}}, []string{"exit code 1 (mistakes found)", "did you mean 'company'", "new.lua:1"}},
		{"run", map[string]any{"script": "import.lua"}, []string{"exit code 0 (done)", "2 rows", "created", "file out/done.csv", "n\n2\n"}},
		{"run", map[string]any{"script": "import.lua", "args": []string{"--dry-run"}}, []string{"exit code 1 (the script failed)", "--dry-run"}},
		{"run", map[string]any{"script": "a/b.lua", "files": map[string]string{"a/b.lua": "print(require(\"lib.words\").count(7), params.x, io.read(\"*a\"))", "a/lib/words.lua": "return { count = function(n) return n .. \" new\" end }"}, "params": map[string]string{"x": "y"}, "stdin": "typed"}, []string{"7 new\ty\ttyped"}},
		{"run", map[string]any{"script": "c.lua", "companies": 3, "files": map[string]string{"c.lua": "print(#planhat.company.get_list())"}}, []string{"3\n"}},
		{"test", map[string]any{}, []string{"exit code 0 (all passed)", "1 passed"}},
		{"test", map[string]any{"files": map[string]string{"lib/words.lua": "return { count = function(n) return n .. \" other\" end }"}}, []string{"exit code 1 (a test failed)", "+ 2 other"}},
		{"plan", map[string]any{"script": "import.lua"}, []string{"exit code 0 (done)", "create company: 2", "+ Acme, externalId A-1"}},
	} {
		text, failed := call(t, s, c.tool, c.arguments)
		assert.False(t, failed, text)
		for _, want := range c.want {
			assert.Contains(t, text, want, "%s %v", c.tool, c.arguments)
		}
	}
	assert.Equal(t, before, files(t, dir), "a tool changed the project")
}

func TestRefused(t *testing.T) {
	s := session(t, project(t), nil, "--timeout", "20s")
	for _, c := range []struct {
		tool      string
		arguments map[string]any
		want      string
	}{
		{"search_docs", map[string]any{"query": " "}, "query is empty"},
		{"read_doc", map[string]any{"topic": "csv.rowz"}, "there is no topic csv.rowz (did you mean"},
		{"read_doc", map[string]any{"topic": "csv", "offset": 10_000_000}, "offset 10000000 is not in the text"},
		{"schema", map[string]any{"model": "compny"}, "there is no model compny (did you mean"},
		{"run", map[string]any{"script": "../import.lua"}, "../import.lua is not a file of the project"},
		{"run", map[string]any{"script": "/etc/passwd"}, "/etc/passwd is not a file of the project"},
		{"run", map[string]any{"script": ".env"}, ".env is not a file of the project"},
		{"check", map[string]any{"paths": []string{"phscript.toml"}}, "phscript.toml is not a file of the project"},
		{"run", map[string]any{"script": "none.lua"}, "there is no file none.lua"},
		{"run", map[string]any{"script": "import.lua", "companies": 1_000_000}, "companies must be from 0 to 5000"},
		{"run", map[string]any{"script": "x", "files": map[string]string{"../x": ""}}, "cannot be the name of a file"},
		{"run", map[string]any{"script": "x", "files": map[string]string{"phscript.toml": "allow_net = ['*']"}}, "cannot be the name of a file"},
		{"run", map[string]any{"script": "x", "files": map[string]string{"x": strings.Repeat("x", 3<<20)}}, "more than"},
		{"plan", map[string]any{"script": "import.lua", "live": true}, "the user has not allowed plans to read Planhat"},
	} {
		text, failed := call(t, s, c.tool, c.arguments)
		assert.True(t, failed, text)
		assert.Contains(t, text, c.want)
	}
}

// A script that means harm reaches neither files, variables nor other systems, and cannot
// end the server.
func TestHarm(t *testing.T) {
	reached := make(chan string, 10)
	web := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached <- r.URL.String() }))
	defer web.Close()
	dir := project(t)
	outside := filepath.Join(t.TempDir(), "outside.txt")
	require.NoError(t, os.WriteFile(outside, []byte(token), 0o644))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "link.txt")))
	before := files(t, dir)
	s := session(t, dir, []string{"PLANHAT_API_TOKEN=" + token, "PLANHAT_API_URL=" + web.URL}, "--timeout", "5s")
	run := func(source string) string {
		text, _ := call(t, s, "run", map[string]any{"script": "x.lua", "files": map[string]string{"x.lua": source}})
		return text
	}
	quoted := func(text string) string { return strings.ReplaceAll(text, `\`, `\\`) }
	for _, source := range []string{
		`print(pcall(fs.read, "` + quoted(outside) + `"))`,
		`print(pcall(fs.read, "link.txt"))`,
		`print(pcall(fs.read, "` + quoted(filepath.Join(dir, ".env")) + `"))`,
		`print(pcall(fs.read, "` + quoted(filepath.Join(dir, "phscript.toml")) + `"))`,
		`print(pcall(fs.read, "phscript.toml"))`,
		`print(pcall(env.get, "SECRET"))`, `print(os.getenv("PLANHAT_API_TOKEN"))`,
		`print(pcall(fs.write, "` + quoted(filepath.Join(dir, "data", "accounts.csv")) + `", "x"))`,
		`print(pcall(fs.write, "data/accounts.csv", "x"))`,
		`print(pcall(function() return require("http").get("` + web.URL + `/x") end))`,
		"-- @allow net=example.com\n" + `print(pcall(function() return require("http").get("https://example.com/x") end))`,
		`print(pcall(function() return planhat.new{ api_token = "t", api_url = "` + web.URL + `" }.company.get_list() end))`,
		`print(pcall(os.execute, "id"))`,
	} {
		run(source)
	}
	assert.Contains(t, run(`while true do end`), "exit code 5")
	assert.Contains(t, run(`local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end`), "exit code 5")
	many := run(`for i = 1, 200000 do print(i, "some text that fills the output") end`)
	assert.Contains(t, many, "bytes left out")
	assert.Contains(t, many, "200000\tsome text")
	assert.Contains(t, run(`for i = 1, 20 do fs.write("out/" .. i .. ".txt", ("x"):rep(100000)) end`), "more files")

	text, _ := call(t, s, "test", map[string]any{"paths": []string{"x_test.lua"}, "files": map[string]string{
		"x_test.lua": `it("reads", function() print(pcall(fs.read, "` + quoted(outside) + `")) print(os.getenv("SECRET")) print(pcall(fs.write, "` + quoted(filepath.Join(dir, "new.txt")) + `", "x")) error("show") end)`,
	}})
	assert.Contains(t, text, "a test failed")
	assert.Empty(t, reached)
	assert.Equal(t, before, files(t, dir))
	after, failed := call(t, s, "run", map[string]any{"script": "import.lua"})
	assert.False(t, failed, after)
}

// With --live, plans read Planhat and nothing else, and write nothing.
func TestLivePlan(t *testing.T) {
	planhat, err := simulator.Start(simulator.Options{CallsPerMinute: -1, APIToken: token})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	upstream, err := url.Parse(planhat.URL())
	require.NoError(t, err)
	var mu sync.Mutex
	var methods []string
	proxy := httputil.NewSingleHostReverseProxy(upstream)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		methods = append(methods, r.Method)
		mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	defer web.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, planhat.URL()+"/companies", strings.NewReader(`{"name":"Old name","externalId":"A-1"}`))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())

	dir := project(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "phscript.toml"), []byte("api_url = \""+web.URL+"\"\nallow_write = [\""+filepath.ToSlash(filepath.Join(dir, "data"))+"\"]\n"), 0o600))
	before := files(t, dir)
	s := session(t, dir, []string{"PLANHAT_API_TOKEN=" + token}, "--live")
	listed, err := s.ListTools(t.Context(), nil)
	require.NoError(t, err)
	for _, tool := range listed.Tools {
		assert.Equal(t, tool.Name == "plan", *tool.Annotations.OpenWorldHint, tool.Name)
	}
	update := map[string]string{"x.lua": `planhat.company.update("extid-A-1", { name = "New name" }) print(pcall(fs.write, "` + filepath.ToSlash(filepath.Join(dir, "data", "accounts.csv")) + `", "x")) print(os.getenv("PLANHAT_API_TOKEN"))`}
	text, failed := call(t, s, "plan", map[string]any{"script": "x.lua", "live": true, "files": update})
	require.False(t, failed, text)
	assert.Contains(t, text, "Old name")
	assert.Contains(t, text, "New name")
	assert.Equal(t, before, files(t, dir))

	// A profile, with its token in a file beside the settings.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "phscript.toml"), []byte("[profile.sandbox]\napi_url = \""+web.URL+"\"\ntoken_file = \"token\"\n[profile.other]\napi_url = \"http://127.0.0.1:1\"\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte(token), 0o600))
	before = files(t, dir)
	profiled := session(t, dir, nil, "--live", "--profile", "sandbox")
	text, failed = call(t, profiled, "plan", map[string]any{"script": "x.lua", "live": true, "files": update})
	require.False(t, failed, text)
	assert.Contains(t, text, "Old name")
	text, _ = call(t, profiled, "run", map[string]any{"script": "x.lua", "files": map[string]string{"x.lua": `print(pcall(fs.read, "` + filepath.ToSlash(filepath.Join(dir, "token")) + `")) print(pcall(fs.read, "token"))`}})
	assert.NotContains(t, text, "true")

	// Without live, the same server uses the simulated Planhat.
	text, _ = call(t, s, "plan", map[string]any{"script": "x.lua", "files": update})
	assert.NotContains(t, text, "Old name")
	text, failed = call(t, s, "plan", map[string]any{"script": "x.lua", "live": true, "files": map[string]string{"x.lua": "-- @allow net=example.com\nprint(1)"}})
	assert.True(t, failed)
	assert.Contains(t, text, "the script reaches other systems")
	mu.Lock()
	defer mu.Unlock()
	assert.NotEmpty(t, methods)
	assert.NotContains(t, strings.Join(methods, " "), "P")
	assert.NotContains(t, methods, http.MethodDelete)
	assert.Equal(t, before, files(t, dir))
}

// The protocol as bytes: an assistant that does not use the SDK.
func TestRawProtocol(t *testing.T) {
	cmd := command(t, project(t), nil)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 8<<20)
	ask := func(request string) map[string]any {
		_, err := in.Write([]byte(request + "\n"))
		require.NoError(t, err)
		require.True(t, lines.Scan(), "no answer to %s", request)
		var answer map[string]any
		require.NoError(t, json.Unmarshal(lines.Bytes(), &answer), "what is not the protocol is on standard output: %s", lines.Text())
		assert.Equal(t, "2.0", answer["jsonrpc"])
		return answer
	}
	answer := ask(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"raw","version":"0"}}}`)
	result := answer["result"].(map[string]any)
	assert.Equal(t, "2025-06-18", result["protocolVersion"])
	assert.Equal(t, "phscript", result["serverInfo"].(map[string]any)["name"])
	assert.NotContains(t, result["capabilities"], "logging")
	_, err = in.Write([]byte(`{"jsonrpc":"2.0","method":"notifications/initialized"}` + "\n"))
	require.NoError(t, err)
	answer = ask(`{"jsonrpc":"2.0","id":"two","method":"tools/call","params":{"name":"run","arguments":{"script":"import.lua"}}}`)
	assert.Equal(t, "two", answer["id"])
	assert.Contains(t, answer["result"].(map[string]any)["content"].([]any)[0].(map[string]any)["text"], "2 rows")
	answer = ask(`{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"apply","arguments":{}}}`)
	assert.Contains(t, answer["error"].(map[string]any)["message"], "apply")
	answer = ask(`{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"run","arguments":{"skript":"import.lua"}}}`)
	encoded, err := json.Marshal(answer)
	require.NoError(t, err)
	assert.Contains(t, string(encoded), "skript")

	// The end of the input ends the server.
	require.NoError(t, in.Close())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		assert.NoError(t, err)
	case <-time.After(time.Minute):
		_ = cmd.Process.Kill()
		t.Fatal("the server goes on after the end of its input")
	}
}

// A call that the assistant cancels ends its script.
func TestCancel(t *testing.T) {
	s := session(t, project(t), nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := s.CallTool(ctx, &mcp.CallToolParams{Name: "run", Arguments: map[string]any{
		"script": "x.lua", "files": map[string]string{"x.lua": "while true do end"},
	}})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	text, failed := call(t, s, "run", map[string]any{"script": "import.lua"})
	assert.False(t, failed, text)
}
