package undo_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOneDocument: with --json, an undo prints one object, whether it is applied or not.
func TestOneDocument(t *testing.T) {
	r := newTenant(t, nil)
	r.script(t, `planhat.company.create{ externalId = "new", name = "New" }`, "--undoable")
	type document struct {
		Run      int
		Reverted int
		Plan     string
		Applied  *struct {
			Plan    string
			Run     int
			Deleted int
		}
	}
	for _, tt := range []struct {
		code    int
		flags   []string
		applied bool
	}{{12, []string{"--json"}, false}, {0, []string{"--json", "-o", "undo.jsonl"}, false}, {0, []string{"--json", "--yes"}, true}} {
		stdout, stderr := r.undo(t, tt.code, tt.flags...)
		var d document
		require.NoError(t, json.Unmarshal([]byte(stdout), &d), "%s\n%s", stdout, stderr)
		assert.Equal(t, 1, d.Run)
		assert.Equal(t, 1, d.Reverted)
		assert.NotEmpty(t, d.Plan)
		if !tt.applied {
			assert.Nil(t, d.Applied)
			continue
		}
		require.NotNil(t, d.Applied)
		assert.Equal(t, d.Plan, d.Applied.Plan)
		assert.Equal(t, 1, d.Applied.Deleted)
		assert.Equal(t, 2, d.Applied.Run)
	}
	stdout, _ := r.undo(t, 0, "--json", "--yes", "1")
	var d document
	require.NoError(t, json.Unmarshal([]byte(stdout), &d))
	assert.Empty(t, d.Plan)
}

// TestCustomFieldsStay: deleting a custom field or changing its type concerns the values of all
// records, and no undo brings them back.
func TestCustomFieldsStay(t *testing.T) {
	r := newTenant(t, nil)
	name := func(i int) string { return r.planhat.Records("custom_field")[i]["name"].(string) }
	r.script(t, `
local fields = planhat.custom_field.get_list()
planhat.custom_field.update(fields[1]._id, { type = fields[1].type == "text" and "number" or "text" })
planhat.custom_field.delete(fields[2]._id)
planhat.custom_field.create{ parent = "company", name = "Another", type = "text" }`, "--undoable", "--confirm-field", name(0), "--confirm-field", name(1))
	before := r.store(t)
	stdout, _ := r.undo(t, 3, "--recreate", "--yes")
	assert.Contains(t, stdout, "0 of 3 changes can be reverted. 3 custom field changes can't be undone.")
	assert.Contains(t, stdout, "its type was changed, which affects the values in all records")
	assert.Contains(t, stdout, "it was deleted, with its values in all records")
	assert.Contains(t, stdout, "deleting it would delete its values in all records")
	assert.Equal(t, before, r.store(t))

	r.script(t, `planhat.custom_field.delete(planhat.custom_field.get_list()[1]._id)`, "--confirm-field", name(0))
	stdout, _ = r.undo(t, 3, "2")
	assert.Contains(t, stdout, "1 custom field change can't be undone.")
}

// TestRecreatedRecordsAreNotTheSame: the preview says what does not come back, and a second undo
// does not create them again.
func TestRecreatedRecordsAreNotTheSame(t *testing.T) {
	r := newTenant(t, nil)
	note := r.planhat.Records("company")[0]["_id"].(string)
	r.script(t, `planhat.company.delete("`+note+`")`)
	stdout, _ := r.undo(t, 0, "--recreate", "--yes")
	assert.Contains(t, stdout, "1 of 1 change can be reverted. 1 deleted record is created again with a new _id: "+
		"metrics, activities, history, and references to the old _id do not come back. Automations")
	_, stderr := r.undo(t, 2, "--recreate", "--yes", "1")
	assert.Contains(t, stderr, "run 2 has already recreated records of run 1, and --recreate would create them twice")
	r.undo(t, 0, "--yes", "2")
	r.undo(t, 0, "--recreate", "--yes", "1")
}

// TestNothingIsLeftBehind: the plans of undos that have ended, or were not confirmed, are deleted.
func TestNothingIsLeftBehind(t *testing.T) {
	r := newTenant(t, nil)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	r.script(t, `planhat.company.create{ externalId = "new", name = "New" }`, "--undoable")
	r.undo(t, 12)
	r.undo(t, 0, "--yes")
	r.undo(t, 0, "1") // nothing to revert
	var left []string
	for _, dir := range []string{temporary, r.Env.Dir} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			if strings.Contains(filepath.Base(path), "undo-") {
				left = append(left, path)
			}
			return err
		}))
	}
	assert.Empty(t, left)
}
