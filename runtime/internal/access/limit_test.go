package access

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func at(i int) netip.Addr {
	var bytes [4]byte
	binary.BigEndian.PutUint32(bytes[:], 0x0a000000+uint32(i))
	return netip.AddrFrom4(bytes)
}

func TestLimiter(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := NewLimiter(func() time.Time { return now })
	var pauses []time.Duration
	for range addressBurst {
		pause, allowed := l.Failed(at(1))
		assert.True(t, allowed)
		pauses = append(pauses, pause)
	}
	ms := time.Millisecond
	assert.Equal(t, []time.Duration{0, 0, 0, 250 * ms, 500 * ms, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second}, pauses)
	pause, allowed := l.Failed(at(1))
	assert.False(t, allowed)
	assert.Equal(t, longestPause, pause)
	pause, allowed = l.Failed(at(2))
	assert.True(t, allowed, "another address has its own limit")
	assert.Zero(t, pause)

	now = now.Add(addressEvery)
	_, allowed = l.Failed(at(1))
	assert.True(t, allowed)
	_, allowed = l.Failed(at(1))
	assert.False(t, allowed)
	l.Succeeded(at(1))
	pause, allowed = l.Failed(at(1))
	assert.True(t, allowed)
	assert.Zero(t, pause)
	now = now.Add(forgetAfter + time.Second)
	for range freeFailures {
		pause, _ = l.Failed(at(2))
		assert.Zero(t, pause)
	}
}

// TestLimitOfAll: many addresses share one limit, and do not take memory without end.
func TestLimitOfAll(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := NewLimiter(func() time.Time { return now })
	allowed := 0
	for i := range 3 * mostAddresses {
		if _, ok := l.Failed(at(i)); ok {
			allowed++
		}
	}
	assert.Equal(t, overallBurst, allowed)
	assert.LessOrEqual(t, len(l.callers), mostAddresses+1)
	now = now.Add(time.Minute + time.Second)
	_, ok := l.Failed(at(-1))
	assert.True(t, ok)
	assert.Len(t, l.callers, 1)
}

func TestNetworks(t *testing.T) {
	same := func(a, b string) bool { return network(netip.MustParseAddr(a)) == network(netip.MustParseAddr(b)) }
	assert.True(t, same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"))
	assert.False(t, same("2001:db8:1:2::1", "2001:db8:1:3::1"))
	assert.False(t, same("192.0.2.1", "192.0.2.2"))
	assert.True(t, same("::ffff:192.0.2.1", "192.0.2.1"))
	assert.True(t, same("fe80::1%eth0", "fe80::1%eth1"))
	assert.NotPanics(t, func() { network(netip.Addr{}) })
}
