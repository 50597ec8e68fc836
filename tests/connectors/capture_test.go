package connectors

import (
	"net/http"
	"net/http/httptest"
)

// captured is an answer that is kept.
type captured struct{ *httptest.ResponseRecorder }

func capture(handler http.Handler, r *http.Request) *captured {
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, r)
	return &captured{rec}
}

func (c *captured) send(w http.ResponseWriter) {
	for name, values := range c.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(c.Code)
	_, _ = w.Write(c.Body.Bytes())
}
