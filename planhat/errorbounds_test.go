package planhat

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestLongMessagesAreCut: Planhat's own words stay whole up to 300 letters.
func TestLongMessagesAreCut(t *testing.T) {
	for given, want := range map[string]string{
		strings.Repeat("é", 300): strings.Repeat("é", 300),
		strings.Repeat("é", 301): strings.Repeat("é", 300) + "…",
		" two\n\twords ":         "two words",
		"":                       "",
	} {
		assert.Equal(t, want, oneLine(given))
	}
}

// TestPausesOfAMinuteAreNamed: a shorter one is not worth the words.
func TestPausesOfAMinuteAreNamed(t *testing.T) {
	for seconds, want := range map[string]bool{"59": false, "60": true, "61": true} {
		e := statusError(&answer{status: 429, header: http.Header{"Retry-After": {seconds}}}, nil)
		assert.Equal(t, want, strings.Contains(e.Message, "asks to wait 1m"), "%s: %s", seconds, e.Message)
	}
}

// TestErrorsSayWhatIsKnown: the parentheses hold what is known of the request.
func TestErrorsSayWhatIsKnown(t *testing.T) {
	for want, e := range map[string]*Error{
		"no token":                                {Message: "no token"},
		"config":                                  {Kind: KindConfig},
		"company: gone":                           {Model: "company", Message: "gone"},
		"company.create: gone (status 404)":       {Model: "company", Operation: "create", Message: "gone", Status: 404},
		"no answer (GET /companies, 2 attempts)":  {Message: "no answer", Method: "GET", Path: "/companies", Attempts: 2},
		"overloaded (GET /companies, status 503)": {Message: "overloaded", Method: "GET", Path: "/companies", Status: 503, Attempts: 1},
	} {
		assert.EqualError(t, e, want)
	}
}
