package planhat

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

type counting struct{}

func (counting) RoundTrip(q *http.Request) (*http.Response, error) {
	n, _ := io.Copy(io.Discard, q.Body)
	_ = n
	return &http.Response{StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: q, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"created":5000}`))}, nil
}

func BenchmarkBulkSeq(b *testing.B) {
	client, _ := New(Config{APIToken: apiToken, BaseURL: "http://planhat.test/base", HTTPClient: &http.Client{Transport: counting{}}, Limiter: NewLimiter(LimiterConfig{CallsPerMinute: -1, PerSecond: -1, Parallel: -1})})
	defer client.Close()
	var asked atomic.Int64
	for b.Loop() {
		_, err := client.Company.Resource().BulkUpsertSeq(b.Context(), func(yield func(Row, error) bool) {
			var text []byte
			for i := range 50_000 {
				asked.Add(1)
				text = fmt.Appendf(text[:0], `{"externalId":"a-%d","name":"Company number %d","phase":"Onboarding","status":"customer","custom":{"Tier":"Gold","Seats":%d,"Region":"EMEA"}}`, i, i, i)
				if !yield(Row{Record: text}, nil) {
					return
				}
			}
		}, BulkOptions{})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(asked.Load()), "ns/row")
}
