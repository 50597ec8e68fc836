package serve

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Health serves /healthz, /readyz and /metrics. Anybody may ask, so /readyz names no host, user
// or path: the log has the details. The last two pass check first.
func (s *Service) Health(mux *http.ServeMux, check func(http.Handler) http.Handler) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.Handle("GET /readyz", check(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
		defer cancel()
		if err := s.Ready(ctx); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
		if err := s.Problem(); err != nil {
			fmt.Fprintln(w, "the changed configuration is not in use; the service's log says why")
		}
	})))
	mux.Handle("GET /metrics", check(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.writeMetrics(r.Context(), w)
	})))
}
