// Package ahead requests the pages of a list before they are asked for.
package ahead

import (
	"context"
	"slices"
	"time"
)

// Most is how many pages are requested at once at most.
const Most = 8

// Bytes bounds the pages that are requested at once.
const Bytes = 48 << 20

// Worthwhile is how long a page takes at least if the pages after it are requested
// as well.
const Worthwhile = 50 * time.Millisecond

// Span is a part of a list.
type Span struct{ Offset, Limit int }

// Queue requests pages of type P. Where the next pages begin is its caller's guess,
// so the caller has to judge each page as if it had just been read. Only the
// requests themselves run in other goroutines, which end with them: a queue needs
// no closing. It is not safe for concurrent use.
type Queue[P any] struct {
	Read func(ctx context.Context, s Span) (P, error)
	// Spare returns how many calls the quota leaves for pages that may be in vain.
	Spare func(ctx context.Context) int
	// Pages and Bytes bound what is requested at once.
	Pages, Bytes int
	// Eager requests several pages however fast they come.
	Eager bool

	// pages were requested, in the order of the list.
	pages []*promise[P]
	// window is how many pages may be requested at once: one at first, and twice as
	// many after each that was as long as expected. left is what the quota leaves.
	window, left int
	// largest is the size of the largest page in bytes. took is how long the last page
	// took, used how long the caller used the one before, and returned when it got the
	// last.
	largest    int
	took, used time.Duration
	returned   time.Time
}

// promise is a page that was requested.
type promise[P any] struct {
	Span
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	page   P
	err    error
	took   time.Duration
}

// For returns an empty queue with the same bounds.
func (q *Queue[P]) For(read func(ctx context.Context, s Span) (P, error)) Queue[P] {
	return Queue[P]{Read: read, Spare: q.Spare, Pages: q.Pages, Bytes: q.Bytes, Eager: q.Eager}
}

// Request requests the spans that are not yet on their way. Of the others, those
// from the first on that is not expected any more are dropped.
func (q *Queue[P]) Request(ctx context.Context, spans []Span) {
	for i := range min(len(q.pages), len(spans)) {
		if q.pages[i].Span != spans[i] {
			q.cut(i)
			break
		}
	}
	for _, s := range spans[min(len(q.pages), len(spans)):] {
		q.begin(ctx, s)
	}
}

func (q *Queue[P]) begin(ctx context.Context, s Span) {
	p := &promise[P]{Span: s, ctx: ctx, done: make(chan struct{})}
	ctx, p.cancel = context.WithCancel(ctx)
	q.pages = append(q.pages, p)
	go func() {
		defer close(p.done)
		defer p.cancel()
		began := time.Now()
		p.page, p.err = q.Read(ctx, s)
		p.took = time.Since(began)
	}()
}

// Take returns the page, which is read now if it was not requested.
func (q *Queue[P]) Take(ctx context.Context, s Span) (P, error) {
	if len(q.pages) == 0 || q.pages[0].Span != s {
		q.Drop()
		began := time.Now()
		page, err := q.Read(ctx, s)
		q.took = time.Since(began)
		return page, err
	}
	p := q.pages[0]
	q.pages = slices.Delete(q.pages, 0, 1)
	select {
	case <-p.done:
		if p.err != nil && p.ctx.Err() != nil {
			break // the end of another call's context is not this one's
		}
		q.took = p.took
		return p.page, p.err
	case <-ctx.Done():
		p.cancel()
	}
	return q.Read(ctx, s)
}

// Drop gives up the pages that were requested.
func (q *Queue[P]) Drop() {
	q.cut(0)
	q.window = 1
}

func (q *Queue[P]) cut(i int) {
	for _, p := range q.pages[i:] {
		p.cancel()
	}
	q.pages = slices.Delete(q.pages, i, len(q.pages))
}

// Accept notes a page that its caller has accepted. If it is as long as expected,
// more of them are likely to follow. Otherwise the others are dropped.
func (q *Queue[P]) Accept(ctx context.Context, size int, expected bool) {
	q.largest = max(q.largest, size)
	if !expected {
		q.Drop()
		return
	}
	q.window = min(max(1, q.window)*2, q.Pages)
	if q.left = q.Pages; q.Spare != nil && q.pays() {
		q.left = q.Spare(ctx)
	}
}

// pays reports whether pages take so long that it pays to request several.
func (q *Queue[P]) pays() bool { return q.window > 1 && (q.Eager || q.took >= Worthwhile) }

// Depth is how many pages to request at once: as many as the caller uses while one is
// on its way, so that a slow caller does not get what was read long ago.
func (q *Queue[P]) Depth() int {
	if !q.pays() {
		return 1
	}
	n := min(q.window, 1+q.left)
	if !q.Eager {
		n = min(n, 1+int(q.took/max(1, q.used, time.Since(q.returned))))
	}
	if q.largest > 0 {
		n = min(n, q.Bytes/q.largest)
	}
	return max(n, 1)
}

// Enter and Leave tell how long the caller uses a page.
func (q *Queue[P]) Enter() {
	if !q.returned.IsZero() {
		q.used = time.Since(q.returned)
	}
}

// Leave is called when the caller gets a page.
func (q *Queue[P]) Leave() { q.returned = time.Now() }
