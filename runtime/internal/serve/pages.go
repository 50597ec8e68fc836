package serve

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Pages serves /healthz, /readyz and /metrics. Anybody may ask, so /readyz names no host, user
// or path: the log has the details.
type Pages struct {
	server   *http.Server
	listener net.Listener
}

// Listen serves a service's pages on an address until Close.
func Listen(address string, s *Service) (*Pages, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
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
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.writeMetrics(r.Context(), w)
	})
	p := &Pages{listener: listener, server: &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
	}}
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

// Address is the address that the pages listen on.
func (p *Pages) Address() string { return p.listener.Addr().String() }

// Close stops serving.
func (p *Pages) Close() error { return p.server.Close() }
