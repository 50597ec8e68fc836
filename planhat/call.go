package planhat

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

// repetition says when a request may be sent again.
type repetition int

const (
	// repeatAlways is for requests whose repetition changes nothing more.
	repeatAlways repetition = iota
	// repeatUnsent is for requests that may only be sent again when the
	// earlier one was surely not carried out.
	repeatUnsent
)

// call is one request on its way, however often it has to be sent.
type call struct {
	model *catalog.Model
	op    *catalog.Operation
	// id replaces {id} in the operation's path.
	id    string
	query url.Values
	body  []byte
	// reading, if set, counts the requests that may still read the body.
	reading *atomic.Int32
	// rows counts the records written; 0 marks a read.
	rows   int
	repeat repetition
	// bulk reads the whole body of error answers and repeats a 500 only once.
	bulk bool
	// gated is set once the gate has let the write pass.
	gated bool
	// attempts counts those of an earlier call that this one repeats.
	attempts int
	// decode reads a good answer's body; a failure counts as a broken answer.
	decode func([]byte) error

	// keyed is set for a create whose record can be looked up, again for a write that an
	// earlier run may have made.
	keyed, again bool
	// recalled is set once the journal was asked.
	recalled bool
	// journal records what is sent, as intent says. rowwise is set if the caller recalls
	// the rows and records what happened to them.
	journal Journal
	rowwise bool
	intent  Intent
	entry   JournalEntry
	// recorded is the entry of a Recorder, or nil.
	recorded JournalEntry
}

// adds reports whether the call may add records to a model.
func (q *call) adds() bool { return q.rows > 0 && q.op.Name != "update" && q.op.Name != "delete" }

// answer is what came back. withheld is true if the gate sent nothing.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	attempts int
	// uncertain is true if an earlier attempt may have been carried out.
	uncertain bool
	// withheld is true if nothing was sent and nobody answered, planned if a Planner
	// answered a write.
	withheld, planned bool
	// blind are the positions of the rows of which a Planner knows no record.
	blind []int
	// leftOut says why the write was not sent although it may have been made; "" for
	// one that was sent.
	leftOut string
}

// do sends the call until it succeeds or the policy gives up. Where Planhat
// answered with an error, that answer comes back beside the error. A write that the
// journal knows is not sent: its recorded answer comes back.
func (c *Client) do(ctx context.Context, q *call) (*answer, *Error) {
	if err := c.ready(q); err != nil {
		return nil, c.describe(q, err, 0)
	}
	if a, failed := c.recall(ctx, q); failed != nil {
		return nil, c.describe(q, failed, 0)
	} else if a != nil {
		return a, nil
	}
	if err := c.pass(ctx, q); err != nil {
		if errors.Is(err, ErrWithheld) {
			return c.plan(ctx, q)
		}
		return nil, c.describe(q, refusedByGate(err), 0)
	}
	if c.planner != nil && q.op.Name == "get_by_id" {
		return c.plan(ctx, q)
	}
	if c.recorder != nil && q.rows > 0 {
		q.recorded = c.recorder.Before(ctx, Call{Model: q.model, Operation: q.op, ID: q.id, Query: q.query, Body: q.body, Rows: q.rows}, c.Read)
	}
	a, failed := c.send(ctx, q)
	q.end(ctx, a, failed)
	return a, failed
}

// send is do without the gate.
func (c *Client) send(ctx context.Context, q *call) (*answer, *Error) {
	if q.adds() {
		c.open.bind(ctx, q.model)
	}
	policy := c.policy(ctx)
	r := newRetrier(policy, q, c.away[q.op.Base])
	var said time.Time
	for number := q.attempts + 1; ; number++ {
		a, seen, f := c.attempt(ctx, q)
		c.keepResponse(ctx, a, seen, number)
		if f == nil {
			r.away.note(a.status)
			a.attempts, a.uncertain = number, r.uncertain
			c.report(ctx, q, seen, number, RetryDecision{}, nil, slog.LevelDebug)
			return a, nil
		}
		sent := number
		if !seen.started {
			sent--
		}
		decision := r.decide(f)
		decision.Reason = c.redact.Text(decision.Reason)
		err := c.describe(q, f.err, sent)
		err.Uncertain = q.rows > 0 && r.uncertain
		if seen.started {
			level := slog.LevelDebug
			loud := number <= loudRetries || time.Since(said) >= time.Minute
			if c.quiet {
				loud = number == 1
			}
			if decision.Retry && loud {
				level, said = slog.LevelWarn, time.Now()
			}
			c.report(ctx, q, seen, number, decision, err, level)
		}
		if f.err.Kind == KindRateLimited && q.op.Base == catalog.Main {
			// Everybody waits, this call included: when it asks for quota again.
			if blocked := c.limiter.Block(ctx, min(decision.After, policy.MaxElapsed)); blocked == nil {
				decision.After = 0
			}
		}
		if !decision.Retry {
			if decision.Reason != "" {
				c.log.DebugContext(ctx, "not retried", "model", q.model.Snake, "operation", q.op.Name, "reason", decision.Reason)
			}
			return a, err
		}
		if ended := c.pause(ctx, decision.After); ended != nil {
			last := c.describe(q, endedError(ctx, ended), sent)
			last.Uncertain = err.Uncertain
			return a, last
		}
	}
}

// ready reports what the call lacks before anything is sent.
func (c *Client) ready(q *call) *Error {
	if q.op.Base == catalog.Analytics {
		if c.tenantToken == "" {
			return &Error{
				Kind: KindConfig, Message: "metrics and activities need the tenant token, which is not set",
				Hint: "find it in Planhat under App Center, Planhat API (Tenant Token) and pass it as the tenant token",
			}
		}
		return nil
	}
	if c.apiToken == "" {
		return &Error{
			Kind: KindConfig, Message: "this call needs the API token, which is not set",
			Hint: "create an access token in Planhat under Settings, Service Accounts (or Private Apps), and pass it as the API token",
		}
	}
	return nil
}

// pass asks the gate about a write.
func (c *Client) pass(ctx context.Context, q *call) error {
	if q.rows == 0 || q.gated || c.gate == nil {
		return nil
	}
	err := c.gate(ctx, Write{
		Model: q.model.Snake, Operation: q.op.Name, Method: q.op.Method,
		Host: c.host(q).Host, Path: c.shownPath(q), Rows: q.rows, Body: q.body, Client: c,
	})
	q.gated = err == nil
	return err
}

// plan lets the planner answer a call.
func (c *Client) plan(ctx context.Context, q *call) (*answer, *Error) {
	if c.planner == nil {
		return &answer{withheld: true}, nil
	}
	reply, err := c.planner.Answer(ctx, Call{Model: q.model, Operation: q.op, ID: q.id, Query: q.query, Body: q.body, Rows: q.rows}, c.Read)
	if err != nil {
		return nil, c.describe(q, refusedByGate(err), 1)
	}
	if reply.Status == 0 {
		return &answer{withheld: true}, nil
	}
	a := &answer{status: reply.Status, body: reply.Body, attempts: 1, planned: q.rows > 0, blind: reply.Blind}
	if f := c.understand(q, a); f != nil {
		return a, c.describe(q, f.err, 1)
	}
	return a, nil
}

// Read sends a read, past the planner. It is a Sender.
func (c *Client) Read(ctx context.Context, read Call) (Reply, error) {
	if c.resources == nil || read.Model == nil || read.Operation == nil {
		return Reply{}, errUnmade()
	}
	q := &call{model: read.Model, op: read.Operation, id: read.ID, query: read.Query}
	if read.Rows > 0 || read.Operation.Method != http.MethodGet {
		return Reply{}, c.describe(q, refusedByGate(ErrWithheld), 0)
	}
	a, failed := c.send(ctx, q)
	if failed != nil {
		return Reply{}, failed
	}
	return Reply{Status: a.status, Body: repaired(a.body)}, nil
}

func refusedByGate(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: KindCancelled, Message: "the write was refused: " + err.Error(), Err: err}
}

// describe returns a copy of the error that knows its call and no token.
func (c *Client) describe(q *call, err *Error, attempts int) *Error {
	e := *err
	e.Model, e.Operation = q.model.Snake, q.op.Name
	e.Method, e.Path = q.op.Method, c.shownPath(q)
	e.Attempts = attempts
	e.Message = c.redact.Text(e.Message)
	e.Hint = c.redact.Text(e.Hint)
	e.Header = c.redact.header(e.Header)
	switch {
	case len(e.Body) > maxErrorBody:
		e.Body = []byte(c.redact.Beginning(string(e.Body[:maxErrorBody])))
	case e.Body != nil:
		e.Body = c.redact.Bytes(e.Body)
	}
	if e.Err != nil {
		if text := e.Err.Error(); c.redact.Text(text) != text {
			e.Err = errors.New(c.redact.Text(text))
		}
	}
	return &e
}

func (c *Client) host(q *call) *url.URL {
	if q.op.Base == catalog.Analytics {
		return c.analytics
	}
	return c.base
}

// path returns the call's escaped path under the host's base path.
func (c *Client) path(q *call, tenant string) string {
	p := strings.Replace(q.op.Path, "{id}", url.PathEscape(q.id), 1)
	return strings.Replace(p, "{tenantUUID}", tenant, 1)
}

// shownPath is the call's path as errors, logs and gates see it.
func (c *Client) shownPath(q *call) string { return c.redact.Text(c.path(q, Redacted)) }

// loudRetries is how many retries of a call are told at once; of the others, one
// a minute is.
const loudRetries = 3

// report tells the observer about an attempt, and the log at the given level.
func (c *Client) report(ctx context.Context, q *call, seen sighting, number int, d RetryDecision, err *Error, level slog.Level) {
	a := Attempt{
		Model: q.model.Snake, Operation: q.op.Name, Method: q.op.Method,
		Host: c.host(q).Host, Path: c.shownPath(q), Status: seen.status, Number: number,
		Duration: seen.took, QuotaWait: seen.waited,
	}
	if err != nil {
		a.Err = err
	}
	if d.Retry {
		a.RetryReason, a.RetryAfter = d.Reason, d.After
	}
	if c.observer != nil {
		c.observer.Attempt(a)
	}
	attrs := []slog.Attr{
		slog.String("model", a.Model), slog.String("operation", a.Operation),
		slog.String("method", a.Method), slog.String("host", a.Host), slog.String("path", a.Path),
		slog.Int("status", a.Status), slog.Int("attempt", a.Number),
		slog.Duration("took", a.Duration.Round(time.Millisecond)), slog.Duration("quota_wait", a.QuotaWait.Round(time.Millisecond)),
	}
	if d.Retry {
		attrs = append(attrs, slog.String("reason", d.Reason), slog.Duration("after", d.After.Round(time.Millisecond)))
		c.log.LogAttrs(ctx, level, "request failed, retrying", attrs...)
		return
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Message))
	}
	c.log.LogAttrs(ctx, level, "request", attrs...)
}
