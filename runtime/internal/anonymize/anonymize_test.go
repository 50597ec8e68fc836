package anonymize

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/planhat/catalog"
)

func TestTextsThatBelongTogetherStillDo(t *testing.T) {
	m := New([]byte("one"))
	assert.Equal(t, m.Name("Ada")+" "+m.Name("Lovelace"), m.Name("Ada Lovelace"))
	assert.Equal(t, m.Name("Ada Lovelace"), m.Name("Ada  Lovelace"))
	assert.Equal(t, strings.ToLower(m.Name("ACME Ltd")), m.Name("acme ltd"))
	assert.Equal(t, strings.ReplaceAll(m.Name("acme ltd"), " ", "-"), m.Slug("Acme, Ltd."))
	assert.Equal(t, m.Email("Ada@Acme.test"), m.Email(" ada@acme.test"))
	assert.True(t, strings.HasSuffix(m.Email("ada@acme.test"), "@"+m.Domain("ACME.test")))
	assert.Equal(t, "https://www."+m.Domain("acme.test"), m.URL("https://www.acme.test/"))
	assert.Equal(t, m.Email("ada@acme.test"), m.Key("ada@acme.test"), "addresses are ids, too")
	assert.Equal(t, m.Domain("acme.test"), m.Key("acme.test"))
	assert.Equal(t, "extid-"+m.Key("A-1"), m.Key("extid-A-1"))
	assert.Equal(t, m.Key("A-1"), m.Text("A-1"), "the id of another record in a custom field")
	assert.Len(t, strings.Fields(m.Text("Call her about the renewal")), 5)
	assert.Regexp(t, `^<p>\w+ \w+</p>$`, m.Text("<p>Hello <b>Ada</b></p>"))
	assert.Regexp(t, `^\+\d\d \(\d\) \d{3}-\d{4}$`, m.Phone("+46 (0) 123-4567"))
	assert.NotEqual(t, m.Name("Ada"), New([]byte("two")).Name("Ada"), "the key decides")
	assert.NotEqual(t, m.Fingerprint(), New([]byte("two")).Fingerprint())
}

func TestNothingOfATextIsLeft(t *testing.T) {
	m := New([]byte("key"))
	for name, mask := range map[string]func(string) string{
		"name": m.Name, "slug": m.Slug, "email": m.Email, "domain": m.Domain, "key": m.Key, "url": m.URL, "text": m.Text, "hash": m.Hash,
	} {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			word := rapid.StringMatching(`[A-Za-z0-9åäöé]{12,20}`).Draw(t, "word")
			given := rapid.SampledFrom([]string{
				"%", "% and %", "%@%.test", "https://%:%@%.test:80/%?q=%#%", "http://h.test/%", "www.%.test", "<p>%</p>", "extid-%", " %\n%", "mailto:%@%", "//%/%", "%.%",
			}).Draw(t, "form")
			out := mask(strings.ReplaceAll(given, "%", word))
			if strings.Contains(strings.ToLower(out), strings.ToLower(word)) {
				t.Fatalf("%s", out)
			}
			if again := mask(strings.ReplaceAll(given, "%", word)); again != out {
				t.Fatalf("%s, then %s", out, again)
			}
		}))
	}
	t.Run("phone", rapid.MakeCheck(func(t *rapid.T) {
		number := rapid.StringMatching(`[+]?[0-9 ()./-]{0,4}[0-9]{1,80}`).Draw(t, "number")
		if out := m.Phone(number); out == number || len(out) != len(number) {
			t.Fatalf("%s", out)
		}
	}))
}

func TestDistinctIdsStayDistinct(t *testing.T) {
	m := New([]byte("key"))
	seen := map[string]bool{}
	const ids = 50_000
	for i := range ids {
		id := strconv.Itoa(i)
		seen[m.Key(id)], seen[m.Email(id+"@a.test")], seen[m.Domain(id+"x.test")] = true, true, true
	}
	assert.Len(t, seen, 3*ids)
}

func TestValuesOfRecords(t *testing.T) {
	company, person := catalog.Load().With(catalog.Account), catalog.Load().With(catalog.Person)
	r := NewRecords(New([]byte("key")), []string{"city"})
	require.NoError(t, r.Define([]byte(`{"name":"Plan","type":"multipicklist","parent":"Company","listValues":["Pro","Free"]}`)))
	mask := func(m *catalog.Model, property, value string) string {
		out, err := r.Property(m, property, []byte(value))
		require.NoError(t, err)
		return string(out)
	}
	for property, value := range map[string]string{
		"_id": `"5f0000000000000000000001"`, "owner": `"5f0000000000000000000002"`, "mrr": `12.50`, "phase": `"Onboarding"`, "status": `"customer"`,
		"createDate": `"2026-01-02T03:04:05.000Z"`, "city": `"Paris"`, "h": `9007199254740993`, "followers": `["5f0000000000000000000003"]`, "externalId": `null`,
		"lastTouchByType": `{"call":"2026-01-02T03:04:05.000Z"}`,
	} {
		assert.Equal(t, value, mask(company, property, value), property)
	}
	for property, value := range map[string]string{
		"phase": `"Ada asked us to wait until the board has met again"`, "status": `"ada@acme.test"`, "country": `"France"`, "externalId": `77001122`,
		"createDate": `"on Ada's birthday"`, "owner": `"Ada Lovelace"`, "alerts": `["Ada called"]`, "links": `[{"name":"Ada","url":"https://acme.test/ada"}]`,
		"description": `"5f0000000000000000000001"`,
	} {
		out := mask(company, property, value)
		assert.NotContains(t, out, "Ada", property)
		assert.NotEqual(t, value, out, property)
	}
	assert.Equal(t, `{"Plan":["Pro"],"Seats":3,"VIP":true}`, mask(company, "custom", `{"VIP":true,"Seats":3,"Plan":["Pro"]}`))
	assert.NotContains(t, mask(company, "custom", `{"Plan":["Ada's"]}`), "Ada")
	assert.NotContains(t, mask(person, "custom", `{"Plan":["Pro"]}`), "Pro", "the field is another model's")
	assert.Empty(t, r.Unused())
}
