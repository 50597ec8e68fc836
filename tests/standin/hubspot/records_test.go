package hubspot_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin/hubspot"
)

const companies = "/crm/objects/2026-09/companies"

func TestListWhileRecordsAreArchived(t *testing.T) {
	c := dial(t).unlimited()
	c.Fill(hubspot.Sizes{Companies: 250})
	all := c.Records("companies")
	a := c.do("GET", companies+"?limit=100", nil)
	c.Archive("companies", all[0].ID) // of the page that was read: the next page does not shift
	c.Archive("companies", all[100].ID)
	seen := a.ids()
	for a.Paging.Next.After != "" {
		a = c.do("GET", companies+"?limit=100&after="+url.QueryEscape(a.Paging.Next.After), nil)
		seen = append(seen, a.ids()...)
	}
	assert.Len(t, seen, 249)
	assert.Equal(t, 400, c.do("GET", companies+"?limit=101", nil).status)
}

func TestPropertiesAreStringsNullOrAbsent(t *testing.T) {
	c := dial(t)
	id := c.Add("companies", map[string]string{"name": "Northwind", "numberofemployees": "12", "city": "Lund"})
	c.HideProperty("companies", "city", true)
	a := c.do("GET", companies+"/"+id+"?properties=name,numberofemployees&properties=phone&properties=city,nothing", nil)
	require.Equal(t, 200, a.status)
	text := func(p *string) string {
		if p == nil {
			return "null"
		}
		return *p
	}
	shown := map[string]string{}
	for name, value := range a.Properties {
		shown[name] = text(value)
	}
	assert.Equal(t, map[string]string{
		"name": "Northwind", "numberofemployees": "12", "phone": "null", "hs_object_id": id,
		"createdate": "2026-11-20T08:00:00Z", "hs_lastmodifieddate": "2026-11-20T08:00:00Z",
	}, shown)
	c.RenameProperty("companies", "name", "title")
	a = c.do("GET", companies+"/"+id+"?properties=name,title", nil)
	assert.NotContains(t, a.Properties, "name")
	assert.Equal(t, "Northwind", *a.Properties["title"])
}

func TestArchivedRecords(t *testing.T) {
	c := dial(t)
	kept, gone := c.Add("companies", nil), c.Add("companies", nil)
	before := c.Get("companies", gone)
	c.Clock.Advance(time.Hour)
	c.Archive("companies", gone)
	assert.Equal(t, []string{kept}, c.do("GET", companies, nil).ids())
	assert.Equal(t, []string{kept}, c.search("companies", object{}).ids())
	assert.Equal(t, 404, c.do("GET", companies+"/"+gone, nil).status)
	a := c.do("GET", companies+"?archived=true", nil)
	require.Equal(t, []string{gone}, a.ids())
	assert.True(t, a.Results[0].Archived)
	assert.Equal(t, "2026-11-20T09:00:00Z", a.Results[0].ArchivedAt)
	assert.Equal(t, "2026-11-20T08:00:00Z", *a.Results[0].Properties["hs_lastmodifieddate"])
	c.Restore("companies", gone)
	assert.Equal(t, []string{kept, gone}, c.do("GET", companies, nil).ids())
	assert.Equal(t, before, c.Get("companies", gone))
}

func TestMergedRecords(t *testing.T) {
	c := dial(t)
	kept, gone := c.Add("companies", map[string]string{"name": "A"}), c.Add("companies", map[string]string{"name": "B", "city": "Lund"})
	contact := c.Add("contacts", nil)
	c.Associate("contacts", contact, "companies", gone, hubspot.Primary)
	c.Clock.Advance(time.Hour)
	c.Merge("companies", kept, gone)
	assert.Equal(t, []string{kept}, c.do("GET", companies, nil).ids())
	assert.Empty(t, c.do("GET", companies+"?archived=true", nil).Results)
	a := c.do("GET", companies+"/"+gone+"?properties=city,name,hs_merged_object_ids", nil)
	assert.Equal(t, kept, a.ID)
	assert.Equal(t, []string{"Lund", "A", gone}, []string{*a.Properties["city"], *a.Properties["name"], *a.Properties["hs_merged_object_ids"]})
	assert.Equal(t, start.Add(time.Hour), c.Get("companies", kept).Updated)
	a = c.do("POST", "/crm/associations/2026-09/contacts/companies/batch/read", object{"inputs": []object{{"id": contact}}})
	assert.Equal(t, kept, a.Results[0].To[0].ToObjectID)
}

func TestBatchReadNamesWhatIsMissing(t *testing.T) {
	c := dial(t)
	first, second := c.Add("companies", nil), c.Add("companies", nil)
	read := func(ids ...string) answer {
		var inputs []object
		for _, id := range ids {
			inputs = append(inputs, object{"id": id})
		}
		return c.do("POST", companies+"/batch/read", object{"inputs": inputs, "properties": []string{"name"}, "propertiesWithHistory": []string{}})
	}
	a := read(second, first)
	assert.Equal(t, 200, a.status)
	assert.Equal(t, []string{first, second}, a.ids(), "not in the order of the inputs")
	a = read(second, "1", first, "2")
	assert.Equal(t, 207, a.status)
	assert.Len(t, a.Results, 2)
	assert.Equal(t, 1, a.NumErrors)
	assert.Equal(t, "OBJECT_NOT_FOUND", a.Errors[0].Category)
	assert.Equal(t, 400, read(slicesOf(first, 101)...).status)
}

func TestWritesAreChecked(t *testing.T) {
	c := dial(t)
	c.AddRule("companies", "renewal_date", func(properties map[string]string) string {
		if properties["lifecyclestage"] == "customer" && properties["renewal_date"] == "" {
			return "renewal_date is required for customers"
		}
		return ""
	})
	c.Normalize("companies", "name", strings.TrimSpace)
	id := c.Add("companies", map[string]string{"name": "Northwind"})
	c.Clock.Advance(time.Minute)
	for properties, expected := range map[string]string{
		"lifecyclestage=customer": "VALIDATION_RULE_FAILED", "lifecyclestage=nothing": "INVALID_OPTION", "nothing=1": "PROPERTY_DOESNT_EXIST",
		"hs_object_id=1": "READ_ONLY_VALUE", "annualrevenue=much": "INVALID_FLOAT", "renewal_date=soon": "INVALID_DATE",
	} {
		name, value, _ := strings.Cut(properties, "=")
		a := c.do("PATCH", companies+"/"+id, object{"properties": object{name: value}})
		assert.Equal(t, 400, a.status, properties)
		assert.Equal(t, "VALIDATION_ERROR", a.Category)
		require.Len(t, a.Errors, 1, properties)
		assert.Equal(t, expected, a.Errors[0].Code)
		assert.Contains(t, a.Message, `"name":"`+map[bool]string{true: "renewal_date", false: name}[expected == "VALIDATION_RULE_FAILED"]+`"`)
	}
	assert.Empty(t, c.Writes("companies"))
	assert.Equal(t, start, c.Get("companies", id).Updated)

	a := c.do("PATCH", companies+"/"+id, object{"properties": object{"name": " Northwind Ltd ", "city": ""}})
	require.Equal(t, 200, a.status, a.Message)
	assert.Equal(t, "Northwind Ltd", *a.Properties["name"])
	assert.Equal(t, []hubspot.Write{{At: start.Add(time.Minute), ObjectType: "companies", Kind: "update", ID: id, Properties: map[string]string{"name": " Northwind Ltd ", "city": ""}}}, c.Writes("companies"))
	assert.Equal(t, start.Add(time.Minute), c.Get("companies", id).Updated)
}

func TestBatchUpdate(t *testing.T) {
	c := dial(t)
	first, second := c.Add("companies", nil), c.Add("companies", nil)
	update := func(inputs ...object) answer {
		return c.do("POST", companies+"/batch/update", object{"inputs": inputs})
	}
	set := func(id, name string) object { return object{"id": id, "properties": object{"name": name}} }
	assert.Equal(t, 400, update(set(first, "a"), object{"id": second, "properties": object{"annualrevenue": "x"}}).status)
	assert.Equal(t, 400, update(set(first, "a"), set(first, "b")).status)
	assert.Empty(t, c.Writes("companies"), "a batch with a refused value changes nothing")
	a := update(set(first, "a"), set("1", "b"), set(second, "c"))
	assert.Equal(t, 207, a.status)
	assert.Len(t, a.Results, 2)
	assert.Equal(t, "c", c.Get("companies", second).Properties["name"])
}

func TestContactsAreUniqueByEmail(t *testing.T) {
	c := dial(t)
	create := func() answer {
		return c.do("POST", "/crm/objects/2026-09/contacts", object{"properties": object{"email": "a@b.example"}})
	}
	first := create()
	require.Equal(t, 201, first.status)
	a := create()
	assert.Equal(t, 409, a.status)
	assert.Contains(t, a.Message, first.ID)
}

func TestAssociationsPagePerInput(t *testing.T) {
	c := dial(t)
	c.Configure(func(s *hubspot.Settings) { s.AssociationPage = 2 })
	many, none := c.Add("contacts", nil), c.Add("contacts", nil)
	var ids []string
	for i := range 3 {
		ids = append(ids, c.Add("companies", map[string]string{"name": fmt.Sprint(i)}))
		c.Associate("contacts", many, "companies", ids[i])
	}
	c.Associate("contacts", many, "companies", ids[2], hubspot.Primary, hubspot.Label{TypeID: 38, Category: "USER_DEFINED", Name: "Billing"})
	read := func(inputs ...object) answer {
		return c.do("POST", "/crm/associations/2026-09/contacts/companies/batch/read", object{"inputs": inputs})
	}
	a := read(object{"id": many}, object{"id": none}, object{"id": "7"}, object{"id": "8"})
	assert.Equal(t, 207, a.status)
	require.Len(t, a.Results, 1)
	assert.Len(t, a.Results[0].To, 2)
	require.Len(t, a.Errors, 2)
	assert.Equal(t, "crm.associations.NO_ASSOCIATIONS_FOUND", a.Errors[0].SubCategory)
	assert.Empty(t, a.Errors[1].SubCategory)
	a = read(object{"id": many, "after": a.Results[0].Paging.Next.After})
	assert.Equal(t, 200, a.status)
	require.Len(t, a.Results[0].To, 1)
	assert.Empty(t, a.Results[0].Paging.Next.After)
	assert.Equal(t, ids[2], a.Results[0].To[0].ToObjectID)
	var labels []string
	for _, l := range a.Results[0].To[0].AssociationTypes {
		name := "null"
		if l.Label != nil {
			name = *l.Label
		}
		labels = append(labels, fmt.Sprint(l.TypeID, " ", name))
	}
	assert.Equal(t, []string{"1 Primary", "38 Billing", "279 null"}, labels)
	assert.Equal(t, 400, read(slicesOf(object{"id": many}, 1001)...).status)
	assert.Equal(t, 200, read(slicesOf(object{"id": many}, 1000)...).status)
	c.Archive("companies", ids[0])
	a = read(object{"id": many})
	require.Len(t, a.Results[0].To, 2)
	assert.Equal(t, ids[1], a.Results[0].To[0].ToObjectID, "archived records are not associated")
	c.Configure(func(s *hubspot.Settings) { s.DropAssociations = []string{many} })
	assert.Empty(t, read(object{"id": many}).Results)
}

func TestOwnersAndTheirArchive(t *testing.T) {
	c := dial(t)
	c.Fill(hubspot.Sizes{Owners: 7})
	a := c.do("GET", "/crm/owners/2026-09?limit=4", nil)
	assert.Len(t, a.Results, 4)
	a = c.do("GET", "/crm/owners/2026-09?limit=4&after="+a.Paging.Next.After, nil)
	assert.Len(t, a.Results, 2)
	assert.Empty(t, a.Paging.Next.After)
	a = c.do("GET", "/crm/owners/2026-09?archived=true", nil)
	require.Len(t, a.Results, 1)
	assert.Equal(t, "owner5@example.com", a.Results[0].Email)
}

func TestLargePagesTimeOut(t *testing.T) {
	c := dial(t)
	c.Fill(hubspot.Sizes{Companies: 30})
	c.Configure(func(s *hubspot.Settings) { s.LargestPage = 25 })
	response, err := c.get(companies + "?limit=26")
	require.NoError(t, err)
	assert.Equal(t, 504, response)
	assert.Len(t, c.do("GET", companies+"?limit=25", nil).Results, 25)
}
