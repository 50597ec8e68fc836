package salesforce_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin/salesforce"
)

type object = map[string]any

func TestVersions(t *testing.T) {
	c := dial(t)
	for path, expected := range map[string]string{
		"/services/data/v30.0/limits": "410 UNSUPPORTED_API_VERSION", "/services/data/v21.0/anything": "410 UNSUPPORTED_API_VERSION",
		"/services/data/v69.0/limits": "404 NOT_FOUND", "/services/data/v68/limits": "404 NOT_FOUND", data + "/nothing": "404 NOT_FOUND", data + "/sobjects/Nothing/describe": "404 NOT_FOUND",
	} {
		a := c.do("GET", path, nil)
		code, _ := a.refused(t)
		assert.Equal(t, expected, fmt.Sprint(a.status, " ", code), path)
	}
	assert.Equal(t, 200, c.do("GET", "/services/data/v31.0/limits", nil).status)
	c.token = ""
	assert.Contains(t, c.do("GET", "/services/data/", nil).text, `"version":"68.0"`)
}

func TestLimits(t *testing.T) {
	c := dial(t)
	c.Configure(func(s *salesforce.Settings) { s.Daily = 2 })
	assert.Equal(t, "api-usage=1/2", c.do("GET", data+"/limits", nil).header.Get("Sforce-Limit-Info"))
	assert.EqualValues(t, 0, c.do("GET", data+"/limits", nil).object(t)["DailyApiRequests"].(object)["Remaining"])
	a := c.query("SELECT Id FROM Account")
	code, _ := a.refused(t)
	assert.Equal(t, "403 REQUEST_LIMIT_EXCEEDED", fmt.Sprint(a.status, " ", code))
	c.Clock.Advance(24 * time.Hour)
	c.token = c.Token()
	assert.Equal(t, 200, c.query("SELECT Id FROM Account").status)
	c.Faults.On(nil, 1, salesforce.Unavailable())
	a = c.query("SELECT Id FROM Account")
	code, _ = a.refused(t)
	assert.Equal(t, "503 SERVER_UNAVAILABLE", fmt.Sprint(a.status, " ", code))
}

func TestTokens(t *testing.T) {
	c := dial(t)
	ask := func(form url.Values) answer { return c.do("POST", "/services/oauth2/token", form) }
	own := url.Values{"grant_type": {"client_credentials"}, "client_id": {salesforce.ClientID}, "client_secret": {salesforce.ClientSecret}}
	a := ask(own)
	require.Equal(t, 200, a.status, a.text)
	assert.Equal(t, c.url, a.object(t)["instance_url"])
	assert.NotContains(t, a.text, "expires_in")
	assert.NotContains(t, a.text, "refresh_token")
	c.token = a.object(t)["access_token"].(string)
	assert.Equal(t, 200, c.query("SELECT Id FROM Account").status)
	c.Clock.Advance(2 * time.Hour)
	a = c.query("SELECT Id FROM Account")
	code, _ := a.refused(t)
	assert.Equal(t, "401 INVALID_SESSION_ID", fmt.Sprint(a.status, " ", code))

	c.Configure(func(s *salesforce.Settings) { s.NoUser = true })
	assert.Contains(t, ask(own).text, "no client credentials user enabled")
	own.Set("client_secret", "wrong")
	c.Configure(func(s *salesforce.Settings) { s.NoUser = false })
	assert.Contains(t, ask(own).text, `"invalid_client"`)

	c.OAuth.Rotate = true
	refresh := url.Values{"grant_type": {"refresh_token"}, "client_id": {salesforce.ClientID}, "client_secret": {salesforce.ClientSecret}, "refresh_token": {c.Install().Refresh}}
	a = ask(refresh)
	assert.NotEqual(t, refresh.Get("refresh_token"), a.object(t)["refresh_token"])
	assert.Contains(t, ask(refresh).text, "expired access/refresh token", "it works once")
}

func TestAssertions(t *testing.T) {
	c := dial(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	c.Certify(&key.PublicKey)
	ask := func(change func(object)) answer {
		claims := object{"iss": salesforce.ClientID, "sub": salesforce.Username, "aud": "https://login.salesforce.com", "exp": start.Add(3 * time.Minute).Unix()}
		change(claims)
		text, err := json.Marshal(claims)
		require.NoError(t, err)
		signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(text)
		sum := sha256.Sum256([]byte(signed))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		require.NoError(t, err)
		return c.do("POST", "/services/oauth2/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {signed + "." + base64.RawURLEncoding.EncodeToString(signature)}})
	}
	a := ask(func(object) {})
	require.Equal(t, 200, a.status, a.text)
	c.token = a.object(t)["access_token"].(string)
	assert.Equal(t, 200, c.query("SELECT Id FROM Account").status)
	for name, value := range map[string]any{"iss": "x", "sub": "x", "aud": c.url, "exp": start.Add(6 * time.Minute).Unix()} {
		a := ask(func(claims object) { claims[name] = value })
		assert.Contains(t, a.text, "invalid_grant", name)
	}
	assert.Equal(t, 400, ask(func(claims object) { claims["exp"] = start.Unix() }).status)
}

func TestBulkQueries(t *testing.T) {
	c := dial(t)
	for i := range 5 {
		c.Add("Opportunity", salesforce.Values{"Name": fmt.Sprintf("say \"%d\",\nplease", i), "Amount": 12000, "CloseDate": "2026-12-15"})
	}
	job := object{"operation": "query", "query": "SELECT Id, Name, Amount, CloseDate, IsWon, Owner.Email, SystemModstamp FROM Opportunity ORDER BY Id"}
	a := c.do("POST", data+"/jobs/query", job)
	require.Equal(t, 200, a.status, a.text)
	assert.Equal(t, "UploadComplete", a.object(t)["state"])
	path := data + "/jobs/query/" + a.object(t)["id"].(string)
	assert.Equal(t, 400, c.do("GET", path+"/results", nil).status, "not complete")
	assert.Equal(t, 400, c.do("DELETE", path, nil).status, "not complete")
	assert.Equal(t, "InProgress", c.do("GET", path, nil).object(t)["state"])
	c.do("GET", path, nil)
	state := c.do("GET", path, nil).object(t)
	assert.Equal(t, "JobComplete", state["state"])
	assert.EqualValues(t, 5, state["numberRecordsProcessed"])

	var sets []string
	locator := ""
	for locator != "null" {
		query := "?maxRecords=2"
		if locator != "" {
			query += "&locator=" + locator
		}
		a := c.do("GET", path+"/results"+query, nil)
		require.Equal(t, 200, a.status, a.text)
		assert.True(t, strings.HasPrefix(a.text, `"Id","Name","Amount","CloseDate","IsWon","Owner.Email","SystemModstamp"`+"\n"), a.text)
		sets = append(sets, a.header.Get("Sforce-NumberOfRecords"))
		locator = a.header.Get("Sforce-Locator")
		if len(sets) == 1 {
			assert.Contains(t, a.text, "\"say \"\"0\"\",\nplease\",\"12000.0\",\"2026-12-15\",\"false\",\"\",\"2026-11-20T08:00:00.000Z\"\n")
		}
	}
	assert.Equal(t, []string{"2", "2", "1"}, sets)
	assert.Equal(t, 409, c.do("GET", strings.Replace(path, "68.0", "67.0", 1)+"/results", nil).status)
	assert.Equal(t, 204, c.do("DELETE", path, nil).status)
	assert.Equal(t, 404, c.do("GET", path, nil).status)

	c.Configure(func(s *salesforce.Settings) { s.FailJobs, s.JobPolls = 1, 0 })
	path = data + "/jobs/query/" + c.do("POST", data+"/jobs/query", job).object(t)["id"].(string)
	assert.Equal(t, "Failed", c.do("GET", path, nil).object(t)["state"])
	job["query"] = "SELECT Nothing FROM Account"
	code, _ := c.do("POST", data+"/jobs/query", job).refused(t)
	assert.Equal(t, "INVALID_FIELD", code)
}

func TestCollections(t *testing.T) {
	c := dial(t)
	c.AddField("Account", salesforce.Field{Name: "Health__c", Type: "double", Scale: 2})
	c.AddField("Account", salesforce.Field{Name: "Phase__c", Type: "picklist", Values: []string{"Live"}, Restricted: true})
	c.AddRule("Account", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "Health is at most 10", "Health__c", func(v salesforce.Values) bool { n, _ := v["Health__c"].(float64); return n > 10 })
	c.AddRule("Account", "DUPLICATES_DETECTED", "Use one of these records?", "Name", func(v salesforce.Values) bool { return v["Name"] == "Twin" })
	var ids []string
	for range 4 {
		ids = append(ids, c.Add("Account", nil))
	}
	c.Delete("Account", ids[3])
	c.Clock.Advance(time.Minute)
	update := func(all bool, records ...object) (results []struct {
		ID      string
		Success bool
		Errors  []struct{ StatusCode, Message string }
	}) {
		for _, r := range records {
			r["attributes"] = object{"type": "Account"}
		}
		a := c.do("PATCH", data+"/composite/sobjects", object{"allOrNone": all, "records": records})
		require.Equal(t, 200, a.status, a.text)
		require.NoError(t, json.Unmarshal([]byte(a.text), &results))
		require.Len(t, results, len(records))
		return results
	}
	var got []string
	for _, r := range update(false, object{"id": ids[0], "Health__c": 7.126}, object{"id": ids[1], "Health__c": 11}, object{"id": ids[1], "Name": "Twin"},
		object{"id": ids[2], "Phase__c": "Nothing"}, object{"id": ids[3], "Name": "x"}, object{"id": ids[2], "IsDeleted": true}, object{"id": "001", "Name": "x"}, object{"id": salesforce.Short(ids[2]), "Name": "N"}) {
		if r.Success {
			got = append(got, r.ID)
		} else {
			got = append(got, r.Errors[0].StatusCode)
		}
	}
	assert.Equal(t, []string{ids[0], "FIELD_CUSTOM_VALIDATION_EXCEPTION", "DUPLICATES_DETECTED", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "ENTITY_IS_DELETED", "INVALID_FIELD_FOR_INSERT_UPDATE", "MALFORMED_ID", ids[2]}, got)
	assert.Equal(t, 7.13, c.Get("Account", ids[0]).Values["Health__c"])
	assert.Equal(t, start.Add(time.Minute), c.Get("Account", ids[0]).Modified)
	assert.Len(t, c.Writes("Account"), 2)

	assert.Equal(t, "ALL_OR_NONE_OPERATION_ROLLED_BACK", update(true, object{"id": ids[0], "Name": "A"}, object{"id": ids[1], "Health__c": 11})[0].Errors[0].StatusCode)
	assert.Len(t, c.Writes("Account"), 2)
	assert.Equal(t, 400, c.do("PATCH", data+"/composite/sobjects", object{"records": make([]object, 201)}).status)
	assert.Equal(t, 400, c.do("PATCH", data+"/composite/sobjects", object{"records": []object{{"attributes": object{"type": "Account"}, "id": ids[0], "Nothing__c": 1}}}).status)
}
