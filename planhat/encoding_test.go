package planhat

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Structs and maps are written as encoding/json writes them: with other rules, a
// tag such as omitempty would send zeros and wipe what is stored.
func TestValuesAreWrittenAsByEncodingJSON(t *testing.T) {
	type license struct {
		Value      float64        `json:"value,omitempty"`
		AutoRenews bool           `json:"autoRenews,omitempty"`
		Product    string         `json:"product,omitempty"`
		Tags       []string       `json:"tags"`
		Custom     map[string]any `json:"custom"`
		Notice     time.Duration  `json:"notice"`
		From       time.Time      `json:"from,omitzero"`
		Absent     *int           `json:"absent,omitempty"`
		Raw        json.RawMessage
		Array      [2]byte
		Bytes      []byte `json:"bytes,omitempty"`
		private    int
	}
	for _, v := range []any{
		license{Product: "Pro"},
		license{Value: 1.5, Tags: []string{}, Notice: time.Hour, From: time.Unix(0, 0).UTC(), Raw: json.RawMessage(`1`), Bytes: []byte("x"), private: 1},
		map[string]any{"mrr": json.Number("12.50"), "b": nil, "a": []any{}, "c": map[int]string{2: "x", 1: "y"}},
		struct {
			license
			Value float64 `json:"value,string"`
		}{Value: 2},
		&license{},
	} {
		want, err := json.Marshal(v)
		require.NoError(t, err)
		got, err := toRecord(v, "the record")
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got))
	}
	got, err := toRecord(map[string]string{"name": "<A & B>"}, "the record")
	require.NoError(t, err)
	assert.Equal(t, `{"name":"<A & B>"}`, string(got))
	_, err = toRecord(map[string]string{"name": "\xff"}, "the record")
	assert.ErrorContains(t, err, "UTF-8")
	_, err = toRecord(map[string]any{"f": func() {}}, "the record")
	assert.Equal(t, KindValidation, KindOf(err))
}
