package store

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPostgresIsVerified: unless the address says otherwise, nobody can read the
// password on its way, or pose as the server.
func TestPostgresIsVerified(t *testing.T) {
	for location, verified := range map[string]bool{
		"postgres://u@db.example/x":                              true,
		"postgres://u@127.0.0.1/x":                               true,
		"postgresql://u@db.example/x?application_name=a":         true,
		"postgres://u@a.example,b.example/x":                     true,
		"postgres://u@db.example/x?sslmode=verify-full":          true,
		"postgres://u@db.example/x?sslmode=require":              false,
		"postgres://u@db.example/x?sslmode=disable":              false,
		"postgres://u@db.example/x?ssl=true":                     false,
		"postgres:///x?host=/var/run/postgresql&user=u":          false,
		"postgres://u@db.example/x?sslmode=prefer&sslmode=allow": false,
	} {
		db, err := connect(location)
		require.NoError(t, err, location)
		c := db.Pool().Config().ConnConfig
		assert.Equal(t, verified, c.TLSConfig != nil && !c.TLSConfig.InsecureSkipVerify && c.TLSConfig.ServerName == c.Host, location)
		for _, other := range c.Fallbacks {
			assert.Equal(t, verified, other.TLSConfig != nil && !other.TLSConfig.InsecureSkipVerify, location)
		}
		require.NoError(t, db.Close())
	}
}

// TestServersThatAreNotVerified: waiting does not help, so the error is final. It says
// what does.
func TestServersThatAreNotVerified(t *testing.T) {
	certified := httptest.NewUnstartedServer(http.NotFoundHandler())
	certified.StartTLS()
	defer certified.Close()
	for answer, want := range map[string]struct{ message, hint string }{
		"N": {"does not encrypt connections", "sslmode=disable"},
		"S": {"has a certificate that this machine does not trust", "sslrootcert=FILE"},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = io.ReadFull(conn, make([]byte, 8)) // the request for TLS
				_, _ = io.WriteString(conn, answer)
				_ = tls.Server(conn, certified.TLS).Handshake()
				_ = conn.Close()
			}
		}()
		_, err = Open(t.Context(), "postgres://user:pass-word@"+listener.Addr().String()+"/db")
		var final *Error
		require.ErrorAs(t, err, &final)
		assert.Contains(t, final.Message, want.message)
		assert.Contains(t, final.Hint, want.hint)
		assert.NotContains(t, final.Message+final.Hint, "pass-word")
		require.NoError(t, listener.Close())
	}
}
