// Package proxy puts a way to a server on loopback that behaves as bad networks
// do.
package proxy

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// Carry hands on what arrives from one side to the other, until either closes.
type Carry func(from, to net.Conn)

// Start returns the address of a proxy in front of a server, which ends with the
// test. Both directions of each connection are carried by what connect returns
// for it.
func Start(t *testing.T, server string, connect func() Carry) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				return
			}
			carry := connect()
			go carry(client, upstream)
			go carry(upstream, client)
		}
	}()
	return listener.Addr().String()
}
