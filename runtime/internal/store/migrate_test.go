package store

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/postgres"
)

// TestBookedCallsSurviveTheUpdate: what an older version has booked still counts.
func TestBookedCallsSurviveTheUpdate(t *testing.T) {
	step := slices.IndexFunc(migrations, func(s string) bool { return strings.Contains(s, "DROP TABLE phscript_quota_start") })
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			db, err := connect(location)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			require.NoError(t, db.migrate(t.Context(), migrations[:step]))
			require.NoError(t, Exec(t.Context(), db, `INSERT INTO phscript_quota (tenant, host) VALUES ('busy', 'api'), ('quiet', 'api')`))
			require.NoError(t, Exec(t.Context(), db, `INSERT INTO phscript_quota_start (id, tenant, starts_at, booked_at, run, script) VALUES
				(77, 'busy', 5000, 1000, 'run 1', 'a.lua'), (5, 'busy', 2000, 2000, 'run 2', 'b.lua'), (9, 'busy', 9000, 4000, 'run 1', 'a.lua')`))
			require.NoError(t, db.migrate(t.Context(), migrations[:step+1]))
			for tenant, want := range map[string][3]any{
				"busy":  {int64(4000), int64(3), "[[-2000,-2,0,0],[1000,-1,0,0],[5000,0,0,0]]"},
				"quiet": {int64(0), int64(0), "[]"},
			} {
				var booked, last int64
				var starts string
				require.NoError(t, db.QueryRowContext(t.Context(), `SELECT booked_at, last_start, starts FROM phscript_quota WHERE tenant = ?`, tenant).Scan(&booked, &last, &starts))
				assert.Equal(t, want, [3]any{booked, last, starts})
			}
		})
	}
}
