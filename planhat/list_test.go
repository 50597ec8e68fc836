package planhat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pages answers a list of n records in pages of at most cap records.
func pages(n, most int) func(http.ResponseWriter, request, int) {
	return func(w http.ResponseWriter, q request, _ int) {
		query, _ := url.ParseQuery(q.query)
		limit, _ := strconv.Atoi(query.Get("limit"))
		offset, _ := strconv.Atoi(query.Get("offset"))
		page := []map[string]string{}
		for i := offset; i < n && len(page) < min(limit, most); i++ {
			page = append(page, map[string]string{"_id": fmt.Sprint(i)})
		}
		b, _ := json.Marshal(page)
		answerWith(w, 200, string(b))
	}
}

func TestListsArePagedByTheModelsMaximum(t *testing.T) {
	for _, tt := range []struct {
		name       string
		n, most    int
		o          ListOptions
		want       int
		firstLimit string
		requests   int
	}{
		{"all", 12_001, 5000, ListOptions{}, 12_001, "5000", 4},
		{"a full last page", 10_000, 5000, ListOptions{}, 10_000, "5000", 3},
		{"none", 0, 5000, ListOptions{}, 0, "5000", 1},
		{"limit", 12_000, 5000, ListOptions{Limit: 5001}, 5001, "5000", 2},
		{"small limit", 12_000, 5000, ListOptions{Limit: 7}, 7, "7", 1},
		{"page size", 25, 5000, ListOptions{PageSize: 10}, 25, "10", 4},
		{"oversized page", 25, 5000, ListOptions{PageSize: 99_999}, 25, "5000", 1},
		{"offset", 25, 5000, ListOptions{Offset: 20}, 5, "5000", 1},
		{"a server with a lower maximum", 2_500, 1000, ListOptions{}, 2_500, "5000", 4},
		{"a server with a low maximum", 120, 50, ListOptions{}, 120, "5000", 3},
		{"a lower maximum and a limit", 2_500, 1000, ListOptions{Limit: 1500}, 1500, "1500", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, pages(tt.n, tt.most))
			o := new(recorder)
			p := newClient(t, s, func(c *Config) { c.Observer = o }).resources["company"].Pages(tt.o)
			p.walk.ahead.Pages = 1 // so that the number of requests does not depend on the time they take
			list, err := gather(p.records(t.Context()))
			require.NoError(t, err)
			require.Len(t, list, tt.want)
			for i, record := range list {
				assert.Equal(t, fmt.Sprintf(`{"_id":"%d"}`, i+tt.o.Offset), string(record))
			}
			seen := s.requests()
			assert.Len(t, seen, tt.requests)
			query, err := url.ParseQuery(seen[0].query)
			require.NoError(t, err)
			assert.Equal(t, tt.firstLimit, query.Get("limit"))
			assert.Equal(t, "_id", query.Get("sort"))
			read := 0
			for _, outcome := range o.outcomes {
				read += outcome.Read
			}
			assert.Equal(t, tt.want, read)
		})
	}
}

func TestEachStopsReadingWithTheLoop(t *testing.T) {
	s := newServer(t, pages(100, 5000))
	n := 0
	for _, err := range newClient(t, s).Company.Each(t.Context(), ListOptions{PageSize: 10}) {
		require.NoError(t, err)
		if n++; n == 15 {
			break
		}
	}
	assert.Len(t, s.requests(), 2)
}

func TestEachEndsWithAnError(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		if n == 1 {
			pages(100, 5000)(w, q, n)
			return
		}
		answerWith(w, 403, `no`)
	})
	records, failures := 0, 0
	for _, err := range newClient(t, s).Company.Each(t.Context(), ListOptions{PageSize: 10}) {
		if err != nil {
			failures++
			assert.Equal(t, KindPermission, in(t, err).Kind)
			continue
		}
		records++
	}
	assert.Equal(t, []int{10, 1}, []int{records, failures})
}

func TestListQueries(t *testing.T) {
	s := newServer(t, always(200, `[]`))
	c := newClient(t, s)
	_, err := c.Enduser.GetList(t.Context(), ListOptions{
		Select: []string{"name", "email"}, Sort: "-name", Offset: 3, Filter: map[string]string{"companyId": "1,2", "archived": "true"},
	})
	require.NoError(t, err)
	_, err = c.Note.GetList(t.Context(), ListOptions{})
	require.NoError(t, err)
	_, err = c.Company.GetLeanList(t.Context(), LeanOptions{Filter: map[string]string{"externalId": ""}})
	require.NoError(t, err)
	_, err = c.Metrics.GetDimensionData(t.Context(), DimensionOptions{CompanyID: "67", DimensionID: "logins", From: 19000, To: 19001})
	require.NoError(t, err)
	var got []string
	for _, q := range s.requests() {
		got = append(got, q.path+"?"+q.query)
	}
	assert.Equal(t, []string{
		"/endusers?archived=true&companyId=1%2C2&limit=2000&offset=3&select=_id%2Cname%2Cemail&sort=-name",
		"/conversations?limit=2000&offset=0&sort=_id&type=note",
		"/leancompanies?externalId=",
		"/dimensiondata?cId=67&dimid=logins&from=19000&limit=10000&offset=0&to=19001",
	}, got)
}

func TestListMistakes(t *testing.T) {
	s := newServer(t, always(200, `[]`))
	c := newClient(t, s)
	_, err := c.Enduser.GetList(t.Context(), ListOptions{Filter: map[string]string{"emal": "x"}})
	assert.Contains(t, in(t, err).Hint, "'email'")
	_, err = c.Enduser.GetList(t.Context(), ListOptions{Filter: map[string]string{"limit": "1"}})
	assert.Equal(t, KindConfig, in(t, err).Kind)
	_, err = c.Enduser.GetList(t.Context(), ListOptions{Limit: -1})
	assert.Equal(t, KindConfig, in(t, err).Kind)
	_, err = c.Metrics.GetDimensionData(t.Context(), DimensionOptions{From: 3, To: 2})
	assert.Equal(t, KindConfig, in(t, err).Kind)
	_, err = c.Metrics.Resource().GetList(t.Context(), ListOptions{})
	assert.Contains(t, in(t, err).Hint, "get_dimension_data")
	assert.Empty(t, s.requests())
}

func TestNotesAreNotOtherConversations(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
		if query, _ := url.ParseQuery(q.query); query.Get("offset") != "0" {
			answerWith(w, 200, `[]`)
			return
		}
		answerWith(w, 200, `[{"_id":"1","type":"email"},{"_id":"2","type":"note"},{"_id":"3"},{"_id":"4","type":"note"}]`)
	})
	list, err := newClient(t, s).Note.GetList(t.Context(), ListOptions{Limit: 2})
	require.NoError(t, err)
	assert.Equal(t, []string{`{"_id":"2","type":"note"}`, `{"_id":"3"}`}, asStrings(list))
}

func TestAServerThatIgnoresPaging(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, n int) { pages(300, 300)(w, request{query: "limit=300"}, n) })
	list, err := newClient(t, s).Company.GetList(t.Context(), ListOptions{})
	require.NoError(t, err)
	assert.Len(t, list, 300)
}

func TestAListThatIgnoresTheOffset(t *testing.T) {
	same := pages(20, 5000)
	s := newServer(t, func(w http.ResponseWriter, _ request, n int) { same(w, request{query: "limit=20"}, n) })
	c := newClient(t, s)
	_, err := c.Company.GetList(t.Context(), ListOptions{PageSize: 20})
	e := in(t, err)
	assert.Equal(t, KindServer, e.Kind, "the list may be longer than its first page")
	assert.Contains(t, e.Error(), "company.get_list: Planhat returned the same page twice")

	list, err := c.Company.GetList(t.Context(), ListOptions{PageSize: 10})
	require.NoError(t, err, "a page longer than asked for is all there is")
	assert.Len(t, list, 20)
}

func TestPagerGivesPages(t *testing.T) {
	s := newServer(t, pages(25, 5000))
	p := newClient(t, s).Company.Resource().Pages(ListOptions{PageSize: 10})
	var sizes []int
	for {
		page, err := p.Next(t.Context())
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		sizes = append(sizes, len(page))
	}
	assert.Equal(t, []int{10, 9, 6}, sizes)
	page, err := p.Next(t.Context())
	require.NoError(t, err)
	assert.Empty(t, page)
	assert.Len(t, s.requests(), 4, "a short page of a size that the caller chose is confirmed")
}
