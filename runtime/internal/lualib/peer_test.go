package lualib_test

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// peer is a process of the real Lua that answers questions one after another, for
// tests that ask very many.
type peer struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// peerDriver reads as many texts as count says, each after a line with its length,
// calls ask with them, and writes the text that this returns.
const peerDriver = `
while true do
  local parts = {}
  for i = 1, count do
    local n = io.read("*n")
    if not n then return end
    io.read(1)
    parts[i] = n == 0 and "" or io.read(n)
  end
  local answer = ask(unpack(parts))
  io.write(#answer, "\n", answer)
  io.flush()
end
`

// startPeer starts a process that answers by the function that a source returns, which
// takes that many texts and returns one. It returns nil if the real Lua is not installed.
func startPeer(t testing.TB, function string, count int) *peer {
	t.Helper()
	if _, err := exec.LookPath("lua5.1"); err != nil {
		t.Log("lua5.1 is not installed, so nothing is compared with it")
		return nil
	}
	cmd := exec.Command("lua5.1", "-e", fmt.Sprintf("local ask, count = assert(loadstring(%q, '=%s'))(), %d%s", function, chunkName, count, peerDriver))
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &peer{in: in, out: bufio.NewReader(out)}
}

// ask returns the answer to texts.
func (p *peer) ask(t testing.TB, texts ...string) string {
	t.Helper()
	var question []byte
	for _, text := range texts {
		question = fmt.Appendf(question, "%d\n%s", len(text), text)
	}
	_, err := p.in.Write(question)
	require.NoError(t, err)
	var size int
	_, err = fmt.Fscanf(p.out, "%d\n", &size)
	require.NoError(t, err)
	answer := make([]byte, size)
	_, err = io.ReadFull(p.out, answer)
	require.NoError(t, err)
	return string(answer)
}
