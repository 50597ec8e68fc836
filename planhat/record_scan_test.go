package planhat

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzMembers compares the members of records with those that encoding/json finds.
func FuzzMembers(f *testing.F) {
	for _, text := range []string{
		`{}`, ` { } `, `{"a":1}`, `{"a":-1.5e+3,"b":"x","c":[1,{"d":"]}"}],"e":{"f":{}}, "g" : null , "":true}`,
		"{\"a\\\"b\\\\\":\"\\\\\\\"\",\n\t\"\\u0061\":false\r\n}", `{"a":1,"a":2}`, `{"é":"{}[]:,\"","x":[[],[]]}`, `{"a":"\\"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) || bytes.TrimLeft(text, " \t\r\n")[0] != '{' {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		_, err := dec.Token()
		require.NoError(t, err)
		found := Record(text).AppendMembers(nil)
		for _, m := range found {
			require.True(t, dec.More())
			name, err := dec.Token()
			require.NoError(t, err)
			var mine string
			require.NoError(t, json.Unmarshal(text[m.Name-1:m.NameEnd+1], &mine))
			require.Equal(t, name, mine)
			require.Equal(t, m.Escaped(text), bytes.ContainsRune(text[m.Name:m.NameEnd], '\\'))
			var value json.RawMessage
			require.NoError(t, dec.Decode(&value))
			require.Equal(t, string(value), string(text[m.From:m.To]))
		}
		require.False(t, dec.More())
	})
}

func TestSplitList(t *testing.T) {
	list, err := SplitList([]byte(` [ {"_id":"1"} , {"name":"a","name":"b"} ] `))
	require.NoError(t, err)
	require.Equal(t, []Record{Record(`{"_id":"1"}`), Record(`{"name":"a","name":"b"}`)}, list)
	list, err = SplitList([]byte(`[]`))
	require.NoError(t, err)
	require.Empty(t, list)
	for text, message := range map[string]string{
		``: "unexpected EOF", `{"_id":"1"}`: "it is an object, not a list", `[{"_id":"1"},null]`: "item 2 is null, not an object", `[{"_id":"1"}`: "unexpected EOF", `[{"_id":"1"}]]`: "there is more after the end",
	} {
		_, err = SplitList([]byte(text))
		require.ErrorIs(t, err, ErrValidation, text)
		require.ErrorContains(t, err, message, text)
	}
}
