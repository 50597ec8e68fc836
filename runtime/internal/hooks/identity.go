package hooks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/webhook"
)

// known says by what the events of a scheme are told apart, unless the webhook says it. Those
// without an entry have an id in a header, or none.
var known = map[string][]place{
	"delighted":    {{path: []string{"event_id"}}},
	"hubspot_v1":   {{path: []string{"subscriptionId"}}, {path: []string{"eventId"}}, {path: []string{"occurredAt"}}},
	"hubspot_v2":   {{path: []string{"subscriptionId"}}, {path: []string{"eventId"}}, {path: []string{"occurredAt"}}},
	"hubspot_v3":   {{path: []string{"subscriptionId"}}, {path: []string{"eventId"}}, {path: []string{"occurredAt"}}},
	"intercom":     {{path: []string{"id"}}},
	"slack":        {{path: []string{"event_id"}}},
	"stripe":       {{path: []string{"id"}}},
	"surveymonkey": {{path: []string{"event_type"}}, {path: []string{"event_id"}}, {path: []string{"object_id"}}},
	"typeform":     {{path: []string{"event_id"}}},
}

// brief are the schemes whose events may be the same a second time: nothing in them has to
// differ. Only within repeatedWithin, the same message is a repetition.
var brief = []string{"aha", "header", "planhat", "productboard"}

// repeatedWithin is how long such a message is a repetition of the one before.
const repeatedWithin = 5 * time.Minute

// longestID is how long the id of an event may be; longer ones are hashed.
const longestID = 200

// identity is what tells an event from others.
type identity struct {
	// id is the delivery id, and before the one that the event would have had a while ago,
	// for ids that hold only for a time.
	id, before string
	// content is a hash of what was signed, where the id is not: it cannot be changed to make
	// an old message new. It is "" if there is none.
	content string
	// varies reports whether the sender's repetitions of an event may have other bodies: some
	// count their attempts there.
	varies bool
}

// identify returns what tells a message from others.
func (h *Hook) identify(k *keyring, m webhook.Message, p *parts, now time.Time) identity {
	hash := contentHash(k.Timestamp(m), m.Body)
	// What stands in the header is not signed, but sent by those who sign.
	signs := !slices.Contains(brief, h.Scheme) && h.Scheme != "google_calendar" && h.Scheme != "asknicely"
	places := h.dedupe
	if h.Dedupe == nil {
		places = known[h.Scheme]
	}
	if h.Dedupe != nil && len(h.Dedupe) == 0 { // switched off
		return identity{id: hash + "@" + strconv.FormatInt(now.UnixNano(), 36)}
	}
	if values, ok := p.all(places); ok {
		i := identity{id: p.idOf(values), varies: h.Dedupe == nil}
		if signs && slices.ContainsFunc(places, func(at place) bool { return at.header != "" }) {
			i.content = hash
		}
		return i
	}
	if h.Dedupe == nil {
		switch h.Scheme {
		case "google_calendar":
			if channel, n := m.Header.Get("X-Goog-Channel-ID"), k.ID(m); channel != "" && n != "" {
				return identity{id: p.idOf([]any{channel, n})}
			}
		case "zendesk":
			// Events have an id; what triggers send has the form that somebody gave it.
			if values, ok := p.all([]place{{path: []string{"zendesk_event_version"}}, {path: []string{"id"}}}); ok {
				return identity{id: p.idOf(values[1:]), content: hash, varies: true}
			}
		case "salesforce":
			if ids := salesforceIDs(p.body); len(ids) > 0 {
				return identity{id: p.idOf(ids), varies: true}
			}
		}
		if id := k.ID(m); id != "" {
			i := identity{id: p.idOf([]any{id})}
			if !k.SignsID() {
				i.content = hash
			}
			return i
		}
	}
	if slices.Contains(brief, h.Scheme) {
		at := now.UnixNano() / int64(repeatedWithin)
		return identity{id: hash + "@" + strconv.FormatInt(at, 36), before: hash + "@" + strconv.FormatInt(at-1, 36)}
	}
	if signs { // a header with an id may have been taken away
		return identity{id: hash, content: hash}
	}
	return identity{id: hash}
}

// contentHash is a short hash of what is signed.
func contentHash(timestamp string, body []byte) string {
	sum := sha256.New()
	_, _ = io.WriteString(sum, timestamp+"\n")
	_, _ = sum.Write(body)
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)[:16])
}

// idOf returns an id that no other values have. A text or a number stays as it is if nothing
// else could look the same. The rest is JSON, or a hash if that is long.
func (p *parts) idOf(values []any) string {
	text := textOf(values, ":")
	if !utf8.ValidString(text) || strings.ContainsRune(text, utf8.RuneError) {
		// The decoder has replaced what was not valid, so the values do not tell all.
		return contentHash("id", fmt.Appendf(nil, "%q\n%s", values, p.body))
	}
	var encoded bytes.Buffer
	e := json.NewEncoder(&encoded)
	e.SetEscapeHTML(false)
	var v any = values
	if len(values) == 1 {
		v = values[0]
		if s, ok := v.(string); ok && !json.Valid([]byte(s)) && !ambiguous().MatchString(s) && len(s) <= longestID {
			return s
		}
	}
	_ = e.Encode(v) // texts, numbers, booleans and lists cannot fail
	if id := strings.TrimSpace(encoded.String()); len(id) <= longestID {
		return id
	}
	return contentHash("id", encoded.Bytes())
}

// ambiguous matches texts that look like JSON or a hash, or that a database does not accept.
var ambiguous = pattern.Lazy(`^(["\[]|sha256:)|\x00`)

// shortened returns a text that a database accepts, and is not too long.
func shortened(text string) string {
	if len(text) > longestID {
		return contentHash("", []byte(text))
	}
	return storable(text)
}

// storable replaces what a database does not accept in text.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// salesforceIDs returns the ids of the notifications in an outbound message.
func salesforceIDs(body []byte) (list []any) {
	var ids []string
	d := xml.NewDecoder(bytes.NewReader(body))
	var open []string
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		switch t := token.(type) {
		case xml.StartElement:
			open = append(open, t.Name.Local)
		case xml.EndElement:
			open = open[:max(0, len(open)-1)]
		case xml.CharData:
			if n := len(open); n >= 2 && open[n-1] == "Id" && open[n-2] == "Notification" {
				ids = append(ids, strings.TrimSpace(string(t)))
			}
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		list = append(list, id)
	}
	return list
}
