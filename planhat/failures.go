package planhat

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// endedError turns the end of a call's context, or a failing quota, into an
// error.
func endedError(ctx context.Context, err error) *Error {
	cause := err
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		err = fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	switch {
	case errors.Is(err, errStopped):
		return &Error{Kind: KindCancelled, Message: errStopped.Error(), Err: err}
	case errors.As(err, new(tooLate)):
		return &Error{Kind: KindTimeout, Message: "the call would time out: " + err.Error(), Err: err, Retryable: true, Hint: "allow more time"}
	case errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		return &Error{
			Kind: KindTimeout, Message: "the call timed out", Err: err, Retryable: true,
			Hint: "allow more time, or request less at once",
		}
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		e := &Error{Kind: KindCancelled, Message: "the call was cancelled", Err: err}
		if !errors.Is(cause, context.Canceled) {
			e.Message += ": " + cause.Error()
		}
		return e
	default:
		e := &Error{
			Kind: KindConfig, Message: "the shared quota is unavailable: " + err.Error(), Err: err,
			Hint: "check the store that shares the quota",
		}
		if own, ok := errors.AsType[*Error](err); ok {
			// The store knows better what is wrong with it.
			e.Message, e.Hint = "the shared quota is unavailable: "+own.Message, cmp.Or(own.Hint, e.Hint)
		}
		return e
	}
}

// noAnswer classifies a request that failed without a whole answer.
func (c *Client) noAnswer(ctx, limited context.Context, err error, sent bool) *failure {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // url.Error holds the address, and that may hold the tenant token.
	}
	if own, ok := errors.AsType[*Error](err); ok { // of a transport that refuses the request
		return &failure{err: own, final: true}
	}
	if ctx.Err() != nil {
		return &failure{err: endedError(ctx, context.Cause(ctx)), sent: sent, final: true}
	}
	e := &Error{Kind: KindNetwork, Err: err, Retryable: true, Hint: "check the connection, the proxy and the address of the API"}
	var (
		dns    *net.DNSError
		cert   *tls.CertificateVerificationError
		netErr net.Error
	)
	switch {
	case errors.Is(context.Cause(limited), errAttemptTimeout), errors.As(err, &netErr) && netErr.Timeout():
		e.Kind = KindTimeout
		e.Message = fmt.Sprintf("no response within %s", c.attemptTimeout(ctx))
		if context.Cause(limited) == nil {
			e.Message = "no response in time"
		}
		e.Hint = "try again later, or request less at once"
	case errors.As(err, &dns):
		e.Message = "the host " + dns.Name + " can't be found"
	case errors.As(err, &cert):
		e.Message = "the host's certificate is not trusted: " + cert.Err.Error()
		e.Retryable = false
		return &failure{err: e, sent: false, final: true}
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Message = "the host refused the connection"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		e.Message = "the connection was reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Message = "the connection closed before the response was complete"
	default:
		e.Message = "the request failed: " + err.Error()
	}
	return &failure{err: e, sent: sent}
}

// statusError returns the error that a status other than 2xx stands for.
func statusError(a *answer, secrets *Redactor) *Error {
	e := &Error{Status: a.status, Header: a.header, Body: a.body, Message: bodyMessage(a, secrets)}
	e.RetryAfter, _ = retryAfter(a.header, time.Now())
	switch s := a.status; {
	case s/100 == 3:
		e.Kind = KindConfig
		e.Message = "the API URL redirects, and phscript does not send tokens to other addresses"
		e.Hint = "set the API URL to the address of the API itself"
	case s == http.StatusUnauthorized:
		e.Kind = KindAuth
		e.Hint = "check the token and the API URL: a token works only in its own region"
	case s == http.StatusForbidden:
		e.Kind = KindPermission
		e.Hint = "give the service account access to this model in Planhat"
	case s == http.StatusNotFound:
		e.Kind = KindNotFound
	case s == http.StatusRequestTimeout, s == http.StatusGatewayTimeout:
		e.Kind = KindTimeout
		e.Retryable = true
	case s == http.StatusTooManyRequests:
		e.Kind = KindRateLimited
		e.Retryable = true
		e.Hint = "something else uses the same quota: share one limiter, or lower the calls per minute"
	case s >= 500:
		e.Kind = KindServer
		e.Hint = "Planhat failed: try again later, and contact its support if this continues"
		e.Retryable = s != http.StatusNotImplemented && s != http.StatusHTTPVersionNotSupported
	default:
		e.Kind = KindValidation
	}
	if e.Message == "" {
		e.Message = "Planhat answered " + statusText(a.status)
	}
	if e.RetryAfter >= time.Minute {
		e.Message += " and asks to wait " + e.RetryAfter.Round(time.Second).String()
		e.Hint = "try again after that time"
	}
	return e
}

// decodeError returns the error for a good status with a body that can't be
// used.
func decodeError(a *answer, err error, secrets *Redactor) *Error {
	e := &Error{Kind: KindServer, Status: a.status, Header: a.header, Body: a.body, Err: err, Retryable: true}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Kind = KindNetwork
		e.Message = "the response is incomplete"
	case looksLikeHTML(a.body):
		e.Message = "the response is not JSON but " + htmlSummary(a.body, secrets)
		e.Hint = "check the API URL, and that no proxy answers instead"
	default:
		e.Message = "the response can't be read: " + err.Error()
	}
	return e
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// refused reads the rows out of a 400 or 403. It returns false if the
// answer doesn't list any.
func (b *bulk) refused(lines []*line, a *answer, failed *Error) (chunkOutcome, bool) {
	if a == nil || failed == nil || failed.Status != http.StatusBadRequest && failed.Status != http.StatusForbidden {
		return chunkOutcome{}, false
	}
	result, err := b.read(b.resource, lines, a)
	if err != nil || (!isBulkAnswer(a.body) && !namesRows(result)) {
		return chunkOutcome{}, false
	}
	if failed.Kind == KindPermission && result.Created+result.Updated+result.Unchanged == 0 {
		return chunkOutcome{result: result, err: failed}, true
	}
	return chunkOutcome{result: result, answered: true}, true
}

// namesRows reports whether Planhat's own entries are about known rows.
func namesRows(t *BulkResult) bool {
	return slices.ContainsFunc(t.Errors, func(e RowError) bool { return e.Raw != nil && e.Index >= 0 })
}

// isBulkAnswer tells a bulk answer from another error body.
func isBulkAnswer(body []byte) bool {
	members, err := readObject(body)
	return err == nil && hasBulkFields(members)
}

// hasBulkFields is isBulkAnswer for the members of a body.
func hasBulkFields(members object) bool {
	for _, name := range catalog.Load().BulkResultFields {
		if members.get(name) != nil {
			return true
		}
	}
	return false
}

// longestMessage bounds a message taken from an answer, in runes.
const longestMessage = 300

// bodyMessage returns the best one-line message in an error answer, or "".
// The shape of Planhat's error bodies is not documented, so it looks for what
// is usual in JSON and copes with plain text and HTML.
func bodyMessage(a *answer, secrets *Redactor) string {
	body := bytes.TrimSpace(a.body)
	if len(body) == 0 {
		return ""
	}
	if looksLikeHTML(body) {
		return "Planhat answered " + statusText(a.status) + " with " + htmlSummary(body, secrets)
	}
	if v := jsontext.Value(body); v.IsValid(lenient) {
		return secrets.line(messageIn(v, 0))
	}
	return secrets.line(string(body))
}

// messageIn looks for a message in a JSON value.
func messageIn(v jsontext.Value, depth int) string {
	const deepest = 4
	if depth > deepest {
		return ""
	}
	switch v.Kind() {
	case '"':
		return text(v)
	case '[':
		items, err := splitArray[jsontext.Value](v)
		if err != nil {
			return ""
		}
		for _, item := range items {
			if m := messageIn(item, depth+1); m != "" {
				return m
			}
		}
	case '{':
		members, err := readObject(v)
		if err != nil {
			return ""
		}
		for _, name := range []string{"message", "errmsg", "msg", "reason", "detail", "error", "errors", "title", "description"} {
			if m := members.get(name); m != nil {
				if found := messageIn(m, depth+1); found != "" {
					return found
				}
			}
		}
	}
	return ""
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > longestMessage {
		s = string(r[:longestMessage]) + "…"
	}
	return s
}

func looksLikeHTML(body []byte) bool {
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 256)]))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")) || bytes.HasPrefix(start, []byte("<head"))
}

var (
	htmlTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	htmlH1    = regexp.MustCompile(`(?is)<h1[^>]*>(.*?)</h1>`)
	htmlTag   = regexp.MustCompile(`(?s)<[^>]*>`)
)

// htmlSummary describes an HTML page in a few words.
func htmlSummary(body []byte, secrets *Redactor) string {
	body = body[:min(len(body), maxErrorBody)]
	for _, pattern := range []*regexp.Regexp{htmlTitle, htmlH1} {
		if m := pattern.FindSubmatch(body); m != nil {
			if title := secrets.line(html.UnescapeString(htmlTag.ReplaceAllString(string(m[1]), ""))); title != "" {
				return "an HTML page titled " + quote(title)
			}
		}
	}
	return "an HTML page"
}

// words cuts a text at spaces, quotes and punctuation that ids rarely have, and
// keeps what is in quotes together as well.
func words(s string) []string {
	cut := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`"'`+"`"+`,;:=(){}[]<>`, r) }
	out := strings.FieldsFunc(s, cut)
	for i, w := range out {
		out[i] = strings.TrimRight(w, ".!?")
	}
	for _, mark := range []string{`"`, `'`, "`"} {
		parts := strings.Split(s, mark)
		for i := 1; i < len(parts)-1; i += 2 {
			out = append(out, parts[i])
		}
	}
	return out
}

// collectText gathers all text and numbers of an entry with their names.
func collectText(v jsontext.Value, into *strings.Builder, depth int) {
	const deepest = 6
	if depth > deepest {
		return
	}
	switch v.Kind() {
	case '"', '0':
		into.WriteString(text(v) + "\n")
	case '[':
		items, _ := splitArray[jsontext.Value](v)
		for _, item := range items {
			collectText(item, into, depth+1)
		}
	case '{':
		members, _ := readObject(v)
		for _, member := range members {
			into.WriteString(member.name + " ")
			collectText(member.value, into, depth+1)
		}
	}
}
