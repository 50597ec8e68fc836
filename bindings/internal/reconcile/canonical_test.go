package reconcile

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/planhat/catalog"
)

func TestValuesThatMeanTheSame(t *testing.T) {
	date, days, list, name := &catalog.Property{Type: catalog.Date}, &catalog.Property{Type: catalog.Days}, &catalog.Property{Type: catalog.Array}, &catalog.Property{Type: catalog.String}
	owner := &catalog.Property{Type: catalog.ObjectID, ObjectInLists: true}
	for _, tt := range []struct {
		p      *catalog.Property
		a, b   string
		differ bool
	}{
		{nil, `1`, `1.0`, false},
		{nil, `1e3`, `1000`, false},
		{nil, `-0`, `0.0`, false},
		{nil, `0.1`, `0.10`, false},
		{nil, `0.1`, `0.2`, true},
		{nil, `"5"`, `5`, false},
		{nil, `"05"`, `5`, true},
		{nil, `"007"`, `"7"`, true},
		{nil, `9007199254740993`, `9007199254740992`, true},
		{nil, `true`, `"true"`, false},
		{nil, `true`, `false`, true},
		{nil, `null`, `""`, false},
		{nil, `[]`, `null`, false},
		{nil, `{}`, `null`, false},
		{nil, `0`, `null`, true},
		{nil, `false`, `null`, true},
		{nil, `"Acme"`, `"acme"`, true},
		{nil, `"a\u0062"`, `"ab"`, false},
		{date, `"2024-01-15"`, `"2024-01-15T00:00:00.000Z"`, false},
		{date, `"2024-01-15T02:00:00+02:00"`, `"2024-01-15T00:00:00Z"`, false},
		{date, `"2024-01-15"`, `"2024-01-16"`, true},
		{nil, `"2024-01-15"`, `"2024-01-15T00:00:00.000Z"`, false},
		{name, `"2024-01-15"`, `"2024-01-15T00:00:00.000Z"`, true},
		{days, `19737`, `"2024-01-15"`, false},
		{days, `19737`, `"2024-01-16"`, true},
		{list, `["a","b"]`, `["a", "b"]`, false},
		{list, `["a","b"]`, `["b","a"]`, true},
		{list, `["a","b"]`, `["ab"]`, true},
		{list, `["a"]`, `"a"`, true},
		{nil, `{"a":1,"b":"x"}`, `{"b":"x","a":1.0,"c":null}`, false},
		{nil, `{"a":"b"}`, `{"ab":""}`, true},
		{nil, `{"a":{"b":[1]}}`, `{"a":{"b":[2]}}`, true},
		{owner, `"67d08140557181002fd170dd"`, `{"id":"67d08140557181002fd170dd","nickName":"Ada"}`, false},
		{owner, `"67d08140557181002fd170dd"`, `{"_id":"67d08140557181002fd170de"}`, true},
	} {
		a, b := appendCanonical(nil, tt.p, []byte(tt.a)), appendCanonical(nil, tt.p, []byte(tt.b))
		assert.Equal(t, tt.differ, string(a) != string(b), "%s and %s: %q and %q", tt.a, tt.b, a, b)
	}
}
