package planhat

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// Kind says what sort of failure an Error is. It is text so that it can be
// shown and compared in scripts as it is.
type Kind string

// The kinds of failure.
const (
	// KindAuth: Planhat doesn't accept the token (401).
	KindAuth Kind = "auth"
	// KindPermission: the token is valid but may not do this (403).
	KindPermission Kind = "permission"
	// KindNotFound: there is no such record (404).
	KindNotFound Kind = "not_found"
	// KindValidation: the data was refused, by Planhat (400, 409, 422) or
	// before it was sent.
	KindValidation Kind = "validation"
	// KindRateLimited: the quota was still spent after all retries (429).
	KindRateLimited Kind = "rate_limited"
	// KindServer: Planhat failed (5xx) or answered something unreadable.
	KindServer Kind = "server"
	// KindNetwork: no answer, or only a part of one, came back.
	KindNetwork Kind = "network"
	// KindTimeout: a request or the whole call took longer than allowed.
	KindTimeout Kind = "timeout"
	// KindCancelled: the caller stopped the call.
	KindCancelled Kind = "cancelled"
	// KindPartial: some requests of a bulk call failed and some did not.
	KindPartial Kind = "partial"
	// KindConfig: the client was set up or used in a way that can't work.
	KindConfig Kind = "config"
)

// maxErrorBody bounds Error.Body, in bytes.
const maxErrorBody = 64 << 10

// Error is the failure of one call. Every error that the client returns is an
// *Error or wraps one; find it with errors.As. It never holds a token.
type Error struct {
	// Kind classifies the failure, Message says in one line what happened and
	// Hint, if there is one, what to do next.
	Kind    Kind
	Message string
	Hint    string

	// Status is the HTTP status, 0 if no answer came.
	Status int
	// Model and Operation are the catalog's names (time_entry, get_by_id);
	// Method and Path are the request's, the path without host and tokens.
	Model, Operation string
	Method, Path     string
	// Attempts counts the requests that were sent for the call.
	Attempts int
	// Retryable says that the same call may succeed later. It is false if
	// a repetition could create a second record.
	Retryable bool
	// Uncertain is true if a write may have been carried out although the
	// call failed: look before sending it again.
	Uncertain bool
	// RetryAfter is the pause that Planhat asked for, 0 if it named none.
	RetryAfter time.Duration

	// Header and Body are the answer's, the body up to 64 KiB.
	Header http.Header
	Body   []byte

	// Items are the rows of a bulk call that did not get through, and Result
	// is all that is known about the call.
	Items  []RowError
	Result *BulkResult

	// Err is the cause, if there is one.
	Err error
}

// Error returns the failure as one line.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Model != "" {
		b.WriteString(e.Model)
		if e.Operation != "" {
			b.WriteString("." + e.Operation)
		}
		b.WriteString(": ")
	}
	if e.Message == "" {
		b.WriteString(string(e.Kind))
	} else {
		b.WriteString(e.Message)
	}
	var facts []string
	if e.Method != "" && e.Path != "" {
		facts = append(facts, e.Method+" "+e.Path)
	}
	if e.Status != 0 {
		facts = append(facts, fmt.Sprintf("status %d", e.Status))
	}
	if e.Attempts > 1 {
		facts = append(facts, fmt.Sprintf("%d attempts", e.Attempts))
	}
	if len(facts) > 0 {
		b.WriteString(" (" + strings.Join(facts, ", ") + ")")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrorHint returns what to do about the error, or "".
func (e *Error) ErrorHint() string { return e.Hint }

// For errors.Is: errors.Is(err, planhat.ErrNotFound) reports whether an *Error of
// KindNotFound is in err's chain. ErrUncertain stands for any kind with Uncertain
// set: the write may have been carried out.
var (
	ErrAuth        error = sentinel(KindAuth)
	ErrPermission  error = sentinel(KindPermission)
	ErrNotFound    error = sentinel(KindNotFound)
	ErrValidation  error = sentinel(KindValidation)
	ErrRateLimited error = sentinel(KindRateLimited)
	ErrServer      error = sentinel(KindServer)
	ErrNetwork     error = sentinel(KindNetwork)
	ErrTimeout     error = sentinel(KindTimeout)
	ErrCancelled   error = sentinel(KindCancelled)
	ErrPartial     error = sentinel(KindPartial)
	ErrConfig      error = sentinel(KindConfig)
	ErrUncertain   error = sentinel(uncertain)
)

const uncertain = "uncertain"

// sentinel is an error that stands for all errors of a kind.
type sentinel Kind

func (s sentinel) Error() string { return "planhat: " + string(s) }

// Is reports whether target is the sentinel of e's kind, or ErrUncertain for an
// uncertain e.
func (e *Error) Is(target error) bool {
	s, ok := target.(sentinel) //nolint:errorlint // a target is compared, never unwrapped
	return ok && (Kind(s) == e.Kind || s == uncertain && e.Uncertain)
}

// errUnmade is the error of a client's parts that New did not make.
func errUnmade() *Error {
	return &Error{Kind: KindConfig, Message: "the client is not set up", Hint: "make it with planhat.New"}
}

// KindOf returns the kind of the first *Error in err's chain, or "" if
// there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// ErrorKinder is an error, other than an *Error, that names its kind.
type ErrorKinder interface {
	error
	ErrorKind() string
}

// KindName returns the name of err's kind: that of the first *Error in its chain, or of the
// first ErrorKinder, "timeout" and "cancelled" for the end of a context, and "io" for a file.
// It returns "" for any other error.
func KindName(err error) string {
	if kind := KindOf(err); kind != "" {
		return string(kind)
	}
	if e, ok := errors.AsType[ErrorKinder](err); ok {
		return e.ErrorKind()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return string(KindTimeout)
	case errors.Is(err, context.Canceled):
		return string(KindCancelled)
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return "io"
	}
	return ""
}
