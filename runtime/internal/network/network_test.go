package network

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
)

func TestRules(t *testing.T) {
	for _, tt := range []struct {
		rule, address string
		allowed       bool
	}{
		{"api.example.com", "https://api.example.com/x", true},
		{"api.example.com", "https://API.Example.COM./x", true},
		{"api.example.com", "https://api.example.com:8443/", true},
		{"api.example.com:443", "https://api.example.com:8443/", false},
		{"api.example.com:443", "https://api.example.com/", true},
		{"api.example.com", "https://evil-api.example.com/", false},
		{"api.example.com", "https://api.example.com.evil.test/", false},
		{"api.example.com", "http://api.example.com/", false},
		{"http://api.example.com", "http://api.example.com/", true},
		{"http://api.example.com", "https://api.example.com/", true},
		{"*.example.com", "https://a.b.example.com/", true},
		{"*.example.com", "https://example.com/", false},
		{"*.example.com", "https://badexample.com/", false},
		{"*", "https://anything.example/", true},
		{"*", "http://anything.example/", false},
		{"*", "https://10.0.0.1/", false},
		{"*", "https://169.254.169.254/", false},
		{"*", "https://localhost/", false},
		{"*", "https://8.8.8.8/", true},
		{"localhost", "http://localhost:8080/", true},
		{"localhost", "http://127.0.0.1/", true},
		{"localhost", "http://[::1]:80/", true},
		{"127.0.0.1:80", "http://127.0.0.1:81/", false},
		{"10.0.0.0/8", "https://10.1.2.3/", true},
		{"10.0.0.0/8", "https://11.1.2.3/", false},
		{"0.0.0.0/0", "https://169.254.169.254/", false},
		{"169.254.0.0/16", "https://169.254.169.254/", false},
		{"169.254.169.254", "https://169.254.169.254/", true},
		{"10.0.0.5", "https://[::ffff:10.0.0.5]/", true},
		{"::1", "http://[::1]/", true},
		{"[::1]:8080", "http://[::1]:8080/", true},
	} {
		rule, err := ParseRule(tt.rule)
		require.NoError(t, err, tt.rule)
		u, err := url.Parse(tt.address)
		require.NoError(t, err)
		err = New(Options{Rules: []Rule{rule}}).Allowed(u)
		assert.Equal(t, tt.allowed, err == nil, "%s for %s: %v", tt.rule, tt.address, err)
	}
	for _, bad := range []string{"", "ftp://x.example", "evil/path", "a b", "*.com", "x.example:0", "x.example:99999", "x.example:port", "*evil.example", "a..b"} {
		_, err := ParseRule(bad)
		assert.Error(t, err, bad)
	}
}

// A script allows itself only what its reader sees to be a public host.
func TestDeclaredRules(t *testing.T) {
	for text, allowed := range map[string]bool{
		"api.example.com": true, "*.zendesk.com": true, "*": false, "localhost": false, "127.0.0.1": false, "10.0.0.0/8": false,
		"http://api.example.com": false, "x.localhost": false,
	} {
		_, err := ParseDeclared(text)
		assert.Equal(t, allowed, err == nil, "%s: %v", text, err)
	}
}

func TestSpecialAddresses(t *testing.T) {
	for _, text := range []string{
		"127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "0.0.0.0", "0.1.2.3",
		"192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
		"::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
		"64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "::127.0.0.1",
	} {
		assert.True(t, special(netip.MustParseAddr(text)), text)
	}
	for _, text := range []string{"8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808", "172.32.0.1"} {
		assert.False(t, special(netip.MustParseAddr(text)), text)
	}
}

// nameServer answers every question for an IPv4 address with what next returns.
func nameServer(t *testing.T, next func() netip.Addr) *net.Resolver {
	t.Helper()
	at, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = at.Close() })
	go func() {
		packet := make([]byte, 1500)
		for {
			n, from, err := at.ReadFrom(packet)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(packet[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			for _, q := range m.Questions {
				if q.Type == dnsmessage.TypeA {
					m.Answers = append(m.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
						Body:   &dnsmessage.AResource{A: next().As4()},
					})
				}
			}
			if answer, err := m.Pack(); err == nil {
				_, _ = at.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", at.LocalAddr().String())
	}}
}

func rules(t *testing.T, texts ...string) []Rule {
	t.Helper()
	var list []Rule
	for _, text := range texts {
		r, err := ParseRule(text)
		require.NoError(t, err)
		list = append(list, r)
	}
	return list
}

func get(t *testing.T, n *Network, address string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	require.NoError(t, err)
	res, err := n.Send(req, true)
	if err == nil {
		_ = res.Body.Close()
	}
	return res, err
}

// A name that scripts may reach can lead to any address, and to another one each time.
func TestAddressesAreCheckedWhenConnecting(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	address := "http://rebinding.example:" + strconv.Itoa(port)

	var at atomic.Value
	at.Store(netip.MustParseAddr("127.0.0.1"))
	resolver := nameServer(t, func() netip.Addr { return at.Load().(netip.Addr) })
	_, err := get(t, New(Options{Rules: rules(t, "http://rebinding.example"), Resolver: resolver}), address)
	var refused *Refusal
	require.ErrorAs(t, err, &refused)
	assert.Contains(t, refused.Message, "rebinding.example")
	assert.Contains(t, refused.Message, "127.0.0.1 is not a public one")
	assert.Equal(t, "permission", refused.ErrorKind())

	n := New(Options{Rules: rules(t, "http://rebinding.example", "127.0.0.1"), Resolver: resolver})
	_, err = get(t, n, address)
	require.NoError(t, err)
	at.Store(netip.MustParseAddr("127.0.0.2"))
	n.client.CloseIdleConnections()
	_, err = get(t, n, address)
	require.ErrorAs(t, err, &refused)
	assert.Contains(t, refused.Message, "127.0.0.2")
}

// Another origin gets neither what identifies the script nor a body, not even after a
// redirect back.
func TestRedirectsDropCredentials(t *testing.T) {
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Clone() }))
	defer other.Close()
	status := http.StatusFound
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/same":
			got = r.Header.Clone()
		case "/stay":
			http.Redirect(w, r, "/same", status)
		case "/there-and-back":
			http.Redirect(w, r, other.URL+"/back", status)
		case "/loop":
			http.Redirect(w, r, "/loop", status)
		case "/private":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", status)
		default:
			http.Redirect(w, r, other.URL+"/leaks", status)
		}
	}))
	defer first.Close()
	n := New(Options{Rules: rules(t, "127.0.0.1")})
	send := func(method, path string) error {
		got = nil
		req, err := http.NewRequestWithContext(t.Context(), method, first.URL+path+"?key=secret", strings.NewReader("body"))
		require.NoError(t, err)
		if method == http.MethodGet {
			req.Body, req.GetBody, req.ContentLength = nil, nil, 0
		}
		for name, value := range map[string]string{"Authorization": "Bearer secret", "X-Api-Key": "secret", "Cookie": "a=secret", "Accept": "text/html"} {
			req.Header.Set(name, value)
		}
		res, err := n.Send(req, true)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	require.NoError(t, send(http.MethodGet, "/stay"))
	assert.Equal(t, "Bearer secret", got.Get("Authorization"))
	require.NoError(t, send(http.MethodGet, "/away"))
	require.NotNil(t, got)
	assert.Equal(t, "text/html", got.Get("Accept"))
	for name, values := range got {
		assert.NotContains(t, strings.Join(values, ""), "secret", name)
	}
	var refused *Refusal
	require.ErrorAs(t, send(http.MethodGet, "/private"), &refused)
	assert.Empty(t, refused.Hint)
	require.ErrorAs(t, send(http.MethodGet, "/loop"), &refused)
	assert.Contains(t, refused.Message, "10 times")
	status = http.StatusTemporaryRedirect
	require.ErrorAs(t, send(http.MethodPost, "/away"), &refused)
	assert.Nil(t, got)
	status = http.StatusSeeOther
	require.NoError(t, send(http.MethodPost, "/away"))
}

func TestHTTPSIsNotLeft(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("reached without encryption") }))
	defer plain.Close()
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, http.StatusFound) }))
	defer secure.Close()
	n := New(Options{Rules: rules(t, "127.0.0.1")})
	n.client.Transport.(tracked).RoundTripper.(*http.Transport).TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig
	_, err := get(t, n, secure.URL)
	var refused *Refusal
	require.ErrorAs(t, err, &refused)
	assert.Contains(t, refused.Message, "from https to http")
}

// The operator's proxy may be on the own network; the host behind it must still be
// allowed.
func TestProxy(t *testing.T) {
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.String())
		_, _ = io.WriteString(w, "ok")
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	n := New(Options{Rules: rules(t, "http://api.example.com"), Proxy: http.ProxyURL(at)})
	_, err = get(t, n, "http://api.example.com/x")
	require.NoError(t, err)
	assert.Equal(t, "http://api.example.com/x", asked.Load())
	_, err = get(t, n, "http://169.254.169.254/")
	var refused *Refusal
	assert.ErrorAs(t, err, &refused)
}

// A host that sends headers without an end does not fill the memory.
func TestEndlessHeaders(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		_, err = http.ReadRequest(bufio.NewReader(conn))
		if err == nil {
			_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\n")
		}
		for err == nil {
			_, err = io.WriteString(conn, "X-More: "+strings.Repeat("x", 4000)+"\r\n")
		}
	}()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listener.Addr().String(), nil)
	require.NoError(t, err)
	_, err = New(Options{Rules: rules(t, "127.0.0.1")}).Send(req, true) //nolint:bodyclose // there is none
	require.Error(t, err)
	assert.False(t, errors.Is(err, context.DeadlineExceeded), "the headers were read to the time limit")
}
