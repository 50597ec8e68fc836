package connectors

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
)

// testBoundaries: many records with one time, more than a query returns, in an account
// that changes between the pages; a page that the filter empties; an endless system.
func testBoundaries(t *testing.T, v vendor) {
	t.Run("many at one time", func(t *testing.T) {
		r := rigOf(t, v)
		r.add(1, r.clock.Now())
		r.clock.Advance(time.Hour)
		r.did(t, ``)
		ids := r.add(6000, r.clock.Now())
		ids = append(ids, r.add(12_000, r.clock.Now().Add(time.Millisecond))...)
		ids = append(ids, r.add(7000, r.clock.Now().Add(time.Second))...)
		filtered := map[string]bool{}
		for _, id := range ids[400:800] {
			r.touch(id, "filtered")
			filtered[id] = true
		}
		r.clock.Advance(time.Hour)
		random := rand.New(rand.NewPCG(1, 2))
		touching, n := true, 0
		r.server.Before(func(req *standin.Request) {
			for i := 0; touching && r.page(req) && i < 5; i++ {
				if id := ids[random.IntN(len(ids))]; !filtered[id] {
					n++
					r.touch(id, "touched "+strconv.Itoa(n))
				}
			}
		})
		options := `filter = { ` + r.stream + ` = function(item) return F.at(item, "` + r.path + `") ~= "filtered" end }`
		r.did(t, options)
		touching = false
		r.clock.Advance(time.Hour)
		r.did(t, options)
		require.Greater(t, n, 300)
		there := r.main()
		for _, id := range ids {
			if filtered[id] {
				require.Nil(t, there[id])
				continue
			}
			if there[id] == nil || r.value(id) != r.text(there[id]) {
				require.Equal(t, r.value(id), r.text(there[id]), id)
			}
		}
	})
	t.Run("the same position twice", func(t *testing.T) {
		r := rigOf(t, v)
		r.add(3*r.pageSize, r.clock.Now())
		r.clock.Advance(time.Hour)
		var first *captured
		r.intercept(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
			isPage := r.page(&standin.Request{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query()})
			if !isPage || first == nil {
				a := capture(next, req)
				if isPage {
					first = a
				}
				a.send(w)
				return
			}
			first.send(w)
		}, nil)
		_, err := r.sync(t, `full = true`)
		require.ErrorContains(t, err, "twice, so reading it would never end")
		assert.LessOrEqual(t, r.pages(), 1, "it stops at once")
	})
}

// testZones: nothing is lost, and nothing is later than one run, whatever the zone of the
// account and of the machine, also when the clocks are changed.
func testZones(t *testing.T, v vendor) {
	for _, zone := range []struct {
		name string
		from time.Time
	}{
		{"Pacific/Pago_Pago", start}, {"UTC", start}, {"Asia/Kathmandu", start}, {"Pacific/Kiritimati", start},
		{"Europe/Berlin", time.Date(2026, 10, 24, 23, 55, 0, 0, time.UTC)}, // summer time ends at one
		{"America/New_York", time.Date(2026, 3, 8, 5, 55, 0, 0, time.UTC)}, // it begins at seven
	} {
		t.Run(zone.name, func(t *testing.T) {
			location, err := time.LoadLocation(zone.name)
			require.NoError(t, err)
			r := newRigAt(t, v, standin.NewClock(zone.from))
			r.options.Location = location
			r.start(t)
			if r.zone != nil {
				r.zone(location)
			}
			busy := r.add(1, r.clock.Now())[0]
			r.clock.Advance(time.Hour / 2)
			r.did(t, ``)
			type added struct {
				id string
				at time.Time
			}
			var each []added
			var touched []time.Time
			for minute := range 130 {
				r.clock.Advance(time.Minute)
				at := r.clock.Now().Add(123 * time.Millisecond)
				each = append(each, added{r.add(1, at)[0], at})
				touched = append(touched, r.clock.Now())
				r.touch(busy, strconv.Itoa(minute))
				if minute%10 != 9 {
					continue
				}
				r.did(t, ``)
				there, due := r.main(), r.clock.Now().Add(-r.settle)
				for _, a := range each {
					if a.at.Before(due) {
						require.NotNil(t, there[a.id], "added at %s, not there at %s", a.at, r.clock.Now())
					}
				}
			}
			r.clock.Advance(time.Hour)
			r.did(t, ``)
			assert.Equal(t, strconv.Itoa(len(touched)-1), r.text(r.main()[busy]))
			assert.Len(t, r.main(), len(each)+1)
		})
	}
	// The machine's clock is wrong, and the vendor's is right.
	for _, off := range []time.Duration{-40 * time.Minute, 40 * time.Minute} {
		t.Run(fmt.Sprintf("clock off by %s", off), func(t *testing.T) {
			r := rigOf(t, v)
			r.options.Now = func() time.Time { return r.clock.Now().Add(off) }
			r.start(t)
			r.add(1, r.clock.Now())
			r.clock.Advance(time.Hour)
			r.did(t, ``)
			var ids []string
			for range 12 {
				ids = append(ids, r.add(1, r.clock.Now())...)
				r.clock.Advance(r.settle + time.Second)
				r.did(t, ``)
				require.Contains(t, r.main(), ids[len(ids)-1])
			}
		})
	}
}

// testDuplicates: three runs leave Planhat as one does, and the state stays small.
func testDuplicates(t *testing.T, v vendor) {
	r := rigOf(t, v)
	ids := r.add(250, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	once, calls := r.planhat.Records(r.model), r.upserts(r.model)
	require.Len(t, r.main(), 250)
	for _, options := range []string{``, `full = true`, `since = "2026-01-01"`, ``} {
		r.did(t, options)
		assert.Equal(t, once, r.planhat.Records(r.model))
		assert.Equal(t, calls, r.upserts(r.model), "nothing is sent again")
	}
	r.clock.Advance(time.Hour)
	for range 3 {
		r.touch(ids[0], "changed")
		r.clock.Advance(time.Hour)
		r.did(t, ``)
	}
	assert.Equal(t, calls+1, r.upserts(r.model))
	assert.Len(t, r.main(), 250)
}

// TestManyAtOneTime is heavy: with very many records of one time, what is stored stays small.
func TestManyAtOneTime(t *testing.T) {
	t.Parallel()
	for _, v := range vendors() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			if why := v.without["many"]; why != "" {
				t.Log("does not apply: " + why)
				return
			}
			r := rigOf(t, v)
			r.add(1, r.clock.Now())
			r.clock.Advance(time.Hour)
			r.did(t, ``)
			r.add(manyRecords, r.clock.Now())
			r.clock.Advance(time.Hour)
			most := 0
			r.server.Before(func(req *standin.Request) {
				if r.page(req) && r.pages()%200 == 0 {
					size, _ := r.stored(t)
					most = max(most, size)
				}
			})
			// They are read, and none is sent: what is stored does not depend on that.
			did := r.did(t, `full = true, filter = { `+r.stream+` = function() return false end }`)
			assert.EqualValues(t, manyRecords+1, did["read"])
			size, text := r.stored(t)
			assert.Less(t, max(most, size), 64<<10, text[:min(len(text), 2000)])
			assert.Positive(t, most)
		})
	}
}

// testBackfill: reading again is explicit, and does not move the position of the usual runs.
func testBackfill(t *testing.T, v vendor) {
	r := rigOf(t, v)
	old := r.add(150, r.clock.Now().AddDate(-3, 0, 0))
	r.add(50, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	require.Len(t, r.main(), 200, "also those of years ago")
	_, before := r.stored(t)

	// A mapping is added. The usual runs do not read old records again; with only, a run does.
	path := r.create("score", "9")
	mapped := `map = { ` + r.stream + ` = { ["custom.Score"] = "` + path + `" } }`
	r.did(t, mapped)
	score := func(id string) any {
		custom, _ := r.main()[id]["custom"].(map[string]any)
		return custom["Score"]
	}
	assert.Nil(t, score(old[0]))
	late := r.add(1, r.clock.Now())[0]
	_, live := r.stored(t)
	did := r.did(t, `only = { "custom.Score" }, `+mapped)
	assert.Equal(t, "9", score(old[0]))
	assert.EqualValues(t, 200, did["updated"])
	assert.EqualValues(t, 1, did["skipped"], "a record that Planhat does not have is left to the usual runs")
	_, after := r.stored(t)
	assert.Equal(t, live, after, "the position stays")
	assert.NotEqual(t, before, "")
	r.clock.Advance(time.Hour)
	r.did(t, mapped)
	assert.Contains(t, r.main(), late)

	// since reads again what changed from then on, also limited to a property, and in parts.
	for _, id := range old[:100] {
		r.touch(id, "again")
	}
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	for _, id := range old[:100] {
		record := r.main()[id]
		record[r.property] = "lost"
		require.NoError(t, r.planhat.Put(r.model, record))
	}
	r.did(t, ``)
	assert.Equal(t, "lost", r.text(r.main()[old[0]]))
	_, live = r.stored(t)
	did = r.did(t, `since = "2026-11-20T08:30:00Z"`)
	assert.Equal(t, "again", r.text(r.main()[old[0]]))
	assert.Less(t, number(did["read"]), 160.0)
	_, after = r.stored(t)
	assert.Equal(t, live, after)

	// Parameters of the run replace options.
	values, err := r.run(t, r.script(`missing = "delete"`), `{"full":"true","missing":"report","streams":"`+r.stream+`"}`)
	require.NoError(t, err)
	assert.EqualValues(t, 201, values[r.stream].(map[string]any)["read"])
	assert.NotContains(t, r.log.String(), "never reads it")
	_, err = r.run(t, r.script(``), `{"since":"yesterday"}`)
	assert.ErrorContains(t, err, `option 'since' takes a date as YYYY-MM-DD or a time, not "yesterday"`)
	_, err = r.run(t, r.script(``), `{"only":"nothing"}`)
	assert.ErrorContains(t, err, `unknown property in option 'only' "nothing"`)
	_, err = r.sync(t, `ful = true`)
	assert.ErrorContains(t, err, `unknown option "ful"`)

	// The first run can begin at a date. Records without a time arrive with a complete pass.
	r = rigOf(t, v)
	old = r.add(2, r.clock.Now().AddDate(-1, 0, 0))
	young := r.add(1, r.clock.Now())[0]
	r.clock.Advance(time.Hour)
	for range 2 {
		r.did(t, `start = "2026-11-01"`)
		require.Len(t, r.main(), 1)
		require.Contains(t, r.main(), young)
	}
	r.did(t, `full = true`)
	assert.Contains(t, r.main(), old[0])
}
