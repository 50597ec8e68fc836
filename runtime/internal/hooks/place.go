package hooks

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/webhook"
)

// place is a part of an event: a header, or a path in its body.
type place struct {
	header string
	path   []string
}

// inHeader begins the name of a header.
const inHeader = "header:"

func parsePlaces(list []string) (places []place, err error) {
	for _, text := range list {
		if name, ok := strings.CutPrefix(text, inHeader); ok {
			if !headerForm().MatchString(name) {
				return nil, fmt.Errorf("%q is not the name of a header; write it like header:X-Delivery", name)
			}
			places = append(places, place{header: name})
			continue
		}
		path := strings.Split(text, ".")
		if slices.Contains(path, "") {
			return nil, fmt.Errorf(`%q is not a part of an event; write the path of a field, such as "issue.id", or "header:X-Delivery"`, text)
		}
		places = append(places, place{path: path})
	}
	return places, nil
}

// parts reads parts of one event.
type parts struct {
	header http.Header
	body   []byte
	value  any
	read   bool
}

// all returns the values of places, and false unless each has one.
func (p *parts) all(places []place) (values []string, ok bool) {
	for _, one := range places {
		text := p.of(one)
		if text == "" {
			return nil, false
		}
		values = append(values, text)
	}
	return values, len(values) > 0
}

func (p *parts) of(at place) string {
	if at.header != "" {
		return strings.Join(p.header.Values(at.header), ",")
	}
	if !p.read {
		p.value, p.read = decode(p.header.Get("Content-Type"), p.body), true
	}
	return textOf(p.value, at.path)
}

// decode reads a body as JSON or a form, or returns nil.
func decode(kind string, body []byte) any {
	if strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil
		}
		values := map[string]any{}
		for name := range form {
			values[name] = form.Get(name)
		}
		return values
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil
	}
	return v
}

// textOf is the value at a path. Of the elements of a list, it is all of their values.
func textOf(v any, path []string) string {
	if list, ok := v.([]any); ok {
		if len(path) > 0 {
			if i, err := strconv.Atoi(path[0]); err == nil {
				if i < 0 || i >= len(list) {
					return ""
				}
				return textOf(list[i], path[1:])
			}
		}
		var texts []string
		for _, one := range list {
			text := textOf(one, path)
			if text == "" {
				return ""
			}
			texts = append(texts, text)
		}
		return strings.Join(texts, ",")
	}
	if len(path) > 0 {
		fields, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		return textOf(fields[path[0]], path[1:])
	}
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

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
		i := identity{id: shortened(strings.Join(values, ":"))}
		if signs && slices.ContainsFunc(places, func(at place) bool { return at.header != "" }) {
			i.content = hash
		}
		return i
	}
	if h.Dedupe == nil {
		switch h.Scheme {
		case "google_calendar":
			if channel, n := m.Header.Get("X-Goog-Channel-ID"), k.ID(m); channel != "" && n != "" {
				return identity{id: shortened(channel + ":" + n)}
			}
		case "zendesk":
			// Events have an id; what triggers send has the form that somebody gave it.
			if values, ok := p.all([]place{{path: []string{"zendesk_event_version"}}, {path: []string{"id"}}}); ok {
				return identity{id: shortened(values[1]), content: hash}
			}
		case "salesforce":
			if ids := salesforceIDs(p.body); ids != "" {
				return identity{id: shortened(ids)}
			}
		}
		if id := k.ID(m); id != "" {
			i := identity{id: shortened(id)}
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

// salesforceIDs returns the ids of the notifications in an outbound message, or "".
func salesforceIDs(body []byte) string {
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
	return strings.Join(ids, ",")
}
