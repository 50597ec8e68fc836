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
	"log/slog"
	"net/http"
	"net/url"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/config"
	"github.com/phscript/phscript/runtime/history"
	"github.com/phscript/phscript/runtime/schedule"
)

// EventKind is what happened to a schedule.
type EventKind string

// The kinds of events: the first bad run after good ones, and the first good
// one after bad ones.
const (
	Failure  EventKind = "failure"
	Recovery EventKind = "recovery"
)

// Event is what people are told of. It is sent as JSON.
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

	actions []config.Action
}

func newEvent(kind EventKind, r *history.Run, d schedule.Definition, end history.End) *Event {
	e := &Event{
		Kind: kind, Schedule: r.Schedule, Script: r.Script, Run: r.ID, Attempt: r.Attempt, Status: end.Status, Reason: end.Reason,
		Error: end.Error, ExitCode: end.ExitCode, Rejected: end.Rejected, Tick: r.Tick, Started: r.Started,
	}
	e.actions = d.OnFailure
	if kind == Recovery {
		e.actions = d.OnRecovery
	}
	return e
}

// Notifier tells people of events, each action once and on its own: one that
// fails is tried again a few times and then logged. It is safe for concurrent
// use.
type Notifier struct {
	// Default are the actions of schedules that have none of their own.
	Default func(kind EventKind) []config.Action
	// RunScript queues a Lua script with the event as its parameters.
	RunScript func(ctx context.Context, script string, e Event) error
	Getenv    func(string) (string, bool)
	Dir       string
	Env       []string
	Log       *slog.Logger

	sending sync.WaitGroup
}

// Bounds of a notification.
const (
	notifyTries = 4
	notifyTime  = 30 * time.Second
)

// notifyPause is the pause before the second try; it doubles.
var notifyPause = 2 * time.Second

// Send starts the actions of an event. It does not wait for them.
func (n *Notifier) Send(e Event) {
	actions := e.actions
	if len(actions) == 0 && n.Default != nil {
		actions = n.Default(e.Kind)
	}
	for _, a := range actions {
		n.sending.Go(func() {
			pause := notifyPause
			for try := 1; ; try++ {
				ctx, cancel := context.WithTimeout(context.Background(), notifyTime)
				err := n.act(ctx, a, e)
				cancel()
				if err == nil {
					n.Log.Info("notified", "event", e.Kind, "schedule", e.Schedule, "run", e.Run, "by", actionName(a))
					return
				}
				if try == notifyTries {
					n.Log.Error("nobody could be notified", "event", e.Kind, "schedule", e.Schedule, "run", e.Run, "by", actionName(a), "reason", err.Error())
					return
				}
				time.Sleep(pause)
				pause *= 2
			}
		})
	}
}

// Wait waits until everybody was told.
func (n *Notifier) Wait() { n.sending.Wait() }

func actionName(a config.Action) string {
	switch {
	case a.Script != "":
		return "script " + a.Script
	case a.Webhook != "":
		return "webhook"
	}
	return "command " + a.Command[0]
}

func (n *Notifier) act(ctx context.Context, a config.Action, e Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	switch {
	case a.Script != "":
		return n.RunScript(ctx, a.Script, e)
	case a.Webhook != "":
		return n.post(ctx, a, body)
	}
	cmd := exec.CommandContext(ctx, a.Command[0], a.Command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = n.Dir, n.Env, bytes.NewReader(body)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, shorten(string(bytes.TrimSpace(out))))
	}
	return nil
}

// SignatureHeader carries the signature of a webhook's body: "t=<seconds since
// 1970>,v1=<hex>", where hex is the HMAC-SHA256 of the seconds, a dot and the
// body, under the secret.
const SignatureHeader = "Phscript-Signature"

func (n *Notifier) post(ctx context.Context, a config.Action, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Webhook, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the webhook's address is malformed")
	}
	request.Header.Set("Content-Type", "application/json")
	if a.SecretEnv != "" {
		secret, ok := n.Getenv(a.SecretEnv)
		if !ok || secret == "" {
			return fmt.Errorf("the environment variable %s, which holds the secret, is not set", a.SecretEnv)
		}
		request.Header.Set(SignatureHeader, sign(secret, time.Now(), body))
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the webhook cannot be reached: %w", withoutURL(err))
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 1<<20))
	if answer.StatusCode >= 300 {
		return fmt.Errorf("the webhook answered %s", answer.Status)
	}
	return nil
}

func sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}

// withoutURL keeps the address out of an error: webhooks often carry a token in
// it.
func withoutURL(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
