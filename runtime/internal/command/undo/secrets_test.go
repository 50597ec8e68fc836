package undo_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestNoSecretsInPlans: a record may have one.
func TestNoSecretsInPlans(t *testing.T) {
	r := newTenant(t, nil)
	r.script(t, `planhat.company.update(planhat.company.get_list()[1]._id, { phase = "Changed" })`, "--undoable")
	r.script(t, `planhat.company.update(planhat.company.get_list()[1]._id, { phase = "the-secret-of-a-tenant" })`)
	r.Variables["PLANHAT_TENANT_TOKEN"] = "the-secret-of-a-tenant"
	for _, flags := range [][]string{{"--json"}, {}} {
		stdout, stderr := r.undo(t, 3, append(flags, "1")...)
		assert.Contains(t, stdout, "phase")
		assert.NotContains(t, stdout+stderr, "the-secret-of-a-tenant")
	}
}
