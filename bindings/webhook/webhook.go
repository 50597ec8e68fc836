// Package webhook holds the Lua module webhook.
package webhook

import (
	"errors"
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/webhook/body"
	"github.com/phscript/phscript/planhat"
)

var eventShape = &bindings.Shape{Name: "WebhookEvent", Doc: "An event of another system.", Fields: []bindings.Field{
	{Name: "id", Type: "string", Doc: "What tells it apart: the sender's id of the event, or a hash. It is the same in each attempt, and after a replay."},
	{Name: "webhook", Type: "string", Doc: "The name of the webhook in `phscript.toml`."},
	{Name: "body", Type: "any", Doc: "The body, decoded from JSON, or the fields of a form; `nil` if it is neither."},
	{Name: "text", Type: "string", Doc: "The body as it was sent, without compression."},
	{Name: "headers", Type: "table<string, string>", Doc: "The headers by their names in lower case, such as `event.headers[\"x-github-event\"]`. Secrets are not among them."},
	{Name: "query", Type: "table<string, string>", Doc: "The parameters of the address."},
	{Name: "method", Type: "string", Doc: "`POST`, `PUT` or `PATCH`."},
	{Name: "path", Type: "string", Doc: "The path of the address."},
	{Name: "key", Type: "string?", Doc: "What it has in common with events that are handled in order with it, as the setting `key` says."},
	{Name: "received", Type: "string", Doc: "When it arrived, such as `2026-11-29T14:50:00Z`."},
	{Name: "attempt", Type: "integer", Doc: "The number of the attempt, from 1."},
	{Name: "replay", Type: "boolean", Doc: "Whether somebody has asked for it again."},
	{Name: "replayed_by", Type: "string?", Doc: "Who that was."},
}}

var sendFields = []bindings.Field{
	{Name: "secret", Type: "string", Doc: "The secret that the receiver knows: `whsec_` and Base64. Without it, the message is not signed."},
	{Name: "id", Type: "string", Doc: "The id of the message, which is the same in each attempt. Default: a random one."},
	{Name: "headers", Type: "table<string, string>", Doc: "Other headers."},
	{Name: "timeout", Type: "number", Doc: "How many seconds an attempt may take. Default: 20."},
}

const noEvents = "When the run handles no event: it was not started by a webhook, and without `--event`."

// Module returns the module webhook.
func Module() *bindings.Module {
	return &bindings.Module{
		Name: "webhook", Required: true,
		Doc: "Handles events that other systems send to `phscript serve`, and sends events to them. A run that ends without an error has handled all of its events. " +
			"Otherwise they come again, unless `webhook.done` was called for them. So write scripts that may get an event twice: compare `event.id`, or write records by their keys.\n\n" +
			"    local webhook = require \"webhook\"\n" +
			"    local event = webhook.event()\n" +
			"    planhat.company.bulk_upsert{ { externalId = event.body.account.id, name = event.body.account.name } }\n\n" +
			"To try a script, put the body of an event into a file: `phscript run --event event.json handle.lua`.",
		Records: []*bindings.Shape{eventShape, {Name: "WebhookSendOptions", Doc: "How to send a message.", Fields: sendFields}},
		Funcs: []*bindings.Func{
			{
				Name: "event", Doc: "Returns the event that this run handles. For a webhook with `batch`, use `webhook.events()`.",
				Returns: []bindings.Return{{Type: "WebhookEvent", Doc: "The event."}},
				Errors:  noEvents + " Also when the run handles several.",
				Example: `local event = require("webhook").event()
log.info("received", { id = event.id, type = event.body.type })`,
				Call: func(a *bindings.Args) (int, error) {
					list, err := events(a)
					if err != nil {
						return 0, err
					}
					if len(list) != 1 {
						return 0, &planhat.Error{Kind: planhat.KindValidation, Message: fmt.Sprintf("this run has %d events", len(list)), Hint: "loop over webhook.events(), because the webhook has the setting batch"}
					}
					return a.Push(table(a.L, list[0]))
				},
			},
			{
				Name: "events", Doc: "Returns the events that this run handles, the first one first. Those with the same key are in the order in which they arrived.",
				Returns: []bindings.Return{{Type: "WebhookEvent[]", Doc: "The events."}},
				Errors:  noEvents,
				Example: `local webhook = require "webhook"
for _, event in ipairs(webhook.events()) do
  planhat.company.update("extid-" .. event.body.id, { status = event.body.status })
  webhook.done(event)
end`,
				Call: func(a *bindings.Args) (int, error) {
					list, err := events(a)
					if err != nil {
						return 0, err
					}
					t := a.L.CreateTable(len(list), 0)
					bindings.CodecOf(a.L).MarkArray(t)
					for _, e := range list {
						t.Append(table(a.L, e))
					}
					return a.Push(t)
				},
			},
			{
				Name: "done", Doc: "Notes at once that an event was handled. If the run fails later, only the other events come again, and the first of them has used up an attempt.",
				Params:  []bindings.Param{{Name: "event", Type: "WebhookEvent", Doc: "An event of this run."}},
				Errors:  noEvents + " Also when the event is not one of this run.",
				Example: `require("webhook").done(event)`,
				Call: func(a *bindings.Args) (int, error) {
					list, err := events(a)
					if err != nil {
						return 0, err
					}
					id := lua.LVAsString(a.Table(0).RawGetString("id"))
					for _, e := range list {
						if e.ID != id {
							continue
						}
						ctx := a.Context()
						var failed error
						a.Host.Wait(a.L, func(bindings.Turn) { failed = a.Host.Events.Done(ctx, e.Number) })
						return 0, failed
					}
					return 0, a.Errorf("argument 1, 'event', is not an event of this run")
				},
			},
			{
				Name: "send", Doc: "Sends an event to another system, signed as Standard Webhooks describes. The host must be allowed, as for `http`. " +
					"If the receiver cannot take it now, it is sent again, with the same id: in runs of `phscript serve` by the service, for about three days, and elsewhere up to 5 times within the call. Dry runs, tests and `--simulate` hold it back, and `notify.sent()` returns it.",
				Params: []bindings.Param{{Name: "url", Type: "string", Doc: "The address. It never appears in output or logs."},
					{Name: "body", Type: "table|string", Doc: "What to send: a table, as JSON, or text as it is."},
					{Name: "options", Type: "WebhookSendOptions", Optional: true, Doc: "How to send it.", Fields: sendFields}},
				Returns: []bindings.Return{{Type: "string", Doc: "The id of the message."}, {Type: "boolean", Doc: "Whether it was sent, or stored to be sent: false if it was held back."}},
				Errors:  "`permission` when the script may not reach the host; `validation`, `auth` or `not_found` when the receiver rejects the message; `rate_limited`, `server`, `timeout` or `network` when it cannot take it. With `uncertain`, it may have arrived.",
				Example: `require("webhook").send("https://api.example.com/hooks", { type = "company.lost", id = "A-1" },
  { secret = env.require("RECEIVER_SECRET") })`,
				Call: send,
			},
		},
	}
}

// events returns the events of the run.
func events(a *bindings.Args) (list []bindings.Event, err error) {
	if a.Host.Events == nil {
		return nil, &planhat.Error{Kind: planhat.KindConfig, Message: "this run handles no event", Hint: "to try the script, put the body of an event into a file, and run it with --event FILE"}
	}
	ctx := a.Context()
	a.Host.Wait(a.L, func(bindings.Turn) { list, err = a.Host.Events.List(ctx) })
	if err == nil && len(list) == 0 {
		err = errors.New("the events of this run are no longer there: another run may have them")
	}
	return list, err
}

// table returns an event as a table.
func table(L *lua.LState, e bindings.Event) *lua.LTable {
	t := L.NewTable()
	path, query, _ := strings.Cut(e.Path, "?")
	for name, text := range map[string]string{
		"id": e.ID, "webhook": e.Webhook, "text": string(e.Body), "method": e.Method, "path": path, "received": e.Received.UTC().Format(time.RFC3339),
	} {
		t.RawSetString(name, lua.LString(text))
	}
	if e.Key != "" {
		t.RawSetString("key", lua.LString(e.Key))
	}
	headers := L.NewTable()
	for name, values := range e.Header {
		headers.RawSetString(strings.ToLower(name), lua.LString(strings.Join(values, ", ")))
	}
	t.RawSetString("headers", headers)
	t.RawSetString("query", fields(L, query))
	t.RawSetString("attempt", lua.LNumber(e.Attempt))
	t.RawSetString("replay", lua.LBool(e.Replay))
	if e.ReplayedBy != "" {
		t.RawSetString("replayed_by", lua.LString(e.ReplayedBy))
	}
	if body.IsForm(e.Header.Get("Content-Type")) {
		t.RawSetString("body", fields(L, string(e.Body)))
	} else if v, err := bindings.CodecOf(L).DecodeBytes(body.JSON(e.Body), bindings.DecodeOptions{}); err == nil {
		t.RawSetString("body", v)
	}
	return t
}

// fields are the parameters of an address, or the fields of a form.
func fields(L *lua.LState, text string) *lua.LTable {
	t := L.NewTable()
	values := body.Form(text)
	for name := range values {
		t.RawSetString(name, lua.LString(values.Get(name)))
	}
	return t
}
