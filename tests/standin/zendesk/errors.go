package zendesk

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/phscript/phscript/tests/standin"
)

// apiError is an error of the vendor, which has three shapes of bodies: a name and a
// description, the same with details of fields, and a title with a message.
type apiError struct {
	status            int
	name, description string
	details           map[string][]Body
	title             string
}

func (e *apiError) Error() string { return e.description }

func (e *apiError) body() Body {
	if e.title != "" {
		return Body{"error": Body{"title": e.title, "message": e.description}}
	}
	body := Body{"error": e.name, "description": e.description}
	if e.details != nil {
		body["details"] = e.details
	}
	return body
}

func fail(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{status: http.StatusInternalServerError, name: "InternalError", description: err.Error()}
	}
	writeJSON(w, e.status, e.body())
}

func notFound() *apiError {
	return &apiError{status: http.StatusNotFound, name: "RecordNotFound", description: "Not found"}
}

func invalidValue(description string) *apiError {
	return &apiError{status: http.StatusBadRequest, name: "InvalidValue", description: description}
}

// invalidField is a 422 that names the field.
func invalidField(field, description string) *apiError {
	return &apiError{
		status: http.StatusUnprocessableEntity, name: "RecordInvalid", description: "Record validation errors",
		details: map[string][]Body{field: {{"description": description, "error": "InvalidValue"}}},
	}
}

func forbidden() *apiError {
	return &apiError{status: http.StatusForbidden, title: "Forbidden", description: "You do not have access to this page. Please contact the account owner of this help desk for further help."}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func decode(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return &apiError{status: http.StatusBadRequest, name: "InvalidJSON", description: err.Error()}
	}
	return nil
}

// allow counts a request and sets the headers about limits, or answers with 429.
func (s *Server) allow(w http.ResponseWriter, c *call, export bool) bool {
	limits := []standin.Limit{c.settings.account()}
	if export {
		limits = append(limits, c.settings.exports())
	}
	refusal := s.Throttle.Take(c.Name, limits...)
	most, left := strconv.Itoa(c.settings.PerMinute), strconv.Itoa(s.Throttle.Left(c.Name, c.settings.account()))
	h := w.Header()
	h.Set("X-Rate-Limit", most)
	h.Set("X-Rate-Limit-Remaining", left)
	h.Set("ratelimit-limit", most)
	h.Set("ratelimit-remaining", left)
	h.Set("ratelimit-reset", strconv.Itoa(int(c.settings.Minute.Seconds())))
	if refusal == nil {
		return true
	}
	h.Set("Retry-After", strconv.Itoa(int(math.Ceil(refusal.RetryAfter.Seconds()))))
	said := "Number of allowed API requests per minute exceeded"
	if refusal.Limit.Name == "exports" {
		said = "Number of allowed incremental ticket export API requests per minute exceeded"
	}
	if !c.settings.PlainErrors {
		writeJSON(w, http.StatusTooManyRequests, Body{"error": "APIRateLimitExceeded", "description": said})
		return false
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte(said))
	return false
}

// EdgeRefusal is a 429 of the edge in front of the API, which knows nothing of the
// account. It has Retry-After if that is not empty.
func EdgeRefusal(retryAfter string) standin.Fault {
	headers := []string{"Content-Type", "application/json"}
	if retryAfter != "" {
		headers = append(headers, "Retry-After", retryAfter)
	}
	return standin.Answer(http.StatusTooManyRequests,
		`{"title":"Too Many Requests","status":429,"detail":"Rate limited by Zendesk edge protection"}`, headers...)
}
