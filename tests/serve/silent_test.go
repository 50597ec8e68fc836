package serve

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/postgres"
	"github.com/phscript/phscript/tests/proxy"
)

// wire is a way to a server whose connections can fall silent: nothing comes
// through them any more, and neither side is told. New ones work.
type wire struct {
	mu     sync.Mutex
	silent []*atomic.Bool
}

// connect makes a connection that can.
func (w *wire) connect() proxy.Carry {
	w.mu.Lock()
	defer w.mu.Unlock()
	silent := &atomic.Bool{}
	w.silent = append(w.silent, silent)
	return func(from, to net.Conn) { pass(from, to, silent) }
}

// pass hands on what arrives, until the connection falls silent.
func pass(from, to net.Conn, silent *atomic.Bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if silent.Load() {
			_, _ = io.Copy(io.Discard, from) // and nobody hears of it
			return
		}
		if n > 0 {
			_, _ = to.Write(buffer[:n])
		}
		if err != nil {
			_ = to.Close()
			return
		}
	}
}

// fallSilent silences all connections that there are.
func (w *wire) fallSilent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, silent := range w.silent {
		silent.Store(true)
	}
}

// TestConnectionsFallSilent: a firewall forgets the connections of a service,
// which goes on with new ones.
func TestConnectionsFallSilent(t *testing.T) {
	t.Parallel()
	cluster := postgres.Start(t)
	address, err := url.Parse(cluster.URL())
	require.NoError(t, err)
	w := newFixture(t, cluster.URL())
	w.file("phscript.toml", everyTwoSeconds)
	w.file("tick.lua", "print('tick')\n")
	wire := &wire{}
	address.Host = proxy.Start(t, address.Host, wire.connect)
	s := w.serve("--state", address.String())
	w.await("tick", atLeast(2, history.Succeeded))
	wire.fallSilent()
	before := len(with(w.runs("tick"), history.Succeeded))
	runs := w.await("tick", atLeast(before+5, history.Succeeded))
	assert.Empty(t, with(runs, history.Missed, history.Failed), "no tick was lost meanwhile")
	s.stop()
}
