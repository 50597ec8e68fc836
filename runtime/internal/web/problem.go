package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/access"
)

// Problem is an error that a person reads as a page.
type Problem struct {
	Status int
	// Title says what happened, Text and Hint say more and what to do next.
	Title, Text, Hint string
	// After is when to try again.
	After time.Duration
}

func (p *Problem) Error() string { return strings.TrimSpace(p.Title + ": " + p.Text) }

// NotFound is the error for what does not exist, such as "run 12".
func NotFound(what string) *Problem {
	p := &Problem{Status: http.StatusNotFound, Title: "There is no such page", Text: "The address may be misspelled, or what it showed was deleted."}
	if what != "" {
		p.Title, p.Text = "There is no "+what, "It may have been deleted: the history keeps runs for a limited time."
	}
	return p
}

// fail answers with an error.
func (q *Request) fail(err error) {
	if errors.Is(err, access.ErrNoSession) {
		q.askToSignIn()
		return
	}
	problem, ok := errors.AsType[*Problem](err)
	if !ok {
		if q.Context().Err() != nil {
			return // nobody reads the answer
		}
		q.site.o.Log.Error("a page failed", "path", q.URL.Path, "reason", err.Error())
		problem = &Problem{
			Status: http.StatusInternalServerError, Title: "phscript could not show this page", Text: "The log of the service says why.",
			Hint: "Reload the page in a moment: the store may be busy or unreachable.",
		}
	}
	if problem.After > 0 {
		seconds := int64((problem.After + time.Second - 1) / time.Second)
		q.W.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	if q.byScript() {
		http.Error(q.W, problem.Error(), problem.Status)
		return
	}
	if err := q.show(problem.Status, q.site.pages.problem, &view{Title: problem.Title, Data: problem}); err != nil {
		http.Error(q.W, problem.Error(), problem.Status)
	}
}

// recover answers when a page panics; the service stays up.
func (q *Request) recover() {
	if r := recover(); r != nil {
		if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(r)
		}
		q.site.o.Log.Error("a page failed", "path", q.URL.Path, "reason", fmt.Sprint(r), "stack", string(debug.Stack()))
		q.fail(&Problem{Status: http.StatusInternalServerError, Title: "phscript could not show this page", Text: "The log of the service says why."})
	}
}

// byScript reports whether the page's own script makes the request, and not a person.
func (q *Request) byScript() bool {
	return q.Header.Get("X-Requested-With") == "phscript" || q.streams()
}

func (q *Request) streams() bool {
	return strings.Contains(q.Header.Get("Accept"), "text/event-stream")
}
