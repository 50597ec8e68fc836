package pages

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/web"
)

// confirmData asks whether to do something with several things, and says how many there are.
type confirmData struct {
	Title, Text string
	// Items name the first ones, and LeftOut counts the others.
	Items   []string
	LeftOut int
	// Action is where the form goes, with Fields; Button is what it does, and Back leads away.
	Action, Button, Back string
	Fields               []number
	// Why asks for a reason, which is required if Must is set. Resume asks what to do with rows
	// that may be stored.
	Why, Must, Resume, Danger bool
}

func (d *confirmData) title() string { return d.Title }
func (*confirmData) lives() bool     { return false }

// mostNamed is how many things are named before something is done with them, and mostTicked
// how many can be ticked.
const mostNamed, mostTicked = 12, 500

func (d *confirmData) name(items []string) {
	d.Items = items[:min(len(items), mostNamed)]
	d.LeftOut = len(items) - len(d.Items)
}

func (d *confirmData) field(name, value string) {
	d.Fields = append(d.Fields, number{Name: name, Value: value})
}

// nothing is the answer if nothing is ticked.
func nothing(what string) error {
	return &web.Problem{Status: http.StatusBadRequest, Title: "Nothing is ticked", Text: "Go back, and tick the " + what + " first."}
}

// numbers reads the numbers of what is ticked.
func numbers(values []string, what string) (ids []int64, err error) {
	for _, text := range values {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 || len(values) > mostTicked {
			return nil, &web.Problem{Status: http.StatusBadRequest, Title: "The form cannot be read", Text: "Go back, reload the page, and try again."}
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, nothing(what)
	}
	return ids, nil
}

// confirmSchedules asks whether to pause or resume the schedules that are ticked.
func (o Options) confirmSchedules(q *web.Request) (any, error) {
	values := q.URL.Query()
	names := values["schedule"]
	s, err := o.Overview.Snapshot(q.Context())
	if err != nil {
		return nil, err
	}
	pausing := values.Get("do") != "resume"
	var chosen []string
	for _, one := range s.Schedules {
		if slices.Contains(names, one.Name) && one.Paused != pausing {
			chosen = append(chosen, one.Name)
		}
	}
	data := &confirmData{Back: "/schedules", Why: pausing}
	verb, word := "resume", "Resume"
	if pausing {
		verb, word = "pause", "Pause"
	}
	if len(names) == 0 {
		return nil, nothing("schedules")
	}
	if len(chosen) == 0 {
		return nil, &web.Problem{Status: http.StatusBadRequest, Title: "There is nothing to " + verb, Text: "The schedules that you ticked are " + verb + "d already."}
	}
	data.name(chosen)
	data.Title = fmt.Sprintf("%s %s?", word, plural(len(chosen), "schedule", "schedules"))
	data.Button, data.Action = strings.TrimSuffix(data.Title, "?"), "/schedules/"+verb
	data.Text = "They start no runs until somebody resumes them. Runs in progress finish."
	if !pausing {
		data.Text = "They run again at their next times."
	}
	for _, name := range chosen {
		data.field("schedule", name)
	}
	return data, nil
}

// manySchedules pauses or resumes the schedules of a form.
func (o Options) manySchedules(do func(*web.Request, string, serve.Ask) error) func(*web.Request) error {
	return func(q *web.Request) error {
		ask, err := o.ask(q)
		if err != nil {
			return err
		}
		names := q.PostForm["schedule"]
		if len(names) == 0 || len(names) > mostTicked {
			return nothing("schedules")
		}
		for i, name := range names {
			if err := do(q, name, ask); err != nil {
				if i > 0 {
					return &web.Problem{Status: http.StatusConflict, Title: fmt.Sprintf("Only %d of %d schedules were changed", i, len(names)), Text: name + ": " + refusal(err).Error(), Hint: "The page of schedules shows what they do now."}
				}
				return refusal(err)
			}
		}
		return q.Back("/schedules")
	}
}

// confirmEvents asks whether to replay or discard events: those that are ticked, or the parked
// ones of a webhook.
func (o Options) confirmEvents(q *web.Request) (any, error) {
	values := q.URL.Query()
	data := &confirmData{Back: "/webhooks", Action: "/webhooks/replay", Resume: true}
	if hook := values.Get("webhook"); hook != "" {
		data.Back += "?webhook=" + url.QueryEscape(hook)
	}
	word, more := "Replay", "Their scripts get them again, with the same ids."
	discard := values.Get("do") == "discard"
	if discard {
		data.Action, data.Resume, data.Why, data.Must, data.Danger = "/webhooks/discard", false, true, true, true
		word, more = "Discard", "No script gets them. Their pages and the audit keep your name and your reason. They stay for 7 days, and can be replayed until then."
	}
	f := hooks.Filter{Hook: values.Get("webhook"), States: []hooks.State{hooks.Parked}}
	of := "parked "
	if values.Get("parked") == "" {
		ids, err := numbers(values["event"], "events")
		if err != nil {
			return nil, err
		}
		f = hooks.Filter{IDs: ids}
		of = ""
		if discard {
			of, f.States = "parked ", []hooks.State{hooks.Parked}
		} else {
			f.States = []hooks.State{hooks.Parked, hooks.Handled, hooks.Discarded}
		}
	}
	when := ""
	for _, p := range periods {
		if p.Value == values.Get("within") && p.length > 0 && f.IDs == nil {
			f.Since = time.Now().Add(-p.length)
			when = " of " + p.Text
		}
	}
	n, last, err := o.Events.Count(q.Context(), f)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		hint := "Events that wait or are in a run cannot be replayed. Go back, and tick others."
		if discard {
			hint = "Only parked events can be discarded: handled ones are done, and waiting ones are parked after their last try. Go back, and tick parked ones."
		}
		return nil, &web.Problem{Status: http.StatusConflict, Title: "There is nothing to " + strings.ToLower(word), Text: "No event that you chose is " + cmp.Or(strings.TrimSpace(of), "handled, parked or discarded") + ".", Hint: hint}
	}
	f.Limit = mostNamed
	events, err := o.Events.List(q.Context(), f)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		item := fmt.Sprintf("%s %d", e.Hook, e.ID)
		if e.Reason != "" {
			item += ": " + short(plainText(e.Reason), 200)
		}
		data.Items = append(data.Items, item)
	}
	data.LeftOut = int(n) - len(data.Items)
	what := plural(n, of+"event", of+"events")
	if f.IDs == nil && f.Hook != "" {
		what += " of " + f.Hook
	}
	data.Title = fmt.Sprintf("%s %s%s?", word, what, when)
	data.Button, data.Text = fmt.Sprintf("%s %s", word, plural(n, "event", "events")), more
	if n == 1 {
		data.Text = strings.NewReplacer("Their scripts get them again, with the same ids.", "Its script gets it again, with the same id.", "No script gets them. Their pages and", "No script gets it. Its page and", "They stay", "It stays").Replace(more)
	}
	data.field("count", strconv.FormatInt(n, 10))
	if f.IDs != nil {
		for _, id := range f.IDs {
			data.field("event", strconv.FormatInt(id, 10))
		}
		return data, nil
	}
	// What is parked meanwhile is not meant.
	data.field("webhook", f.Hook)
	data.field("upto", strconv.FormatInt(last, 10))
	if !f.Since.IsZero() {
		data.field("since", strconv.FormatInt(f.Since.UnixMicro(), 10))
	}
	return data, nil
}

// eventsOf reads which events a form is about, and how many somebody has seen.
func eventsOf(q *web.Request) (f hooks.Filter, seen int64, err error) {
	if _, err = q.Form(""); err != nil {
		return f, 0, err
	}
	form := q.PostForm
	seen, _ = strconv.ParseInt(form.Get("count"), 10, 64)
	if upto, err := strconv.ParseInt(form.Get("upto"), 10, 64); err == nil && upto > 0 {
		f = hooks.Filter{Hook: form.Get("webhook"), States: []hooks.State{hooks.Parked}, Before: upto + 1}
		if since, err := strconv.ParseInt(form.Get("since"), 10, 64); err == nil && since > 0 {
			f.Since = time.UnixMicro(since)
		}
		return f, seen, nil
	}
	f.IDs, err = numbers(form["event"], "events")
	return f, seen, err
}

// backToEvents leads to the list, unless something else has happened than was asked.
func backToEvents(q *web.Request, f hooks.Filter, n, seen int64, done string) error {
	if seen > 0 && n < seen {
		return &web.Problem{
			Status: http.StatusConflict, Title: fmt.Sprintf("%s of %s were %s", count(n), plural(seen, "event", "events"), done),
			Text: "Somebody else was faster with the others, they are in a run, or their bodies were deleted.", Hint: "The page of webhooks shows where they are now.",
		}
	}
	switch {
	case len(f.IDs) == 1:
		return q.Back(fmt.Sprintf("/webhooks/events/%d", f.IDs[0]))
	case f.Hook != "":
		return q.Back("/webhooks?webhook=" + url.QueryEscape(f.Hook))
	}
	return q.Back("/webhooks")
}

// replayEvents hands events to their scripts again.
func (o Options) replayEvents(q *web.Request) error {
	f, seen, err := eventsOf(q)
	if err != nil {
		return err
	}
	resume, err := resumeOf(q)
	if err != nil {
		return err
	}
	n, err := o.Events.Replay(q.Context(), f, q.Actor(), resume)
	if err != nil {
		return err
	}
	return backToEvents(q, f, n, seen, "replayed")
}

// discardEvents decides that parked events are not handled.
func (o Options) discardEvents(q *web.Request) error {
	f, seen, err := eventsOf(q)
	if err != nil {
		return err
	}
	if strings.TrimSpace(q.PostForm.Get("why")) == "" {
		return &web.Problem{Status: http.StatusBadRequest, Title: "A reason is missing", Text: "Others read why nobody needs the events. Go back, and write it."}
	}
	n, err := o.Events.Discard(q.Context(), f, q.Actor(), q.PostForm.Get("why"))
	if err != nil {
		return err
	}
	return backToEvents(q, f, n, seen, "discarded")
}

// confirmMessages asks whether to send messages again.
func (o Options) confirmMessages(q *web.Request) (any, error) {
	values := q.URL.Query()
	ids, err := numbers(values["message"], "messages")
	all := values.Get("all") != ""
	if err != nil && !all {
		return nil, err
	}
	list, err := o.Events.Messages(q.Context())
	if err != nil {
		return nil, err
	}
	data := &confirmData{Back: "/webhooks/outgoing", Action: "/webhooks/resend", Text: "Each has the id that it had, so a receiver that has it already can tell."}
	var names []string
	for _, m := range list {
		if all && m.Failed || slices.Contains(ids, m.ID) {
			names = append(names, fmt.Sprintf("%s to %s", m.Message, m.Host))
			data.field("message", strconv.FormatInt(m.ID, 10))
		}
		if len(names) == mostTicked {
			break
		}
	}
	if len(names) == 0 {
		return nil, &web.Problem{Status: http.StatusConflict, Title: "There is nothing to send", Text: "The messages that you chose were sent or deleted meanwhile."}
	}
	data.name(names)
	data.Title = "Send " + plural(len(names), "message", "messages") + " again?"
	data.Button = strings.TrimSuffix(data.Title, "?")
	return data, nil
}

// resend sends messages again.
func (o Options) resend(q *web.Request) error {
	if _, err := q.Form(""); err != nil {
		return err
	}
	ids, err := numbers(q.PostForm["message"], "messages")
	if err != nil {
		return err
	}
	if _, err := o.Events.Resend(q.Context(), ids, q.Actor()); err != nil {
		return err
	}
	return q.Back("/webhooks/outgoing")
}
