package documents

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failure, recovery and webhook are events as phscript serve hands them to a command.
const (
	failure  = `{"event":"failure","schedule":"nightly","script":"sync.lua","run":412,"attempt":3,"status":"failed","reason":"sync.lua:12: \"quoted\"\nand $(more)","error":"error: the report","exit_code":1,"rejected":0}`
	recovery = `{"event":"recovery","schedule":"nightly","script":"sync.lua","run":413,"attempt":1,"status":"succeeded","rejected":0}`
	webhook  = `{"event":"failure","schedule":"","webhook":"company-changed","event_id":"65f1","script":"changed.lua","run":73,"attempt":1,"status":"failed","reason":"no such company","rejected":0}`
)

// recipe writes the shell script of a document that has a name, and returns a
// function that runs it with an event and returns what it printed and its error.
func recipe(t *testing.T, path, name string) func(event string, env ...string) (string, error) {
	t.Helper()
	for _, program := range []string{"jq", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	for _, s := range (document{path, read(t, path)}).snippets() {
		if s.info != "sh file="+name {
			continue
		}
		file := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(file, []byte(s.code), 0o755))
		return func(event string, env ...string) (string, error) {
			cmd := exec.CommandContext(t.Context(), file)
			cmd.Stdin, cmd.Env = strings.NewReader(event), append([]string{"PATH=" + os.Getenv("PATH")}, env...)
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
	}
	require.Fail(t, "no block", "%s has no block for %s", path, name)
	return nil
}

// receiver is a server that takes one kind of answer and keeps what it was sent.
func receiver(t *testing.T, status int) (address string, received func() string) {
	t.Helper()
	bodies := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/secret", func() string { return <-bodies }
}

func TestChatRecipes(t *testing.T) {
	for _, tt := range []struct{ file, variable, path string }{
		{"notify-slack.sh", "SLACK_WEBHOOK", "text"},
		{"notify-teams.sh", "TEAMS_WEBHOOK", "attachments"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			send := recipe(t, "docs/notifications.md", tt.file)
			address, received := receiver(t, http.StatusOK)
			for event, want := range map[string]string{failure: `sync.lua:12: "quoted"`, recovery: "succeeded"} {
				out, err := send(event, tt.variable+"="+address)
				require.NoError(t, err, out)
				body := received()
				var message map[string]any
				require.NoError(t, json.Unmarshal([]byte(body), &message), body)
				require.Contains(t, message, tt.path)
				text, err := json.Marshal(want)
				require.NoError(t, err)
				assert.Contains(t, body, strings.Trim(string(text), `"`))
				assert.Contains(t, body, "nightly")
			}
			out, err := send(webhook, tt.variable+"="+address)
			require.NoError(t, err, out)
			assert.Contains(t, received(), "company-changed", "the name of the webhook")
			refused, received := receiver(t, http.StatusForbidden)
			_, err = send(failure, tt.variable+"="+refused)
			received()
			assert.Error(t, err, "a refusal is not delivered, so phscript tries again")
			_, err = send(failure)
			assert.Error(t, err, "without an address")
		})
	}
}

func TestMailRecipe(t *testing.T) {
	send := recipe(t, "docs/notifications.md", "notify-mail.sh")
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "sendmail"), []byte("#!/bin/sh\n[ \"$1\" = -t ] && cat\n"), 0o755))
	out, err := send(failure, "NOTIFY_TO=ops@example.com", "PATH="+bin+":"+os.Getenv("PATH"))
	require.NoError(t, err, out)
	head, body, found := strings.Cut(out, "\n\n")
	require.True(t, found)
	assert.Equal(t, "To: ops@example.com\nSubject: nightly: failed\nContent-Type: text/plain; charset=utf-8", head)
	assert.Contains(t, body, `sync.lua:12: "quoted" and $(more)`)
	assert.Contains(t, body, "phscript runs show 412")
	assert.NotContains(t, body, "hooks list")
	out, err = send(webhook, "NOTIFY_TO=ops@example.com", "PATH="+bin+":"+os.Getenv("PATH"))
	require.NoError(t, err, out)
	assert.Contains(t, out, "Subject: company-changed: failed\n")
	assert.Contains(t, out, "phscript hooks list company-changed --status parked\n")
}
