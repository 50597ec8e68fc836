package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// send sends what a script asked for. Its options are argument i.
func send(a *args, c *client, method, address string, i int) (int, error) {
	if a.Host.Network == nil {
		return 0, &planhat.Error{Kind: planhat.KindConfig, Message: "scripts of this program cannot send HTTP requests"}
	}
	r, err := newRequest(a, c, method, address, a.Options(i))
	if err != nil {
		return 0, err
	}
	limits := c.limiters(a.Host, r.class)
	ctx := a.Context()
	var res *response
	a.Host.Wait(a.L, func(bindings.Turn) { res, err = r.do(ctx, a.Host, limits) })
	if err != nil {
		return 0, err
	}
	return a.Push(res.value(a.L, a.Host))
}

// response is what became known about a response.
type response struct {
	status int
	header http.Header
	url    string
	// at is the address that responded, after redirects.
	at *url.URL
	// carriedOut says that a redirect made a GET of the request: the service has carried
	// it out.
	carriedOut bool
	// unsure says that the request must not be sent again to be sure of its success.
	unsure bool
	// body is nil if it was written to a file.
	body     []byte
	size     int64
	withheld bool
}

// Pauses between attempts.
const (
	firstPause = 500 * time.Millisecond
	mostPause  = 30 * time.Second
)

// do sends the request until it succeeds, or fails for good. It does not use the Lua
// state.
func (r *request) do(ctx context.Context, h *bindings.Host, limits []bindings.Limiter) (*response, error) {
	pauses := newPauses()
	for attempt := 1; ; attempt++ {
		r.stage = preparing
		err := r.identify(ctx, h)
		var res *response
		if err == nil {
			res, err = r.attempt(ctx, h, limits)
		}
		if errors.Is(err, bindings.ErrWithheld) {
			return &response{header: http.Header{}, url: r.shown(), withheld: true}, nil
		}
		if err == nil && r.renewed(res) {
			attempt--
			continue
		}
		verdict := r.judge(res, err)
		if verdict.failed == nil || !r.raise && err == nil && !verdict.retry {
			return res, nil
		}
		failed := verdict.failed
		if failed.Path == "" { // not one about the token
			failed.Method, failed.Path, failed.Attempts = r.method, r.url.Host+r.url.EscapedPath(), attempt
		}
		verdict.retry = verdict.retry && (r.retryTimeouts || failed.Kind != planhat.KindTimeout)
		wait := verdict.after
		if wait == 0 {
			wait = pauses.NextBackOff()
		}
		if r.token != nil && failed.Status == http.StatusUnauthorized && failed.Hint == "" {
			failed.Hint = "the service does not accept a token that was just issued: check whether the app has the scopes, and is installed in this account"
		}
		for _, l := range limits {
			if verdict.block && wait <= r.maxWait {
				if err := l.Block(ctx, wait); err != nil {
					return nil, err
				}
			}
		}
		if !verdict.retry || attempt > r.retries || wait > r.maxWait {
			switch {
			case failed.Hint != "":
			case verdict.retry && verdict.after > r.maxWait:
				failed.Hint = fmt.Sprintf("the service asks to wait %s; run the script again then", shownWait(verdict.after))
			case failed.Kind == planhat.KindRateLimited && verdict.retry:
				failed.Hint = "send fewer requests: give http.client the service's limit as 'rate'"
			}
			if !r.raise && err == nil {
				return res, nil
			}
			return nil, failed
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// identify sets the token of the next attempt, and renews it if it was rejected.
func (r *request) identify(ctx context.Context, h *bindings.Host) error {
	if r.token == nil {
		return nil
	}
	text, err := r.token.access(ctx, h, r.rejected)
	if err != nil {
		return err
	}
	if !httpguts.ValidHeaderFieldValue(text) {
		return &planhat.Error{Kind: planhat.KindServer, Message: r.token.host() + " issued a token with control characters"}
	}
	r.sent = text
	r.header.Set("Authorization", "Bearer "+text)
	return nil
}

// renewed reports whether to send the request again with a new token, which is done once:
// the service rejected the one that it got, so it did nothing.
func (r *request) renewed(res *response) bool {
	if r.token == nil {
		return false
	}
	if res.status != http.StatusUnauthorized {
		r.token.accepted(r.sent)
		return false
	}
	if res.carriedOut && !r.repeatable || r.rejected != "" || !r.token.mayRenew(r.sent) {
		return false
	}
	r.rejected = r.sent
	return true
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt sends the request once.
func (r *request) attempt(run context.Context, h *bindings.Host, limits []bindings.Limiter) (*response, error) {
	for _, l := range limits {
		release, err := l.Acquire(run)
		if err != nil {
			return nil, err
		}
		defer release()
	}
	ctx, cancel := context.WithCancelCause(run)
	defer cancel(nil)
	// The clock begins when the request does, not while it waits for its turn.
	clock := time.AfterFunc(r.timeout, func() { cancel(errTimeout) })
	defer clock.Stop()
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), nil)
	if err != nil {
		return nil, &local{&planhat.Error{Kind: planhat.KindValidation, Message: "the address of " + r.url.Host + " is invalid"}}
	}
	req.Header = r.header.Clone()
	if r.body != nil {
		if req.Body, req.ContentLength, err = r.body(); err != nil {
			return nil, err
		}
		// For redirects that keep the method.
		req.GetBody = func() (io.ReadCloser, error) {
			body, _, err := r.body()
			return body, err
		}
	}
	file, err := openTo(h.Files, r.to)
	if err != nil {
		return nil, errors.Join(err, closed(req.Body))
	}
	defer func() { _ = file.discard() }()
	r.stage = sending
	res, err := h.Network.Send(req, r.reads)
	if err != nil {
		if errors.As(err, new(*bindings.RedirectError)) {
			r.stage = responded
		}
		return nil, timedOut(ctx, err)
	}
	r.stage = responded
	defer func() { _ = res.Body.Close() }()
	out := &response{status: res.StatusCode, header: res.Header, url: r.shown(), at: r.url, unsure: !r.repeatable}
	if res.Request != nil {
		out.at, out.url = res.Request.URL, withoutSecrets(res.Request.URL)
		out.carriedOut = res.Request.Method != r.method
	}
	if err := r.read(res, out, file, func() { clock.Reset(r.timeout) }); err != nil {
		return nil, timedOut(ctx, err)
	}
	return out, nil
}

func closed(body io.Closer) error {
	if body == nil {
		return nil
	}
	return body.Close()
}

var errTimeout = errors.New("timed out")

// timedOut replaces the error of a request that took too long.
func timedOut(ctx context.Context, err error) error {
	if !errors.Is(context.Cause(ctx), errTimeout) {
		return err
	}
	if hop, ok := errors.AsType[*bindings.RedirectError](err); ok {
		return &bindings.RedirectError{From: hop.From, To: hop.To, Err: errTimeout}
	}
	return errTimeout
}
