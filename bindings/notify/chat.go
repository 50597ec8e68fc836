package notify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

const (
	kindSlack, kindTeams = "slack", "teams"

	// mostAttempts and mostWait bound the retries of a message that a chat did not take.
	mostAttempts = 5
	mostWait     = 2 * time.Minute
	mostAnswer   = 4 << 10
	postTimeout  = time.Minute
)

// markup is what Slack reads in a text, escaped.
var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func slack(a *bindings.Args) (int, error) {
	o := a.Options(2)
	text := a.String(1)
	if !o.Bool("markup") {
		text = markup.Replace(text)
	}
	payload := map[string]any{"text": text}
	if o.Has("blocks") {
		blocks, err := raw(a, "blocks", o.Get("blocks"))
		if err != nil {
			return 0, err
		}
		payload["blocks"] = blocks
	}
	return post(a, bindings.Message{Kind: kindSlack, Text: a.String(1)}, payload)
}

func teams(a *bindings.Args) (int, error) {
	o := a.Options(2)
	var card any
	if o.Has("card") {
		given, err := raw(a, "card", o.Get("card"))
		if err != nil {
			return 0, err
		}
		card = given
	} else {
		var body []any
		if title := o.String("title"); title != "" {
			body = append(body, map[string]any{"type": "TextBlock", "text": title, "size": "Medium", "weight": "Bolder", "wrap": true})
		}
		body = append(body, map[string]any{"type": "TextBlock", "text": a.String(1), "wrap": true})
		card = map[string]any{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body}
	}
	payload := map[string]any{"type": "message", "attachments": []any{map[string]any{
		"contentType": "application/vnd.microsoft.card.adaptive", "content": card,
	}}}
	return post(a, bindings.Message{Kind: kindTeams, Text: a.String(1), Subject: o.String("title")}, payload)
}

// raw returns an option as JSON.
func raw(a *bindings.Args, option string, v lua.LValue) (json.RawMessage, error) {
	text, err := bindings.CodecOf(a.L).EncodeBytes(v, bindings.EncodeOptions{})
	if err != nil {
		return nil, a.Errorf("option '%s': %w", option, err)
	}
	return json.RawMessage(text), nil
}

// webhook reads the address of a webhook.
func webhook(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, errors.New("argument 1, 'url', is not the address of a webhook, such as https://hooks.example.com/...; check whether the variable with it is set")
	}
	return u, nil
}

func refusedWebhook(address string) error {
	_, err := webhook(address)
	return err
}

// post sends a message to the webhook that argument 0 names.
func post(a *bindings.Args, m bindings.Message, payload map[string]any) (int, error) {
	if err := reachable(a); err != nil {
		return 0, err
	}
	address := strings.TrimSpace(a.String(0))
	a.Host.Network.Hide(address)
	u, err := webhook(address)
	if err != nil {
		return 0, a.Errorf("%w", err)
	}
	a.Host.Network.Hide(u.EscapedPath())
	if strings.TrimSpace(a.String(1)) == "" {
		return 0, a.Errorf("argument 2, 'text', is empty")
	}
	m.Host, m.Port = u.Hostname(), 443
	if u.Scheme == "http" {
		m.Port = 80
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		m.Port = n
	}
	if m.Payload, err = json.Marshal(payload); err != nil {
		return 0, err
	}
	ctx := a.Context()
	if isHeld, err := a.Host.Network.Hold(ctx, m); err != nil || isHeld {
		return give(a, false, err)
	}
	for attempt := 1; ; attempt++ {
		wait, err := postOnce(ctx, a.Host.Network, m.Kind, u, m.Payload)
		if err == nil || wait == 0 || wait > mostWait || attempt == mostAttempts {
			return give(a, err == nil, err)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(wait):
		}
	}
}

func give(a *bindings.Args, sent bool, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return a.Push(lua.LBool(sent))
}

// postOnce sends a message once. A pause with the error says that the chat did not take
// it, and when to try again.
func postOnce(ctx context.Context, n bindings.Network, kind string, u *url.URL, payload []byte) (time.Duration, error) {
	limited, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodPost, u.String(), bytes.NewReader(payload))
	if err != nil {
		return 0, errors.New("the address of the webhook is invalid")
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := n.Send(req, false)
	if err != nil {
		return 0, failed(ctx, u.Host, err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(res.Body, mostAnswer)) // what is there says enough
	text := strings.Join(strings.Fields(string(answer)), " ")
	// Older webhooks of Teams answer 200 also if they did not deliver the message.
	undelivered := kind == kindTeams && strings.Contains(text, "failed with error")
	if res.StatusCode < 300 && !undelivered {
		return 0, nil
	}
	bad := &planhat.Error{
		Kind: planhat.KindServer, Status: res.StatusCode, Body: answer,
		Message: fmt.Sprintf("%s did not take the message: %s", u.Host, cmp.Or(text, res.Status)),
	}
	switch {
	case res.StatusCode == http.StatusTooManyRequests || strings.Contains(text, "HTTP error 429"):
		bad.Kind, bad.Retryable = planhat.KindRateLimited, true
		wait := time.Second
		if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s >= 0 {
			wait = max(time.Duration(min(s, 86_400))*time.Second, time.Millisecond)
		}
		return wait, bad
	case res.StatusCode >= 500:
		bad.Uncertain = true
	case res.StatusCode == http.StatusBadRequest || res.StatusCode == http.StatusRequestEntityTooLarge:
		bad.Kind = planhat.KindValidation
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		bad.Kind, bad.Hint = planhat.KindPermission, "make a new webhook, and replace its address: the service does not know this one, or has disabled it"
	}
	return 0, bad
}

// failed is the error of a connection.
func failed(ctx context.Context, host string, err error) error {
	var kinder bindings.ErrorKinder
	var dial *net.OpError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &kinder):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return &planhat.Error{Kind: planhat.KindTimeout, Message: host + " did not respond in time", Uncertain: true}
	}
	unsent := errors.As(err, &dial) && dial.Op == "dial"
	return &planhat.Error{Kind: planhat.KindNetwork, Message: "cannot reach " + host + ": " + reason(err), Uncertain: !unsent, Retryable: unsent, Err: err}
}

// reason is the last part of an error, without addresses.
func reason(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
