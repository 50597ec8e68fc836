package pages

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/access"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/overview"
	"github.com/phscript/phscript/runtime/internal/web"
	"github.com/phscript/phscript/runtime/internal/web/pages/redacted"
)

// eventData is what the page of an event shows.
type eventData struct {
	eventRow
	Request string
	Headers []number
	// Body is shown to operators only.
	Body  redacted.Body
	Tries []tryRow
	// InDoubt reports whether rows of its last run may be stored, which a replay cannot know.
	InDoubt bool
}

// tryRow is a run that had the event.
type tryRow struct {
	Run   int64
	State state
	Ended time.Time
	Why   string
}

func (d *eventData) title() string { return fmt.Sprintf("%s, event %d", d.Hook, d.ID) }

func (*eventData) follows(s *overview.Snapshot) (path, at string) {
	return "/webhooks/live", hookVersion(s)
}

// harmless are the headers that everybody may see. Others may hold secrets, whatever their
// names, so only operators see them.
var harmless = []string{"Accept", "Content-Encoding", "Content-Length", "Content-Type", "Date", "User-Agent"}

func (o Options) event(q *web.Request) (any, error) {
	e, err := o.eventOf(q)
	if err != nil {
		return nil, err
	}
	operator := q.User.Role.May(access.Operator)
	data := &eventData{eventRow: eventRowOf(e), Request: e.Method + " " + redacted.Address(e.Path, operator)}
	for _, name := range sortedKeys(e.Header) {
		value := hooks.Hidden
		if operator && !redacted.Header(name) || slices.Contains(harmless, http.CanonicalHeaderKey(name)) {
			value = strings.Join(e.Header[name], ", ")
		}
		data.Headers = append(data.Headers, number{Name: name, Value: value})
	}
	if operator && !e.NoBody {
		plain, err := hooks.Inflate(hooks.Encoding(e.Header), e.Body, mostInflated)
		if err == nil {
			data.Body = redacted.Of(e.Header.Get("Content-Type"), plain)
		} else {
			data.Body.Note = "It cannot be shown: " + err.Error() + "."
		}
	}
	return data, o.readTries(q, data)
}

// mostInflated is how long a compressed body may be to be shown.
const mostInflated = 4 << 20

// readTries reads which runs had the event.
func (o Options) readTries(q *web.Request, data *eventData) error {
	e := data.Event
	if e.Run != 0 && (e.State == hooks.Running || e.State == hooks.Handled) {
		data.Tries = append(data.Tries, tryRow{Run: e.Run, State: eventStates[e.State], Ended: e.Ended})
	}
	tries, err := o.Events.Tries(q.Context(), e.ID)
	if err != nil {
		return err
	}
	for _, t := range tries {
		row := tryRow{Run: t.Run, State: state{"Failed", "bad", "bad"}, Ended: t.Ended, Why: t.Reason}
		if t.Reason == "" {
			row.State = eventStates[hooks.Handled]
		}
		data.Tries = append(data.Tries, row)
	}
	if e.State != hooks.Parked || e.Run == 0 {
		return nil
	}
	r, err := o.Overview.History().Run(q.Context(), e.Run)
	if errors.Is(err, history.ErrNoRun) {
		return nil
	}
	if err != nil {
		return err
	}
	var s struct {
		InDoubt bool `json:"in_doubt"`
	}
	data.InDoubt = json.Unmarshal(r.Summary, &s) == nil && s.InDoubt
	return nil
}

func (o Options) eventOf(q *web.Request) (*hooks.Event, error) {
	id, err := strconv.ParseInt(q.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return nil, web.NotFound("")
	}
	e, err := o.Events.Get(q.Context(), id)
	if errors.Is(err, hooks.ErrNoEvent) {
		return nil, &web.Problem{Status: http.StatusNotFound, Title: fmt.Sprintf("There is no event %d", id), Text: "It may have been deleted: handled and discarded events stay for 7 days."}
	}
	return e, err
}

// replayOne hands an event to its script again.
func (o Options) replayOne(q *web.Request) error {
	e, err := o.eventOf(q)
	if err != nil {
		return err
	}
	resume, err := resumeOf(q)
	if err != nil {
		return err
	}
	_, err = o.Events.ReplayOne(q.Context(), e.ID, q.Actor(), resume)
	if errors.Is(err, hooks.ErrNoBody) {
		return &web.Problem{Status: http.StatusConflict, Title: "The event cannot be replayed", Text: "Its body was deleted."}
	}
	if err != nil {
		return err
	}
	return q.Back(fmt.Sprintf("/webhooks/events/%d", e.ID))
}

// resumeOf is what to do with rows that may be stored.
func resumeOf(q *web.Request) (string, error) {
	resume, err := q.Form("resume")
	if err == nil && !slices.Contains([]string{"", "send", "skip"}, resume) {
		err = &web.Problem{Status: http.StatusBadRequest, Title: "The form cannot be read", Text: "Rows that may be stored can be sent again or skipped.", Hint: "Go back, reload the page, and try again."}
	}
	return resume, err
}
