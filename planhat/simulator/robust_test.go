package simulator

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
)

// odd values for every property: whatever a client sends, it gets an answer,
// and what is stored is valid JSON.
var oddValues = []string{
	`null`, `""`, `0`, `-1.5e300`, `9007199254740993`, `true`, `[]`, `{}`, `[null]`, `[[1],{"a":[]}]`, `{"_id":{"id":[]}}`,
	`"extid-"`, `"srcid-x"`, `"2026-01-01"`, `"\u0000\"\\é😀"`, `"` + strings.Repeat("9", 30) + `"`, `{"a":1,"a":2}`,
}

// serve calls the handler without a connection, which thousands of calls would
// make slow.
func serve(s *Server, method, path, body string) int {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+s.APIToken())
	if path == "/dock/segment" {
		r.SetBasicAuth(s.TenantToken(), "")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}

func TestOddValuesGetAnAnswer(t *testing.T) {
	s, err := New(Options{Companies: 5, CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	company := s.Records("company")[0]["_id"].(string)
	for _, m := range catalog.Load().Models {
		for _, op := range m.Operations {
			if op.Body == "" {
				continue
			}
			for _, text := range oddValues {
				row := "{"
				for i, property := range m.Properties {
					if i > 0 {
						row += ","
					}
					row += `"` + property.Name + `":` + text
				}
				row += `,"ids":` + text + `,"traits":` + text + `,"type":` + text + `}`
				bodies := []string{row, text}
				if op.Body != "object" {
					bodies = []string{"[" + row + "," + text + "]", text}
				}
				for _, body := range bodies {
					path := strings.NewReplacer("{id}", company, "{tenantUUID}", s.TenantToken()).Replace(op.Path)
					assert.Less(t, serve(s, op.Method, path, body), 500, "%s.%s %s", m.Snake, op.Name, body)
				}
			}
		}
	}
	var dump strings.Builder
	require.NoError(t, s.Dump(&dump))
	assert.True(t, json.Valid([]byte(dump.String())))
}

func TestOddQueriesGetAnAnswer(t *testing.T) {
	s, err := New(Options{Companies: 5, CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	for _, m := range catalog.Load().Models {
		for _, op := range m.Operations {
			for _, parameter := range op.Query {
				for _, value := range []string{"", "%00", "-", ",,", "true", "9999999999999999999999", "extid-", "$where", "custom.", "-custom.Tier", "2026-01-01"} {
					assert.Contains(t, []int{200, 400}, serve(s, op.Method, op.Path+"?"+parameter.Name+"="+value, ""), "%s %s=%s", op.Path, parameter.Name, value)
				}
			}
		}
	}
}

func TestEnvironment(t *testing.T) {
	p := start(t, Options{})
	assert.Equal(t, []string{
		"PLANHAT_API_TOKEN=sim-api-token",
		"PLANHAT_TENANT_TOKEN=" + DefaultTenantToken,
		"PLANHAT_API_URL=" + p.URL(),
		"PLANHAT_ANALYTICS_URL=" + p.URL(),
	}, p.Environment())
	_, err := Start(Options{Addr: strings.TrimPrefix(p.URL(), "http://")})
	assert.ErrorContains(t, err, "if another simulator is running")
}
