package runtime

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

// counted serves h and counts the connections.
func counted(t *testing.T, h http.Handler) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	n := new(atomic.Int64)
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s, n
}

func simulated(t *testing.T) (*simulator.Server, *httptest.Server, *atomic.Int64) {
	t.Helper()
	sim, err := simulator.New(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	server, connections := counted(t, sim)
	return sim, server, connections
}

func TestRunsKeepConnections(t *testing.T) {
	for name, transport := range map[string]*http.Transport{"of the runtime": nil, "of the caller": {}} {
		t.Run(name, func(t *testing.T) {
			sim, server, toPlanhat := simulated(t)
			other, toOther := counted(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
			client := &http.Client{Transport: &http.Transport{}}
			cfg := planhat.Config{APIToken: sim.APIToken(), BaseURL: server.URL}
			if transport != nil {
				client.Transport = transport
				cfg.HTTPClient = client
			}
			defer client.CloseIdleConnections()
			rt, err := New(Options{Planhat: cfg})
			require.NoError(t, err)
			for range 20 {
				r, err := client.Get(other.URL) // other traffic of the service
				require.NoError(t, err)
				_, _ = io.Copy(io.Discard, r.Body)
				require.NoError(t, r.Body.Close())
				_, err = rt.Run(t.Context(), Script{Source: []byte(`planhat.company.get_list{ limit = 1 }`)})
				require.NoError(t, err)
			}
			assert.EqualValues(t, 1, toPlanhat.Load())
			assert.EqualValues(t, 1, toOther.Load())
		})
	}
}

func TestOneQuotaAcrossRuntimes(t *testing.T) {
	sim, server, _ := simulated(t)
	used := func(o Options) any {
		o.Planhat = planhat.Config{APIToken: sim.APIToken(), BaseURL: server.URL}
		rt, err := New(o)
		require.NoError(t, err)
		r, err := rt.Run(t.Context(), Script{Source: []byte(`planhat.company.get_list{ limit = 1 } return planhat.quota().used`)})
		require.NoError(t, err)
		return r.Values[0]
	}
	assert.Equal(t, 1.0, used(Options{}))
	assert.Equal(t, 2.0, used(Options{}))
	assert.Equal(t, 1.0, used(Options{Quota: planhat.LimiterConfig{CallsPerMinute: 100}}), "a quota of its own")
}

func TestTokensOfAScriptAreForgotten(t *testing.T) {
	var out bytes.Buffer
	rt, err := New(Options{Stdout: &out})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Source: []byte(`planhat.new{ api_token = args[1], tenant_token = "tenant-" .. args[1] } io.write(args[1])`)})
	require.NoError(t, err)
	for i := range 20 {
		_, err := program.Run(t.Context(), RunOptions{Args: []string{fmt.Sprint("customer-", i)}})
		require.NoError(t, err)
	}
	assert.Equal(t, strings.Repeat("[redacted]", 20), out.String())
	assert.Equal(t, "customer-1", rt.opts.Secrets.String("customer-1"))
}

// Run with -race.
func TestLinesOfConcurrentRunsStayWhole(t *testing.T) {
	var out bytes.Buffer
	rt, err := New(Options{Stdout: &out, Stderr: &out})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Source: []byte(`
		for i = 1, 100 do
			io.write("a", "b")
			io.write("c\n")
			print("abc")
			io.stderr:write("ab", "c\n")
		end
		io.write("end")`)})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := program.Run(t.Context(), RunOptions{})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, 6000, strings.Count(out.String(), "abc\n"))
	assert.Equal(t, 20, strings.Count(out.String(), "end"))
	assert.Len(t, out.String(), 6000*4+20*3)
}

func TestAFlushedLineIsWritten(t *testing.T) {
	for call, want := range map[string]string{`io.flush()`: "a token: pass", `io.stdout:flush()`: "a token: pass", ``: ""} {
		var out bytes.Buffer
		rt, err := New(Options{Values: map[string]any{"seen": out.String}})
		require.NoError(t, err)
		rt.opts.Secrets.Add("pass-phrase")
		program, err := rt.Compile(t.Context(), Script{Source: []byte(`io.write("a token: pass-phr") ` + call + ` local s = seen() io.write("ase") return s`)})
		require.NoError(t, err)
		r, err := program.Run(t.Context(), RunOptions{Stdout: &out})
		require.NoError(t, err)
		assert.Equal(t, []any{strings.TrimSuffix(want, "pass")}, r.Values, "what may begin a secret is kept")
		assert.Equal(t, "a token: [redacted]", out.String())
	}
}

func TestStreamsOfARun(t *testing.T) {
	var all, one bytes.Buffer
	rt, err := New(Options{Stdin: strings.NewReader("shared\n"), Stdout: &all, Stderr: &all})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Source: []byte(`print(io.read()) io.stderr:write("e\n")`)})
	require.NoError(t, err)
	_, err = program.Run(t.Context(), RunOptions{Stdin: strings.NewReader("own\n"), Stdout: &one})
	require.NoError(t, err)
	_, err = program.Run(t.Context(), RunOptions{})
	require.NoError(t, err)
	assert.Equal(t, "own\n", one.String())
	assert.Equal(t, "e\nshared\ne\n", all.String())
}
