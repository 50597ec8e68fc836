package hubspot_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/hubspot"
)

func TestSearchEndsAtTheCap(t *testing.T) {
	c := dial(t).unlimited()
	for i := range 12_000 { // in one millisecond
		c.AddAt("companies", start, map[string]string{"name": fmt.Sprint("c", i)})
	}
	body := window("hs_lastmodifieddate", start, start, "0", 200)
	last := ""
	for after := 0; after < 10_000; after += 200 {
		body["after"] = strconv.Itoa(after)
		a := c.search("companies", body)
		require.Equal(t, 200, a.status, a.Message)
		require.Len(t, a.Results, 200)
		assert.Equal(t, 12_000, a.Total)
		last = a.Paging.Next.After
	}
	assert.Equal(t, "10000", last, "the last page offers one that does not exist")
	body["after"] = last
	a := c.search("companies", body)
	assert.Equal(t, 400, a.status)
	assert.Equal(t, "VALIDATION_ERROR", a.Category)
	body["after"] = "9900"
	assert.Equal(t, 400, c.search("companies", body).status, "a page that reaches beyond the cap")
}

func TestKeysetFindsAllWhileRecordsMove(t *testing.T) {
	c := dial(t).unlimited()
	expected := map[string]bool{}
	for i := range 1000 {
		expected[c.AddAt("contacts", start, map[string]string{"lastname": fmt.Sprint(i)})] = true
	}
	records := c.Records("contacts")
	c.Before(func(r *standin.Request) { // five records leave the window before each page
		for i := range 5 {
			c.UpdateAt("contacts", records[r.N*17+i].ID, start.Add(time.Hour), map[string]string{"firstname": "moved"})
		}
	})
	walk := func(from, to time.Time) {
		for after := "0"; ; {
			a := c.search("contacts", window("lastmodifieddate", from, to, after, 100))
			require.Equal(t, 200, a.status, a.Message)
			for _, id := range a.ids() {
				delete(expected, id)
				after = id
			}
			if a.Paging.Next.After == "" {
				return
			}
		}
	}
	walk(start, start)
	assert.NotEmpty(t, expected, "some moved before they were read")
	c.ClearHooks()
	walk(start, start.Add(time.Hour))
	assert.Empty(t, expected)
}

func TestOffsetPagingLosesRecordsThatMove(t *testing.T) {
	c := dial(t).unlimited()
	for i := range 30 {
		c.AddAt("companies", start.Add(time.Duration(i)*time.Second), map[string]string{"name": fmt.Sprint(i)})
	}
	first := c.Records("companies")[0].ID
	body := object{"limit": 10, "sorts": []string{"hs_lastmodifieddate"}}
	seen := map[string]bool{}
	for _, id := range c.search("companies", body).ids() {
		seen[id] = true
	}
	c.UpdateAt("companies", first, start.Add(time.Hour), nil) // all others move up by one
	body["after"] = "10"
	page := c.search("companies", body).ids()
	require.Len(t, page, 10)
	assert.False(t, seen[page[0]])
	assert.Equal(t, "11", *c.one(page[0]).Properties["name"], "record 10 is on no page")
}

func (c *client) one(id string) answer {
	c.t.Helper()
	return c.do("GET", "/crm/objects/2026-09/companies/"+id+"?properties=name", nil)
}

func TestEqualRecordsMoveWhenTheyAreIndexedAgain(t *testing.T) {
	c := dial(t).unlimited()
	first := c.Add("companies", map[string]string{"name": "same"})
	second := c.Add("companies", map[string]string{"name": "same"})
	body := object{"sorts": []string{"name"}}
	assert.Equal(t, []string{first, second}, c.search("companies", body).ids())
	c.Update("companies", first, map[string]string{"city": "Lund"})
	assert.Equal(t, []string{second, first}, c.search("companies", body).ids())
}

func TestSearchesSeeWritesAfterTheLag(t *testing.T) {
	c := dial(t).unlimited()
	id := c.Add("companies", map[string]string{"name": "old"})
	c.Configure(func(s *hubspot.Settings) { s.SearchLag = 30 * time.Second })
	c.Clock.Advance(time.Second)
	c.Update("companies", id, map[string]string{"name": "new"})
	added := c.Add("companies", map[string]string{"name": "added"})
	c.Configure(func(s *hubspot.Settings) { s.SearchLag = 0 })
	later := c.Add("companies", map[string]string{"name": "later"})

	search := object{"properties": []string{"name"}, "sorts": []string{"hs_object_id"}}
	a := c.search("companies", search)
	assert.Equal(t, []string{id, later}, a.ids(), "the later write is visible first")
	assert.Equal(t, "old", *a.Results[0].Properties["name"])
	assert.Equal(t, "new", *c.one(id).Properties["name"], "reads do not lag")
	c.Clock.Advance(30*time.Second - time.Millisecond)
	assert.Len(t, c.search("companies", search).Results, 2)
	c.Clock.Advance(time.Millisecond)
	a = c.search("companies", search)
	assert.Equal(t, []string{id, added, later}, a.ids())
	assert.Equal(t, "new", *a.Results[0].Properties["name"])
}

func TestFilters(t *testing.T) {
	c := dial(t).unlimited()
	c.Add("companies", map[string]string{"name": "Northwind Ltd", "annualrevenue": "900", "lifecyclestage": "lead", "renewal_date": "2026-12-01"})
	c.Add("companies", map[string]string{"name": "acme", "annualrevenue": "10000", "lifecyclestage": "customer"})
	c.Add("companies", map[string]string{"name": "Contoso"})
	find := func(filter ...object) string {
		a := c.search("companies", object{"properties": []string{"name"}, "sorts": []string{"name"}, "filterGroups": []any{object{"filters": filter}}})
		if a.status != 200 {
			return fmt.Sprint(a.status)
		}
		var names []string
		for _, r := range a.Results {
			names = append(names, *r.Properties["name"])
		}
		return strings.Join(names, ",")
	}
	with := func(property, operator string, value any) object {
		f := object{"propertyName": property, "operator": operator}
		if list, ok := value.([]string); ok {
			f["values"] = list
		} else if value != nil {
			f["value"] = value
		}
		return f
	}
	for _, test := range []struct {
		filter   object
		expected string
	}{
		{with("annualrevenue", "GT", "900"), "acme"},
		{with("annualrevenue", "GTE", "900"), "acme,Northwind Ltd"},
		{with("annualrevenue", "LT", "10000"), "Northwind Ltd"},
		{with("annualrevenue", "HAS_PROPERTY", nil), "acme,Northwind Ltd"},
		{with("annualrevenue", "NOT_HAS_PROPERTY", nil), "Contoso"},
		{with("name", "EQ", "ACME"), "acme"},
		{with("name", "IN", []string{"Contoso", "acme"}), "acme"},
		{with("name", "IN", []string{"contoso", "acme"}), "acme,Contoso"},
		{with("name", "CONTAINS_TOKEN", "north*"), "Northwind Ltd"},
		{with("lifecyclestage", "IN", []string{"lead", "other"}), "Northwind Ltd"},
		{with("lifecyclestage", "NEQ", "lead"), "acme"},
		{with("renewal_date", "LTE", "2026-12-01"), "Northwind Ltd"},
		{with("renewal_date", "LT", fmt.Sprint(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).UnixMilli())), ""},
		{with("annualrevenue", "GT", "many"), "400"},
		{with("annualrevenue", "BETWEEN", "1"), "400"},
		{with("name", "IN", nil), "400"},
		{with("name", "LIKE", "x"), "400"},
		{with("nothing", "EQ", "x"), "400"},
	} {
		assert.Equal(t, test.expected, find(test.filter), "%v", test.filter)
	}
	six := slicesOf(with("name", "HAS_PROPERTY", nil), 6)
	assert.Equal(t, "acme,Contoso,Northwind Ltd", find(six...))
	assert.Equal(t, "400", find(append(six, six[0])...))
	assert.Equal(t, 400, c.search("companies", object{"sorts": []string{"name", "domain"}}).status)
	assert.Equal(t, 400, c.search("companies", object{"limit": 201}).status)
	assert.Equal(t, 400, c.search("companies", object{"query": strings.Repeat("x", 3000)}).status)
}

func slicesOf[T any](one T, n int) (all []T) {
	for range n {
		all = append(all, one)
	}
	return all
}
