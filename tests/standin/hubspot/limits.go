package hubspot

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// allow counts a request and sets the headers about limits, or answers with 429.
func (s *Server) allow(w http.ResponseWriter, c *call, searches bool) bool {
	limits := []standin.Limit{c.settings.daily(), c.settings.burst()}
	if searches {
		limits = append(limits, c.settings.search())
	}
	refusal := s.Throttle.Take(c.ID, limits...)
	if !searches { // the vendor leaves these headers out of search answers
		h := w.Header()
		h.Set("X-HubSpot-RateLimit-Max", strconv.Itoa(c.settings.Burst))
		h.Set("X-HubSpot-RateLimit-Remaining", strconv.Itoa(s.Throttle.Left(c.ID, c.settings.burst())))
		h.Set("X-HubSpot-RateLimit-Interval-Milliseconds", "10000")
		if s.isKey(c.Request) { // OAuth calls have no daily headers
			h.Set("X-HubSpot-RateLimit-Daily", strconv.Itoa(c.settings.Daily))
			h.Set("X-HubSpot-RateLimit-Daily-Remaining", strconv.Itoa(s.Throttle.Left(c.ID, c.settings.daily())))
		}
	}
	if refusal != nil {
		s.refuse(w, c.Portal, c.settings, refusal)
	}
	return refusal == nil
}

func (s *Server) isKey(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")] != nil
}

// refuse answers with 429. The body has no category, unlike other errors.
func (s *Server) refuse(w http.ResponseWriter, p *Portal, settings Settings, refusal *standin.Refusal) {
	if settings.RetryAfter {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
	}
	policy := refusal.Limit.Name
	writeJSON(w, http.StatusTooManyRequests, map[string]any{
		"status":        "error",
		"message":       "You have reached your " + strings.ToLower(policy) + " limit.",
		"errorType":     "RATE_LIMIT",
		"correlationId": p.correlation(),
		"policyName":    policy,
		"requestId":     p.correlation(),
	})
}

// grants reports whether tokens have a scope.
func (s Settings) grants(scope string) bool {
	return s.Scopes == nil || slices.Contains(s.Scopes, scope)
}

func missingScope(scope string) *apiError {
	return &apiError{
		status: http.StatusForbidden, category: "MISSING_SCOPES",
		message: "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
		errors:  []detail{{Message: "One or more of the following scopes are required.", Context: map[string][]string{"requiredScopes": {scope}}}},
		links:   map[string]string{"scopes": "https://developers.hubspot.com/scopes"},
	}
}

func unknownToken() *apiError {
	return &apiError{
		status: http.StatusUnauthorized, category: "INVALID_AUTHENTICATION",
		message: "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
	}
}

func expiredToken(at, now time.Time) *apiError {
	return &apiError{
		status: http.StatusUnauthorized, category: "EXPIRED_AUTHENTICATION",
		message: "The OAuth token used to make this call expired " + strconv.Itoa(int(now.Sub(at).Seconds())) + " second(s) ago.",
		context: map[string][]string{"expire time": {stamp(at)}},
	}
}
