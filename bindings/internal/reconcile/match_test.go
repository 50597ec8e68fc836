package reconcile

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/planhat"
)

func TestDomains(t *testing.T) {
	for text, want := range map[string]string{
		"https://www.Northwind.example/about?x#y": "northwind.example", " northwind.example. ": "northwind.example", "northwind.example:8080": "northwind.example", "": "",
	} {
		assert.Equal(t, want, domain(text), text)
	}
	for _, host := range []string{"gmail.com", "yahoo.co.uk", "hotmail.se", "web.de"} {
		assert.True(t, isMailHost(host), host)
	}
	for _, host := range []string{"northwind.example", "mail.northwind.example", "live.northwind.co.uk", "me.example"} {
		assert.False(t, isMailHost(host), host)
	}
}

func TestLinks(t *testing.T) {
	sent := map[string]uint64{"name": 1, "custom.A = b": 1<<64 - 1, "phone": 0}
	text := formatLink("5f1", sent)
	id, read := parseLink(text)
	assert.Equal(t, "5f1", id)
	assert.Equal(t, sent, read)
	assert.Equal(t, text, formatLink(id, read))
	id, read = parseLink("5f1")
	assert.Equal(t, "5f1", id)
	assert.Empty(t, read)
}

func TestRewritten(t *testing.T) {
	row := planhat.Record(`{"sourceId":"a","_id":"x","name":"N\"","custom":{"A b":1,"C":[2]},"tags":[]}`)
	keep := func(name string, _ []byte) bool { return name == "name" || name == "custom.A b" }
	assert.JSONEq(t, `{"_id":"5f1","name":"N\"","custom":{"A b":1}}`, string(rewritten(row, "5f1", keep)))
	assert.JSONEq(t, `{"_id":"5f1"}`, string(rewritten(row, "5f1", func(string, []byte) bool { return false })))
}
