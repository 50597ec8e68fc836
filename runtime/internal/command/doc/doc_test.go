package doc_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/doc"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

func TestFormats(t *testing.T) {
	r := trial.New(t, nil)
	run := func(args ...string) string {
		t.Helper()
		out, _, err := r.Run(doc.New, args...)
		require.NoError(t, err)
		return out
	}
	type export struct {
		Phscript string
		Topics   []struct{ Name string }
		Guides   []struct{ Name string }
	}
	read := func(args ...string) (e export) {
		require.NoError(t, json.Unmarshal([]byte(run(append(args, "--format", "json")...)), &e))
		return e
	}
	all, short, one := read("--all"), read(), read("planhat.company.get_list")
	assert.NotEmpty(t, all.Guides)
	assert.Greater(t, len(all.Topics), 3*len(short.Topics), "without a topic, only modules and models")
	require.Len(t, one.Topics, 1)
	assert.Equal(t, "planhat.company.get_list", one.Topics[0].Name)
	assert.Contains(t, run("planhat.company", "--format", "markdown"), "# planhat.company")
	assert.Greater(t, len(run("--all")), 20*len(run("planhat.company.get_list")))

	_, _, err := r.Run(doc.New, "--all", "company")
	require.EqualError(t, err, "--all means every topic, so it cannot be combined with company")
	_, _, err = r.Run(doc.New, "xyzzy")
	assert.ErrorContains(t, err, "there is nothing about 'xyzzy'")
}
