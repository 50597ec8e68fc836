package bindings

import (
	"context"

	"github.com/phscript/phscript/planhat"
)

// pageReader takes pages from a pager, and can read one ahead. Only one
// goroutine may use it at a time. It needs no closing: a call in progress ends
// with its context.
type pageReader struct {
	ctx   context.Context
	pager *planhat.Pager
	// ahead delivers the page that is being read, or is nil.
	ahead chan page
}

// page is what one call of a pager returned.
type page struct {
	records []planhat.Record
	err     error
}

// readAhead begins to read the next page.
func (r *pageReader) readAhead() {
	if r.ahead != nil {
		return
	}
	ahead := make(chan page, 1)
	r.ahead = ahead
	go func() {
		records, err := r.pager.Next(r.ctx)
		ahead <- page{records, err}
	}()
}

// take returns the next page, empty at the end.
func (r *pageReader) take() ([]planhat.Record, error) {
	if r.ahead == nil {
		return r.pager.Next(r.ctx)
	}
	p := <-r.ahead
	r.ahead = nil
	return p.records, p.err
}

// wait returns when no call is in progress.
func (r *pageReader) wait() {
	if r.ahead != nil {
		<-r.ahead
		r.ahead = nil
	}
}
