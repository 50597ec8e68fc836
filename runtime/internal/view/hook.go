package view

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Webhook is a webhook as people and JSON see it.
type Webhook struct {
	Name string `json:"name" doc:"its name; empty for paths that no webhook has"`
	// Path, Script and Scheme are empty if it is not configured here.
	Path   string `json:"path,omitempty" doc:"where its events arrive"`
	Script string `json:"script,omitempty" doc:"the script that handles them"`
	Scheme string `json:"scheme,omitempty" doc:"how its sender signs"`

	Received int64 `json:"received" doc:"how many events were stored"`
	Repeated int64 `json:"repeated" doc:"how many repetitions arrived"`
	// Differing are those among the repetitions that are worth a look.
	Differing int64 `json:"differing" doc:"how many of the repetitions had another body than the event that was stored"`
	Refused   int64 `json:"refused" doc:"how many messages were not accepted"`
	Waiting   int64 `json:"waiting" doc:"events that wait for a run"`
	Running   int64 `json:"running" doc:"events in runs"`
	Parked    int64 `json:"parked" doc:"events that failed at every try"`
	// Lag is how long the first waiting event has waited, in seconds.
	Lag float64 `json:"lag_seconds" doc:"how long the first waiting event has been waiting"`
}

// Webhooks puts configured webhooks and their totals together.
func Webhooks(configured []hooks.Hook, totals map[string]hooks.Totals, now time.Time) (list []Webhook) {
	byName := map[string]Webhook{}
	for _, h := range configured {
		byName[h.Name] = Webhook{Name: h.Name, Path: h.Path, Script: h.Script, Scheme: h.Scheme}
	}
	for name, t := range totals {
		w := byName[name]
		w.Name, w.Received, w.Repeated, w.Differing, w.Refused, w.Waiting, w.Running, w.Parked = name, t.Received, t.Repeated, t.Differing, t.Refused, t.Waiting, t.Running, t.Parked
		if !t.Oldest.IsZero() {
			w.Lag = max(0, now.Sub(t.Oldest).Seconds())
		}
		byName[name] = w
	}
	for _, w := range byName {
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b Webhook) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// WebhookColumns are the columns of a list of webhooks.
var WebhookColumns = []Column{
	{Name: "WEBHOOK", Least: 8}, {Name: "PATH", Least: 8}, {Name: "SCRIPT", Least: 6}, {Name: "RECEIVED"}, {Name: "REPEATED"}, {Name: "REFUSED"}, {Name: "WAITING"}, {Name: "RUNNING"}, {Name: "PARKED"}, {Name: "LAG"},
}

// Cells are the cells for WebhookColumns.
func (w Webhook) Cells() []string {
	n := func(n int64) string { return strconv.FormatInt(n, 10) }
	lag := "-"
	if w.Waiting > 0 {
		lag = Duration(time.Duration(w.Lag * float64(time.Second)))
	}
	return []string{cmp.Or(w.Name, "(other paths)"), w.Path, w.Script, n(w.Received), repetitions(w.Repeated, w.Differing), n(w.Refused), n(w.Waiting), n(w.Running), n(w.Parked), lag}
}

// repetitions writes how many there were, and how many of them had another body.
func repetitions(all, differing int64) string {
	text := strconv.FormatInt(all, 10)
	if differing > 0 {
		text += fmt.Sprintf(" (%d with another body)", differing)
	}
	return text
}

// WebhookEvent is a stored event.
type WebhookEvent struct {
	Event     int64       `json:"event" doc:"its number"`
	Webhook   string      `json:"webhook" doc:"its webhook"`
	ID        string      `json:"id" doc:"what tells it apart: the sender's id, or a hash"`
	Key       string      `json:"key,omitempty" doc:"what it has in common with events that are handled in order with it"`
	Received  time.Time   `json:"received" doc:"when it arrived"`
	From      string      `json:"from" doc:"the network address that it came from"`
	Secret    string      `json:"secret" doc:"the name of the secret that fitted"`
	Size      int64       `json:"size" doc:"the size of its body, in bytes"`
	State     hooks.State `json:"state" doc:"waiting, running, handled, parked or discarded"`
	Tries     int         `json:"tries" doc:"how many tries have failed"`
	Due       time.Time   `json:"due,omitzero" doc:"when the next try may begin"`
	Run       int64       `json:"run,omitempty" doc:"its last run"`
	Reason    string      `json:"reason,omitempty" doc:"why the last try failed"`
	Repeats   int64       `json:"repeats" doc:"how many repetitions arrived"`
	Differing int64       `json:"differing" doc:"how many of the repetitions had another body"`
	Replays   int64       `json:"replays" doc:"how often somebody asked for it again"`
	By        string      `json:"replayed_by,omitempty" doc:"who asked last"`
	// Discarded are empty unless somebody has discarded it.
	DiscardedBy  string    `json:"discarded_by,omitempty" doc:"who has discarded it"`
	DiscardedWhy string    `json:"discarded_why,omitempty" doc:"for what reason"`
	Ended        time.Time `json:"ended,omitzero" doc:"when it was handled or discarded"`
}

// EventOf is an event as people and JSON see it.
func EventOf(e *hooks.Event) WebhookEvent {
	v := WebhookEvent{
		Event: e.ID, Webhook: e.Hook, ID: e.Delivery, Key: e.Key, Received: e.Received, From: e.Address, Secret: e.Secret, Size: e.Size, State: e.State,
		Tries: e.Tries, Run: e.Run, Reason: e.Reason, Repeats: e.Repeats, Differing: e.Differing, Replays: e.Replays, By: e.ReplayedBy, DiscardedBy: e.DiscardedBy, DiscardedWhy: e.DiscardedWhy, Ended: e.Ended,
	}
	if e.State == hooks.Waiting {
		v.Due = e.Due
	}
	return v
}

// EventColumns are the columns of a list of events.
var EventColumns = []Column{
	{Name: "EVENT"}, {Name: "WEBHOOK", Least: 8}, {Name: "RECEIVED"}, {Name: "STATE"}, {Name: "KEY", Least: 6}, {Name: "TRIES"}, {Name: "RUN"}, {Name: "REASON", Below: true},
}

// Cells are the cells for EventColumns.
func (e WebhookEvent) Cells() []string {
	run := ""
	if e.Run != 0 {
		run = strconv.FormatInt(e.Run, 10)
	}
	return []string{strconv.FormatInt(e.Event, 10), e.Webhook, At(e.Received), string(e.State), e.Key, strconv.Itoa(e.Tries), run, e.Reason}
}

// secretHeader matches the names of headers that are not shown.
var secretHeader = pattern.Lazy(`(?i)signature|authorization|token|secret|cookie|api-?key`)

// EventLines are all that is known of an event, apart from its body.
func EventLines(e *hooks.Event) []Line {
	var lines []Line
	line := func(name, value string) {
		if value != "" {
			lines = append(lines, Line{name, value})
		}
	}
	v := EventOf(e)
	line("event", strconv.FormatInt(v.Event, 10))
	line("webhook", v.Webhook)
	line("id", v.ID)
	line("key", v.Key)
	line("received", At(v.Received))
	line("from", v.From)
	line("secret", v.Secret)
	line("state", string(v.State))
	line("due", At(v.Due))
	if v.Tries > 0 {
		line("tries", strconv.Itoa(v.Tries))
	}
	if v.Run > 0 {
		line("run", strconv.FormatInt(v.Run, 10))
	}
	line("reason", v.Reason)
	if v.Repeats > 0 {
		line("repeats", repetitions(v.Repeats, v.Differing))
	}
	if v.Replays > 0 {
		line("replays", fmt.Sprintf("%d, the last by %s", v.Replays, v.By))
	}
	if v.State == hooks.Discarded {
		line("discarded", fmt.Sprintf("%s by %s: %s", At(v.Ended), v.DiscardedBy, v.DiscardedWhy))
	} else {
		line("handled", At(v.Ended))
	}
	line("request", e.Method+" "+e.Path)
	for _, name := range sorted(e.Header) {
		value := strings.Join(e.Header[name], ", ")
		if secretHeader().MatchString(name) {
			value = hooks.Hidden
		}
		line("header", name+": "+value)
	}
	size := fmt.Sprintf("%d bytes", e.Size)
	if e.NoBody {
		size += ", deleted"
	}
	line("body", size)
	return lines
}

// RefusedMessage is a message that was not accepted.
type RefusedMessage struct {
	Webhook string    `json:"webhook" doc:"the webhook; empty for a path that none has"`
	At      time.Time `json:"at" doc:"when it arrived"`
	From    string    `json:"from" doc:"the network address that it came from"`
	Size    int64     `json:"size" doc:"how many bytes it had, as far as they were read"`
	Status  int       `json:"status" doc:"the answer, such as 401"`
	Reason  string    `json:"reason" doc:"what was wrong"`
}

// RefusedColumns are the columns of a list of refused messages.
var RefusedColumns = []Column{{Name: "AT"}, {Name: "WEBHOOK", Least: 8}, {Name: "FROM"}, {Name: "SIZE"}, {Name: "STATUS"}, {Name: "REASON", Below: true}}

// RefusedOf is a refused message as people and JSON see it.
func RefusedOf(r hooks.Refusal) RefusedMessage {
	return RefusedMessage{Webhook: r.Hook, At: r.At, From: r.Address, Size: r.Size, Status: r.Status, Reason: r.Reason}
}

// Cells are the cells for RefusedColumns.
func (r RefusedMessage) Cells() []string {
	return []string{At(r.At), cmp.Or(r.Webhook, "(no webhook)"), r.From, strconv.FormatInt(r.Size, 10), strconv.Itoa(r.Status), r.Reason}
}

// WebhookList is what hooks list prints.
type WebhookList struct {
	Form
	Webhooks []Webhook `json:"webhooks" doc:"the webhooks, by name"`
}

// EventList is what hooks list prints for one webhook, or with flags that choose events.
type EventList struct {
	Form
	Events []WebhookEvent `json:"events" doc:"the events, the newest first"`
}

// RefusedList is what hooks list --refused prints.
type RefusedList struct {
	Form
	Refused []RefusedMessage `json:"refused" doc:"the last messages that were not accepted, the newest first"`
}

// OneEvent is what hooks show prints.
type OneEvent struct {
	Form
	WebhookEvent
	Method  string              `json:"method" doc:"the method of the request"`
	Path    string              `json:"path" doc:"its path"`
	Headers map[string][]string `json:"headers" doc:"its headers; secrets and signatures are replaced by (hidden)"`
	Text    *string             `json:"text" doc:"the body, null if it was deleted"`
}

// WebhookForm makes the form of webhooks.
func WebhookForm(list []Webhook) WebhookList {
	return WebhookList{current, append([]Webhook{}, list...)}
}

// EventsForm makes the form of events.
func EventsForm(list []*hooks.Event) EventList {
	form := EventList{current, []WebhookEvent{}}
	for _, e := range list {
		form.Events = append(form.Events, EventOf(e))
	}
	return form
}

// RefusedForm makes the form of refused messages.
func RefusedForm(list []hooks.Refusal) RefusedList {
	form := RefusedList{current, []RefusedMessage{}}
	for _, r := range list {
		form.Refused = append(form.Refused, RefusedOf(r))
	}
	return form
}

// EventForm makes the form of an event with its body.
func EventForm(e *hooks.Event) OneEvent {
	form := OneEvent{Form: current, WebhookEvent: EventOf(e), Method: e.Method, Path: e.Path, Headers: map[string][]string{}}
	for name, values := range e.Header {
		if secretHeader().MatchString(name) {
			values = []string{hooks.Hidden}
		}
		form.Headers[name] = values
	}
	if !e.NoBody {
		text := strings.ToValidUTF8(string(e.Body), "\uFFFD")
		form.Text = &text
	}
	return form
}

// CheckedWebhook is a webhook that is not served yet.
type CheckedWebhook struct {
	Name   string `json:"name" doc:"its name"`
	Script string `json:"script" doc:"the script that handles its events"`
	Path   string `json:"path" doc:"where its events arrive"`
	Scheme string `json:"scheme" doc:"how its sender signs"`
}

// CheckedWebhooks are webhooks that are not served yet.
func CheckedWebhooks(configured []hooks.Hook) (list []CheckedWebhook) {
	for _, h := range configured {
		list = append(list, CheckedWebhook{h.Name, h.Script, h.Path, h.Scheme})
	}
	return list
}

// CheckedWebhookColumns are the columns of webhooks that are not served yet.
var CheckedWebhookColumns = []Column{{Name: "WEBHOOK", Least: 8}, {Name: "SCRIPT", Least: 6}, {Name: "PATH", Least: 8}, {Name: "SCHEME"}}

// Cells are the cells for CheckedWebhookColumns.
func (w CheckedWebhook) Cells() []string { return []string{w.Name, w.Script, w.Path, w.Scheme} }
