package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// noon is the time of the tests' servers.
var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// peer talks to a server with plain net/http, as a stranger's client would.
type peer struct {
	*Server
	t *testing.T
}

// start serves a simulator without limits on a loopback port.
func start(t *testing.T, o Options) *peer {
	t.Helper()
	if o.CallsPerMinute == 0 {
		o.CallsPerMinute = -1
	}
	if o.PerSecond == 0 {
		o.PerSecond = -1
	}
	if o.Clock == nil {
		o.Clock = func() time.Time { return noon }
	}
	s, err := Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return &peer{s, t}
}

// reply is an answer, decoded where it is JSON.
type reply struct {
	status int
	header http.Header
	body   string
	object map[string]any
	array  []any
}

func (p *peer) do(method, path, body string, header ...string) reply {
	p.t.Helper()
	r, err := p.try(method, path, body, header...)
	require.NoError(p.t, err)
	return r
}

// try is do for calls whose connection may be cut.
func (p *peer) try(method, path, body string, header ...string) (reply, error) {
	p.t.Helper()
	request, err := http.NewRequest(method, p.URL()+path, strings.NewReader(body))
	require.NoError(p.t, err)
	request.Header.Set("Authorization", "Bearer "+p.APIToken())
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return reply{}, err
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	out := reply{status: response.StatusCode, header: response.Header, body: string(text)}
	if json.Unmarshal(text, &out.object) != nil {
		_ = json.Unmarshal(text, &out.array)
	}
	return out, err
}

// make creates a record and returns its _id.
func (p *peer) make(path, body string) string {
	p.t.Helper()
	r := p.do("POST", path, body)
	require.Equal(p.t, 200, r.status, r.body)
	return r.object["_id"].(string)
}

// names returns one property of every record of a list.
func (r reply) names(property string) []any {
	out := []any{}
	for _, record := range r.array {
		out = append(out, record.(map[string]any)[property])
	}
	return out
}

// numbers is names for numbers.
func (r reply) numbers(property string) []float64 {
	out := []float64{}
	for _, v := range r.names(property) {
		out = append(out, v.(float64))
	}
	return out
}
