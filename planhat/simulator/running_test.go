package simulator

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecordsArePutAsJSON(t *testing.T) {
	s, err := New(Options{})
	require.NoError(t, err)
	require.NoError(t, s.PutJSON("company", []byte(`[{"externalId":"a-1","name":"Acme"},{"externalId":"a-2","name":"Bolt"}]`)))
	require.NoError(t, s.PutJSON("license", []byte(`{"companyId":"extid-a-1","value":12,"_currency":"USD","fromDate":"2020-01-01"}`)))
	assert.Len(t, s.Records("company"), 2)
	assert.Len(t, s.Records("license"), 1)
	assert.ErrorContains(t, s.PutJSON("company", []byte(`[`)), "not valid JSON")
	assert.ErrorContains(t, s.PutJSON("compny", []byte(`[]`)), "did you mean 'company'")
	assert.Empty(t, s.Calls())
}

func TestGenerateAddsToWhatIsThere(t *testing.T) {
	s, err := New(Options{})
	require.NoError(t, err)
	require.NoError(t, s.PutJSON("company", []byte(`{"externalId":"a-1","name":"Acme"}`)))
	s.Generate(10)
	s.Generate(0)
	assert.Len(t, s.Records("company"), 11)
	assert.NotEmpty(t, s.Records("license"))
}

func TestObserverSeesBodies(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	s, err := New(Options{Observer: func(c Call, body []byte) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, c.Method+" "+c.Operation+" "+string(body))
	}})
	require.NoError(t, err)
	for _, body := range []string{`{"name":"Acme"}`, ``} {
		method := http.MethodPost
		if body == "" {
			method = http.MethodGet
		}
		r := httptest.NewRequest(method, "/companies", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+s.APIToken())
		s.ServeHTTP(httptest.NewRecorder(), r)
	}
	assert.Equal(t, []string{`POST create {"name":"Acme"}`, "GET get_list "}, seen)
}
