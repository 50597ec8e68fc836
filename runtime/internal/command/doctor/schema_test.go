package doctor_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/schema"
	"github.com/phscript/phscript/runtime/internal/view"
)

// TestSchemaAge: a schema that is old or cannot be read is a warning, never an error.
func TestSchemaAge(t *testing.T) {
	r, _ := ready(t, map[string]string{"a.lua": "print(1)\n"})
	look := func() view.CheckupLine {
		found, code := checkup(t, r)
		assert.Zero(t, code, "%+v", found)
		require.Len(t, of(found, "schema", "schema"), 1)
		return of(found, "schema", "schema")[0]
	}
	line := look()
	assert.Equal(t, view.LevelOK, line.Level)
	assert.Contains(t, line.Message, "'phscript schema pull'")

	known := &schema.Schema{Fields: []schema.Field{{Model: "company", Name: "Tier", Type: "text"}}}
	known.Sort()
	path := filepath.Join(r.Env.Dir, schema.FileName)
	require.NoError(t, os.WriteFile(path, known.Format(), 0o600))
	line = look()
	assert.Equal(t, view.LevelOK, line.Level)
	assert.Contains(t, line.Message, "1 custom field, 0 days old")

	old := time.Now().Add(-31 * 24 * time.Hour)
	require.NoError(t, os.Chtimes(path, old, old))
	line = look()
	assert.Equal(t, view.LevelWarning, line.Level)
	assert.Contains(t, line.Message, "is 31 days old")
	assert.Contains(t, line.Hint, "phscript schema pull")

	require.NoError(t, os.WriteFile(path, []byte("{"), 0o600))
	line = look()
	assert.Equal(t, view.LevelWarning, line.Level)
	assert.Contains(t, line.Message, "not valid JSON")
}
