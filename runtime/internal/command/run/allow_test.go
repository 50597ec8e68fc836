package run_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// careful is a trial in a profile that allows no creates.
func careful(t *testing.T, companies int, allow, script string) (*trial.Trial, *simulator.Server) {
	planhat, err := simulator.Start(simulator.Options{Companies: companies, CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	t.Cleanup(func() { _ = planhat.Close() })
	r := trial.New(t, map[string]string{
		"a.lua":         script,
		"phscript.toml": fmt.Sprintf("[profile.careful]\napi_url = %q\ntoken_env = \"THE_TOKEN\"\nallow = %s\n", planhat.URL(), allow),
	})
	r.Variables["THE_TOKEN"] = planhat.APIToken()
	return r, planhat
}

func calls(s *simulator.Server, method string) (n int) {
	for _, c := range s.Calls() {
		if c.Method == method {
			n++
		}
	}
	return n
}

// TestNoProfileCreatesByAnUnknownID: Planhat creates records for rows of a bulk upsert whose _id
// it does not know.
func TestNoProfileCreatesByAnUnknownID(t *testing.T) {
	for _, flags := range [][]string{nil, {"--dry-run"}} {
		r, planhat := careful(t, 5, `["read", "update"]`, `
local first = planhat.company.get_list()[1]
print(planhat.company.bulk_upsert{ { _id = first._id, name = "One" } }.updated)
planhat.company.bulk_upsert{ { _id = first._id, name = "Two" }, { _id = "65920080b97f4a7a3300ffff", name = "New", externalId = "new" } }
`)
		stdout, stderr, err := r.Run(run.New, append(flags, "--allow-host", "127.0.0.1", "a.lua")...)
		assert.Equal(t, 4, code(t, err), stderr)
		assert.Equal(t, "1\n", stdout)
		assert.Contains(t, stderr, "a.lua:4: company.bulk_upsert: the profile careful does not allow scripts to create records, and Planhat creates a record for each row of a bulk upsert that it does not find: 1 row of this request has an _id that no company has")
		assert.Contains(t, stderr, "give each row the _id of an existing record; or allow create under [profile.careful]")
		assert.Len(t, planhat.Records("company"), 5)
	}
}

// TestADeletedIDIsUnknown, also if it was looked up before.
func TestADeletedIDIsUnknown(t *testing.T) {
	for how, del := range map[string]string{
		"by its _id": `planhat.company.delete(first._id)`, "by its key": `planhat.company.delete("extid-" .. first.externalId)`,
		"by request": `planhat.request{ method = "DELETE", path = "/companies/" .. first._id }`,
	} {
		t.Run(how, func(t *testing.T) {
			r, planhat := careful(t, 5, `["read", "update", "delete"]`, `
local first = planhat.company.get_list()[1]
planhat.company.bulk_upsert{ { _id = first._id, name = "One" } }
`+del+`
planhat.company.bulk_upsert{ { _id = first._id, name = "Two" } }
`)
			_, stderr, err := r.Run(run.New, "--allow-host", "127.0.0.1", "--yes", "a.lua")
			assert.Equal(t, 4, code(t, err), stderr)
			assert.Contains(t, stderr, "a.lua:5: company.bulk_upsert: the profile careful does not allow")
			assert.Len(t, planhat.Records("company"), 4)
		})
	}
}

// TestIDsAreLookedUpCheaply: in lists, and each record once.
func TestIDsAreLookedUpCheaply(t *testing.T) {
	r, planhat := careful(t, 700, `["read", "update"]`, `
local rows = {}
for i, c in ipairs(planhat.company.get_list{ limit = 5000 }) do rows[i] = { _id = c._id, phase = "P" .. i } end
for round = 1, 3 do planhat.company.bulk_upsert(rows) end
for i = 1, 20 do planhat.company.bulk_upsert{ rows[i] } end
`)
	_, stderr, err := r.Run(run.New, "--allow-host", "127.0.0.1", "--yes", "a.lua")
	require.Equal(t, 0, code(t, err), stderr)
	assert.LessOrEqual(t, calls(planhat, http.MethodGet), 4)
}

// TestIDsThatCanNotBeLookedUp are not sent.
func TestIDsThatCanNotBeLookedUp(t *testing.T) {
	r, planhat := careful(t, 5, `["read", "update"]`, `planhat.company.bulk_upsert{ { _id = "65920080b97f4a7a33000001", name = "New" } }`)
	require.NoError(t, planhat.InjectFaults(simulator.Fault{Kind: simulator.FaultStatus, Status: http.StatusForbidden, Method: http.MethodGet}))
	_, stderr, err := r.Run(run.New, "--allow-host", "127.0.0.1", "a.lua")
	assert.Equal(t, 4, code(t, err), stderr)
	assert.Contains(t, stderr, "does not allow scripts to create records, and phscript can't look up whether these companies exist: ")
	assert.Zero(t, calls(planhat, http.MethodPut))
	assert.False(t, strings.Contains(stderr, "THE_TOKEN=") || strings.Contains(stderr, planhat.APIToken()))
}

// TestAnUnconfirmedWriteIsToldOnce: there is nothing to correct in its rows.
func TestAnUnconfirmedWriteIsToldOnce(t *testing.T) {
	r, _ := careful(t, 5, "[\"read\", \"create\", \"update\"]\nconfirm_above = 2", `
local rows = {}
for i = 1, 5 do rows[i] = { externalId = "new-" .. i, name = "New" } end
planhat.company.bulk_upsert(rows)`)
	_, stderr, err := r.Run(run.New, "--allow-host", "127.0.0.1", "a.lua")
	assert.Equal(t, 12, code(t, err), stderr)
	assert.Equal(t, 1, strings.Count(stderr, "not confirmed: "), stderr)
	assert.Contains(t, stderr, "hint: add --yes to confirm it")
	assert.Contains(t, stderr, "unsent     5, because nobody confirmed the write\n")
	assert.NotContains(t, stderr, "--rejects")
	_, stderr, err = r.Run(run.New, "--allow-host", "127.0.0.1", "--rejects", "left.csv", "a.lua")
	assert.Equal(t, 12, code(t, err), stderr)
	assert.Contains(t, stderr, "all of them are in left.csv")
}
