package planhat

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

// Observer is told about every attempt and every operation's outcome. Its
// methods are called from the goroutine that makes the call and must be safe
// for concurrent use. They never see a token.
type Observer interface {
	// Attempt is called after each request, also after failed ones.
	Attempt(Attempt)
	// Outcome is called once at the end of each operation, and for lists once
	// for each page.
	Outcome(Outcome)
}

// WaitObserver is an Observer that is also told how long calls waited, once for each
// wait, also if the call was then not made.
type WaitObserver interface {
	Observer
	Waited(reason WaitReason, d time.Duration)
}

// ProgressObserver is an Observer that is also told how far operations are that take
// several requests, and what calls wait for.
type ProgressObserver interface {
	Observer
	// Begun is called when a list or a bulk call begins. What it returns is told more, unless
	// it is nil.
	Begun(Work) WorkObserver
	// Waiting is called when a call begins to wait for longer than a moment. It returns what
	// is called when the call no longer waits.
	Waiting(Wait) (over func())
}

// WorkObserver is told how far one operation is, on the goroutines that make its calls.
type WorkObserver interface {
	// Progress is called after each request. Of a list, a chunk is a page, and a row is a
	// record.
	Progress(BulkProgress)
	// Ended is called once when the operation has ended. A list that the caller stops
	// reading does not end.
	Ended()
}

// Work is an operation that takes several requests.
type Work struct {
	Model, Operation string
	// Rows is how many records it is about at most, 0 if that is not known.
	Rows int
	// Limiter keeps its calls within the quota; nil for calls that spend none.
	Limiter *Limiter
}

// Wait is a wait of a call.
type Wait struct {
	Reason WaitReason
	// For is how long the call expects to wait.
	For     time.Duration
	Limiter *Limiter
}

// WaitReason is why a call waited.
type WaitReason string

// The reasons.
const (
	// WaitQuota: the calls of the minute were used up, or too many were under way.
	WaitQuota WaitReason = "quota"
	// WaitPause: Planhat asked for a pause (429).
	WaitPause WaitReason = "pause"
	// WaitRetry: a request failed and had to be repeated later.
	WaitRetry WaitReason = "retry"
)

// Attempt is one request.
type Attempt struct {
	Model, Operation string
	Method           string
	// Host is the host's name, Path the path without tokens.
	Host, Path string
	// Status is 0 if no answer came.
	Status int
	// Number counts the call's attempts from 1.
	Number int
	// Duration is the request's own time, QuotaWait the time that it waited
	// for quota before.
	Duration, QuotaWait time.Duration
	// RetryReason says why another attempt follows, after RetryAfter; it is
	// empty if none does.
	RetryReason string
	RetryAfter  time.Duration
	// Err is the attempt's failure, nil if it succeeded.
	Err error
}

// Outcome is what an operation did, in records.
type Outcome struct {
	Model, Operation string

	Read, Created, Updated, Unchanged, Deleted int
	// UncertainOutcome counts rows that are stored, and of which it is open how:
	// the answer to their request was lost, and its repetition found them
	// unchanged.
	UncertainOutcome int
	// Late counts the records, of those read, that a list delivered after the
	// others because it changed while it was read. Unseen counts how often a
	// list changed that can't be read again, so that records may be missing.
	Late, Unseen int
	// Planned counts the records that a dry run withheld. Those that a Planner answered
	// for are among no other count.
	Planned int
	// Rejected holds the rows that were not taken. A failed call on a single
	// record has its failure here as well if the data was refused.
	Rejected []RowError
	// IfNew holds the planned rows that lack what a new record needs: Planhat rejects
	// those whose record it does not have. A bulk call reports them for each of its
	// requests, in an outcome that holds nothing else.
	IfNew []RowError
	// Err is the operation's error, or nil.
	Err error
}

// begun tells the observer that an operation begins. The result is never nil.
func (r *Resource) begun(op *catalog.Operation, rows int) WorkObserver {
	if o, ok := r.client.observer.(ProgressObserver); ok {
		w := Work{Model: r.model.Snake, Operation: op.Name, Rows: rows, Limiter: r.client.limiter}
		if op.Base == catalog.Analytics {
			w.Limiter = nil
		}
		if watch := o.Begun(w); watch != nil {
			return watch
		}
	}
	return unwatched{}
}

// unwatched is the observer of an operation that nobody watches.
type unwatched struct{}

func (unwatched) Progress(BulkProgress) {}

func (unwatched) Ended() {}

// waiting tells the observer that a call begins to wait.
func (c *Client) waiting(reason WaitReason, d time.Duration) (over func()) {
	if o, ok := c.observer.(ProgressObserver); ok && d >= longMoment {
		if over := o.Waiting(Wait{Reason: reason, For: d, Limiter: c.limiter}); over != nil {
			return over
		}
	}
	return func() {}
}

// longMoment is how long waits are that a ProgressObserver is told about.
const longMoment = time.Second

// ErrWithheld is what a Gate returns to hold a write back. The client then
// answers as a dry run would: it makes up what Planhat might have answered and
// sends nothing.
var ErrWithheld = errors.New("planhat: the write was withheld")

// Gate sees every write before it is sent, after all local checks. It returns
// nil to let the write pass, ErrWithheld to turn it into a dry run, and any
// other error to refuse it. It is called once for each write, not for its
// retries, and must be safe for concurrent use.
type Gate func(ctx context.Context, w Write) error

// Write describes a request that would change data.
type Write struct {
	Model, Operation string
	Method           string
	// Host is the host's name, Path the path without tokens.
	Host, Path string
	// Rows counts the records in the request.
	Rows int
	// Body is what would be sent. It must not be changed, and is not valid after the gate
	// has returned.
	Body []byte
	// Client is the one that writes. A gate can read with it.
	Client *Client
}

// Recorder records the writes that the gate lets pass. Its methods must be safe for
// concurrent use.
type Recorder interface {
	// Before is called before a write is sent, also before parts of it are sent again as
	// requests of their own. It may read records with send. Its result, which may be nil, is
	// told what happened to the rows of call, in their order.
	Before(ctx context.Context, call Call, send Sender) JournalEntry
}

// planned counts what a Planner answered as planned, and not as done.
func (o Outcome) planned() Outcome {
	return Outcome{Planned: o.Created + o.Updated + o.Unchanged + o.Deleted, Rejected: o.Rejected, Err: o.Err}
}

// Planner answers in place of Planhat during a dry run, so that a program that reads
// what it wrote finds it. The client reads its answers as it reads those of Planhat.
// Its methods must be safe for concurrent use.
type Planner interface {
	// Answer answers a write that the gate withheld, or the read of one record. send
	// sends reads to Planhat, past the planner. A Reply without a status leaves a write
	// to the client, which makes up an answer as without a planner.
	Answer(ctx context.Context, call Call, send Sender) (Reply, error)
	// List is asked once before each list is read, and says what is different in it.
	List(ctx context.Context, list Call) (View, error)
}

// Sender sends a read. A failure is an *Error, also if Planhat has no such record.
type Sender func(context.Context, Call) (Reply, error)

// Call is a request before it is sent. Nothing in it may be changed.
type Call struct {
	Model     *catalog.Model
	Operation *catalog.Operation
	// ID is the record's in the path, Query the parameters, and Body what would be sent.
	ID    string
	Query url.Values
	Body  []byte
	// Rows counts the records in the request; 0 marks a read.
	Rows int
}

// Reply is an answer: an HTTP status and a body.
type Reply struct {
	Status int
	Body   []byte
	// Blind are the positions of the rows whose record could not be looked up.
	Blind []int
}

// View is how a list differs from Planhat's. The zero value does not differ.
type View struct {
	// Page, if set, returns the records of a page as they would be. first and last
	// mark the ends of the list, where records may be added.
	Page func(records []Record, first, last bool) []Record
	// Changes says that Page may return other records than it was given. An offset then
	// counts the records that Page returns.
	Changes bool
	// Query replaces the parameters of the list, if it is set. With Local, nothing is
	// read: Page is called once, without records.
	Query url.Values
	Local bool
}

// PlannedWrite counts requests of one kind that a gate withheld.
type PlannedWrite struct {
	Model, Operation, Method string
	Requests, Rows           int
	// Client is the number of the account, from 1, if the gate tells accounts apart.
	Client int
	// First are the first rows that would have been sent, at most three, as
	// JSON; of a write without a body, the request's path.
	First []string
}
