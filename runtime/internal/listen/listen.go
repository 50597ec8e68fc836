// Package listen serves HTTP on the addresses of a service, with the time limits that hold
// slow clients off, and TLS from files that may change.
package listen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Time limits, and the longest headers. Whoever writes for longer, such as an event stream,
// moves the limit with http.ResponseController before each write.
const (
	readTime   = 10 * time.Second
	writeTime  = 30 * time.Second
	idleTime   = time.Minute
	mostHeader = 32 << 10
)

// Part is what a service offers at an address. Parts with the same address share it.
type Part struct {
	// Name is how errors and logs call it.
	Name    string
	Address string
	// Cert and Key are files with a certificate and its key; both are empty without TLS.
	Cert, Key string
	// Routes adds its handlers. Parts that share an address must not use the same patterns.
	Routes func(mux *http.ServeMux)
	// Stop, if set, is called when the service stops, and ends what would last.
	Stop func()
}

// Set are the addresses of a service.
type Set struct {
	servers []*server
	byName  map[string]*server
}

type server struct {
	http     *http.Server
	listener net.Listener
	part     Part
	mux      *http.ServeMux
}

// Open listens on the addresses of parts, and serves until Shutdown.
func Open(parts []Part, log *slog.Logger) (*Set, error) {
	set := &Set{byName: map[string]*server{}}
	byAddress := map[string]*server{}
	for _, p := range parts {
		s := byAddress[p.Address]
		if s == nil {
			var err error
			if s, err = open(p, log); err != nil {
				return nil, errors.Join(err, set.close())
			}
			byAddress[p.Address] = s
			set.servers = append(set.servers, s)
		} else if s.part.Cert != p.Cert || s.part.Key != p.Key {
			return nil, errors.Join(fmt.Errorf("%s and %s share the address %s, so they need the same certificate", s.part.Name, p.Name, p.Address), set.close())
		}
		if p.Stop != nil {
			s.http.RegisterOnShutdown(sync.OnceFunc(p.Stop))
		}
		p.Routes(s.mux)
		set.byName[p.Name] = s
	}
	for _, s := range set.servers {
		go func() { _ = s.http.Serve(s.listener) }()
	}
	return set, nil
}

func open(p Part, log *slog.Logger) (*server, error) {
	s := &server{part: p, mux: http.NewServeMux()}
	s.http = &http.Server{
		Handler: s.mux, ReadHeaderTimeout: readTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime, MaxHeaderBytes: mostHeader,
		// Mostly about connections that clients end.
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	var config *tls.Config
	if p.Cert != "" {
		pair := &certificate{cert: p.Cert, key: p.Key, log: log}
		if err := pair.load(); err != nil {
			return nil, err
		}
		config = &tls.Config{GetCertificate: pair.get, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	}
	listener, err := net.Listen("tcp", p.Address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", p.Address, err)
	}
	if config != nil {
		listener = tls.NewListener(listener, config)
	}
	s.listener = listener
	return s, nil
}

// Address is the address that a part listens on, "" if there is no such part.
func (s *Set) Address(name string) string {
	if found := s.byName[name]; found != nil {
		return found.listener.Addr().String()
	}
	return ""
}

// Shutdown accepts no more connections, lets requests in progress finish until ctx ends, and
// then closes what is left.
func (s *Set) Shutdown(ctx context.Context) error {
	done := make(chan error, len(s.servers))
	for _, one := range s.servers {
		go func() { done <- one.http.Shutdown(ctx) }()
	}
	var err error
	for range s.servers {
		err = errors.Join(err, <-done)
	}
	if err == nil {
		return nil
	}
	return s.close()
}

// close closes everything at once.
func (s *Set) close() (err error) {
	for _, one := range s.servers {
		err = errors.Join(err, one.http.Close())
		_ = one.listener.Close() // known to the server only once it serves
	}
	return err
}
