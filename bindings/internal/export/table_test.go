package export

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
)

func TestRow(t *testing.T) {
	table := NewTable([]string{"name", "mrr", "big", "on", "tags", "custom.Tier", "custom.Deep.x", "a.b", "none", "custom"})
	row := table.Row(planhat.Record(`{ "name": "A\u00e9 \"x\"", "mrr":12.50,"big":12345678901234567890,"on":false,
		"tags":["a", "b"],"custom":{"Tier":"Gold","Deep":{"x":1e3}},"a.b":"dotted","a":{"b":1},"none":null}`))
	assert.Equal(t, []Cell{
		{Text, `Aé "x"`}, {Number, "12.50"}, {Number, "12345678901234567890"}, {Boolean, "false"}, {Text, `["a", "b"]`},
		{Text, "Gold"}, {Number, "1e3"}, {Text, "dotted"}, {}, {Text, `{"Tier":"Gold","Deep":{"x":1e3}}`},
	}, row)
	assert.Equal(t, []Cell{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}}, table.Row(planhat.Record(`{}`)), "nothing is left of the row before")
}

func TestRepeatedAndEscapedNames(t *testing.T) {
	table := NewTable([]string{"name"})
	assert.Equal(t, "b", table.Row(planhat.Record(`{"name":"a","n\u0061me":"b","name":null}`))[0].Text)
}

func TestMissingColumns(t *testing.T) {
	table := NewTable([]string{"name", "Tier", "never"})
	table.Row(planhat.Record(`{"_id":"1","name":null,"custom":{"Tier":"Gold"}}`))
	table.Row(planhat.Record(`{"_id":"2","name":"x"}`))
	columns, fields := table.Missing()
	assert.Equal(t, []string{"Tier", "never"}, columns)
	assert.Equal(t, []string{"_id", "custom.Tier", "name"}, fields)
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 1}`:                        `{"a": 1}`,
		"{\n  \"a\": 1,\r\n \"a\": 1.50}": `{"a":1,"a":1.50}`,
	} {
		line, err := Line(planhat.Record(text))
		require.NoError(t, err)
		assert.Equal(t, want, string(line))
	}
}
