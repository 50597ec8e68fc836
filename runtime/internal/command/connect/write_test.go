package connect

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Settings are trimmed as on the terminal, and written so that Lua reads them unchanged.
func TestSettings(t *testing.T) {
	o := &options{set: []string{"host=\u00a0acme\x01\u00a07 "}}
	settings, err := o.settings(nil, &system{settings: []entry{{name: "host"}}}, way{set: map[string]string{}}, nil)
	require.NoError(t, err)
	assert.Equal(t, "acme\x01\u00a07", settings["host"])
	assert.Equal(t, `{ host = "acme\001\194\1607" }`, table(settings))
}
