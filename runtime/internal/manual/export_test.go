package manual

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keys collects the names of the fields in a JSON value, but for those of the
// tables of types and hosts, which hold names of the API.
func keys(v any, into map[string]bool) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			keys(item, into)
		}
	case map[string]any:
		for name, item := range v {
			into[name] = true
			if name != "types" && name != "hosts" {
				keys(item, into)
			}
		}
	}
}

// TestExportKeepsItsForm fails where a field of the form that other programs
// read is gone or has another name. When that is meant, ExportVersion rises and
// docs/editor.md says so.
func TestExportKeepsItsForm(t *testing.T) {
	m := book()
	m.Topic("csv.rows").Func.Deprecated = "csv.read"
	text, err := json.Marshal(m.ExportAll("v1"))
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(text, &v))
	found := map[string]bool{}
	keys(v, found)
	assert.Equal(t, 1, ExportVersion)
	assert.Equal(t, []string{
		"all", "bulk", "bulk_create", "confidence", "delete", "deprecated", "doc", "enum", "errors", "example", "fields", "function", "get",
		"guide", "guides", "heading", "host", "hosts", "keys", "kind", "library", "max_body_bytes", "max_items", "members", "method", "model", "module", "name", "note",
		"notes", "one_of", "operations", "optional", "origin", "page_default", "page_max", "params", "path", "program", "property",
		"read_only", "ref", "require", "required", "returns", "signature", "suggested", "summary", "table", "text", "topics", "type", "types",
		"update", "variadic", "version",
	}, slices.Sorted(maps.Keys(found)))
}

func TestExportOfEverything(t *testing.T) {
	m := book()
	e := m.ExportAll("v1")
	assert.Len(t, e.Topics, len(m.Topics()))
	names := map[string]bool{}
	for _, topic := range e.Topics {
		names[topic.Name] = true
		assert.NotEmpty(t, topic.Kind, topic.Name)
		assert.Equal(t, topic.Kind == KindFunction, topic.Function != nil, topic.Name)
		assert.Equal(t, topic.Kind == KindModel, topic.Model != nil, topic.Name)
		assert.Equal(t, topic.Kind == KindProperty, topic.Property != nil, topic.Name)
	}
	for _, topic := range e.Topics {
		for _, member := range topic.Members {
			assert.True(t, names[member], "%s names %s", topic.Name, member)
		}
	}
	one := m.Export("v1", []*Topic{m.Topic("Company.status")}, nil).Topics[0]
	assert.Equal(t, []string{"prospect", "coming", "customer", "canceled", "lost"}, one.Property.Enum)
	assert.Equal(t, "planhat.company", one.Module)
}
