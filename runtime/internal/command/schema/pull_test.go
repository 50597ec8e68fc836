package schema_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/schema"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	tenant "github.com/phscript/phscript/runtime/internal/schema"
)

// account is a trial that reads a simulated Planhat with faults.
func account(t *testing.T, r *trial.Trial, faults string) {
	t.Helper()
	parsed, err := simulator.ParseFaults(faults)
	require.NoError(t, err)
	server, err := simulator.Start(simulator.Options{Companies: 40, Faults: parsed})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	r.Variables["PLANHAT_API_TOKEN"], r.Variables["PLANHAT_API_URL"] = server.APIToken(), server.URL()
}

func file(t *testing.T, r *trial.Trial) *tenant.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, tenant.FileName))
	require.NoError(t, err)
	s, err := tenant.Parse(text)
	require.NoError(t, err)
	return s
}

// TestPullWithFewPermissions: what the token may not read is left out, or stays as it was.
func TestPullWithFewPermissions(t *testing.T) {
	r := trial.New(t, nil)
	account(t, r, "403:model=user;403:model=workflow;403:model=company")
	_, stderr, err := r.Run(schema.New, "pull")
	require.NoError(t, err)
	for _, what := range []string{"users", "workflows", "companies"} {
		assert.Contains(t, stderr, "note: "+what+" cannot be read, so they are left out: ")
	}
	assert.NotEmpty(t, file(t, r).Fields)
	assert.Empty(t, file(t, r).Users)
	assert.Empty(t, file(t, r).Tenant.FirstUser)

	account(t, r, "")
	_, stderr, err = r.Run(schema.New, "pull")
	require.NoError(t, err)
	assert.Empty(t, stderr)
	whole := file(t, r)
	assert.NotEmpty(t, whole.Users)
	assert.NotEmpty(t, whole.Phases)
	assert.NotEmpty(t, whole.Workflows)

	account(t, r, "403:model=user;403:model=workflow;403:model=company")
	_, stderr, err = r.Run(schema.New, "pull")
	require.NoError(t, err)
	assert.Contains(t, stderr, "note: users cannot be read, so the file keeps those of the last pull: ")
	kept := file(t, r)
	assert.Equal(t, []any{whole.Users, whole.Phases, whole.Workflows, whole.Tenant.FirstUser}, []any{kept.Users, kept.Phases, kept.Workflows, kept.Tenant.FirstUser})
	out, _, err := r.Run(schema.New, "diff")
	require.NoError(t, err)
	assert.Contains(t, out, "no differences")
}

// TestPullThatFails changes no file.
func TestPullThatFails(t *testing.T) {
	r := trial.New(t, nil)
	account(t, r, "403:model=custom_field")
	_, _, err := r.Run(schema.New, "pull")
	require.ErrorContains(t, err, "custom_field.get_list")
	assert.NoFileExists(t, filepath.Join(r.Env.Dir, tenant.FileName))
	r.Variables["PLANHAT_API_TOKEN"] = "wrong-token-123"
	_, _, err = r.Run(schema.New, "pull")
	require.ErrorContains(t, err, "Invalid API token")
	assert.NotContains(t, err.Error(), "wrong-token-123")
	delete(r.Variables, "PLANHAT_API_TOKEN")
	_, _, err = r.Run(schema.New, "pull")
	require.ErrorContains(t, err, "no Planhat token is configured")
	entries, err := os.ReadDir(r.Env.Dir)
	require.NoError(t, err)
	for _, e := range entries {
		assert.Equal(t, "state", e.Name())
	}
}

// TestEmails are only in the file if somebody asks for them.
func TestEmails(t *testing.T) {
	r := trial.New(t, nil)
	account(t, r, "")
	_, _, err := r.Run(schema.New, "pull", "--emails")
	require.NoError(t, err)
	assert.Contains(t, file(t, r).Users[0].Email, "@")
	out, _, err := r.Run(schema.New, "diff")
	require.NoError(t, err, out)
	out, _, err = r.Run(schema.New, "pull")
	require.NoError(t, err)
	assert.Contains(t, out, "another e-mail address")
	assert.Empty(t, file(t, r).Users[0].Email)
}
