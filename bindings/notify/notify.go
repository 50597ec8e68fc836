// Package notify holds the Lua module notify.
package notify

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

const (
	sentDoc   = "Whether it was sent: false if it was held back."
	chatError = "`permission` when the script may not reach the host, or the service rejects the address; `validation` when it rejects the message; `rate_limited`, `server` or `network` when it cannot take it now. With `uncertain`, the message may have been delivered."
)

var slackFields = []bindings.Field{
	{Name: "markup", Type: "boolean", Doc: "Let Slack read `<https://a.example|links>` and mentions such as `<!here>` in the text. Without it, values from strangers cannot mention anybody. Default: false."},
	{Name: "blocks", Type: "table[]", Doc: "Blocks of Slack's Block Kit to show; the text is then what notifications show."},
}

var teamsFields = []bindings.Field{
	{Name: "title", Type: "string", Doc: "A title above the text."},
	{Name: "card", Type: "table", Doc: "An Adaptive Card to show in place of the text."},
}

var emailFields = []bindings.Field{
	{Name: "host", Type: "string", Required: true, Doc: "The SMTP server, which must be allowed as other hosts are: `-- @allow net=smtp.example.com`.", Text: refusedHost},
	{Name: "port", Type: "integer", Doc: "Its port. On 465 the connection is encrypted from the start, on others by STARTTLS. Default: 587.", Number: refusedPort},
	{Name: "user", Type: "string", Doc: "The user name, if the server needs one."},
	{Name: "password", Type: "string", Doc: "The password. It never appears in output or logs."},
	{Name: "from", Type: "string", Required: true, Doc: "The sender, such as `reports@example.com` or `Reports <reports@example.com>`.", Text: refusedAddress("from")},
	{Name: "to", Type: "string|string[]", Doc: "The recipients. At least one of `to`, `cc` and `bcc` is needed.", Text: refusedAddress("to")},
	{Name: "cc", Type: "string|string[]", Doc: "Recipients of a copy.", Text: refusedAddress("cc")},
	{Name: "bcc", Type: "string|string[]", Doc: "Recipients that the others do not see.", Text: refusedAddress("bcc")},
	{Name: "reply_to", Type: "string", Doc: "Where replies go. Default: the sender.", Text: refusedAddress("reply_to")},
	{Name: "subject", Type: "string", Required: true, Doc: "The subject, on one line."},
	{Name: "text", Type: "string", Doc: "The message as plain text. It or `html` is needed."},
	{Name: "html", Type: "string", Doc: "The message as HTML. Programs that do not show it show the text."},
	{Name: "attachments", Type: "string|string[]", File: true, Doc: "Files to attach, together at most 20 MiB."},
	{Name: "timeout", Type: "number", Doc: "How many seconds sending may take. Default: 60.", Number: refusedTimeout},
}

var messageShape = &bindings.Shape{Name: "HeldMessage", Doc: "A message that was held back.", Fields: []bindings.Field{
	{Name: "kind", Type: "string", Doc: "`slack`, `teams` or `email`; `webhook` for `webhook.send`."},
	{Name: "host", Type: "string", Doc: "The host that would have delivered it."},
	{Name: "text", Type: "string?", Doc: "The text."},
	{Name: "html", Type: "string?", Doc: "The HTML of an e-mail."},
	{Name: "subject", Type: "string?", Doc: "The subject of an e-mail, or the title for Teams."},
	{Name: "from", Type: "string?", Doc: "The sender of an e-mail."},
	{Name: "to", Type: "string[]?", Doc: "The addresses of all recipients of an e-mail."},
	{Name: "attachments", Type: "string[]?", Doc: "The names of the files that it has."},
	{Name: "payload", Type: "table?", Doc: "What would be sent to Slack, Teams or a webhook."},
}}

// Module returns the module notify.
func Module() *bindings.Module {
	url := bindings.Param{Name: "url", Type: "string", Doc: "The address of the webhook, which is a secret: keep it in an environment variable. It never appears in output or logs.", Text: refusedWebhook}
	text := bindings.Param{Name: "text", Type: "string", Doc: "The message."}
	sent := []bindings.Return{{Type: "boolean", Doc: sentDoc}}
	return &bindings.Module{
		Name: "notify", Required: true,
		Doc: "Sends messages to people: to channels of Slack and Microsoft Teams, and by e-mail. The hosts must be allowed, as for `http`. " +
			"Dry runs, tests and `--simulate` hold messages back, and `notify.sent()` returns them.\n\n" +
			"    -- @allow net=hooks.slack.com\n" +
			"    local notify = require \"notify\"\n" +
			"    notify.slack(env.require(\"SLACK_WEBHOOK\"), \"12 renewals are due this week\")",
		Records: []*bindings.Shape{
			messageShape, {Name: "SlackOptions", Doc: "How to show a message in Slack.", Fields: slackFields},
			{Name: "TeamsOptions", Doc: "How to show a message in Teams.", Fields: teamsFields},
			{Name: "Email", Doc: "An e-mail, and the server that takes it.", Fields: emailFields},
		},
		Funcs: []*bindings.Func{
			{
				Name: "slack", Doc: "Sends a message to a channel of Slack, by an incoming webhook.",
				Params: []bindings.Param{url, text, {Name: "options", Type: "SlackOptions", Optional: true, Doc: "How to show it.", Fields: slackFields}}, Returns: sent, Errors: chatError,
				Example: `require("notify").slack(env.require("SLACK_WEBHOOK"), "The import is done: " .. result.created .. " new companies")`,
				Call:    slack,
			},
			{
				Name: "teams", Doc: "Sends a message to a channel of Microsoft Teams, by a webhook of the Workflows app. Teams reads simple Markdown in it.",
				Params: []bindings.Param{url, text, {Name: "options", Type: "TeamsOptions", Optional: true, Doc: "How to show it.", Fields: teamsFields}}, Returns: sent, Errors: chatError,
				Example: `require("notify").teams(env.require("TEAMS_WEBHOOK"), "12 renewals are due", { title = "Renewals" })`,
				Call:    teams,
			},
			{
				Name: "email", Doc: "Sends an e-mail by SMTP. The connection must be encrypted, unless the server is on this machine.",
				Params:  []bindings.Param{{Name: "email", Type: "Email", Doc: "The message, and the server that takes it.", Fields: emailFields}},
				Returns: sent,
				Errors:  "`permission` when the script may not reach the server or read a file; `auth` when the server rejects user or password; `validation` when an address is invalid, or the server rejects the message; `network`, `server` or `timeout` when it cannot take it now. With `uncertain`, the message may have been delivered.",
				Example: `require("notify").email{
  host = "smtp.example.com", user = "reports@example.com", password = env.require("SMTP_PASSWORD"),
  from = "Reports <reports@example.com>", to = { "kim@example.com", "lee@example.com" },
  subject = "Renewals of this week", text = text, attachments = "out/renewals.xlsx",
}`,
				Call: email,
			},
			{
				Name: "sent", Doc: "Returns the messages that this dry run, test or simulation held back.",
				Returns: []bindings.Return{{Type: "HeldMessage[]", Doc: "The messages, the first one first."}},
				Example: `assert(#require("notify").sent() == 1)`,
				Call: func(a *bindings.Args) (int, error) {
					if err := reachable(a); err != nil {
						return 0, err
					}
					list := a.L.NewTable()
					bindings.CodecOf(a.L).MarkArray(list)
					for _, m := range a.Host.Network.Held() {
						t, err := held(a.L, m)
						if err != nil {
							return 0, err
						}
						list.Append(t)
					}
					return a.Push(list)
				},
			},
		},
	}
}

// reachable fails if the host has no network.
func reachable(a *bindings.Args) error {
	if a.Host.Network == nil {
		return &planhat.Error{Kind: planhat.KindConfig, Message: "scripts of this program cannot send messages"}
	}
	return nil
}

// held returns a message as a table.
func held(L *lua.LState, m bindings.Message) (*lua.LTable, error) {
	t := L.NewTable()
	for name, value := range map[string]string{"kind": m.Kind, "host": m.Host, "text": m.Text, "html": m.HTML, "subject": m.Subject, "from": m.From} {
		if value != "" {
			t.RawSetString(name, lua.LString(value))
		}
	}
	for name, values := range map[string][]string{"to": m.To, "attachments": m.Attachments} {
		if m.Kind != kindEmail {
			break
		}
		list := L.NewTable()
		bindings.CodecOf(L).MarkArray(list)
		for _, v := range values {
			list.Append(lua.LString(v))
		}
		t.RawSetString(name, list)
	}
	if m.Payload != nil {
		v, err := bindings.CodecOf(L).DecodeBytes(m.Payload, bindings.DecodeOptions{})
		if err != nil {
			return nil, err
		}
		t.RawSetString("payload", v)
	}
	return t, nil
}
