package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// send sends what a script asked for. Its options are argument i.
func send(a *args, c *client, method, address string, i int) (int, error) {
	if a.Host.Network == nil {
		return 0, &planhat.Error{Kind: planhat.KindConfig, Message: "this program gives scripts no access to other systems"}
	}
	r, err := newRequest(a, c, method, address, a.Options(i))
	if err != nil {
		return 0, err
	}
	res, err := r.do(a, c.limiters(a.Host, r.class))
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

// do sends the request until it succeeds, or fails for good.
func (r *request) do(a *args, limits []bindings.Limiter) (*response, error) {
	pauses := newPauses()
	for attempt := 1; ; attempt++ {
		err := r.identify(a)
		var res *response
		if err == nil {
			res, err = r.attempt(a, limits)
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
			failed.Hint = "the service does not accept a token that was just issued: look whether the app has the scopes, and is installed in this account"
		}
		for _, l := range limits {
			if verdict.block && wait <= r.maxWait {
				if err := l.Block(a.Context(), wait); err != nil {
					return nil, err
				}
			}
		}
		if !verdict.retry || attempt > r.retries || wait > r.maxWait {
			if failed.Kind == planhat.KindRateLimited && failed.Hint == "" {
				failed.Hint = "send fewer requests: give http.client the service's limit as 'rate'"
				if wait > r.maxWait {
					failed.Hint = fmt.Sprintf("the service asks to wait %s; run the script again then", wait.Round(time.Second))
				}
			}
			if !r.raise && err == nil {
				return res, nil
			}
			return nil, failed
		}
		if err := sleep(a.Context(), wait); err != nil {
			return nil, err
		}
	}
}

// identify sets the token of the next attempt, and renews it if it was rejected.
func (r *request) identify(a *args) error {
	if r.token == nil {
		return nil
	}
	text, err := r.token.access(a.Context(), a.Host, r.rejected)
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
	if r.rejected != "" || !r.token.mayRenew(r.sent) {
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
func (r *request) attempt(a *args, limits []bindings.Limiter) (*response, error) {
	for _, l := range limits {
		release, err := l.Acquire(a.Context())
		if err != nil {
			return nil, err
		}
		defer release()
	}
	ctx, cancel := context.WithCancelCause(a.Context())
	defer cancel(nil)
	// The clock begins when the request does, not while it waits for its turn.
	clock := time.AfterFunc(r.timeout, func() { cancel(errTimeout) })
	defer clock.Stop()
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), nil)
	if err != nil {
		return nil, err
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
	res, err := a.Host.Network.Send(req, r.reads)
	if err != nil {
		return nil, timedOut(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	out := &response{status: res.StatusCode, header: res.Header, url: r.shown()}
	if res.Request != nil {
		out.url = withoutSecrets(res.Request.URL)
	}
	if err := r.read(a, res, out, func() { clock.Reset(r.timeout) }); err != nil {
		return nil, timedOut(ctx, err)
	}
	return out, nil
}

var errTimeout = errors.New("timed out")

// timedOut replaces the error of a request that took too long.
func timedOut(ctx context.Context, err error) error {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return errTimeout
	}
	return err
}

// read reads the body. moved is called whenever data arrived that goes to a file.
func (r *request) read(a *args, res *http.Response, out *response, moved func()) error {
	body, err := decompressed(res)
	if err != nil {
		return err
	}
	if r.to == "" || res.StatusCode >= 300 {
		most := r.most
		if r.to != "" {
			most = min(most, defaultMost)
		}
		var text bytes.Buffer
		n, err := io.Copy(&text, io.LimitReader(body, most+1))
		if err != nil {
			return err
		}
		if n > most {
			return tooLarge(r.url.Host, most)
		}
		out.body, out.size = text.Bytes(), n
		return nil
	}
	file, err := a.Host.Files.OpenWrite(r.to, false)
	if err != nil {
		return &local{bindings.FileError(a.Host.Files, "write", r.to, err)}
	}
	out.size, err = io.Copy(&onDisk{file}, &moving{io.LimitReader(body, r.most+1), moved})
	if err == nil && out.size > r.most {
		err = tooLarge(r.url.Host, r.most)
	}
	if err != nil {
		if abort, ok := file.(bindings.Aborter); ok {
			return errors.Join(err, abort.Abort())
		}
		return errors.Join(err, file.Close())
	}
	if err := file.Close(); err != nil {
		return &local{bindings.FileError(a.Host.Files, "write", r.to, err)}
	}
	return nil
}

// local is a failure on this side, which another attempt does not mend.
type local struct{ error }

func (e *local) Unwrap() error { return e.error }

// onDisk marks the errors of writing a file.
type onDisk struct{ to io.Writer }

func (d *onDisk) Write(p []byte) (int, error) {
	n, err := d.to.Write(p)
	if err != nil {
		err = &local{err}
	}
	return n, err
}

// moving tells when data arrives.
type moving struct {
	from  io.Reader
	moved func()
}

func (m *moving) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	if n > 0 {
		m.moved()
	}
	return n, err
}

// decompressed returns the body without gzip, which is all that a request accepts.
func decompressed(res *http.Response) (io.Reader, error) {
	switch encoding := strings.ToLower(strings.TrimSpace(res.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return res.Body, nil
	case "gzip", "x-gzip":
		if res.Request != nil && res.Request.Method == http.MethodHead || res.StatusCode == http.StatusNoContent {
			return res.Body, nil
		}
		unzip, err := gzip.NewReader(res.Body)
		if errors.Is(err, io.EOF) {
			return http.NoBody, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the body is not the gzip that its headers announce: %w", err)
		}
		return unzip, nil
	default:
		return nil, &local{&planhat.Error{Kind: planhat.KindServer, Status: res.StatusCode, Message: fmt.Sprintf("the body is compressed as %q, which was not asked for", encoding)}}
	}
}

func tooLarge(host string, most int64) error {
	return &local{&planhat.Error{
		Kind: planhat.KindValidation, Message: fmt.Sprintf("the response of %s has more than %d bytes", host, most),
		Hint: "ask for less at once; or raise the option max_bytes, or write the response to a file with the option to",
	}}
}

// shown is the address without its parameters, which may hold secrets.
func (r *request) shown() string { return withoutSecrets(r.url) }

func withoutSecrets(u *url.URL) string {
	clean := *u
	clean.RawQuery, clean.Fragment, clean.User = "", "", nil
	return clean.String()
}
