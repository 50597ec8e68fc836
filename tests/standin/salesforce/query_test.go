package salesforce_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin/salesforce"
)

func TestIdsHaveTheVendorsChecksum(t *testing.T) {
	// Published pairs, and one whose every letter is a capital.
	for short, long := range map[string]string{"001R00000033JNu": "001R00000033JNuIAM", "750R0000000zxr8": "750R0000000zxr8IAA", "AAAAAAAAAAAAAAA": "AAAAAAAAAAAAAAA555"} {
		assert.Equal(t, long, salesforce.Long(short))
		assert.Equal(t, short, salesforce.Short(long))
	}
	assert.Equal(t, "001R00000033JNuIAM", salesforce.Long("001R00000033JNuIAM"))
}

func TestQueries(t *testing.T) {
	c := dial(t)
	owner := c.Add("User", salesforce.Values{"Email": "kim@ours.example"})
	a := c.Add("Account", salesforce.Values{"Name": "O'Hara", "OwnerId": owner, "AnnualRevenue": 12000})
	c.Clock.Advance(time.Hour)
	b := c.Add("Account", salesforce.Values{"Name": "Beta", "Type": "Other"})
	d := c.Add("Account", salesforce.Values{"Name": "gamma"})
	for where, expected := range map[string][]string{
		"":                        {a, b, d},
		"WHERE Name = 'beta'":     {b},
		`WHERE Name='O\'Hara'`:    {a},
		"WHERE Name LIKE '%AM_%'": {d},
		"WHERE Type = null":       {a, d},
		"WHERE Type != 'Other'":   {a, d}, // null differs from a value
		"WHERE AnnualRevenue>=12000 AND AnnualRevenue < 12000.5":                            {a},
		"WHERE SystemModstamp >= 2026-11-20T09:00:00Z":                                      {b, d},
		"WHERE SystemModstamp < 2026-11-20T10:00:00+01:00":                                  {a},
		"WHERE Id > '" + a + "' AND (Name = 'Beta' OR Name = 'O\\'Hara')":                   {b},
		"WHERE Id IN ('" + salesforce.Short(d) + "', '" + a + "')":                          {a, d},
		"WHERE NOT (Name = 'Beta')":                                                         {a, d},
		"WHERE Owner.Email = 'kim@ours.example' AND IsDeleted = false":                      {a},
		"WHERE Id > '" + salesforce.Short(a) + "' AND Id<= '" + b + "' AND IsDeleted=false": {b},
	} {
		assert.Equal(t, expected, c.ids("/query", "SELECT Id FROM Account "+where+" ORDER BY Id"), where)
	}
	assert.Equal(t, []string{d}, c.ids("/query", "select Id from account order by SystemModstamp desc, Id desc limit 1"))

	record := c.query("SELECT Id, Name, AnnualRevenue, IsDeleted, SystemModstamp, Owner.Email FROM Account WHERE Id = '" + a + "'").object(t)["records"].([]any)[0]
	assert.Equal(t, map[string]any{
		"attributes": map[string]any{"type": "Account", "url": data + "/sobjects/Account/" + a}, "Id": a, "Name": "O'Hara", "AnnualRevenue": 12000.0, "IsDeleted": false,
		"SystemModstamp": "2026-11-20T08:00:00.000+0000", "Owner": map[string]any{"attributes": map[string]any{"type": "User", "url": data + "/sobjects/User/" + owner}, "Email": "kim@ours.example"},
	}, record)
	assert.Contains(t, c.query("SELECT Id, Owner.Email FROM Account WHERE Id = '"+b+"'").text, `"Owner":null`)
	assert.EqualValues(t, 3, c.query("SELECT COUNT() FROM Account").object(t)["totalSize"])
}

func TestQueryErrors(t *testing.T) {
	c := dial(t)
	c.HideField("Account", "Industry", true)
	for soql, expected := range map[string]string{
		"SELECT Id, Nothing__c FROM Account":                                   "INVALID_FIELD No such column 'Nothing__c' on entity 'Account'",
		"SELECT Id, Industry FROM Account":                                     "INVALID_FIELD No such column 'Industry' on entity 'Account'",
		"SELECT Id FROM Account WHERE Industry = 'x'":                          "INVALID_FIELD No such column 'Industry'",
		"SELECT Boss.Email FROM Account":                                       "INVALID_FIELD Didn't understand relationship 'Boss'",
		"SELECT Owner.Nothing FROM Account":                                    "INVALID_FIELD No such column 'Nothing' on entity 'User'",
		"SELECT Id, id FROM Account":                                           "INVALID_FIELD duplicate field selected: id",
		"SELECT Id FROM Nothing":                                               "INVALID_TYPE sObject type 'Nothing'",
		"SELECT Id FROM Account WHERE":                                         "MALFORMED_QUERY unexpected token",
		"SELECT Id FROM Account WHERE Name = 'x":                               "MALFORMED_QUERY unexpected token",
		"SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'": "MALFORMED_QUERY unexpected token: 'OR",
		"SELECT Id FROM Account WHERE SystemModstamp > '2026-11-20T08:00:00Z'": "INVALID_FIELD must be of type dateTime",
		"SELECT Id FROM Account WHERE IsDeleted = 'true'":                      "INVALID_FIELD must be of type boolean",
		"SELECT Id FROM Account WHERE Id > '0'":                                "INVALID_QUERY_FILTER_OPERATOR invalid ID field: 0",
	} {
		a := c.query(soql)
		code, message := a.refused(t)
		assert.Equal(t, 400, a.status)
		wanted, words, _ := strings.Cut(expected, " ")
		assert.Equal(t, wanted, code, soql)
		assert.Contains(t, message, words, soql)
	}
	assert.NotContains(t, c.do("GET", data+"/sobjects/Account/describe", nil).text, "Industry")
	assert.Contains(t, c.do("GET", data+"/sobjects/Account/describe", nil).text, `"value":"Customer - Direct"`)
}

func TestPagesOfQueries(t *testing.T) {
	c := dial(t)
	var ids []string
	for i := range 450 {
		ids = append(ids, c.Add("Contact", salesforce.Values{"LastName": fmt.Sprint(i)}))
	}
	assert.EqualValues(t, true, c.query("SELECT Id FROM Contact").object(t)["done"], "450 are less than 2,000")
	c.header.Set("Sforce-Query-Options", "batchSize=50")
	first := c.query("SELECT Id, LastName FROM Contact ORDER BY Id").object(t)
	require.Len(t, first["records"], 200, "the least that the vendor accepts")
	assert.EqualValues(t, 450, first["totalSize"])
	c.Delete("Contact", ids[210])
	c.Update("Contact", ids[220], salesforce.Values{"LastName": "touched"})
	second := c.do("GET", first["nextRecordsUrl"].(string), nil)
	assert.Len(t, second.object(t)["records"], 199)
	assert.Contains(t, second.text, "touched")
	third := c.do("GET", second.object(t)["nextRecordsUrl"].(string), nil).object(t)
	assert.Equal(t, true, third["done"])
	assert.Len(t, third["records"], 50)

	c.Configure(func(s *salesforce.Settings) { s.Cursors = 1 })
	next := c.query("SELECT Id FROM Contact").object(t)["nextRecordsUrl"].(string)
	c.query("SELECT Id FROM Contact")
	code, message := c.do("GET", next, nil).refused(t)
	assert.Equal(t, "INVALID_QUERY_LOCATOR invalid query locator", code+" "+message)
}

func TestDeletedMergedAndArchivedRecords(t *testing.T) {
	c := dial(t)
	account, other := c.Add("Account", nil), c.Add("Account", nil)
	contact, moved := c.Add("Contact", salesforce.Values{"AccountId": account}), c.Add("Contact", salesforce.Values{"AccountId": other})
	c.Clock.Advance(time.Hour)
	kept := c.Add("Account", nil)
	c.Delete("Account", account)
	c.Merge("Account", kept, other)
	assert.Equal(t, []string{kept}, c.ids("/query", "SELECT Id FROM Account"))
	const gone = "SELECT Id FROM Account WHERE IsDeleted = true AND SystemModstamp >= 2026-11-20T09:00:00Z ORDER BY Id"
	assert.Equal(t, []string{account, other}, c.ids("/queryAll", gone))
	assert.Empty(t, c.ids("/query", gone))
	assert.Equal(t, []string{contact}, c.ids("/queryAll", "SELECT Id FROM Contact WHERE IsDeleted = true"))
	assert.Equal(t, kept, c.Get("Contact", moved).Values["AccountId"])

	list := func(from, to string) answer {
		return c.do("GET", data+"/sobjects/Account/deleted/?start="+from+"&end="+to, nil)
	}
	assert.Len(t, list("2026-11-20T08:00:00Z", "2026-11-20T10:00:00Z").object(t)["deletedRecords"], 2)
	assert.Empty(t, list("2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z").object(t)["deletedRecords"])
	for _, bad := range [][2]string{{"2026-11-20T08:00:00Z", "2026-11-20T08:01:00Z"}, {"2026-10-01T00:00:00Z", "2026-11-20T08:01:00Z"}} {
		code, _ := list(bad[0], bad[1]).refused(t)
		assert.Equal(t, "INVALID_REPLICATION_DATE", code)
	}
	c.Clock.Advance(16 * 24 * time.Hour)
	c.token = c.Token()
	assert.Empty(t, list("2026-11-20T08:00:00Z", "2026-12-06T09:00:00Z").object(t)["deletedRecords"], "older than 15 days")
	c.Undelete("Account", account)
	assert.Equal(t, []string{account, kept}, c.ids("/query", "SELECT Id FROM Account ORDER BY Id"))
	c.Purge("Account", other)
	assert.Equal(t, []string{account, kept}, c.ids("/queryAll", "SELECT Id FROM Account ORDER BY Id"))

	task := c.Add("Task", salesforce.Values{"ActivityDate": "2025-01-10", "IsClosed": true})
	assert.Empty(t, c.ids("/query", "SELECT Id FROM Task"))
	assert.Equal(t, []string{task}, c.ids("/queryAll", "SELECT Id FROM Task WHERE IsArchived = true"))
}
