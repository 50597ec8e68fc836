package pages

import (
	"context"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/overview"
	"github.com/phscript/phscript/runtime/internal/web"
)

// mostEvents is how many events a page lists, and mostRefused how many refusals.
const mostEvents, mostRefused = 50, 50

// eventStates are how the states of events look.
var eventStates = map[hooks.State]state{
	hooks.Waiting:   {"Waiting", "wait", "muted"},
	hooks.Running:   {"In a run", "run", ""},
	hooks.Handled:   {"Handled", "ok", "ok"},
	hooks.Parked:    {"Parked", "bad", "bad"},
	hooks.Discarded: {"Discarded", "skip", "muted"},
}

// hookRow is a webhook in a list.
type hookRow struct {
	hooks.Totals
	// Configured is nil for a webhook that only the store knows.
	Configured *hooks.Hook
	// Off reports whether it is turned off.
	Off   bool
	Waits string
	At    time.Time
}

// Script is the script that handles its events.
func (h hookRow) Script() string {
	if h.Configured == nil {
		return ""
	}
	return h.Configured.Script
}

// Path is where its events arrive.
func (h hookRow) Path() string {
	if h.Configured == nil {
		return ""
	}
	return h.Configured.Path
}

// secretRow is a secret of a webhook.
type secretRow struct {
	Name string
	// Until is when it ends, Gone whether it is no longer configured.
	Until, Last time.Time
	Uses        int64
	Gone        bool
}

// eventRow is an event in a list.
type eventRow struct {
	*hooks.Event
	State state
	// Why is why it is where it is.
	Why string
	// Again reports whether it can be replayed, Decide whether it can be discarded.
	Again, Decide bool
}

func eventRowOf(e *hooks.Event) eventRow {
	row := eventRow{Event: e, State: eventStates[e.State], Why: e.Reason, Decide: e.State == hooks.Parked}
	if e.State == hooks.Waiting && e.Tries > 0 {
		row.State = state{"Trying again", "wait", "warn"}
	}
	row.Again = (e.State == hooks.Handled || e.State == hooks.Parked || e.State == hooks.Discarded) && !e.NoBody
	if e.State == hooks.Discarded {
		row.Why = e.DiscardedBy + ": " + e.DiscardedWhy
	}
	return row
}

// mostAttention is how many things the overview lists that need attention, at most of a kind.
const mostAttention = 8

// attendHooks lists the webhooks whose events fail, and those whose events nothing handles any
// more.
func (o Options) attendHooks(s *overview.Snapshot, data *overviewData) {
	for _, t := range s.Troubles[:min(len(s.Troubles), mostAttention)] {
		a := attention{
			State: eventStates[hooks.Parked], Name: t.Hook, Path: "/webhooks?webhook=" + url.QueryEscape(t.Hook), When: t.Received, Ago: ago(s.At, t.Received),
			Why: short(plainText(t.Reason), 300), Events: "/webhooks?status=parked&webhook=" + url.QueryEscape(t.Hook),
		}
		if t.Run != 0 {
			a.Log = fmt.Sprintf("/runs/%d", t.Run)
		}
		if a.Note = plural(t.Parked, "parked event", "parked events"); t.Again > 0 {
			a.Note += ", " + count(t.Again) + " tried again"
		}
		if t.Parked == 0 {
			a.State, a.Note, a.Events = state{"Trying again", "wait", "warn"}, plural(t.Again, "event", "events"), ""
		}
		data.Attention = append(data.Attention, a)
	}
	c, err := o.Config()
	if err != nil {
		return // the page of the configuration says so
	}
	known := map[string]bool{}
	for _, w := range c.Hooks {
		known[w.Name] = true
	}
	for _, name := range sortedKeys(s.Hooks) {
		if t := s.Hooks[name]; t.Waiting > 0 && !known[name] {
			data.Attention = append(data.Attention, attention{
				State: state{"Not in the configuration", "warn", "warn"}, Name: name, Path: "/webhooks?webhook=" + url.QueryEscape(name), Note: plural(t.Waiting, "event waits", "events wait"), When: t.Oldest, Ago: ago(s.At, t.Oldest),
				Why: "Nothing handles its events: no webhook in phscript.toml has this name.", Hint: "Write a webhook with this name into phscript.toml again, and they are handled.",
			})
		}
	}
}

type webhooksData struct {
	At      time.Time
	Hooks   []hookRow
	Events  []eventRow
	Refused []hooks.Refusal
	// Chosen is the webhook that the list is about, nil for all, and Secrets are its secrets.
	Chosen                  *hookRow
	Secrets                 []secretRow
	States, Choices, Within []choice
	Hook, Text, Run         string
	// Parked counts the parked events of the list's webhook, Outgoing the messages that were
	// not sent yet.
	Parked        int64
	Outgoing      int64
	Filtered      bool
	Older, Newest string
}

// follows is how the page hears of changes.
func (webhooksData) follows(s *overview.Snapshot) (path, at string) {
	return "/webhooks/live", hookVersion(s)
}

// hookVersion is a text that changes when what the page of webhooks shows does.
func hookVersion(s *overview.Snapshot) string {
	h := fnv.New64a()
	for _, name := range sortedKeys(s.Hooks) {
		t := s.Hooks[name]
		fmt.Fprintln(h, name, t.Received, t.Repeated, t.Refused, t.Waiting, t.Running, t.Parked, t.Failing)
	}
	fmt.Fprintln(h, s.Outgoing, s.GivenUp)
	return strconv.FormatUint(h.Sum64(), 36)
}

// hookChanges tells the pages of webhooks that something has changed.
func (o Options) hookChanges(q *web.Request) error {
	return q.Stream(time.Second, func(ctx context.Context, after string) ([]web.Event, error) {
		s, err := o.Overview.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		if now := hookVersion(s); now != after {
			return []web.Event{{ID: now, Name: "change"}}, nil
		}
		return nil, nil
	})
}

// webhooks lists webhooks and their events. All filters are in the address.
func (o Options) webhooks(q *web.Request) (any, error) {
	s, err := o.Overview.Snapshot(q.Context())
	if err != nil {
		return nil, err
	}
	values := q.URL.Query()
	data := webhooksData{At: s.At, Hook: values.Get("webhook"), Text: values.Get("text"), Outgoing: s.Outgoing + s.GivenUp}
	f := hooks.Filter{Hook: data.Hook, Text: data.Text, Limit: mostEvents + 1}
	data.States = []choice{{"", "all", values.Get("status") == ""}}
	for _, one := range hooks.States {
		chosen := string(one) == values.Get("status")
		data.States = append(data.States, choice{string(one), strings.ToLower(eventStates[one].Word), chosen})
		if chosen {
			f.States = []hooks.State{one}
		}
	}
	for _, p := range periods {
		chosen := p.Value == values.Get("within")
		data.Within = append(data.Within, choice{p.Value, p.Text, chosen})
		if chosen && p.length > 0 {
			f.Since = s.At.Add(-p.length)
		}
	}
	if f.Run, err = number64(values, "run"); err != nil {
		return nil, err
	}
	if f.Run > 0 {
		data.Run = strconv.FormatInt(f.Run, 10)
	}
	data.Filtered = f.Hook != "" || f.Text != "" || len(f.States) > 0 || !f.Since.IsZero() || f.Run > 0
	if f.Before, err = number64(values, "before"); err != nil {
		return nil, err
	}
	if f.Before > 0 {
		data.Newest = "/webhooks" + with(values, "before", "")
	}
	events, err := o.Events.List(q.Context(), f)
	if err != nil {
		return nil, err
	}
	if len(events) > mostEvents {
		events = events[:mostEvents]
		data.Older = "/webhooks" + with(values, "before", strconv.FormatInt(events[mostEvents-1].ID, 10))
	}
	for _, e := range events {
		data.Events = append(data.Events, eventRowOf(e))
	}
	c, _ := o.Config()
	data.Hooks = hookRows(c, s.Hooks, s.At)
	data.Choices = []choice{{"", "all", f.Hook == ""}}
	for i, h := range data.Hooks {
		data.Choices = append(data.Choices, choice{h.Hook, h.Hook, h.Hook == f.Hook})
		if h.Hook == f.Hook || f.Hook == "" {
			data.Parked += h.Parked
		}
		if h.Hook == f.Hook {
			data.Chosen = &data.Hooks[i]
			data.Secrets = secretRows(h)
		}
	}
	var of *string
	if f.Hook != "" {
		of = &f.Hook
	}
	data.Refused, err = o.Events.Refusals(q.Context(), of)
	data.Refused = data.Refused[:min(len(data.Refused), mostRefused)]
	return data, err
}

// number64 reads a number of the address, 0 if it is missing.
func number64(values url.Values, name string) (int64, error) {
	text := values.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, &web.Problem{Status: http.StatusBadRequest, Title: "The address is incomplete", Text: "“" + name + "” is not a number.", Hint: "Start from the list of events."}
	}
	return n, nil
}

// hookRows are the webhooks of the configuration, and those that only the store knows.
func hookRows(c config.Config, totals map[string]hooks.Totals, now time.Time) (rows []hookRow) {
	known := map[string]bool{"": true} // refusals of other paths
	add := func(row hookRow) {
		if t := row.Totals; t.Waiting > 0 && !t.Oldest.IsZero() {
			row.Waits = about(max(0, now.Sub(t.Oldest)))
		}
		row.At = row.Last()
		known[row.Hook] = true
		rows = append(rows, row)
	}
	for _, w := range c.Hooks {
		h, err := hooks.New(w, c.Webhooks, c.File)
		if err != nil {
			continue // the service has not started with it
		}
		row := hookRow{Totals: totals[h.Name], Configured: &h, Off: !h.Active()}
		row.Hook = h.Name
		add(row)
	}
	for _, name := range sortedKeys(totals) {
		if !known[name] {
			add(hookRow{Totals: totals[name]})
		}
	}
	return rows
}

// secretRows are the secrets of a webhook, those that are configured first.
func secretRows(h hookRow) (rows []secretRow) {
	known := map[string]bool{}
	if h.Configured != nil {
		for _, s := range h.Configured.SecretNames() {
			use := h.Secrets[s.Name]
			known[s.Name] = true
			rows = append(rows, secretRow{Name: s.Name, Until: s.Until, Uses: use.Uses, Last: use.Last})
		}
	}
	for _, name := range sortedKeys(h.Secrets) {
		if !known[name] {
			rows = append(rows, secretRow{Name: name, Gone: true, Uses: h.Secrets[name].Uses, Last: h.Secrets[name].Last})
		}
	}
	return rows
}

// outgoingData is what the page of messages to other systems shows.
type outgoingData struct {
	Messages []messageRow
	GivenUp  int
	// LeftOut counts those that are not listed.
	LeftOut int
}

// messageRow is a message in a list.
type messageRow struct {
	hooks.Message
	State state
	In    string
}

// mostMessages is how many messages the page lists.
const mostMessages = 200

func (outgoingData) follows(s *overview.Snapshot) (path, at string) {
	return "/webhooks/live", hookVersion(s)
}

func (outgoingData) title() string { return "Outgoing messages" }

// outgoing lists the messages to other systems that wait or were given up.
func (o Options) outgoing(q *web.Request) (any, error) {
	list, err := o.Events.Messages(q.Context())
	if err != nil {
		return nil, err
	}
	data := outgoingData{LeftOut: max(0, len(list)-mostMessages)}
	now := time.Now()
	for _, m := range list {
		row := messageRow{Message: m, State: state{"Waiting", "wait", "muted"}, In: ago(now, m.Due)}
		if m.Failed {
			row.State = state{"Given up", "bad", "bad"}
			data.GivenUp++
		}
		data.Messages = append(data.Messages, row)
	}
	// What was given up needs somebody.
	slices.SortStableFunc(data.Messages, func(a, b messageRow) int {
		switch {
		case a.Failed == b.Failed:
			return 0
		case a.Failed:
			return -1
		}
		return 1
	})
	data.Messages = data.Messages[:min(len(data.Messages), mostMessages)]
	return data, nil
}
