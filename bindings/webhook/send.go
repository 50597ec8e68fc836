package webhook

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
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
	// mostAttempts and mostWait bound the retries of a message.
	mostAttempts = 5
	mostWait     = 2 * time.Minute
	mostAnswer   = 4 << 10
	sendTimeout  = 20 * time.Second
)

// message is a message to another system.
type message struct {
	to      *url.URL
	id      string
	body    []byte
	header  http.Header
	secret  string
	timeout time.Duration
	now     func() time.Time
}

func send(a *bindings.Args) (int, error) {
	n := a.Host.Network
	if n == nil {
		return 0, &planhat.Error{Kind: planhat.KindConfig, Message: "scripts of this program cannot send messages"}
	}
	address := strings.TrimSpace(a.String(0))
	n.Hide(address)
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return 0, a.Errorf("argument 1, 'url', is not the address of a webhook, such as https://api.example.com/hooks; check whether the variable with it is set")
	}
	if len(u.EscapedPath()) > 16 { // shorter ones are no secrets, and may be part of any text
		n.Hide(u.EscapedPath())
	}
	o := a.Options(2)
	m := message{to: u, id: cmp.Or(o.String("id"), "msg_"+rand.Text()), secret: o.String("secret"), header: http.Header{}, timeout: sendTimeout, now: a.Host.Clock.Now}
	if o.Has("timeout") {
		seconds := float64(lua.LVAsNumber(o.Get("timeout")))
		if seconds <= 0 || seconds > 600 {
			return 0, a.Errorf("option 'timeout' must be more than 0 and at most 600 seconds")
		}
		m.timeout = time.Duration(seconds * float64(time.Second))
	}
	if err := m.read(a, o); err != nil {
		return 0, err
	}
	n.Hide(m.secret)
	at := bindings.Message{Kind: "webhook", Host: u.Hostname(), Port: map[string]int{"https": 443, "http": 80}[u.Scheme]}
	if json.Valid(m.body) {
		at.Payload = m.body
	} else {
		at.Text = string(m.body)
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		at.Port = port
	}
	ctx := a.Context()
	held := false
	a.Host.Wait(a.L, func(bindings.Turn) {
		if held, err = n.Hold(ctx, at); err != nil || held {
			return
		}
		kept := false
		if a.Host.Outbox != nil {
			kept, err = a.Host.Outbox.Put(ctx, bindings.OutMessage{ID: m.id, URL: m.to.String(), Secret: m.secret, Header: m.header, Body: m.body})
		}
		if err == nil && !kept {
			err = m.send(ctx, n)
		}
	})
	if err != nil {
		return 0, err
	}
	return a.Push(lua.LString(m.id), lua.LBool(!held))
}

// read reads the body, the secret and the headers.
func (m *message) read(a *bindings.Args, o bindings.Options) (err error) {
	m.header.Set("Content-Type", "application/json")
	if t := a.Table(1); t == nil {
		m.body = []byte(a.String(1))
	} else if m.body, err = bindings.CodecOf(a.L).EncodeBytes(t, bindings.EncodeOptions{}); err != nil {
		return a.Errorf("argument 2, 'body': %w", err)
	}
	if strings.ContainsFunc(m.id, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.Contains(m.id, ".") || len(m.id) > 200 {
		return a.Errorf("option 'id' must be at most 200 visible characters of ASCII, without dots")
	}
	if m.secret != "" {
		if _, err := m.key(); err != nil {
			return a.Errorf("option 'secret' must be whsec_ and Base64; check whether the variable with it is set")
		}
	}
	var wrong error
	if t, ok := o.Get("headers").(*lua.LTable); ok {
		t.ForEach(func(k, v lua.LValue) {
			name, value := lua.LVAsString(k), lua.LVAsString(v)
			if name == "" || strings.ContainsAny(name+value, "\r\n\x00") || strings.ContainsAny(name, " :") {
				wrong = a.Errorf("option 'headers': %q is not the name of a header with a text as its value", name)
				return
			}
			m.header.Set(name, value)
		})
	}
	return wrong
}

func (m *message) key() ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(m.secret, "whsec_"))
	if err == nil && len(key) == 0 {
		err = errors.New("the secret is empty")
	}
	return key, err
}

// sign adds the headers of Standard Webhooks, and one that receivers know which verify
// messages of GitHub.
func (m *message) sign() {
	at := strconv.FormatInt(m.now().Unix(), 10)
	m.header.Set("webhook-id", m.id)
	m.header.Set("webhook-timestamp", at)
	key, err := m.key()
	if err != nil || m.secret == "" {
		return
	}
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, m.id+"."+at+".")
	_, _ = mac.Write(m.body)
	m.header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	body := hmac.New(sha256.New, []byte(m.secret))
	_, _ = body.Write(m.body)
	m.header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(body.Sum(nil)))
}

// send sends the message until the receiver takes it, or refuses it for good.
func (m *message) send(ctx context.Context, n bindings.Network) error {
	for attempt := 1; ; attempt++ {
		wait, err := m.once(ctx, n)
		if err == nil || wait == 0 || attempt == mostAttempts {
			return err
		}
		pause := max(wait, time.Duration(1<<attempt)*time.Second/2)
		if pause > mostWait {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// once sends the message once. A pause with the error says that it can be sent again: the
// receiver knows it by its id.
func (m *message) once(ctx context.Context, n bindings.Network) (wait time.Duration, err error) {
	limited, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodPost, m.to.String(), bytes.NewReader(m.body))
	if err != nil {
		return 0, err
	}
	m.sign()
	req.Header = m.header.Clone()
	res, err := n.Send(req, false)
	if err != nil {
		return m.unanswered(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, mostAnswer))
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return 0, nil
	}
	failed := &planhat.Error{Kind: planhat.KindValidation, Status: res.StatusCode, Header: res.Header, Message: m.to.Host + " responded to the webhook with " + res.Status}
	switch {
	case res.StatusCode == http.StatusTooManyRequests:
		failed.Kind = planhat.KindRateLimited
	case res.StatusCode >= 500:
		failed.Kind = planhat.KindServer
	case res.StatusCode == http.StatusUnauthorized:
		failed.Kind, failed.Hint = planhat.KindAuth, "check whether the receiver has the same secret"
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		failed.Kind = planhat.KindNotFound
	}
	if failed.Kind != planhat.KindRateLimited && failed.Kind != planhat.KindServer && res.StatusCode != http.StatusRequestTimeout && res.StatusCode != http.StatusConflict {
		return 0, failed
	}
	wait = time.Second
	if n, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && n > 0 {
		wait = time.Duration(n) * time.Second
	}
	return wait, failed
}

// unanswered explains an error of the connection.
func (m *message) unanswered(ctx context.Context, err error) (time.Duration, error) {
	if _, ok := errors.AsType[bindings.ErrorKinder](err); ok || ctx.Err() != nil {
		return 0, err // such as a host that is not allowed
	}
	failed := &planhat.Error{Kind: planhat.KindNetwork, Uncertain: true, Message: "the webhook could not be sent to " + m.to.Host, Err: err}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		failed.Uncertain = false
	}
	if errors.Is(err, context.DeadlineExceeded) {
		failed.Kind, failed.Message = planhat.KindTimeout, m.to.Host+" did not answer in time"
	}
	return time.Second, failed
}
