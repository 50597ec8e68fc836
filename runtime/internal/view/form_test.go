package view_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/apply"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/reference"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/undo"
	"github.com/phscript/phscript/runtime/internal/view"
)

// TestFormsAreDescribed: every field of every form, also of the objects in it.
func TestFormsAreDescribed(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var check func(form reflect.Type)
	check = func(form reflect.Type) {
		if seen[form] {
			return
		}
		seen[form] = true
		fields, objects := reference.FieldsOf(form)
		names := map[string]bool{}
		for _, f := range fields {
			assert.NotEmpty(t, f.Doc, "%s.%s", form, f.Name)
			assert.False(t, names[f.Name], "%s has two fields %s", form, f.Name)
			names[f.Name] = true
		}
		for _, object := range objects {
			check(object)
		}
	}
	for _, f := range view.Forms {
		form := reflect.TypeOf(f.Value)
		fields, _ := reference.FieldsOf(form)
		assert.Equal(t, "version", fields[0].Name, f.Command)
		check(form)
	}
	assert.Greater(t, len(seen), len(view.Forms), "and those in lists")
}

// TestFormsHaveTheirVersion: in what is printed, where no list is null.
func TestFormsHaveTheirVersion(t *testing.T) {
	for want, form := range map[string]any{
		`{"version":1,"runs":[]}`:                                 view.Runs(nil),
		`{"version":1,"run":3,"rows":[]}`:                         view.Rejected(3, nil, 0),
		`{"version":1,"run":3,"rows":[],"left_out":2}`:            view.Rejected(3, []outcome.RejectedRow{}, 2),
		`{"version":1,"schedules":[],"services":[],"outages":[]}`: view.ScheduleForm(nil, []serve.Server{}, nil),
		`{"version":1,"ticks":[]}`:                                view.Ticks(nil),
		`{"version":1,"quotas":[]}`:                               view.QuotaForm(nil),
		`{"version":1,"schedules":[]}`:                            view.CheckedForm(nil),
		`{"version":1,"run":7,"seq":1,"time":"2026-01-15T09:00:00Z","level":"info","message":"hello"}`: view.Log(history.Line{Run: 7, Seq: 1, At: time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC), Level: "info", Message: "hello"}),
	} {
		text, err := json.Marshal(form)
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
	}
	text, err := json.Marshal(view.Run(&history.Run{ID: 5}))
	require.NoError(t, err)
	assert.Regexp(t, `^{"version":1,"id":5,`, string(text))
	text, err = json.Marshal(view.PlanForm(&planfile.Header{ID: "p"}, planfile.NewReport()))
	require.NoError(t, err)
	assert.Regexp(t, `^{"version":1,"format":"","format_version":0,"plan":"p",.*"models":{}`, string(text))
	text, err = json.Marshal(view.ApplyForm("p", 3, &apply.Result{}, 5, ""))
	require.NoError(t, err)
	assert.Regexp(t, `^{"version":1,"plan":"p","run":3,"began":false,.*"exit_code":5}$`, string(text))
	text, err = json.Marshal(view.UndoForm(&undo.Report{Run: 3}, ""))
	require.NoError(t, err)
	assert.Regexp(t, `^{"version":1,"run":3,`, string(text))
}
