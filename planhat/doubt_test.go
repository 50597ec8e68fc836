package planhat

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
)

// TestRowsThatAnEmailDoesNotFind repeats a request whose answer is lost. Planhat
// matches by an email only if one enduser has it, so a row whose email two endusers
// have already is created each time.
func TestRowsThatAnEmailDoesNotFind(t *testing.T) {
	for _, n := range []int{1, fewEmails + 10} { // looked up one by one, and in a list
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			faults, err := simulator.ParseFaults("reset-after:nth=1,operation=bulk_upsert")
			require.NoError(t, err)
			sim, err := simulator.Start(simulator.Options{Faults: faults, CallsPerMinute: -1, PerSecond: -1})
			require.NoError(t, err)
			t.Cleanup(func() { _ = sim.Close() })
			require.NoError(t, sim.Put("company", map[string]any{"name": "A", "externalId": "a"}))
			for i := range 2 {
				require.NoError(t, sim.Put("enduser", map[string]any{"email": "Two@x.example", "companyId": "extid-a", "archived": i == 0}))
			}
			c, err := New(Config{
				APIToken: sim.APIToken(), BaseURL: sim.URL(), Retry: fast,
				Limiter: NewLimiter(LimiterConfig{CallsPerMinute: -1, PerSecond: -1}),
			})
			require.NoError(t, err)
			rows := []Record{Record(`{"email":"two@x.example","companyId":"extid-a","name":"N"}`)}
			for i := range n {
				rows = append(rows, Record(fmt.Sprintf(`{"email":"e%d@x.example","companyId":"extid-a"}`, i)))
			}
			result, err := c.Enduser.BulkUpsert(t.Context(), rows, BulkOptions{})
			require.NoError(t, err)
			assert.Equal(t, []int{0, n}, []int{result.Created, result.UncertainOutcome})
			require.Len(t, result.Errors, 1)
			assert.Equal(t, 0, result.Errors[0].Index)
			assert.True(t, result.Errors[0].Uncertain)
			assert.Contains(t, result.Errors[0].Message, "may have been stored twice")
			assert.Len(t, sim.Records("enduser"), 4+n)
		})
	}
}

// TestRowsWhoseEmailCannotBeLookedUp holds that such a row is named, not only counted,
// if nobody can say whether several have its email.
func TestRowsWhoseEmailCannotBeLookedUp(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, r request, n int) {
		switch {
		case n == 1:
			cut(w)
		case r.method == http.MethodPut:
			answerWith(w, 200, `{"created":1,"nonupdates":1,"insertsKeys":[{"_id":"9"}]}`)
		default:
			answerWith(w, 500, "")
		}
	})
	c := newClient(t, s)
	rows := []Record{Record(`{"email":"a@b.c","companyId":"1"}`), Record(`{"email":"d@e.f","companyId":"1"}`)}
	result, err := c.Enduser.BulkUpsert(t.Context(), rows, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, []int{0, 0, 0}, []int{result.Created, result.Updated, result.UncertainOutcome})
	require.Len(t, result.Errors, 2)
	for i, e := range result.Errors {
		assert.Equal(t, i, e.Index)
		assert.True(t, e.Uncertain)
		assert.Contains(t, e.Message, "looking up whether several endusers have its email failed")
	}
}

// A request that was surely not carried out is sent once more at the end. That one's
// answer is lost, which is what the rows then count for.
func TestRowsOfALastAttemptAreUncertain(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, _ request, n int) {
		if n == 1 {
			answerWith(w, 429, "")
			return
		}
		cut(w)
	})
	c := newClient(t, s, func(c *Config) { c.Retry.MaxAttempts = 1 })
	result, err := c.Company.BulkUpsert(t.Context(), companies(1), BulkOptions{})
	assert.True(t, in(t, err).Uncertain)
	assert.Len(t, s.requests(), 2)
	require.Len(t, result.Errors, 1)
	assert.True(t, result.Errors[0].Uncertain)
}

// Rows that are sent once more after a request of unknown fate stay uncertain if that
// fails, whatever the last failure is, and if its answer does not mention them.
func TestRowsThatStayUncertain(t *testing.T) {
	rows := []Record{Record(`{"externalId":"a"}`), Record(`{"name":"no key"}`)}
	for _, second := range []struct {
		status int
		body   string
	}{{429, ""}, {401, ""}, {200, `{"created":0}`}} {
		s := newServer(t, func(w http.ResponseWriter, _ request, n int) {
			if n == 1 {
				cut(w)
				return
			}
			answerWith(w, second.status, second.body)
		})
		c := newClient(t, s, func(c *Config) { c.Retry.MaxPauses = 1 })
		result, _ := c.Company.BulkUpsert(t.Context(), rows, BulkOptions{})
		require.Len(t, result.Errors, 2)
		assert.True(t, result.Errors[0].Uncertain, second.status)
		assert.True(t, result.Errors[1].Uncertain, second.status)
	}
}
