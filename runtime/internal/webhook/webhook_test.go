package webhook

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// vector is a message with a valid signature.
type vector struct {
	scheme, secret string
	at             time.Time
	method, url    string
	body           string
	headers        map[string]string
	header         string // for New
}

const (
	octocat = "It's a Secret to Everybody"
	client  = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
	event   = `[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]`
	one     = `{"id":1}`
)

func signedBy(header, value string) map[string]string { return map[string]string{header: value} }

// vectors are those that senders publish, and for the others some that were computed
// with another program.
var vectors = map[string]vector{
	"GitHub's documentation": {scheme: "github", secret: octocat, body: "Hello, World!",
		headers: signedBy("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")},
	"Jira's documentation": {scheme: "jira", secret: octocat, body: "Hello World!",
		headers: signedBy("X-Hub-Signature", "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9")},
	"Standard Webhooks": {scheme: "standard", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", at: time.Unix(1614265330, 0), body: `{"test": 2432232314}`,
		headers: map[string]string{"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330", "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}},
	"Standard Webhooks, the second of two": {scheme: "standard", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", at: time.Unix(1614265330, 0), body: `{"test": 2432232314}`,
		headers: map[string]string{"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
			"webhook-signature": "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="}},
	"GitHub": {scheme: "github", secret: "topsecret", body: one,
		headers: signedBy("X-Hub-Signature-256", "sha256=da3557bb01e9adb585273452a18d40553fcd71fd1aeeae35eb30c81a7b082850")},
	"Jira": {scheme: "jira", secret: "topsecret", body: one,
		headers: signedBy("X-Hub-Signature", "sha256=da3557bb01e9adb585273452a18d40553fcd71fd1aeeae35eb30c81a7b082850")},
	"Delighted": {scheme: "delighted", secret: "topsecret", body: one,
		headers: signedBy("X-Delighted-Webhook-Signature", "sha256=da3557bb01e9adb585273452a18d40553fcd71fd1aeeae35eb30c81a7b082850")},
	"Zendesk": {scheme: "zendesk", secret: "topsecret", at: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), body: one,
		headers: map[string]string{"X-Zendesk-Webhook-Signature-Timestamp": "2026-11-23T10:00:00Z", "X-Zendesk-Webhook-Signature": "4Z1AgcFpWEl1kirHhHa9CFw/pUutkzbqbUpFPqynlsc="}},
	"Typeform":     {scheme: "typeform", secret: "topsecret", body: one, headers: signedBy("Typeform-Signature", "sha256=2jVXuwHprbWFJzRSoY1AVT/Ncf0a7q416zDIGnsIKFA=")},
	"SurveyMonkey": {scheme: "surveymonkey", secret: "client123&topsecret", body: one, headers: signedBy("Sm-Signature", "mUJzJ5p8wJkD45dSxYXlMo9Eb8k=")},
	"HubSpot v3": {scheme: "hubspot_v3", secret: "topsecret", at: time.UnixMilli(1795428000000), method: "POST", url: "https://hooks.example.com/hubspot", body: one,
		headers: map[string]string{"X-HubSpot-Request-Timestamp": "1795428000000", "X-HubSpot-Signature-v3": "uoyFsyYSbrHY4I7BvrZYXEQg0bgHPn1x3i1XifsNORU="}},
	"HubSpot's client, v3": {scheme: "hubspot_v3", secret: client, at: time.UnixMilli(1693657560000), method: "POST", url: "https://www.example.com/webhook_uri", body: `{'example_field':'example_value'}`,
		headers: map[string]string{"X-HubSpot-Request-Timestamp": "1693657560000", "X-HubSpot-Signature-v3": "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="}},
	"HubSpot's client, v3, an escaped address": {scheme: "hubspot_v3", secret: client, at: time.UnixMilli(1693657560000), method: "POST", url: "https://www.example.com%2fwebhook_uri", body: `{'example_field':'example_value'}`,
		headers: map[string]string{"X-HubSpot-Request-Timestamp": "1693657560000", "X-HubSpot-Signature-v3": "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="}},
	"HubSpot's client, v1": {scheme: "hubspot_v1", secret: client, body: event, headers: signedBy("X-HubSpot-Signature", "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de")},
	"HubSpot v1":           {scheme: "hubspot_v1", secret: "topsecret", body: one, headers: signedBy("X-HubSpot-Signature", "06830d663fdd3b27341d0fc7b0fa2ced5c4ce2a1b1e58897c65ac9fe52cbed0b")},
	"HubSpot's client, v2": {scheme: "hubspot_v2", secret: client, method: "GET", url: "https://www.example.com/webhook_uri",
		headers: signedBy("X-HubSpot-Signature", "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e")},
	"Stripe": {scheme: "stripe", secret: "whsec_test", at: time.Unix(1795428000, 0), body: one,
		headers: signedBy("Stripe-Signature", "t=1795428000,v1=8604a6c4a36d4c5b98d7d61e2eb6e2eeb4cca72c7e1f2db323b7319863eda4cf")},
	"Stripe, the second of two": {scheme: "stripe", secret: "whsec_test", at: time.Unix(1795428000, 0), body: one,
		headers: signedBy("Stripe-Signature", "t=1795428000,v1=00,v0=11,v1=8604a6c4a36d4c5b98d7d61e2eb6e2eeb4cca72c7e1f2db323b7319863eda4cf")},
	"Slack": {scheme: "slack", secret: "topsecret", at: time.Unix(1795428000, 0), body: one,
		headers: map[string]string{"X-Slack-Request-Timestamp": "1795428000", "X-Slack-Signature": "v0=dfea3d74bfde1227d33fbfa21f6be059b671823d4c203834dccbd27621159b19"}},
	"Intercom": {scheme: "intercom", secret: "topsecret", body: one, headers: signedBy("X-Hub-Signature", "sha1=34b08e54f243264c7d69c4e7a276a2846fdacdae")},

	// These do not sign: they send the secret.
	"Google Calendar": {scheme: "google_calendar", secret: "topsecret", headers: signedBy("X-Goog-Channel-Token", "topsecret")},
	"Productboard":    {scheme: "productboard", secret: "topsecret", body: one, headers: signedBy("Authorization", "topsecret")},
	"AskNicely":       {scheme: "asknicely", secret: "topsecret", header: "X-Secret", body: one, headers: signedBy("X-Secret", "topsecret")},
	"Planhat":         {scheme: "planhat", secret: "topsecret", header: "X-Secret", body: one, headers: signedBy("X-Secret", "topsecret")},
	"a header":        {scheme: "header", secret: "topsecret", header: "X-Secret", body: one, headers: signedBy("X-Secret", "topsecret")},
	"Aha!":            {scheme: "aha", secret: "topsecret", url: "https://hooks.example.com/aha/topsecret?a=1", body: one},
	"Salesforce":      {scheme: "salesforce", secret: "topsecret", url: "https://hooks.example.com/topsecret", body: one},
}

func (v vector) message() Message {
	m := Message{Method: v.method, URL: v.url, Header: http.Header{}, Body: []byte(v.body)}
	for name, value := range v.headers {
		m.Header.Set(name, value)
	}
	return m
}

func (v vector) verifier(t *testing.T, secrets ...string) *Verifier {
	t.Helper()
	made, err := New(v.scheme, secrets, v.header)
	require.NoError(t, err)
	return made
}

func TestVectors(t *testing.T) {
	tested := map[string]bool{}
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			tested[v.scheme] = true
			s, _ := find(v.scheme)
			assert.NoError(t, v.verifier(t, v.secret).Verify(v.message(), v.at))
			// While secrets are rotated, the old one counts as well.
			other := v.secret + "BBBB"
			assert.NoError(t, v.verifier(t, other, v.secret).Verify(v.message(), v.at))
			assert.NoError(t, v.verifier(t, v.secret, other).Verify(v.message(), v.at))
			assert.Error(t, v.verifier(t, other).Verify(v.message(), v.at), "another secret")

			// Each header that is needed is needed once, and as it is.
			for header, value := range v.headers {
				m := v.message()
				m.Header.Del(header)
				assert.ErrorContains(t, v.verifier(t, v.secret).Verify(m, v.at), "is missing", header)
				m.Header.Set(header, "")
				assert.ErrorContains(t, v.verifier(t, v.secret).Verify(m, v.at), "is missing", header)
				m = v.message()
				m.Header.Add(header, value)
				assert.ErrorContains(t, v.verifier(t, v.secret).Verify(m, v.at), "is there 2 times", header)
				for _, wrong := range []string{value + "0", value[:len(value)-1], strings.ToUpper(value), strings.TrimPrefix(value, s.prefix) + "?", " "} {
					if wrong != value {
						m = v.message()
						m.Header.Set(header, wrong)
						err := v.verifier(t, v.secret).Verify(m, v.at)
						if assert.Error(t, err, "%s: %s", header, wrong) {
							assert.NotContains(t, err.Error(), v.secret)
						}
					}
				}
			}
			if s.compares == inAddress {
				m := v.message()
				m.URL = "https://hooks.example.com/"
				assert.Error(t, v.verifier(t, v.secret).Verify(m, v.at))
			}
			if s.compares != nowhere {
				return
			}

			// The body is signed as it is.
			for i := range v.body {
				m := v.message()
				m.Body = bytes.Clone(m.Body)
				m.Body[i] ^= 1
				require.ErrorIs(t, v.verifier(t, v.secret).Verify(m, v.at), errWrong)
			}
			m := v.message()
			m.Body = append([]byte(v.body), ' ')
			assert.ErrorIs(t, v.verifier(t, v.secret).Verify(m, v.at), errWrong)

			// The time is signed, and near.
			if s.time == nil {
				return
			}
			for _, off := range []time.Duration{-Tolerance, Tolerance} {
				assert.NoError(t, v.verifier(t, v.secret).Verify(v.message(), v.at.Add(off)))
				assert.ErrorContains(t, v.verifier(t, v.secret).Verify(v.message(), v.at.Add(off+off/300)), "more than 5 minutes from now")
			}
		})
	}
	for _, name := range Schemes() {
		assert.True(t, tested[name], name)
	}
}

// Of HubSpot, method and address are signed; a newer time does not make an old message new.
func TestWhatElseIsSigned(t *testing.T) {
	v := vectors["HubSpot v3"]
	for _, change := range []func(*Message){
		func(m *Message) { m.Method = "PUT" },
		func(m *Message) { m.URL += "?a=1" },
		func(m *Message) { m.URL = strings.Replace(m.URL, "https", "http", 1) },
		func(m *Message) { m.Header.Set("X-HubSpot-Request-Timestamp", "1795428001000") },
	} {
		m := v.message()
		change(&m)
		assert.ErrorIs(t, v.verifier(t, v.secret).Verify(m, v.at), errWrong)
	}
	v = vectors["Standard Webhooks"]
	m := v.message()
	m.Header.Set("webhook-id", "msg_other")
	assert.ErrorIs(t, v.verifier(t, v.secret).Verify(m, v.at), errWrong)
	v = vectors["Stripe"]
	m = v.message()
	m.Header.Set("Stripe-Signature", "t=1795428000,"+v.headers["Stripe-Signature"])
	assert.Error(t, v.verifier(t, v.secret).Verify(m, v.at), "two times")
}

// Several systems use one header with different algorithms. A message does not choose.
func TestTheAlgorithmIsFixed(t *testing.T) {
	m := vectors["Intercom"].message()
	assert.Error(t, vectors["Jira"].verifier(t, "topsecret").Verify(m, time.Time{}))
	m = vectors["Jira"].message()
	assert.Error(t, vectors["Intercom"].verifier(t, "topsecret").Verify(m, time.Time{}))
	m = vectors["HubSpot v1"].message()
	m.Method, m.URL = "POST", "https://hooks.example.com/hubspot"
	assert.Error(t, vectors["HubSpot's client, v2"].verifier(t, "topsecret").Verify(m, time.Time{}))
}

func TestSecretsThatAreMissing(t *testing.T) {
	for _, name := range Schemes() {
		header := ""
		if s, _ := find(name); s.header == "" && s.compares == inHeader {
			header = "X-Secret"
			_, err := New(name, []string{"topsecret"}, "")
			require.ErrorContains(t, err, "the name of the header is missing")
		} else {
			_, err := New(name, []string{"topsecret"}, "X-Secret")
			require.ErrorContains(t, err, "leave its name out")
		}
		for _, secrets := range [][]string{nil, {}, {""}, {" "}, {"whsec_"}, {"&"}, {"client123&topsecret", ""}} {
			if slices.Equal(secrets, []string{"whsec_"}) && name != "standard" || slices.Equal(secrets, []string{"&"}) && name != "surveymonkey" {
				continue
			}
			_, err := New(name, secrets, header)
			assert.Error(t, err, "%s %q", name, secrets)
		}
	}
	_, err := New("carrier-pigeon", []string{"topsecret"}, "")
	assert.ErrorContains(t, err, "unknown signature scheme")
	_, err = New("surveymonkey", []string{"topsecret"}, "")
	assert.ErrorContains(t, err, "the client ID, & and the client secret")
	_, err = New("standard", []string{"whsec_!"}, "")
	assert.ErrorContains(t, err, "whsec_ and Base64")
}

func TestIDs(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(vectors)) {
		v := vectors[name]
		s, _ := find(v.scheme)
		m := v.message()
		if s.id == "" {
			assert.Empty(t, v.verifier(t, v.secret).ID(m), name)
			continue
		}
		m.Header.Set(s.id, "7")
		assert.Equal(t, "7", v.verifier(t, v.secret).ID(m), name)
	}
}
