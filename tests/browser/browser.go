// Package browser opens pages in a headless Chromium for tests, and fails them for whatever
// no page may do: say something on the console, throw, or ask another host.
package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	devlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/patience"
)

// Browser is a running Chromium without a window.
type Browser struct {
	t   testing.TB
	ctx context.Context
	// base is the beginning of the addresses that pages may ask.
	base string
}

// Tab is a tab of it.
type Tab struct {
	t   testing.TB
	ctx context.Context

	mu   sync.Mutex
	said []string
	// quiet are parts of messages that a test expects.
	quiet []string
}

// limit is how long a browser may take for everything.
const limit = 10 * time.Minute

// Start starts a browser for the pages below an address. The test is skipped where Chromium
// is not installed.
func Start(t testing.TB, base string) *Browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && program == "" {
			program = found
		}
	}
	if program == "" {
		t.Skip("Chromium is not installed; apt-get install chromium brings it")
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	ctx, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(limit),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true))...)
	ctx, closeAll := chromedp.NewContext(ctx)
	t.Cleanup(func() { closeAll(); stop(); cancel() })
	require.NoError(t, chromedp.Do(ctx))
	return &Browser{t, ctx, base}
}

// Tab opens a tab.
func (b *Browser) Tab() *Tab {
	b.t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx)
	b.t.Cleanup(closeTab)
	tab := &Tab{t: b.t, ctx: ctx}
	require.NoError(b.t, chromedp.Do(ctx))
	require.NoError(b.t, chromedp.Listen(ctx, func(event any) { tab.hear(b.base, event) }))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(b.t, err)
	_, err = chromedp.Call(ctx, devlog.Enable, cdp.Empty{})
	require.NoError(b.t, err)
	b.t.Cleanup(func() {
		tab.mu.Lock()
		defer tab.mu.Unlock()
		for _, one := range tab.said {
			b.t.Errorf("a page did what none may do: %s", one)
		}
	})
	return tab
}

// Expect names a part of messages that are no fault, such as that a server is away.
func (t *Tab) Expect(part string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.quiet = append(t.quiet, part)
}

func (t *Tab) hear(base string, event any) {
	said := ""
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		args, _ := json.Marshal(e.Args)
		said = "console: " + string(args)
	case *devlog.EventEntryAdded:
		said = "log: " + e.Entry.Text + " " + e.Entry.URL
	case *runtime.EventExceptionThrown:
		details, _ := json.Marshal(e.ExceptionDetails)
		said = "exception: " + string(details)
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, base) && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "about:") {
			said = "request to another host: " + u
		}
	case *page.EventJavascriptDialogOpening:
		go func() {
			_, _ = chromedp.Call(t.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	}
	if said == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, part := range t.quiet {
		if strings.Contains(said, part) {
			return
		}
	}
	t.said = append(t.said, said)
}

// Go opens an address.
func (t *Tab) Go(address string) {
	t.t.Helper()
	require.NoError(t.t, chromedp.Do(t.ctx, chromedp.Navigate(address), chromedp.WaitReady("body")))
}

// Eval returns the value of a JavaScript expression.
func Eval[T any](t *Tab, expression string) T {
	t.t.Helper()
	value, err := chromedp.Run(t.ctx, chromedp.Evaluate[T](expression))
	require.NoError(t.t, err, expression)
	return value
}

// Await waits until an expression is true.
func (t *Tab) Await(expression string) {
	t.t.Helper()
	holds := func() bool {
		// While a page is loading, there is nothing to ask.
		value, err := chromedp.Run(t.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && value
	}
	if !patience.Until(50*time.Millisecond, holds) {
		t.t.Fatalf("it never holds that %s; the page is\n%s", expression, Eval[string](t, "location.href + document.body.innerText"))
	}
}

// Says waits until the page shows a text.
func (t *Tab) Says(text string) {
	t.t.Helper()
	t.Await("document.body && document.body.innerText.includes(" + quoted(text) + ")")
}

// Click clicks the first element of a selector.
func (t *Tab) Click(selector string) {
	t.t.Helper()
	t.Await("document.querySelector(" + quoted(selector) + ")")
	Eval[any](t, "document.querySelector("+quoted(selector)+").click()")
}

// Fill sets the value of a field.
func (t *Tab) Fill(selector, value string) {
	t.t.Helper()
	t.Await("document.querySelector(" + quoted(selector) + ")")
	Eval[any](t, "document.querySelector("+quoted(selector)+").value = "+quoted(value))
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// Looks looks at the page as people do: light and dark, on a phone and on a desk. Nothing
// may scroll sideways. Pictures go to a folder, unless it is "". If PHSCRIPT_AXE names the
// file axe.min.js of axe-core, it must find nothing.
func (t *Tab) Looks(folder, name string) {
	t.t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(t.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		require.NoError(t.t, err)
		for _, width := range []int64{390, 1280} {
			require.NoError(t.t, chromedp.Do(t.ctx, chromedp.EmulateViewport(width, 844)))
			if Eval[bool](t, "document.documentElement.scrollWidth > document.documentElement.clientWidth") {
				t.t.Errorf("%s scrolls sideways at %d pixels", name, width)
			}
			t.axe(fmt.Sprintf("%s, %s, at %d pixels", name, scheme, width))
			if folder == "" {
				continue
			}
			picture, err := chromedp.Run(t.ctx, chromedp.FullScreenshot(100))
			require.NoError(t.t, err)
			require.NoError(t.t, os.MkdirAll(folder, 0o755))
			require.NoError(t.t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), picture, 0o644))
		}
	}
}

const runAxe = `axe.run(document,{resultTypes:['violations']}).then(r=>r.violations.map(v=>v.id+': '+v.nodes.map(n=>n.target.join(' ')).join(', ')).join('\n'))`

func (t *Tab) axe(what string) {
	t.t.Helper()
	file := os.Getenv("PHSCRIPT_AXE")
	if file == "" {
		if os.Getenv("PHSCRIPT_NOTHING_SKIPPED") != "" {
			t.t.Error("PHSCRIPT_AXE does not name the file axe.min.js, so nobody has checked the page with it")
		}
		return
	}
	source, err := os.ReadFile(file)
	require.NoError(t.t, err)
	// What the debugger evaluates is not bound by the page's policy.
	Eval[any](t, string(source)+";0")
	found, err := chromedp.Run(t.ctx, chromedp.Evaluate[string](runAxe, chromedp.EvalAwaitPromise))
	require.NoError(t.t, err)
	if found != "" {
		t.t.Errorf("axe-core about %s: %s", what, found)
	}
}

// Hide tells the page that nobody sees it, as a browser does when another tab is in front.
func (t *Tab) Hide() { t.see("hidden") }

// Show tells the page that somebody sees it.
func (t *Tab) Show() { t.see("visible") }

func (t *Tab) see(state string) {
	t.t.Helper()
	Eval[any](t, fmt.Sprintf(`Object.defineProperty(document, "hidden", { value: %v, configurable: true }); document.dispatchEvent(new Event("visibilitychange")); 0`, state == "hidden"))
}
