package planhat

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRequestsThatTheCatalogDoesNotKnow(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		switch {
		case n == 1:
			answerWith(w, 503, "")
		case q.method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		default:
			answerWith(w, 200, `[1,{"a":2}]`)
		}
	})
	c := newClient(t, s)
	got, err := c.Request(t.Context(), Request{Method: "get", Path: "/a%20b/%2Fc", Query: map[string]string{"x": "1&2"}})
	require.NoError(t, err)
	assert.JSONEq(t, `[1,{"a":2}]`, string(got))
	_, err = c.Request(t.Context(), Request{Method: "POST", Path: "/x", Body: []byte(`{"n":1}`)})
	require.NoError(t, err)
	got, err = c.Request(t.Context(), Request{Method: "DELETE", Path: "/x"})
	require.NoError(t, err)
	assert.Empty(t, got)
	seen := s.requests()
	require.Len(t, seen, 4, "a read is repeated")
	assert.Equal(t, "GET /a%20b/%2Fc?x=1%262", seen[1].method+" "+seen[1].path+"?"+seen[1].query)
	assert.Equal(t, `POST /x {"n":1}`, seen[2].method+" "+seen[2].path+" "+seen[2].body)
	assert.Equal(t, "Bearer "+apiToken, seen[2].header.Get("Authorization"))

	for _, path := range []string{"", "x", "//evil.example/x", "https://evil.example", "/x?y=1", "/x#y", "/{id}", "/../x", "/%zz", "/a b/%2Fc"} {
		_, err := c.Request(t.Context(), Request{Method: "GET", Path: path})
		assert.Equal(t, KindConfig, in(t, err).Kind, path)
	}
	_, err = c.Request(t.Context(), Request{Method: "TRACE", Path: "/x"})
	assert.Contains(t, in(t, err).Hint, "DELETE, GET, PATCH, POST, PUT")
	assert.Len(t, s.requests(), 4)
}

func TestRequestsNameTheProgram(t *testing.T) {
	for given, want := range map[string]string{"": "phscript", "nightly/2": "nightly/2"} {
		s := newServer(t, always(200, `[]`))
		_, err := newClient(t, s, func(c *Config) { c.UserAgent = given }).Request(t.Context(), Request{Method: "GET", Path: "/x"})
		require.NoError(t, err)
		assert.Equal(t, want, s.requests()[0].header.Get("User-Agent"))
	}
}

func TestARequestMayBeWithheldAndIsNotRepeatedBlindly(t *testing.T) {
	s := newServer(t, always(502, ""))
	_, err := newClient(t, s).Request(t.Context(), Request{Method: "POST", Path: "/x"})
	assert.True(t, in(t, err).Uncertain)
	assert.Len(t, s.requests(), 1)

	tally := new(Tally)
	dry := newClient(t, s, func(c *Config) {
		c.Observer = tally
		c.Gate = func(_ context.Context, w Write) error {
			assert.Equal(t, "/x", w.Path)
			return ErrWithheld
		}
	})
	got, err := dry.Request(t.Context(), Request{Method: "PATCH", Path: "/x", Body: []byte(`{}`)})
	require.NoError(t, err)
	assert.Empty(t, got)
	assert.Equal(t, Counts{Planned: 1}, tally.Snapshot().Counts)
	assert.Len(t, s.requests(), 1)
}
