package audit

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

func onBoth(t *testing.T, test func(t *testing.T, db *store.DB)) {
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(t.Context(), location)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			test(t, db)
		})
	}
}

func record(t *testing.T, db *store.DB, e Entry) {
	t.Helper()
	require.NoError(t, db.InTx(t.Context(), func(tx *store.Tx) error { return Record(t.Context(), tx, e) }))
}

func TestActsAreRecorded(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		kim := Actor{Name: "Kim", Role: "operator", Address: "192.0.2.1"}
		record(t, db, Entry{Actor: kim, Action: "pause", Target: Schedule("nightly"), Detail: "the vendor is down"})
		record(t, db, Entry{Actor: kim, Action: "cancel", Target: Run(12)})
		record(t, db, Entry{Action: "cancel", Target: Run(13)}) // by phscript itself
		record(t, db, Entry{Actor: Actor{Name: "x\x00\xff" + strings.Repeat("é", longest)}, Action: "cancel", Target: Run(12)})
		all, err := List(t.Context(), db, Filter{})
		require.NoError(t, err)
		require.Len(t, all, 3)
		assert.True(t, strings.HasPrefix(all[0].Name, "x\uFFFD\uFFFDé"))
		assert.Less(t, len(all[0].Name), longest+8)
		assert.WithinDuration(t, time.Now(), all[2].At, time.Minute)
		want := Entry{ID: all[2].ID, At: all[2].At, Actor: kim, Action: "pause", Target: "schedule nightly", Detail: "the vendor is down"}
		assert.Equal(t, want, all[2])
		some, err := List(t.Context(), db, Filter{Target: Run(12), Before: all[0].ID, Limit: 5})
		require.NoError(t, err)
		require.Len(t, some, 1)
		assert.Equal(t, "cancel", some[0].Action)
	})
}

func TestOldActsAreDeleted(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		require.NoError(t, store.Exec(t.Context(), db, `INSERT INTO phscript_audit (at, actor, role, address, action, target, detail)
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT i, 'a', '', '', 'run', 'run 1', '' FROM n`))
		record(t, db, Entry{Actor: Actor{Name: "Kim"}, Action: "run", Target: Run(2)})
		require.NoError(t, Prune(t.Context(), db))
		all, err := List(t.Context(), db, Filter{})
		require.NoError(t, err)
		require.Len(t, all, 1)
		assert.Equal(t, "run 2", all[0].Target)
	})
}
