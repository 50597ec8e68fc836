package hooks

import (
	"net/http"
	"slices"
	"strings"
)

const plainText = "text/plain; charset=utf-8"

// probe answers what senders ask before they send events: whether the address exists.
func (h *Hook) probe(r *http.Request) (answer, bool) {
	if r.Method == http.MethodHead {
		return answer{}, true
	}
	if token := r.URL.Query().Get("validationToken"); h.Scheme == "productboard" && token != "" && len(token) <= 512 {
		return answer{kind: plainText, text: token}, true
	}
	return answer{}, false
}

// question answers verified messages that are no events.
func (h *Hook) question(r *http.Request, p *parts) (answer, bool) {
	switch h.Scheme {
	case "google_calendar":
		return answer{}, r.Header.Get("X-Goog-Resource-State") == "sync"
	case "slack":
		if p.of(place{path: []string{"type"}}) == "url_verification" {
			return answer{kind: plainText, text: textOf([]any{p.of(place{path: []string{"challenge"}})}, "")}, true
		}
	}
	return answer{}, false
}

// salesforceAck is what Salesforce wants to read. It repeats the message after anything else.
const salesforceAck = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>` +
	`<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>
`

// acknowledgement is the answer to an event that was stored.
func (h *Hook) acknowledgement() (kind, text string) {
	if h.Scheme == "salesforce" {
		return "text/xml; charset=utf-8", salesforceAck
	}
	return "", ""
}

// unstored are headers that are not stored: they hold secrets, or say nothing about the
// event.
var unstored = []string{"Cookie", "Proxy-Authorization", "Connection"}

// kept returns the headers that are stored. The secret that messages carry is not.
func kept(header http.Header, k *keyring) http.Header {
	out := http.Header{}
	shared, _ := k.Compares()
	for name, values := range header {
		if slices.Contains(unstored, name) || shared && strings.EqualFold(name, k.Header()) {
			continue
		}
		if name == "Authorization" {
			values = []string{Hidden}
		}
		for _, v := range values {
			out.Add(storable(name), storable(v))
		}
	}
	return out
}

// Hidden is shown in place of a secret.
const Hidden = "(hidden)"
