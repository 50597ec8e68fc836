package guard

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHosts(t *testing.T) {
	h := NewHosts([]string{"phscript.lan:8627", ":8627", "127.0.0.1:9000"}, "https://ops.example.com/phscript", "worker-1")
	for _, host := range []string{
		"localhost", "localhost:8627", "LOCALHOST:1", "localhost.", "app.localhost:8627", "127.0.0.1:8627", "127.0.0.1", "[::1]:8627", "[::1]", "10.1.2.3:80",
		"phscript.lan", "phscript.lan:8627", "ops.example.com", "OPS.example.com.:443", "worker-1:8627", "",
	} {
		assert.True(t, h.Allow(host), host)
	}
	for _, host := range []string{
		"evil.example", "evil.example:8627", "localhost.evil.example", "127.0.0.1.nip.example", "127.0.0.1.evil.example:8627", "xlocalhost", "ops.example.com.evil.example",
		"evil.example#localhost", "localhost@evil.example", "worker-2", "[evil.example]:8627", "0x7f.1",
	} {
		assert.False(t, h.Allow(host), host)
	}
}

func TestRebindingIsRefused(t *testing.T) {
	handler := NewHosts(nil, "").Check(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), Refuse)
	for host, want := range map[string]int{"localhost:8627": 204, "evil.example:8627": 403} {
		r, w := httptest.NewRequest(http.MethodGet, "/metrics", nil), httptest.NewRecorder()
		r.Host = host
		handler.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, host)
		assert.NotContains(t, w.Body.String(), "evil")
	}
}

func TestProxies(t *testing.T) {
	p, err := ParseProxies([]string{"127.0.0.1", "10.0.0.0/8", "fd00::/8"})
	require.NoError(t, err)
	for _, wrong := range []string{"", "localhost", "10.0.0.0/40", "10.0.0"} {
		_, err := ParseProxies([]string{wrong})
		assert.EqualError(t, err, `"`+wrong+`" is not an address such as 127.0.0.1, or a network such as 10.0.0.0/8`)
	}
	for _, tt := range []struct {
		peer      string
		forwarded []string
		client    string
	}{
		{"203.0.113.9:1", nil, "203.0.113.9"},
		{"203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"}, // it is no proxy, and may say anything
		{"127.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"[::ffff:127.0.0.1]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"127.0.0.1:1", []string{"1.1.1.1, 198.51.100.1, 10.2.3.4"}, "198.51.100.1"}, // what comes before is the client's own
		{"127.0.0.1:1", []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1"},
		{"127.0.0.1:1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"127.0.0.1:1", []string{"nonsense"}, "127.0.0.1"},
		{"127.0.0.1:1", []string{"198.51.100.1, nonsense, 10.2.3.4"}, "10.2.3.4"},
		{"[fd00::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"@", nil, "invalid IP"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.peer
		for _, value := range tt.forwarded {
			r.Header.Add("X-Forwarded-For", value)
		}
		assert.Equal(t, tt.client, p.Client(r).String(), "%v", tt)
	}
}

func TestUserHeader(t *testing.T) {
	p, err := ParseProxies([]string{"127.0.0.1"})
	require.NoError(t, err)
	user := func(peer string, values ...string) string {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = peer + ":1"
		r.Header["X-Forwarded-User"] = values
		return p.User(r, "X-Forwarded-User")
	}
	assert.Equal(t, "kim", user("127.0.0.1", " kim "))
	assert.Empty(t, user("203.0.113.9", "kim"), "anybody can send a header")
	assert.Empty(t, user("127.0.0.2", "kim"))
	assert.Empty(t, user("127.0.0.1", "kim", "lee"), "the proxy has not replaced what the client sent")
	assert.Empty(t, user("127.0.0.1"))
	assert.Empty(t, Proxies(nil).User(httptest.NewRequest(http.MethodGet, "/", nil), ""))
}
