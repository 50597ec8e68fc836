package simulator

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOthers(t *testing.T) {
	with := func(faults string) (before, after []any) {
		p := faulty(t, faults)
		companies(t, p, 10)
		all := func() (names []any) {
			for _, r := range p.Records("company") {
				names = append(names, r["name"])
			}
			return names
		}
		before = all()
		r := p.do("GET", "/companies?sort=name", "")
		require.Equal(t, 200, r.status)
		assert.Empty(t, p.Calls()[0].Fault, "the call itself goes well")
		assert.ElementsMatch(t, all(), r.names("name"), "the change comes before the page")
		return before, all()
	}
	before, after := with("others:do=create,rows=3")
	assert.Equal(t, before, after[:10])
	assert.Len(t, after, 13)
	before, after = with("others:do=delete,rows=3")
	assert.Subset(t, before, after)
	assert.Len(t, after, 7)
	before, after = with("others:do=update,rows=5")
	assert.ElementsMatch(t, before, after)
	assert.NotEqual(t, before, after, "some have changed places")
	_, after = with("others:do=archive,rows=2")
	assert.Len(t, after, 8, "companies have no archive")
	_, first := with("others:rows=9")
	_, second := with("others:rows=9")
	assert.Equal(t, first, second, "repeatable")
}

func TestOthersArchive(t *testing.T) {
	p := faulty(t, "others:do=archive,model=enduser,nth=1")
	a := p.make("/companies", `{"name":"A"}`)
	require.NoError(t, p.Put("enduser", map[string]any{"name": "One", "companyId": a, "email": "one@a.example"}))
	assert.Empty(t, p.do("GET", "/endusers", "").array)
	assert.Len(t, p.do("GET", "/endusers?archived=true", "").array, 1)
	assert.Empty(t, p.do("GET", "/tasks", "").array)
}

func TestChangesAreTold(t *testing.T) {
	var told []string
	p := start(t, Options{Changes: func(c Change) {
		told = append(told, fmt.Sprint(c.Model, " ", c.Created, " ", c.Record != nil))
	}})
	id := p.make("/companies", `{"name":"A"}`)
	p.do("PUT", "/companies/"+id, `{"name":"B"}`)
	p.do("PUT", "/companies/"+id, `{"name":"B"}`)
	p.do("DELETE", "/companies/"+id, "")
	assert.Equal(t, []string{"company true true", "company false true", "company false false"}, slices.Compact(told))
}

func TestPagesOfAnySize(t *testing.T) {
	p := start(t, Options{Switches: Switches{swPageCap: "7"}})
	companies(t, p, 20)
	assert.Len(t, p.do("GET", "/companies", "").array, 7)
	assert.Len(t, p.do("GET", "/companies?limit=5000&offset=14", "").array, 6)
	assert.Len(t, p.do("GET", "/companies?limit=3", "").array, 3)
	assert.Len(t, p.do("GET", "/leancompanies?limit=3&offset=5", "").array, 20, "lean companies come at once")
	p = start(t, Options{Switches: Switches{swLeanPages: "7"}})
	companies(t, p, 20)
	assert.Len(t, p.do("GET", "/leancompanies", "").array, 7)
	assert.Equal(t, []any{"C14", "C15"}, p.do("GET", "/leancompanies?limit=2&offset=14", "").names("name"))
	assert.Equal(t, "[]", p.do("GET", "/leancompanies?offset=20", "").body)
	assert.Equal(t, 400, p.do("GET", "/leancompanies?offset=x", "").status)
}

func TestRecordsThatTie(t *testing.T) {
	orders := func() (out [][]any) {
		p := start(t, Options{Seed: 3, Switches: Switches{swTies: "random"}})
		companies(t, p, 30)
		for range 3 {
			r := p.do("GET", "/companies?sort=csmScore", "")
			assert.IsNonDecreasing(t, r.numbers("csmScore"))
			out = append(out, r.names("name"))
		}
		assert.Equal(t, p.do("GET", "/companies?sort=_id", "").names("name"), p.do("GET", "/companies", "").names("name"))
		return out
	}
	first := orders()
	assert.NotEqual(t, first[0], first[1])
	assert.Equal(t, first, orders(), "repeatable")
}
