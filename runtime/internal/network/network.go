// Package network sends the HTTP requests of scripts to other systems, to hosts that
// the run may reach.
//
// A host must be named by a rule. Beside that, the address that a connection is made
// to must be public, unless a rule names the address itself: a name that a script may
// reach can lead anywhere, and at each moment somewhere else. Both are checked again
// at each redirect.
package network

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// Options configure the network of a run.
type Options struct {
	// Rules name the hosts that the run may reach.
	Rules []Rule
	// Declared are rules that the script or a connector gives.
	Declared []Rule
	// Stubs, if not nil, answer all requests, and none is sent.
	Stubs *Stubs
	// Transport, if set, wraps what sends requests. Offline says that it answers them.
	Transport func(next http.RoundTripper) http.RoundTripper
	Offline   bool
	// DryRun reports whether requests that change something are withheld.
	DryRun func() bool
	// Plan records a request that was withheld.
	Plan func(planhat.Write)
	// Window, if set, makes the window of a rate that is shared with other processes.
	Window func(host, account string, spec planhat.WindowSpec) planhat.Window

	UserAgent string
	Log       *slog.Logger
	Secrets   *redact.Secrets
	// Resolver and Proxy replace those of the system.
	Resolver *net.Resolver
	Proxy    func(*http.Request) (*url.URL, error)
}

// Network sends the requests of one run. It implements bindings.Network, and is safe
// for concurrent use.
type Network struct {
	options Options
	client  *http.Client
	dialer  *net.Dialer
	rates   rates

	mu       sync.Mutex
	proxies  map[string]bool
	releases []func()
	held     []bindings.Message
}

// Limits of a connection.
const (
	dialTimeout  = 30 * time.Second
	idleTimeout  = 90 * time.Second
	mostHeader   = 64 << 10
	mostRedirect = 10
	mostIdle     = 64 // as many requests as parallel.map sends at once
)

// New returns the network of a run. Close it after use.
func New(o Options) *Network {
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	n := &Network{options: o, proxies: map[string]bool{}}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second, Resolver: o.Resolver, ControlContext: n.control}
	n.dialer = dialer
	transport := &http.Transport{
		Proxy: n.proxy, DialContext: n.dial(dialer), ForceAttemptHTTP2: true, DisableCompression: true,
		TLSHandshakeTimeout: dialTimeout, IdleConnTimeout: idleTimeout, MaxIdleConnsPerHost: mostIdle,
		MaxResponseHeaderBytes: mostHeader,
	}
	var sends http.RoundTripper = transport
	if o.Stubs != nil {
		sends = o.Stubs
	}
	if o.Transport != nil {
		sends = o.Transport(sends)
	}
	n.client = &http.Client{Transport: tracked{sends}, CheckRedirect: n.redirect}
	return n
}

// Allow adds a rule while the run goes on, for a part of phscript that talks to one system.
func (n *Network) Allow(text string) (Rule, error) {
	r, err := ParseDeclared(text)
	if err != nil {
		return r, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.options.Declared = append(n.options.Declared, r)
	return r, nil
}

// MayGo returns an error if a credential must not be sent to an address: it goes to the
// hosts of its system, and to those that the person who runs the script allows.
func (n *Network) MayGo(u *url.URL, hosts []Rule) error {
	t := targetOf(u)
	if slices.ContainsFunc(slices.Concat(hosts, n.options.Rules), func(r Rule) bool { return r.names(t) }) || n.options.Stubs != nil || n.options.Offline {
		return nil
	}
	return &Refusal{Message: "the credential of the connector is not sent to " + u.Host, Hint: "if you trust this host with it, add --allow-net=" + u.Host}
}

// Close ends idle connections, and forgets the secrets of the run.
func (n *Network) Close() {
	n.client.CloseIdleConnections()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, release := range n.releases {
		release()
	}
	n.releases = nil
}

// Hide keeps a secret out of everything that the run prints and logs.
func (n *Network) Hide(secret string) {
	if n.options.Secrets == nil || secret == "" {
		return
	}
	release := n.options.Secrets.HoldOfScript(secret)
	n.mu.Lock()
	n.releases = append(n.releases, release)
	n.mu.Unlock()
}

// Withheld reports whether requests that change something are not sent.
func (n *Network) Withheld() bool { return n.options.DryRun != nil && n.options.DryRun() }

// Send sends a request and returns the response, whose body the caller closes. reads
// says that it changes nothing, whatever its method; in a dry run, another request
// fails with bindings.ErrWithheld.
func (n *Network) Send(req *http.Request, reads bool) (*http.Response, error) {
	if err := n.Allowed(req.URL); err != nil {
		return nil, err
	}
	if !reads && n.Withheld() {
		n.withhold(req)
		return nil, bindings.ErrWithheld
	}
	if req.Header.Get("User-Agent") == "" && n.options.Stubs == nil {
		req.Header.Set("User-Agent", n.options.UserAgent)
	}
	on := &trip{}
	res, err := n.client.Do(req.WithContext(context.WithValue(req.Context(), tripKey{}, on)))
	if err != nil {
		return nil, on.explain(err)
	}
	return res, nil
}

func (n *Network) withhold(req *http.Request) {
	target := req.URL.Scheme + "://" + req.URL.Host + req.URL.EscapedPath()
	n.options.Log.LogAttrs(req.Context(), slog.LevelInfo, "dry run: not sent", slog.String("request", req.Method+" "+target))
	if n.options.Plan != nil {
		n.options.Plan(planhat.Write{Model: "http", Operation: strings.ToLower(req.Method), Method: req.Method, Path: target, Rows: 1})
	}
}

// Allowed returns an error if the run may not send requests to an address.
func (n *Network) Allowed(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return &Refusal{Message: fmt.Sprintf("%q is not an http:// or https:// address", shown(u)), Kind: "validation"}
	}
	if u.User != nil {
		return &Refusal{Message: "the address of " + u.Hostname() + " has a user name or a password in it", Kind: "validation",
			Hint: "pass them with the option basic, so they do not appear in messages"}
	}
	if n.options.Stubs != nil || n.options.Offline {
		return nil
	}
	t := targetOf(u)
	rules := n.naming(t)
	if len(rules) == 0 {
		return &Refusal{Message: "the script may not reach " + u.Host, Hint: n.permit(u, t)}
	}
	if t.plain && !t.loopback() && !slices.ContainsFunc(rules, func(r Rule) bool { return r.plain }) {
		return &Refusal{
			Message: "the connection to " + u.Host + " would not be encrypted, so others could read and change what is sent",
			Hint:    "use https://; or, if you trust everybody on the network in between, add --allow-net=http://" + u.Host,
		}
	}
	return nil
}

// permit says how to allow a host.
func (n *Network) permit(u *url.URL, t target) string {
	if t.addr.IsValid() && special(t.addr) && !t.addr.IsLoopback() {
		return "" // nobody should follow such advice because a script asked for it
	}
	host := u.Host
	if t.plain {
		host = "http://" + host
	}
	if _, err := ParseDeclared(host); err != nil {
		return "if you trust the script with it, add --allow-net=" + host
	}
	return fmt.Sprintf("if the script needs it, write \"-- @allow net=%s\" at its top, or add --allow-net=%s", host, host)
}

// naming returns the rules that name a target.
func (n *Network) naming(t target) []Rule {
	n.mu.Lock()
	defer n.mu.Unlock()
	var rules []Rule
	for _, r := range slices.Concat(n.options.Rules, n.options.Declared) {
		if r.names(t) {
			rules = append(rules, r)
		}
	}
	return rules
}

func (n *Network) proxy(req *http.Request) (*url.URL, error) {
	proxy, err := n.options.Proxy(req)
	if proxy != nil {
		n.mu.Lock()
		n.proxies[address(proxy)] = true
		n.mu.Unlock()
	}
	return proxy, err
}

// address returns the host and port of a proxy, as a dialer gets them.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

type viaProxy struct{}

// dial connects to a host, or to the system's proxy, whose address is not checked.
func (n *Network) dial(d *net.Dialer) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		n.mu.Lock()
		proxied := n.proxies[addr]
		n.mu.Unlock()
		if proxied {
			ctx = context.WithValue(ctx, viaProxy{}, true)
		}
		return d.DialContext(ctx, network, addr)
	}
}

// control checks the address of each connection just before it is made, when nothing
// can change it any more.
func (n *Network) control(ctx context.Context, _, addr string, _ syscall.RawConn) error {
	if ctx.Value(viaProxy{}) != nil {
		return nil
	}
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return err
	}
	ip := at.Addr().Unmap().WithZone("")
	if !special(ip) || slices.ContainsFunc(n.options.Rules, func(r Rule) bool { return r.opens(ip, int(at.Port())) }) {
		return nil
	}
	return &Refusal{
		Message: fmt.Sprintf("its address %s is not a public one", ip),
		Hint:    "if the host is meant to be on your own network, add --allow-net=" + ip.String(),
	}
}

// shown is an address without its parameters, which may hold secrets.
func shown(u *url.URL) string {
	if u.Opaque != "" {
		return u.Scheme + ":..."
	}
	clean := *u
	clean.RawQuery, clean.ForceQuery, clean.Fragment, clean.RawFragment, clean.User = "", false, "", "", nil
	return clean.String()
}

// Refusal is an error about a host that a script may not reach.
type Refusal struct{ Message, Hint, Kind string }

func (e *Refusal) Error() string { return e.Message }

// ErrorKind returns the error's kind for scripts.
func (e *Refusal) ErrorKind() string {
	if e.Kind != "" {
		return e.Kind
	}
	return "permission"
}

// ErrorHint returns what to do.
func (e *Refusal) ErrorHint() string { return e.Hint }

func hintOf(err error) string {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Hint
	}
	return ""
}
