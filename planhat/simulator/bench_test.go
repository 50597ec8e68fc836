package simulator

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func BenchmarkGenerate100kCompanies(b *testing.B) {
	for b.Loop() {
		if _, err := New(Options{Companies: 100_000}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkListPage(b *testing.B) {
	s, err := New(Options{Companies: 100_000, CallsPerMinute: -1, PerSecond: -1, Parallel: -1})
	if err != nil {
		b.Fatal(err)
	}
	for _, sort := range []string{"_id", "-mrr"} {
		b.Run(sort, func(b *testing.B) {
			offset := 0
			for b.Loop() {
				r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/companies?limit=5000&offset=%d&sort=%s", offset, sort), nil)
				r.Header.Set("Authorization", "Bearer "+DefaultAPIToken)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
				offset = (offset + 5000) % 100_000
			}
		})
	}
}

func BenchmarkBulk5000(b *testing.B) {
	var rows []string
	for i := range 5000 {
		rows = append(rows, fmt.Sprintf(`{"externalId":"e-%d","name":"Company %d","status":"customer","tags":["a","b"],"custom":{"Tier":"Gold","Seats":%d},"description":%q}`,
			i, i, i, strings.Repeat("x", 500)))
	}
	body := "[" + strings.Join(rows, ",") + "]"
	s, err := New(Options{CallsPerMinute: -1, PerSecond: -1, Parallel: -1})
	if err != nil {
		b.Fatal(err)
	}
	put := func(b *testing.B, body string) {
		r := httptest.NewRequest(http.MethodPut, "/companies", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+DefaultAPIToken)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			s.store = newStore(0, s.models)
			put(b, body)
		}
	})
	b.Run("update", func(b *testing.B) {
		bodies := [2]string{body, strings.ReplaceAll(body, "Gold", "Silver")}
		for i := 0; b.Loop(); i++ {
			put(b, bodies[i%2])
		}
	})
}
