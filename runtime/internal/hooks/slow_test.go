package hooks

import (
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSlowSenders: a thousand senders that never finish take little memory, and stop nobody.
func TestSlowSenders(t *testing.T) {
	f := newFixture(t, t.TempDir()+"/state.db")
	f.use(plain())
	require.Equal(t, http.StatusOK, f.post(`{"id":"before"}`))
	memory := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	before := memory()
	for range 1000 {
		c, err := net.Dial("tcp", strings.TrimPrefix(f.server.URL, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		_, err = fmt.Fprintf(c, "POST /hooks/plain HTTP/1.1\r\nHost: hooks\r\nX-Secret: %s\r\nContent-Length: 1000000\r\n\r\n{", long)
		require.NoError(t, err)
	}
	assert.Equal(t, http.StatusOK, f.post(`{"id":"meanwhile"}`))
	took := int64(memory()) - int64(before)
	t.Logf("1,000 senders take %d KiB", took>>10)
	assert.Less(t, took, int64(100<<20))
	assert.Len(t, f.all(), 2)
}
