package salesforce

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// apiError is an error body of the vendor, which is a list.
type apiError struct {
	status        int
	code, message string
	fields        []string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func fail(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{status: http.StatusInternalServerError, code: "UNKNOWN_EXCEPTION", message: err.Error()}
	}
	body := map[string]any{"message": e.message, "errorCode": e.code}
	if e.fields != nil {
		body["fields"] = e.fields
	}
	writeJSON(w, e.status, []any{body})
}

func refuse(code, format string, values ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, code: code, message: fmt.Sprintf(format, values...)}
}

func notFound() *apiError {
	return &apiError{status: http.StatusNotFound, code: "NOT_FOUND", message: "The requested resource does not exist"}
}

// noColumn is the error for a field that does not exist or that the user may not
// read: the vendor does not tell them apart. The message shows where it is.
func noColumn(query string, at int, field, object string) *apiError {
	from := max(0, at-40)
	return refuse("INVALID_FIELD", "\n%s\n%*s\nERROR at Row:1:Column:%d\nNo such column '%s' on entity '%s'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
		query[from:min(len(query), at+40)], at-from+1, "^", at+1, field, object)
}

func malformed(query string, at int) *apiError {
	word := query[min(at, len(query)):]
	if len(word) > 20 {
		word = word[:20]
	}
	return refuse("MALFORMED_QUERY", "\n%s\n%*s\nERROR at Row:1:Column:%d\nunexpected token: '%s'", query, at+1, "^", at+1, word)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
