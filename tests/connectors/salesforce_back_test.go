package connectors

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/salesforce"
)

// Fields are written in collections, and each record that is refused has its reason.
func TestSalesforceBack(t *testing.T) {
	o := newOrg(t)
	o.AddField("Account", salesforce.Field{Name: "Health__c", Type: "double", Scale: 2})
	o.AddField("Account", salesforce.Field{Name: "Renewal__c", Type: "date"})
	o.AddField("Account", salesforce.Field{Name: "Locked__c", Type: "string", ReadOnly: true})
	o.AddRule("Account", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Health is at most 10", "Health__c", func(v salesforce.Values) bool { n, _ := v["Health__c"].(float64); return n > 10 })
	require.NoError(t, o.planhat.Put("company", map[string]any{"name": "From elsewhere", "sourceId": "zd-1", "custom": map[string]any{"Health": 3.0}}))
	var ids []string
	for i := range 450 {
		ids = append(ids, o.Add("Account", salesforce.Values{"Name": "A" + strconv.Itoa(i)}))
	}
	o.clock.Advance(time.Hour)
	const options = `{ streams = { "accounts" }, back = { accounts = { Health__c = "custom.Health", Renewal__c = "custom.Renewal" } } }`
	o.must(t, options)
	assert.Empty(t, o.Writes("Account"))
	companies := o.records("company", "sourceId")
	for i, id := range ids {
		record := companies[id]
		record["custom"] = map[string]any{"Health": 7.123 + float64(i%3)*2, "Renewal": "2026-12-01T00:00:00.000Z"} // every third is 11.123
		require.NoError(t, o.planhat.Put("company", record))
	}
	did := o.must(t, options)
	counts := did["accounts"]["back"].(map[string]any)
	assert.EqualValues(t, 300, counts["written"], o.log.String())
	assert.EqualValues(t, 150, counts["refused"])
	assert.Len(t, o.Writes("Account"), 300)
	assert.Equal(t, salesforce.Values{"Health__c": 7.12, "Renewal__c": "2026-12-01"}, o.Writes("Account")[0].Values)
	assert.Equal(t, 3, o.Log.Count(standin.Is("PATCH", "/composite/sobjects")), "450 in collections of 200")
	require.NotEmpty(t, o.rejected)
	assert.Contains(t, o.rejected[0].Message, "FIELD_CUSTOM_VALIDATION_EXCEPTION: Health is at most 10 (Health__c)")
	for range 3 {
		o.clock.Advance(time.Hour)
		o.must(t, options)
	}
	assert.Len(t, o.Writes("Account"), 300, "what was written is not written again")
	for field, expected := range map[string]string{"Nothing__c": "does not exist", "Locked__c": "cannot be written"} {
		_, err := o.sync(t, `{ streams = { "accounts" }, back = { accounts = { `+field+` = "custom.Health" } } }`)
		assert.ErrorContains(t, err, expected)
	}
}

// Owners are written as the users of Salesforce with the same e-mail address.
func TestSalesforceBackOwner(t *testing.T) {
	o := newOrg(t)
	o.AddField("Account", salesforce.Field{Name: "Planhat_Owner__c", Type: "string"})
	kim := o.Add("User", salesforce.Values{"Email": "Kim@ours.example", "IsActive": true})
	o.Add("User", salesforce.Values{"Email": "gone@ours.example", "IsActive": false})
	require.NoError(t, o.planhat.Put("user", map[string]any{"_id": "5f1e1e1e1e1e1e1e1e1e1e01", "email": "kim@ours.example"}))
	require.NoError(t, o.planhat.Put("user", map[string]any{"_id": "5f1e1e1e1e1e1e1e1e1e1e02", "email": "gone@ours.example"}))
	known, other := o.Add("Account", salesforce.Values{"Name": "Northwind"}), o.Add("Account", salesforce.Values{"Name": "Acme"})
	o.clock.Advance(time.Hour)
	const options = `{ streams = { "accounts" }, map = { accounts = { owner = false } }, back = { accounts = { OwnerId = "owner", Planhat_Owner__c = "owner" } } }`
	o.must(t, options)
	for id, user := range map[string]string{known: "5f1e1e1e1e1e1e1e1e1e1e01", other: "5f1e1e1e1e1e1e1e1e1e1e02"} {
		record := o.records("company", "sourceId")[id]
		record["owner"] = user
		require.NoError(t, o.planhat.Put("company", record))
	}
	o.must(t, options)
	values := map[string]salesforce.Values{}
	for _, write := range o.Writes("Account") {
		values[write.ID] = write.Values
	}
	assert.Equal(t, salesforce.Values{"OwnerId": kim, "Planhat_Owner__c": "kim@ours.example"}, values[known])
	assert.Equal(t, salesforce.Values{"Planhat_Owner__c": "gone@ours.example"}, values[other])
	require.Len(t, o.rejected, 1)
	assert.Contains(t, o.rejected[0].Message, "Salesforce has no active user with the e-mail address gone@ours.example")
	_, err := o.sync(t, `{ streams = { "accounts" }, back = { accounts = { OwnerId = "owner" } } }`)
	assert.ErrorContains(t, err, "also written back")
}

// A token that ends between two pages is renewed, and each refusal says what to do.
func TestSalesforceErrors(t *testing.T) {
	o := newOrg(t)
	o.Configure(func(s *salesforce.Settings) { s.LargestPage = 200 })
	for i := range 1000 {
		o.Add("Account", salesforce.Values{"Name": "A" + strconv.Itoa(i)})
	}
	o.clock.Advance(time.Hour)
	pages := 0
	o.Before(func(r *standin.Request) {
		if pages++; pages == 4 {
			o.OAuth.ExpireAccess()
		}
	})
	o.Faults.On(standin.Is("GET", "/query"), 1, salesforce.Unavailable())
	did := o.must(t, `{ streams = { "accounts" } }`)
	assert.EqualValues(t, 1000, did["accounts"]["read"])

	o.Configure(func(s *salesforce.Settings) { s.Daily = o.Log.Count(nil) + 4 })
	o.start(t)
	_, err := o.sync(t, `{ streams = { "accounts" } }`)
	require.ErrorContains(t, err, "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded")
	assert.Contains(t, hintOf(err), "run it again later")
	o.clock.Advance(25 * time.Hour)
	did = o.must(t, `{ streams = { "accounts" } }`)
	assert.Less(t, accounts(did, "read"), 1000, "it continues")

	o.start(t)
	o.Configure(func(s *salesforce.Settings) { s.Daily, s.NoUser = 0, true })
	_, err = o.sync(t, `{ streams = { "accounts" } }`)
	require.ErrorContains(t, err, "no client credentials user enabled")
	delete(o.variables, "SALESFORCE_CLIENT_SECRET")
	o.start(t)
	_, err = o.sync(t, `{ streams = { "accounts" } }`)
	require.ErrorContains(t, err, "Salesforce: set SALESFORCE_CLIENT_SECRET for OAuth; or ")
	o.variables = map[string]string{"SALESFORCE_TOKEN": "old"}
	o.start(t)
	_, err = o.sync(t, `{ streams = { "accounts" } }`)
	require.ErrorContains(t, err, "INVALID_SESSION_ID")
}

func TestSalesforceIDs(t *testing.T) {
	o := newOrg(t)
	result, err := o.runtime.Run(t.Context(), runtime.Script{Name: "ids.lua", Source: []byte(`
		local id = require("connectors.salesforce").id
		return { id("001R00000033JNu"), id("750R0000000zxr8"), id("001R00000033JNuIAM"), id("zd-1"), id("zd-123456789012") }`)})
	require.NoError(t, err)
	assert.Equal(t, []any{"001R00000033JNuIAM", "750R0000000zxr8IAA", "001R00000033JNuIAM", "zd-1", "zd-123456789012"}, result.Values[0])
}

// An assertion that a private key signs works in place of the secret.
func TestSalesforceByKey(t *testing.T) {
	o := newOrg(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	o.clock.Set(time.Now()) // assertions are signed with the real time
	o.Certify(&key.PublicKey)
	o.AddAt("Account", time.Now().Add(-time.Hour), salesforce.Values{"Name": "Northwind"})
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	o.variables = map[string]string{"SALESFORCE_CLIENT_ID": salesforce.ClientID, "SALESFORCE_PRIVATE_KEY": string(text)}
	o.start(t)
	did := o.must(t, `{ streams = { "accounts" }, settings = { username = "`+salesforce.Username+`" } }`)
	assert.EqualValues(t, 1, did["accounts"]["created"])
	assert.NotContains(t, o.log.String(), "PRIVATE KEY")
}
