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
	if !isFailure(res.status) {
		return verdict{}
	}
	v := verdict{failed: failure(r.method, res)}
	v.after = retryAfter(res.header)
	switch res.status {
	case http.StatusTooManyRequests:
		v.retry, v.block = true, true
		if v.after == 0 {
			v.after = untilReset(res.header)
		}
	case http.StatusServiceUnavailable:
		// Only Retry-After says that the service did not accept the request.
		v.retry = r.repeatable || v.after > 0
		v.block = v.after > 0
		v.failed.Uncertain = !v.retry
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout, 520, 521, 522, 523, 524:
		v.retry = r.repeatable
		v.failed.Uncertain = !r.repeatable
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
	default:
		v.failed.Uncertain = !r.repeatable && (res.status < 400 || res.status >= 500)
	}
	if res.carriedOut && !r.repeatable {
		v.retry, v.failed.Uncertain = false, true
	}
	v.failed.Retryable, v.failed.RetryAfter = v.retry, v.after
	return v
}

// isFailure reports whether a status is not one of success. A redirect that was followed
// has no status left.
func isFailure(status int) bool { return status >= 300 && status != http.StatusNotModified }

// judgeError decides about an attempt without a response, or whose response could not be
// read.
func (r *request) judgeError(err error) verdict {
	v := r.explain(err)
	unsure := r.stage == responded
	if r.stage == sending {
		unsure = !neverSent(err) && !errors.As(err, new(bindings.ErrorKinder))
	}
	if unsure && !r.repeatable {
		v.failed.Uncertain, v.failed.Retryable, v.retry = true, false, false
	}
	return v
}

// explain makes the error about an attempt. Its verdict is that of a request that can be
// repeated.
func (r *request) explain(err error) verdict {
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
	var broken *unreadable
	hop, redirected := errors.AsType[*bindings.RedirectError](err)
	switch {
	case errors.Is(err, errTimeout):
		failed = &planhat.Error{Kind: planhat.KindTimeout, Message: r.late(hop), Hint: "if the service is slow, raise the option timeout"}
	case errors.Is(err, context.Canceled):
		return verdict{failed: &planhat.Error{Kind: planhat.KindCancelled, Message: "the request was cancelled", Err: err}}
	case errors.Is(err, context.DeadlineExceeded):
		return verdict{failed: &planhat.Error{Kind: planhat.KindTimeout, Message: "the run timed out", Err: err}}
	case errors.As(err, &broken):
		failed = &planhat.Error{Kind: planhat.KindNetwork, Message: broken.message, Err: err}
	case redirected:
		failed = &planhat.Error{Kind: planhat.KindNetwork, Message: fmt.Sprintf("%s redirects to %s, which cannot be reached: %s", hop.From, hop.To, reason(hop.Err)), Err: err}
	default:
		failed = &planhat.Error{Kind: planhat.KindNetwork, Message: "cannot reach " + r.url.Host + ": " + reason(err), Err: err}
	}
	if errors.As(err, new(*local)) {
		return verdict{failed: failed}
	}
	failed.Retryable = true
	return verdict{failed: failed, retry: !hopeless(err)}
}

// late says what took too long. hop is the redirect at which it did, nil for none.
func (r *request) late(hop *bindings.RedirectError) string {
	host := r.url.Host
	switch {
	case hop != nil:
		return fmt.Sprintf("%s redirects to %s, which did not respond within %s", hop.From, hop.To, r.timeout)
	case r.stage == responded && r.to != "":
		return fmt.Sprintf("%s sent no data for %s", host, r.timeout)
	case r.stage == responded:
		return fmt.Sprintf("the response of %s was not complete within %s", host, r.timeout)
	}
	return fmt.Sprintf("%s did not respond within %s", host, r.timeout)
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
		return "unknown host " + dns.Name
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "connection refused"):
		return "connection refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(text, "connection reset"):
		return "the connection broke off"
	case strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return "it does not speak https"
	}
	return text
}

// pauseOf returns how long a service asks to wait before another request, or 0 if it does
// not say.
func pauseOf(h http.Header) time.Duration {
	if d := retryAfter(h); d > 0 {
		return d
	}
	return untilReset(h)
}

// sent returns when a service sent a response, by its own clock, which may differ from
// this machine's. Without a Date, it is now.
func sent(h http.Header) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return time.Now()
}

// retryAfter returns the pause of Retry-After, which also says that the service did not
// accept the request.
func retryAfter(h http.Header) time.Duration {
	return readPause(h.Get("Retry-After"), sent(h))
}

// untilReset returns how long it takes until a rate begins anew. Services also say so in
// responses that have another cause. If there are several rates, the ones with nothing left
// count, such as X-RateLimit-Day-Reset if X-RateLimit-Day-Remaining is 0.
func untilReset(h http.Header) time.Duration {
	now := sent(h)
	var longest time.Duration
	for name := range h {
		rate, found := strings.CutSuffix(name, "-Reset")
		if found && strings.Contains(strings.ToLower(rate), "ratelimit") && strings.TrimSpace(h.Get(rate+"-Remaining")) == "0" {
			longest = max(longest, readPause(h.Get(name), now))
		}
	}
	if longest > 0 {
		return longest
	}
	for _, name := range []string{"RateLimit-Reset", "X-RateLimit-Reset"} {
		if d := readPause(h.Get(name), now); d > 0 {
			return d
		}
	}
	return 0
}

// readPause reads seconds, or how long it takes from now until a time since 1970 or a date.
func readPause(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
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
	return 0
}

// pause is at least a short one: the service's clock may have been set meanwhile.
func pause(d time.Duration) time.Duration { return max(d, 100*time.Millisecond) }
