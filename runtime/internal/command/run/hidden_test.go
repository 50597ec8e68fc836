package run

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHidden(t *testing.T) {
	source := []byte("-- @param crm_key \"Key\" secret\n-- @param city\nprint(params.crm_key, params.city)\n")
	for line, want := range map[string]string{
		"s.lua --crm-key abc --city Lund":     "s.lua --crm-key ... --city Lund",
		"s.lua --crm_key=abc":                 "s.lua --crm_key=...",
		"--param crm_key=abc -p city=x s.lua": "--param crm_key=... -p city=x s.lua",
		"-pcrm_key=abc s.lua":                 "-pcrm_key=... s.lua",
		"--param=crm_key=abc s.lua":           "--param=crm_key=... s.lua",
		"-p crm_key=abc s.lua":                "-p crm_key=... s.lua",
	} {
		assert.Equal(t, want, strings.Join(hidden(strings.Fields(line), source), " "))
	}
}
