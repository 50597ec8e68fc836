package web

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/browser"
	"github.com/phscript/phscript/tests/patience"
)

// nginx starts nginx on a port with what the guide says.
func nginx(t *testing.T, port int, to string) {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // which is not in everybody's PATH
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("nginx is not installed; apt-get install nginx brings it")
	}
	guide, err := os.ReadFile("../../docs/dashboard.md")
	require.NoError(t, err)
	location := regexp.MustCompile("(?s)```text\n(location /phscript/ .*?)```").FindSubmatch(guide)
	require.NotNil(t, location, "the guide has no example for nginx")
	dir := t.TempDir()
	config := fmt.Sprintf(`daemon off; pid %[1]s/pid; error_log stderr warn;
events {}
http {
  access_log off; gzip on; gzip_types *;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server { listen 127.0.0.1:%[2]d;
%[3]s  }
}
`, dir, port, strings.Replace(string(location[1]), "http://127.0.0.1:8627", to, 1))
	file := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	cmd := exec.Command(program, "-c", file, "-p", dir, "-e", "stderr")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said bytes.Buffer
	cmd.Stderr = &said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT) // its workers end with it
		time.AfterFunc(5*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		_ = cmd.Wait()
		assert.NotContains(t, said.String(), "[emerg]")
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	patience.Await(t, 50*time.Millisecond, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, "nginx does not start")
}

// TestBehindNginx: with the configuration of the guide, everything works below a path: links,
// forms, the session, and streams that nothing holds back.
func TestBehindNginx(t *testing.T) {
	port := freePort(t)
	public := fmt.Sprintf("http://127.0.0.1:%d/phscript", port)
	w := start(t, "", fmt.Sprintf("[dashboard]\npublic_url = %q\ntrusted_proxies = [\"127.0.0.1\"]\n", public))
	nginx(t, port, w.base())
	tab := browser.Start(w, public).Tab()
	link := w.do("access", "link")
	require.True(t, strings.HasPrefix(link, public+"/sign-in#"), link)
	tab.Go(link)
	tab.Says("owner, operator")
	assert.Equal(t, "/phscript/", browser.Eval[string](tab, "location.pathname"))
	for _, page := range []string{"Runs", "Schedules", "Webhooks", "Quota", "Configuration", "Access", "Overview"} {
		browser.Eval[any](tab, fmt.Sprintf(`[...document.querySelectorAll(".nav a")].find((a) => a.textContent === %q).click()`, page))
		tab.Await(fmt.Sprintf(`document.title.startsWith(%q) && location.pathname.startsWith("/phscript/")`, page))
	}
	tab.Go(public + "/schedules/crm")
	tab.Fill(`[name="param.lines"]`, "100000")
	tab.Click(`form.fields button`)
	tab.Await(`location.pathname.startsWith("/phscript/runs/")`)
	lines := browser.Eval[int](tab, `document.querySelectorAll("#lines li").length`)
	tab.Await(fmt.Sprintf(`document.querySelectorAll("#lines li").length > %d + 20`, lines))
	assert.True(t, browser.Eval[bool](tab, state+`.startsWith("Live, updated")`), "the stream is held back")
	tab.Click(`.btn.danger`)
	tab.Says("Cancelled by")
	tab.Go(public + "/schedules")
	tab.Click(`input[value="nps"]`)
	tab.Click(`button[value="pause"]`)
	tab.Click(`.confirm button`)
	tab.Await(`location.pathname === "/phscript/schedules" && document.querySelector("#p-schedules").innerText.includes("by owner")`)
	tab.Click(`form[action="/phscript/sign-out"] button`)
	tab.Says("Sign-in link or token")
	assert.Equal(t, "/phscript/sign-in", browser.Eval[string](tab, "location.pathname"))
}
