package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// verdict is what to do after an attempt.
type verdict struct {
	// failed is nil if the attempt succeeded.
	failed *planhat.Error
	retry  bool
	// after is the pause that the service asked for, 0 for none; block applies it to all
	// requests of the rate.
	after time.Duration
	block bool
}

// judge decides about an attempt. A request that may have been carried out is repeated
// only if it can be.
func (r *request) judge(res *response, err error) verdict {
	if err != nil {
		return r.judgeError(err)
	}
	if res.status < 400 {
		return verdict{}
	}
	v := verdict{failed: failure(r.url.Host, res)}
	v.after = pauseOf(res.header, time.Now())
	switch res.status {
	case http.StatusTooManyRequests:
		v.retry, v.block = true, true
	case http.StatusServiceUnavailable:
		v.retry = r.repeatable || v.after > 0
		v.block = v.after > 0
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout, 520, 521, 522, 523, 524:
		v.retry = r.repeatable
		v.failed.Uncertain = !r.repeatable
	}
	v.failed.Retryable, v.failed.RetryAfter = v.retry, v.after
	return v
}

func (r *request) judgeError(err error) verdict {
	var failed *planhat.Error
	if errors.As(err, &failed) {
		return verdict{failed: failed}
	}
	var kinder bindings.ErrorKinder
	if errors.As(err, &kinder) {
		failed = &planhat.Error{Kind: planhat.Kind(kinder.ErrorKind()), Message: kinder.Error(), Err: err}
		var hinter bindings.Hinter
		if errors.As(err, &hinter) {
			failed.Hint = hinter.ErrorHint()
		}
		return verdict{failed: failed}
	}
	host := r.url.Host
	switch {
	case errors.Is(err, errTimeout):
		failed = &planhat.Error{Kind: planhat.KindTimeout, Message: fmt.Sprintf("%s did not respond within %s", host, r.timeout),
			Hint: "if the service is slow, raise the option timeout"}
	case errors.Is(err, context.Canceled):
		return verdict{failed: &planhat.Error{Kind: planhat.KindCancelled, Message: "the request was cancelled", Err: err}}
	case errors.Is(err, context.DeadlineExceeded):
		return verdict{failed: &planhat.Error{Kind: planhat.KindTimeout, Message: "the run's time was up", Err: err}}
	default:
		failed = &planhat.Error{Kind: planhat.KindNetwork, Message: "cannot reach " + host + ": " + reason(err), Err: err}
	}
	var onThisSide *local
	if errors.As(err, &onThisSide) {
		return verdict{failed: failed}
	}
	sent := !neverSent(err)
	failed.Retryable = r.repeatable || !sent
	failed.Uncertain = sent && !r.repeatable
	return verdict{failed: failed, retry: failed.Retryable && !hopeless(err)}
}

// neverSent reports whether a request failed before anything of it was sent.
func neverSent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// hopeless reports whether another attempt fails the same way.
func hopeless(err error) bool {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return true
	}
	text := err.Error()
	return strings.Contains(text, "x509:") || strings.Contains(text, "tls: ") || strings.Contains(text, "server gave HTTP response to HTTPS client")
}

// reason is why a connection failed, in words of its user.
func reason(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return "there is no host named " + dns.Name
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "connection refused"):
		return "nothing listens there (connection refused)"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(text, "connection reset"):
		return "the connection broke off"
	case strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return "it does not speak https"
	}
	return text
}

// pauseOf returns how long a service asks to wait: by Retry-After, in seconds or as a
// date, or by the reset of its rate limit, in seconds, as a time since 1970, or as a
// date. It returns 0 if the service does not say.
func pauseOf(h http.Header, now time.Time) time.Duration {
	for _, name := range []string{"Retry-After", "RateLimit-Reset", "X-RateLimit-Reset"} {
		text := strings.TrimSpace(h.Get(name))
		if text == "" {
			continue
		}
		if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e15 {
			switch {
			case n > 1e12: // milliseconds since 1970
				return pause(time.UnixMilli(int64(n)).Sub(now))
			case n > 1e9:
				return pause(time.Unix(int64(n), 0).Sub(now))
			}
			return pause(time.Duration(n * float64(time.Second)))
		}
		for _, layout := range []string{http.TimeFormat, time.RFC3339, time.RFC1123, "2006-01-02T15:04Z07:00"} {
			if at, err := time.Parse(layout, text); err == nil {
				return pause(at.Sub(now))
			}
		}
	}
	return 0
}

// pause is at least a short one: the service's clock may be ahead.
func pause(d time.Duration) time.Duration { return max(d, 100*time.Millisecond) }
