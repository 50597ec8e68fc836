package planhat

import (
	"context"
	"errors"
)

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
	// Body is what would be sent. It must not be changed.
	Body []byte
}

// PlannedWrite counts requests of one kind that a gate withheld.
type PlannedWrite struct {
	Model, Operation, Method string
	Requests, Rows           int
	// First are the first rows that would have been sent, at most three, as
	// JSON; of a write without a body, the request's path.
	First []string
}
