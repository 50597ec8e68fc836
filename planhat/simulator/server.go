package simulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

// Server is a simulated Planhat. It is an http.Handler, and safe for
// concurrent use.
type Server struct {
	options  Options
	switches Switches
	calls    callLog
	faults   faultSet
	denials  denials
	quota    *quota
	store    *store
	late     lateCalls
	chance   chance
	models   []*catalog.Model // the catalog's, and Options.Models
	table    map[string][]endpoint
	maxBody  int64 // maxBody, but for tests

	listener net.Listener
	http     *http.Server
	done     chan struct{}
}

// New returns a server that listens nowhere: hand it to httptest or to a
// ServeMux. It fails if an option, a switch or a fixture is wrong.
func New(o Options) (*Server, error) {
	o = o.withDefaults()
	switches, err := o.Switches.resolve()
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	s := &Server{options: o, switches: switches, maxBody: maxBody, models: slices.Clone(catalog.Load().Models)}
	for _, m := range o.Models {
		if i := slices.IndexFunc(s.models, func(known *catalog.Model) bool { return known.Snake == m.Snake }); i >= 0 {
			s.models[i] = m
		} else {
			s.models = append(s.models, m)
		}
	}
	s.table = endpoints(s.models)
	s.quota = newQuota(o, switches.is(swMinuteWindow, "fixed"))
	s.faults.seed = o.Seed
	s.chance.Rand = newChance(o.Seed)
	if err := s.InjectFaults(o.Faults...); err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	if err := s.Deny(o.Deny...); err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	if err := s.fill(); err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	return s, nil
}

// Start returns a server that listens on Options.Addr until Close.
func Start(o Options) (*Server, error) {
	s, err := New(o)
	if err != nil {
		return nil, err
	}
	s.listener, err = net.Listen("tcp", s.options.Addr)
	if err != nil {
		return nil, fmt.Errorf("simulator: cannot listen on %s: %w (if another simulator is running, choose another address)", s.options.Addr, err)
	}
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(s.options.Logger.Handler(), slog.LevelWarn),
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			s.options.Logger.Error("simulator stopped", "error", err)
		}
	}()
	return s, nil
}

// Close stops listening and cuts the connections that are open. Calls that a
// fault has delayed are no longer carried out.
func (s *Server) Close() error {
	s.late.close()
	if s.http == nil {
		return nil
	}
	err := s.http.Close()
	<-s.done
	return err
}

// URL returns the base URL of the main host, without a trailing slash; "" on a
// server made by New.
func (s *Server) URL() string {
	if s.listener == nil {
		return ""
	}
	return "http://" + s.listener.Addr().String()
}

// AnalyticsURL returns the base URL of the analytics host, which is the same
// as URL.
func (s *Server) AnalyticsURL() string { return s.URL() }

// APIToken returns the token that opens the main host.
func (s *Server) APIToken() string { return s.options.APIToken }

// TenantToken returns the token that opens the analytics host.
func (s *Server) TenantToken() string { return s.options.TenantToken }

// Environment returns NAME=value pairs that point a client at this server.
func (s *Server) Environment() []string {
	return []string{
		"PLANHAT_API_TOKEN=" + s.APIToken(),
		"PLANHAT_TENANT_TOKEN=" + s.TenantToken(),
		"PLANHAT_API_URL=" + s.URL(),
		"PLANHAT_ANALYTICS_URL=" + s.AnalyticsURL(),
	}
}

// Reset forgets the calls that were counted and the quota that was used. The
// records stay.
func (s *Server) Reset() {
	s.calls.reset()
	s.quota.forget()
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	x := &exchange{server: s, w: w, r: r, start: start}
	x.call = Call{
		Time: start, Method: r.Method, Query: r.URL.RawQuery,
		Path: redact(r.URL.EscapedPath(), s.options.TenantToken),
	}
	defer x.record()
	x.serve()
}

// record counts the call, once. It runs before the answer goes out, so that a
// client which has its answer finds the call counted.
func (x *exchange) record() {
	if x.recorded {
		return
	}
	x.recorded = true
	x.call.Duration = time.Since(x.start)
	x.server.calls.add(x.call)
	if observe := x.server.options.Observer; observe != nil {
		observe(x.call, x.body)
	}
	x.server.options.Logger.Debug("call", "method", x.call.Method, "path", x.call.Path,
		"query", x.call.Query, "status", x.call.Status, "fault", x.call.Fault, "duration", x.call.Duration)
}

// exchange is one call on its way through the server.
type exchange struct {
	server *Server
	w      http.ResponseWriter
	r      *http.Request
	route  *route
	body   []byte
	call   Call

	start    time.Time
	recorded bool
}

func (x *exchange) serve() {
	s := x.server
	rt, refused := s.route(x.r)
	if refused != nil {
		x.send(s.errorAnswer(refused))
		return
	}
	x.route = rt
	x.call.Path, x.call.Host, x.call.Model, x.call.Operation = rt.path, string(rt.host), rt.model.Snake, rt.operation
	if done := x.admit(); !done {
		return
	}
	if rt.host == catalog.Main {
		v := s.quota.enter()
		s.rateHeaders(x.w.Header(), v)
		if !v.admitted {
			x.send(s.errorAnswer(refuse(http.StatusTooManyRequests, "Too many calls: ", v.reason, ".")))
			return
		}
		defer s.quota.leave()
	}
	if x.body, refused = s.readBody(x.r, rt.host); refused != nil {
		x.send(s.errorAnswer(refused))
		return
	}
	x.call.Bytes = len(x.body)
	s.late.arrive()
	struck := s.faults.hit(&x.call)
	if !sleep(x.r.Context(), s.options.Latency+struck.latency) {
		return
	}
	if len(struck.others) > 0 {
		x.letOthers(struck.others)
	}
	x.answer(struck.fault)
}

// admit checks the tokens and reports whether the call may go on.
func (x *exchange) admit() bool {
	s := x.server
	if x.route.host == catalog.Main {
		if refused := s.authorized(x.r); refused != nil {
			x.send(s.errorAnswer(refused))
			return false
		}
		return true
	}
	refused := s.tenantAuthorized(x.r, x.route)
	if refused == nil {
		return true
	}
	if s.switches.is(swUnknownTenant, "200") && x.route.tenant != "" {
		x.send(s.activityAnswer(0, nil))
		return false
	}
	x.send(s.errorAnswer(refused))
	return false
}

// apply carries out the call.
func (x *exchange) apply() *answer {
	x.call.Applied = true
	a, refused := x.server.handle(x)
	if refused != nil {
		return x.server.errorAnswer(refused)
	}
	return a
}

// answer applies the call and sends the outcome, as far as the fault allows.
func (x *exchange) answer(f *Fault) {
	if f == nil {
		x.send(x.apply())
		return
	}
	x.call.Fault = f.String()
	switch {
	case f.LateCalls > 0: // the next call can come before this function ends
		x.applyLate(f)
	case f.Late > 0:
		defer x.applyLate(f)
	}
	switch f.Kind {
	case FaultStatus, FaultHTML:
		if f.Applied {
			x.apply()
		}
		x.sendFault(f)
	case FaultResetBefore:
		x.cut()
	case FaultResetAfter:
		x.apply()
		x.cut()
	case FaultTruncate:
		x.truncate(x.apply())
	case FaultSlow:
		x.drip(x.apply(), f.Delay)
	case FaultOdd:
		x.odd(f)
	}
}

// sleep waits and reports false if the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
