package explain

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/bindings"
)

func TestLikeliestKnowsHabits(t *testing.T) {
	var members []string
	for _, f := range bindings.JSON().Funcs {
		members = append(members, f.Name)
	}
	for name, want := range map[string][]string{
		"write":  {"encode_file"},
		"save":   {"encode_file"},
		"read":   {"decode", "decode_file"},
		"Encode": {"encode"},
		"parse":  {"decode"},
		"wrtier": {"writer"},
	} {
		assert.Equal(t, want, Likeliest(name, members), name)
	}
}
