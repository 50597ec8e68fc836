package hooks

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/phscript/phscript/runtime/internal/webhook"
)

// recipes say what to enter where in the system of a scheme. %[1]s is the address, %[2]s the
// name of the variable with the secret, and %[3]s the name of the header.
var recipes = map[string]string{
	"planhat": `In Planhat, open the automation, add a step that sends a webhook, and enter:

  Method    POST
  URL       %[1]s
  Header    Content-Type: application/json
  Header    %[3]s: the value of %[2]s
  Body      JSON with the fields that your script needs, from the automation's placeholders:

    {"id": "{{id}}", "updatedAt": "{{updatedAt}}", "name": "{{name}}"}

Planhat neither signs nor numbers its messages. Put the id and the time of the
change into the body, as above, and tell phscript that they tell events apart:

  key    = "id"
  dedupe = ["id", "updatedAt"]

Without dedupe, a message that is the same within 5 minutes counts as a repetition.
Planhat's documentation does not say whether it repeats a message that was not accepted.
`,
	"github": `In GitHub, open the settings of the repository or organization, Webhooks, Add webhook:

  Payload URL    %[1]s
  Content type   application/json
  Secret         the value of %[2]s

GitHub does not repeat messages by itself: "Recent Deliveries" has a button for that.
`,
	"jira": `In Jira Cloud, open the system settings, WebHooks, Create a WebHook:

  URL      %[1]s
  Secret   the value of %[2]s

Jira repeats a message up to 5 times, some minutes apart. Webhooks that were registered
by the REST API end after 30 days, unless they are refreshed.
`,
	"zendesk": `In Zendesk's Admin Center, open Apps and integrations, Webhooks, Create webhook:

  Endpoint URL     %[1]s
  Request method   POST
  Request format   JSON

Zendesk makes the secret: "Reveal secret" on the webhook's page shows it. Put it into the
variable %[2]s of the service.
Events have an id. In a trigger or an automation, put one into the body, and name it in
dedupe. Zendesk repeats a message after 409, and after 429 and 503 with a short pause.
`,
	"stripe": `In Stripe's Dashboard, open Developers, Webhooks, and add an endpoint:

  Endpoint URL   %[1]s

Stripe makes the secret, which begins with whsec_. Put it into the variable %[2]s
of the service. Stripe repeats messages for up to 3 days.
`,
	"standard": `In the system that sends Standard Webhooks, add an endpoint:

  URL      %[1]s
  Secret   begins with whsec_; the same value in the variable %[2]s of the service

phscript sends such messages itself, with webhook.send.
`,
	"hubspot_v3": `In HubSpot, open your app, Webhooks:

  Target URL   %[1]s

The address must be exactly the same, because HubSpot signs it. The secret is the client
secret of the app. Put it into the variable %[2]s of the service.
HubSpot sends several events in one message, so event.body is a list. It repeats a message
up to 10 times in 24 hours.
`,
	"typeform": `In Typeform, open the form, Connect, Webhooks, Add a webhook:

  Endpoint   %[1]s
  Secret     the value of %[2]s

Typeform repeats a message for some hours. After 404 or 410, it turns the webhook off.
`,
	"surveymonkey": `With SurveyMonkey's API, create a webhook (POST /v3/webhooks):

  subscription_url   %[1]s

SurveyMonkey asks for this address with HEAD first, so the service must be running. It signs
with both values of your app: put CLIENT_ID&CLIENT_SECRET into the variable %[2]s
of the service. The message only has ids: fetch the response in the script.
`,
	"slack": `In Slack, open your app, Event Subscriptions:

  Request URL   %[1]s

Slack asks for this address at once, so the service must be running. The secret is the
signing secret in Basic Information. Put it into the variable %[2]s of the service.
Slack waits 3 seconds for an answer, and repeats a message 3 times.
`,
	"intercom": `In Intercom's Developer Hub, open your app, Webhooks:

  Endpoint URL   %[1]s

The secret is the client secret of the app. Put it into the variable %[2]s of
the service.
`,
	"salesforce": `In Salesforce, open Setup, Outbound Messages, New Outbound Message:

  Endpoint URL   %[1]s/the value of %[2]s

Salesforce does not sign, so the address is the secret: let no log of a proxy have it.
The body is SOAP, in event.text. Salesforce repeats a message for 24 hours, also in another order.
`,
	"google_calendar": `With Google's API, watch the events of a calendar (POST .../events/watch):

  address   %[1]s
  token     the value of %[2]s
  id        a new UUID
  type      web_hook

The message has no body: its headers name the channel and the resource, so list what has
changed with the syncToken. A channel ends by itself; watch again before its expiration.
`,
	"productboard": `With Productboard's API, create a webhook (POST /webhooks):

  url                     %[1]s
  headers.authorization   the value of %[2]s

Productboard asks for this address first, so the service must be running. The message only
has ids: fetch the record in the script. Productboard repeats a message for days.
`,
	"delighted": `In Delighted, open Integrations, Webhooks, and add:

  URL   %[1]s

Delighted signs with your API key. Put it into the variable %[2]s of the service.
`,
	"asknicely": `In AskNicely, open Settings, Webhooks, and add:

  URL      %[1]s
  Header   %[3]s: the value of %[2]s
`,
	"aha": `In Aha!, open the settings, Integrations, Webhook:

  Hook URL   %[1]s/the value of %[2]s

Aha! does not sign, so the address is the secret: let no log of a proxy have it.
`,
	webhook.HMAC: `In the system that sends the events, add a webhook:

  URL      %[1]s
  Secret   the value of %[2]s

It must write the HMAC-SHA256 of the body into the header %[3]s.
`,
	"header": `In the system that sends the events, add a webhook:

  Method   POST
  URL      %[1]s
  Header   %[3]s: the value of %[2]s
`,
}

// Recipe says what to enter in the system that sends the events.
func (h *Hook) Recipe() string {
	address := h.PublicURL
	note := ""
	if address == "" {
		address = "https://YOUR-ADDRESS" + h.Path
		note = "\nYOUR-ADDRESS is where the sender reaches this service. Write it into phscript.toml:\n\n  [webhooks]\n  public_url = \"https://YOUR-ADDRESS\"\n"
	}
	text := recipes[h.Scheme]
	if text == "" && strings.HasPrefix(h.Scheme, "hubspot_") {
		text = recipes["hubspot_v3"]
	}
	name := h.secrets[0].String()
	text = fmt.Sprintf(text+"%[4]s", address, name, cmp.Or(h.Header, "X-Webhook-Secret"), note)
	if h.sharesSecret() {
		text += "\nMake a secret with: openssl rand -hex 24\n"
	}
	return text
}

// sharesSecret reports whether each message carries the secret.
func (h *Hook) sharesSecret() bool {
	v, err := h.verifier([]string{strings.Repeat("x", shortestShared)})
	if err != nil {
		return false
	}
	inHeader, inPath := v.Compares()
	return inHeader || inPath
}
