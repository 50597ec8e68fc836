package processes

import (
	"io"
	"log/slog"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/tests/postgres"
	"github.com/phscript/phscript/tests/proxy"
)

// carry hands on what arrives, each piece a while later.
func carry(from, to net.Conn, after time.Duration) {
	type piece struct {
		due  time.Time
		data []byte
	}
	pieces := make(chan piece, 1000)
	go func() {
		for p := range pieces {
			time.Sleep(time.Until(p.due))
			if _, err := to.Write(p.data); err != nil {
				break
			}
		}
		_ = to.Close()
		for range pieces { // what nobody takes any more
		}
	}()
	defer close(pieces)
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			pieces <- piece{time.Now().Add(after), append([]byte(nil), buffer[:n]...)}
		}
		if err != nil {
			_, _ = io.Copy(io.Discard, from)
			return
		}
	}
}

// TestTheStoreMayBeFarAway: calls start also where each statement takes longer
// to reach the database and back than a start may be late.
func TestTheStoreMayBeFarAway(t *testing.T) {
	t.Parallel()
	location, err := url.Parse(postgres.Start(t).URL())
	require.NoError(t, err)
	location.Host = proxy.Start(t, location.Host, func() proxy.Carry {
		return func(from, to net.Conn) { carry(from, to, 30*time.Millisecond) }
	})
	limiter := planhat.NewLimiter(planhat.LimiterConfig{
		PerSecond: -1, Parallel: -1, Window: newWindow("far", location.String(), slog.New(slog.NewTextHandler(t.Output(), nil))),
	})
	began := time.Now()
	const calls = 8
	for range calls {
		release, err := limiter.Acquire(t.Context())
		require.NoError(t, err)
		release()
	}
	t.Logf("%d calls, one after the other, took %s each", calls, time.Since(began)/calls)
	state, err := limiter.State(t.Context())
	require.NoError(t, err)
	assert.LessOrEqual(t, state.Used, calls, "starts that came too late are given back")
}
