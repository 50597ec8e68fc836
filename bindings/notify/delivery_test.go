package notify

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/wneessen/go-mail"

	"github.com/phscript/phscript/planhat"
)

// elsewhere is a connection that seems to lead to another machine.
type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(198, 51, 100, 7), Port: 587} }

// An e-mail and a password never go to another machine without encryption.
func TestOtherMachinesMustEncrypt(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	said := make(chan string, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			said <- err.Error()
			return
		}
		var all strings.Builder
		_, _ = fmt.Fprint(conn, "220 test\r\n")
		for in := bufio.NewScanner(conn); in.Scan(); {
			all.WriteString(in.Text() + "\n")
			_, _ = fmt.Fprint(conn, "250 AUTH PLAIN LOGIN\r\n")
		}
		_ = conn.Close()
		said <- all.String()
	}()
	t.Cleanup(func() { _ = listener.Close() })
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	d := &delivery{host: "smtp.example.com", port: 587, user: "u", password: "SECRET", timeout: 10 * time.Second}
	err = d.send(t.Context(), elsewhere{conn}, mail.NewMsg())
	var failed *planhat.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, planhat.KindPermission, failed.Kind)
	assert.Contains(t, failed.Message, "does not encrypt the connection")
	got := <-said
	assert.NotContains(t, got, "AUTH")
	assert.NotContains(t, got, "MAIL")
}
