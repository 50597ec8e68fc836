package serve

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// EventKind is what happened to a schedule, or to a plan.
type EventKind string

// The kinds of events: the first bad run after good ones, the first good run after
// bad ones, and runs that did not happen.
const (
	Failure  EventKind = "failure"
	Recovery EventKind = "recovery"
	Missed   EventKind = "missed"
	// Approval is a plan that waits for approval.
	Approval EventKind = "approval"
)

// Event is what notifications are about. It is sent as JSON.
type Event struct {
	Kind     EventKind      `json:"event"`
	Schedule string         `json:"schedule"`
	Script   string         `json:"script"`
	Run      int64          `json:"run"`
	Attempt  int            `json:"attempt"`
	Status   history.Status `json:"status"`
	Reason   string         `json:"reason,omitempty"`
	Error    string         `json:"error,omitempty"`
	ExitCode *int           `json:"exit_code,omitempty"`
	Rejected int            `json:"rejected"`
	Tick     time.Time      `json:"tick,omitzero"`
	Started  time.Time      `json:"started,omitzero"`
	// Webhook is the webhook whose event has failed, Delivery the id of the event.
	Webhook  string `json:"webhook,omitempty"`
	Delivery string `json:"event_id,omitempty"`
	// Plan is the number of the plan that waits.
	Plan int64 `json:"plan,omitempty"`
	// Idle is how many ticks in a row did not run.
	Idle int64 `json:"ticks_without_run,omitempty"`
}

// longestError is the maximum length of the error in an event, in bytes: the event
// may become an environment variable of a handler.
const longestError = 8 << 10

func newEvent(kind EventKind, r *history.Run, end history.End) Event {
	return Event{
		Kind: kind, Schedule: r.Schedule, Script: r.Script, Run: r.ID, Attempt: r.Attempt, Status: end.Status, Reason: end.Reason,
		Error: lastOf(end.Error, longestError), ExitCode: end.ExitCode, Rejected: end.Rejected, Tick: r.Tick, Started: r.Started,
	}
}

// lastOf returns the last lines of a text, about most bytes of it.
func lastOf(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = strings.ToValidUTF8(text[len(text)-most:], "")
	if _, rest, ok := strings.Cut(text, "\n"); ok {
		return "…\n" + rest
	}
	return "… " + text
}

// Doubts lists what is probably a mistake: folders that cannot be read, and what
// prevents notifications, such as missing variables and programs.
func Doubts(loaded *Loaded, getenv func(string) (string, bool)) (list []string) {
	doubt := func(text string) {
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	for _, folder := range loaded.Unread {
		doubt("permission denied for the folder " + folder + ": schedules in its scripts' headers are ignored")
	}
	for _, reason := range loaded.Ignored {
		doubt(reason)
	}
	for _, text := range loaded.Doubts {
		doubt(text)
	}
	for _, d := range loaded.Definitions {
		for _, text := range d.Doubts(time.Now()) {
			doubt(text)
		}
	}
	for _, a := range allActions(loaded.Config, loaded.Definitions) {
		if host := readable(a, getenv); host != "" {
			doubt("the connection to the webhook on " + host + " is not encrypted, so others could read the notifications; use https://")
		}
		for _, name := range []string{a.WebhookEnv, a.SecretEnv} {
			if value, _ := getenv(name); name != "" && value == "" {
				doubt(shownVariable(name) + " is not set, so notifications that need it cannot be sent")
			}
		}
		if len(a.Command) > 0 {
			if why := cannotStart(loaded.Dir, a.Command[0]); why != "" {
				doubt("the program " + a.Command[0] + ", which sends notifications, " + why)
			}
		}
	}
	return list
}

// readable returns the host of an action's webhook if others on the way to it can read
// notifications, or else "".
func readable(a config.Action, getenv func(string) (string, bool)) string {
	address := a.Webhook
	if a.WebhookEnv != "" {
		address, _ = getenv(a.WebhookEnv)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (trust.Hosts{}).Private(address) {
		return ""
	}
	return u.Host
}

// cannotStart says why a program cannot be started in a folder, or "" if it can.
func cannotStart(dir, name string) string {
	if !strings.ContainsAny(name, `/\`) {
		if _, err := exec.LookPath(name); err != nil {
			return "was not found"
		}
		return ""
	}
	if dir == "" && !filepath.IsAbs(name) {
		return "" // the folder cannot be told
	}
	_, err := exec.LookPath(programPath(dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist) && filepath.IsAbs(name):
		return "does not exist"
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist; the path is relative to " + dir
	case err != nil:
		return "is not executable; run: chmod +x " + name
	}
	return ""
}

// usualName is the form that names of variables usually have, and tokens rarely.
var usualName = pattern.Lazy(`^([A-Z_][A-Z0-9_]*|[a-z_]+)$`)

// shownVariable names a variable for people, unless somebody may have written the
// secret itself in place of the variable's name.
func shownVariable(name string) string {
	if usualName().MatchString(name) {
		return "the environment variable " + name
	}
	return "an environment variable that webhook_env or secret_env names"
}

// Notifier sends notifications: it posts to a webhook or starts a program. It is safe
// for concurrent use.
type Notifier struct {
	Getenv func(string) (string, bool)
	// Dir is the working folder of programs, Env their environment.
	Dir string
	Env []string
	// Simulated says that Planhat is simulated, so that webhooks stay on this machine.
	Simulated bool
	// Pause is the pause before the second try, 0 for the default.
	Pause time.Duration
	// Children, if set, are told of the programs.
	Children *Children
}

func actionName(a config.Action) string {
	switch {
	case a.Script != "":
		return "script " + a.Script
	case len(a.Command) > 0:
		return "command " + a.Command[0]
	case usualName().MatchString(a.WebhookEnv):
		return "webhook " + a.WebhookEnv
	}
	// The path is often a secret.
	if u, err := url.Parse(a.Webhook); err == nil && u.Host != "" {
		return "webhook " + u.Host
	}
	return "webhook"
}

func (n *Notifier) act(ctx context.Context, a config.Action, e Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if len(a.Command) == 0 {
		return n.post(ctx, a, body)
	}
	cmd := exec.CommandContext(ctx, a.Command[0], a.Command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = n.Dir, n.Env, bytes.NewReader(body)
	cmd.WaitDelay = time.Second
	said, err := n.run(cmd)
	if errors.As(err, new(*fs.PathError)) || errors.As(err, new(*exec.Error)) {
		if why := cannotStart(n.Dir, a.Command[0]); why != "" {
			return fmt.Errorf("the program %s %s", a.Command[0], why)
		}
		return fmt.Errorf("the program %s cannot be started: %w", a.Command[0], withoutOperation(err))
	}
	// Whatever it leaves running, which may keep its input open, it has ended well.
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	if err != nil && len(said) > 0 {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// withoutOperation leaves out which call of the system failed.
func withoutOperation(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err
	}
	return err
}

// run runs a program to its end, and returns the end of its output. What it leaves
// running can still write to its output, so that nothing ends by doing so.
func (n *Notifier) run(cmd *exec.Cmd) (said []byte, err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = write, write
	wait, err := n.Children.start(cmd)
	if err = errors.Join(err, write.Close()); err != nil {
		return nil, errors.Join(err, read.Close())
	}
	var out ending
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(&out, read)
		_ = read.Close()
	}()
	err = wait()
	select {
	case <-closed:
	case <-time.After(cmd.WaitDelay):
	}
	return bytes.TrimSpace(out.get()), err
}

// SignatureHeader carries the signature of a webhook's body: "t=<seconds since
// 1970>,v1=<hex>", where hex is the HMAC-SHA256 of the seconds, a dot and the
// body, under the secret.
const SignatureHeader = "Phscript-Signature"

// errWithheld is the error for a webhook that is not called because Planhat is simulated.
var errWithheld = errors.New("with --simulate, webhooks on other machines are not called")

func (n *Notifier) post(ctx context.Context, a config.Action, body []byte) error {
	address := a.Webhook
	if a.WebhookEnv != "" {
		var ok bool
		if address, ok = n.Getenv(a.WebhookEnv); !ok || address == "" {
			return fmt.Errorf("%s, which holds the webhook's address, is not set", shownVariable(a.WebhookEnv))
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the webhook's address is malformed")
	}
	if n.Simulated && !trust.Loopback(request.URL.Hostname()) {
		return errWithheld
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "phscript")
	if a.SecretEnv != "" {
		secret, ok := n.Getenv(a.SecretEnv)
		if !ok || secret == "" {
			return fmt.Errorf("%s, which holds the secret, is not set", shownVariable(a.SecretEnv))
		}
		request.Header.Set(SignatureHeader, sign(secret, time.Now(), body))
	}
	answer, err := webhooks.Do(request)
	if err != nil {
		return fmt.Errorf("the webhook cannot be reached: %w", withoutURL(err))
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
	if place, err := answer.Location(); err == nil && answer.StatusCode/100 == 3 {
		return fmt.Errorf("the webhook answered %s: it has moved to %s; use the new address", answer.Status, movedTo(request.URL, place))
	}
	if answer.StatusCode < 200 || answer.StatusCode >= 300 {
		return fmt.Errorf("the webhook answered %s", answer.Status)
	}
	return nil
}

// webhooks is the client for webhooks. It only follows redirects that repeat the
// POST: the others would turn it into a GET without the event.
var webhooks = &http.Client{CheckRedirect: func(request *http.Request, before []*http.Request) error {
	if request.Method != http.MethodPost || len(before) >= 10 {
		return http.ErrUseLastResponse
	}
	return nil
}}

// movedTo names an address for people, without its path, which is often a secret.
func movedTo(from, to *url.URL) string {
	if from.Scheme == to.Scheme && from.Host == to.Host {
		return "another path on " + to.Host
	}
	return to.Scheme + "://" + to.Host
}

func sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// withoutURL removes the address from an error: it often contains a token.
func withoutURL(err error) error {
	if failed, ok := errors.AsType[*url.Error](err); ok {
		return failed.Err
	}
	return err
}

// ending keeps the end of what is written to it. It is safe for concurrent use.
type ending struct {
	mu   sync.Mutex
	text []byte
}

func (e *ending) get() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	return bytes.Clone(e.text)
}

func (e *ending) Write(p []byte) (int, error) {
	const most = 2 << 10
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = append(e.text, p...)
	if len(e.text) > most {
		e.text = append([]byte(nil), e.text[len(e.text)-most:]...)
	}
	return len(p), nil
}
