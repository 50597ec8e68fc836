package runtime

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
)

const secretToken = "secret-token-1234567890"

// server answers every request with what its handler gives, and keeps them.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
	tokens   []string
}

func newServer(t *testing.T, status int, body string) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		s.tokens = append(s.tokens, r.Header.Get("Authorization"))
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (b *bench) connect(s *server) {
	b.opts.Planhat = planhat.Config{APIToken: secretToken, BaseURL: s.URL, AnalyticsURL: s.URL}
}

func TestUncaughtErrorTellsAllThatIsKnown(t *testing.T) {
	b := newBench(t)
	s := newServer(t, 403, `{"error":"the token `+secretToken+` may not read companies"}`)
	b.connect(s)
	e := b.fails(t, "local id = 'abc'\nlocal c = planhat.company.get_by_id(id)\nprint(c.name)")
	var failed *planhat.Error
	require.ErrorAs(t, e, &failed)
	assert.Equal(t, 403, failed.Status)
	text := report(t, e)
	assert.Contains(t, text, "error: main.lua:2: company.get_by_id: ")
	assert.Contains(t, text, "    2 | local c = planhat.company.get_by_id(id)")
	for _, part := range []string{"permission", "403", "GET /companies/abc", "attempts", "may not read companies"} {
		assert.Contains(t, text, part)
	}
	assert.NotContains(t, text, secretToken)
}

func TestSecretsAreRedactedEverywhere(t *testing.T) {
	b := newBench(t)
	var logged bytes.Buffer
	b.opts.Logger = slog.New(slog.NewJSONHandler(&logged, nil))
	b.opts.Planhat.APIToken = secretToken
	own := "own-token-9876543210"
	_, err := b.run(t, `
		local token, own = ...
		planhat.new{ api_token = own }
		print(token) io.write("secret-") io.write("token-1234567890") print(own)
		io.stderr:write(token)
		log.info("using " .. token, { own = own, nested = { token } })
		error("failed with " .. token .. " and " .. own)`, secretToken, own)
	require.Error(t, err)
	all := b.stdout.String() + b.stderr.String() + logged.String() + err.Error()
	assert.NotContains(t, all, secretToken)
	assert.NotContains(t, all, own)
	assert.GreaterOrEqual(t, strings.Count(all, "[redacted]"), 9)
}

func TestTokensAreNotInTheEnvironment(t *testing.T) {
	b := newBench(t)
	b.opts.Planhat.APIToken = secretToken
	b.opts.Env = func(string) (string, bool) { return secretToken, true }
	b.opts.EnvAllow = []string{"PLANHAT_API_TOKEN"}
	e := b.fails(t, `env.get("PLANHAT_API_TOKEN")`)
	assert.Contains(t, e.Message, "scripts never see tokens")
	r, err := b.run(t, `return os.getenv("PLANHAT_API_TOKEN")`)
	require.NoError(t, err)
	assert.Equal(t, []any{nil}, r.Values)
}

func TestConfiguredTokenStaysWithItsHost(t *testing.T) {
	b := newBench(t)
	s, other := newServer(t, 200, `{"_id":"1"}`), newServer(t, 200, `{"_id":"1"}`)
	b.connect(s)
	e := b.fails(t, `planhat.new{ api_url = "`+other.URL+`" }`)
	assert.Contains(t, e.Message, "without a token")
	_, err := b.run(t, `planhat.new{ api_url = "`+other.URL+`", api_token = "another-token" }.company.get_by_id("1")`)
	require.NoError(t, err)
	assert.Equal(t, []string{"Bearer another-token"}, other.tokens)
	assert.Empty(t, s.requests)
}

func TestDryRunSendsNoWrites(t *testing.T) {
	b := newBench(t)
	s := newServer(t, 200, `{"_id":"1","name":"Acme"}`)
	b.connect(s)
	b.opts.DryRun, b.opts.MaxReadCalls = true, -1
	r, err := b.run(t, `
		assert(planhat.company.get_by_id("1").name == "Acme")
		planhat.company.create{ name = "New" }
		planhat.company.create{ name = "Newer" }
		planhat.company.bulk_upsert{ { externalId = "1", name = "A" }, { externalId = "2", name = "B" } }`)
	require.NoError(t, err)
	assert.Equal(t, []string{"GET /companies/1"}, s.requests)
	assert.Equal(t, []PlannedWrite{
		{Model: "company", Operation: "create", Method: "POST", Requests: 2, Rows: 2, Client: 1, First: []string{`{"name":"New"}`, `{"name":"Newer"}`}},
		{
			Model: "company", Operation: "bulk_upsert", Method: "PUT", Requests: 1, Rows: 2, Client: 1,
			First: []string{`{"externalId":"1","name":"A"}`, `{"externalId":"2","name":"B"}`},
		},
	}, r.Planned)
	assert.Equal(t, 1, r.Summary.Read)
	assert.Equal(t, 4, r.Summary.Planned)
}

func TestRejectedRowsAreInTheResult(t *testing.T) {
	b := newBench(t)
	answer, err := json.Marshal(map[string]any{
		"created": 1, "updated": 0, "createdErrors": []any{map[string]any{"externalId": "2", "message": "no such owner"}}, "updatedErrors": []any{},
		"insertsKeys": []any{map[string]any{"_id": "x", "externalId": "1"}}, "updatesKeys": []any{},
	})
	require.NoError(t, err)
	s := newServer(t, 206, string(answer))
	b.connect(s)
	const source = `local r = planhat.company.bulk_upsert{ { externalId = "1", name = "A" }, { externalId = "2", name = "B" } } return #r.errors`
	r, err := b.run(t, source)
	require.NoError(t, err)
	assert.Equal(t, []any{1.0}, r.Values)
	require.Len(t, r.Rejected, 1)
	assert.Equal(t, 1, r.Rejected[0].Index)
	assert.Contains(t, r.Rejected[0].Message, "no such owner")

	b.opts.Strict = true
	e := b.fails(t, source)
	var failed *planhat.Error
	require.ErrorAs(t, e, &failed)
	assert.Contains(t, report(t, e), "row 2 (externalId 2): no such owner")
}

func TestRunsShareOneQuota(t *testing.T) {
	b := newBench(t)
	s := newServer(t, 200, `{"_id":"1"}`)
	b.connect(s)
	rt, err := New(b.opts)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, err := rt.Run(t.Context(), Script{Name: "a.lua", Source: []byte(`planhat.company.get_by_id("1")`)})
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	r, err := rt.Run(t.Context(), Script{Name: "b.lua", Source: []byte(`planhat.company.get_by_id("1") return planhat.quota().used`)})
	require.NoError(t, err)
	assert.Equal(t, []any{5.0}, r.Values)
}
