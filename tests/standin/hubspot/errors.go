package hubspot

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// apiError is an error body of the vendor.
type apiError struct {
	status            int
	category, message string
	sub               string
	errors            []detail
	context           map[string][]string
	links             map[string]string
}

// detail is one of the errors in an error body.
type detail struct {
	Message string              `json:"message"`
	Code    string              `json:"code,omitempty"`
	In      string              `json:"in,omitempty"`
	Context map[string][]string `json:"context,omitempty"`
}

func (e *apiError) Error() string { return e.message }

// body is the error as an answer of its own, and as a part of a batch.
func (e *apiError) body() map[string]any {
	body := map[string]any{"status": "error", "message": e.message, "category": e.category}
	if e.sub != "" {
		body["subCategory"] = e.sub
	}
	if e.errors != nil {
		body["errors"] = e.errors
	}
	if e.context != nil {
		body["context"] = e.context
	}
	if e.links != nil {
		body["links"] = e.links
	}
	return body
}

func fail(w http.ResponseWriter, p *Portal, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{status: http.StatusInternalServerError, category: "INTERNAL_ERROR", message: err.Error()}
	}
	body := e.body()
	body["correlationId"] = p.correlation()
	writeJSON(w, e.status, body)
}

func invalid(message string, details ...detail) *apiError {
	return &apiError{status: http.StatusBadRequest, category: "VALIDATION_ERROR", message: message, errors: details}
}

func notFound(message string) *apiError {
	return &apiError{status: http.StatusNotFound, category: "OBJECT_NOT_FOUND", message: message}
}

// missing is the error of a batch for ids that do not exist.
func missing(k *kind, ids []string) *apiError {
	return &apiError{
		category: "OBJECT_NOT_FOUND", context: map[string][]string{"ids": ids},
		message: "Could not get some " + strings.ToUpper(k.singular) + " objects, they may be deleted or not exist. Check that ids are valid.",
	}
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// decode reads the body of a request.
func decode(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return invalid("Invalid input JSON: " + err.Error())
	}
	return nil
}

// batch writes the answer to a batch: 207 if there are errors.
func (p *Portal) batch(w http.ResponseWriter, status int, results any, failed []*apiError) {
	now := stamp(p.clock.Now())
	body := map[string]any{"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
	if len(failed) > 0 {
		status = http.StatusMultiStatus
		var list []any
		for _, e := range failed {
			list = append(list, e.body())
		}
		body["numErrors"], body["errors"] = len(failed), list
	}
	writeJSON(w, status, body)
}

// correlation returns an id for a request, in the form of a UUID.
func (p *Portal) correlation() string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", p.number(), p.requests.Add(1))
}
