package store

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/postgres"
)

// TestVersions: looking at a store changes nothing in it.
func TestVersions(t *testing.T) {
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			db, err := connect(location)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			for _, steps := range []int{0, 3, len(migrations)} {
				if steps > 0 {
					require.NoError(t, db.migrate(t.Context(), migrations[:steps]))
				}
				for range 2 {
					has, knows, err := Versions(t.Context(), location)
					require.NoError(t, err)
					assert.Equal(t, steps, has)
					assert.Equal(t, len(migrations), knows)
				}
			}
			require.NoError(t, Exec(t.Context(), db, "INSERT INTO phscript_schema (version) VALUES (9999)"))
			has, _, err := Versions(t.Context(), location)
			require.NoError(t, err)
			assert.Equal(t, 9999, has)
		})
	}
}
