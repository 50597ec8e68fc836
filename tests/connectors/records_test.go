package connectors

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
)

// testDeleted: what the vendor no longer has is reported, or archived if asked. A pass that
// is cut short archives nothing.
func testDeleted(t *testing.T, v vendor) {
	t.Run("each way", func(t *testing.T) {
		r := rigOf(t, v)
		ids := r.add(60, r.clock.Now())
		r.clock.Advance(time.Hour)
		r.did(t, ``)
		removed := func(id string) bool {
			record := r.main()[id]
			return record == nil || record["archived"] == true
		}
		for _, id := range ids {
			require.False(t, removed(id))
		}

		r.remove(ids[0])
		r.clock.Advance(time.Hour)
		pass := ``
		if r.swept {
			pass = `full = true, `
		}
		did := r.did(t, pass)
		assert.EqualValues(t, 1, did["missing"])
		assert.False(t, removed(ids[0]), "the default is to report")
		options := pass + `sole_source = true, missing = "` + r.missing + `"`
		r.did(t, options)
		assert.True(t, removed(ids[0]))
		assert.False(t, removed(ids[1]))
		calls := len(r.planhat.Calls())
		r.clock.Advance(time.Hour)
		r.did(t, options)
		for _, call := range r.planhat.Calls()[calls:] {
			assert.Equal(t, http.MethodGet, call.Method, "it is removed once")
		}
		if r.restore != nil {
			r.restore(ids[0])
			r.clock.Advance(time.Hour)
			r.did(t, options+`, full = true`)
			assert.False(t, removed(ids[0]), "what is back is there again")
		}
		if r.merge != nil {
			r.merge(ids[1], ids[2])
			r.clock.Advance(time.Hour)
			did = r.did(t, options+`, full = true`)
			assert.EqualValues(t, 1, did["missing"])
			assert.True(t, removed(ids[2]))
			assert.False(t, removed(ids[1]))
		}
	})
	for _, cut := range []string{"error", "early end", "time"} {
		t.Run("cut short by "+cut, func(t *testing.T) {
			r := rigOf(t, v)
			ids := r.add(10*r.pageSize, r.clock.Now())
			r.clock.Advance(time.Hour)
			r.did(t, ``)
			require.Len(t, r.main(), len(ids))
			options, pages := `full = true, sole_source = true, missing = "`+r.missing+`"`, 0
			if cut == "time" {
				options += `, minutes = 5`
			}
			r.intercept(func(w http.ResponseWriter, req *http.Request, next http.Handler) {
				if r.page(&standin.Request{Method: req.Method, Path: req.URL.Path, Query: req.URL.Query()}) {
					switch pages++; {
					case cut == "time":
						r.clock.Advance(time.Minute)
					case pages > 6 && cut == "error":
						w.WriteHeader(http.StatusBadRequest)
						return
					case pages > 6:
						w.Header().Set("Content-Type", "application/json")
						_, _ = w.Write([]byte(r.lastPage))
						return
					}
				}
				next.ServeHTTP(w, req)
			}, nil)
			_, err := r.sync(t, options)
			if cut == "error" {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
			}
			r.intercept(nil, nil)
			if cut != "early end" {
				r.did(t, options) // continues
			} else {
				assert.Contains(t, r.log.String(), "which is more than 5%")
			}
			require.Len(t, r.main(), len(ids))
			for id, record := range r.main() {
				require.NotEqual(t, true, record["archived"], id)
			}
		})
	}
}

// testFields: a mapped field that the vendor does not return is an error, not a value to
// clear.
func testFields(t *testing.T, v vendor) {
	r := rigOf(t, v)
	for name, change := range map[string]func(r *rig){
		"hidden": func(r *rig) { r.hide() }, "renamed": func(r *rig) { r.rename() }, "deleted": func(r *rig) { r.drop() },
	} {
		t.Run(name, func(t *testing.T) {
			r := rigOf(t, v)
			ids := r.add(20, r.clock.Now())
			for _, id := range ids {
				r.touch(id, "text of "+id)
			}
			r.clock.Advance(time.Hour)
			r.did(t, ``)
			change(r)
			r.bump(ids[0])
			r.clock.Advance(time.Hour)
			for _, options := range []string{``, `full = true`} {
				_, err := r.sync(t, options)
				require.ErrorContains(t, err, `"`+r.path+`", which `+r.property+` is mapped to`)
				assert.ErrorContains(t, err, "whether the token may read it")
			}
			for id, record := range r.main() {
				require.Equal(t, "text of "+id, r.text(record))
			}
		})
	}
	ids := r.add(3, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	// A field that is new can be mapped at once.
	path := r.create("brand_new", "7")
	r.did(t, `full = true, map = { `+r.stream+` = { ["custom.New"] = "`+path+`" } }`)
	assert.Equal(t, map[string]any{"New": "7"}, r.main()[ids[0]]["custom"])
	// A computed field changes without a new time; reading only that one finds it.
	r.silently(ids[1], "computed")
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	assert.NotEqual(t, "computed", r.text(r.main()[ids[1]]))
	r.did(t, `only = { "`+r.property+`" }`)
	assert.Equal(t, "computed", r.text(r.main()[ids[1]]))
}

// testErrors: a run says what the vendor said, where, and what to do.
func testErrors(t *testing.T, v vendor) {
	r := rigOf(t, v)
	ids := r.add(1, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	for i, f := range r.errors {
		r.server.Faults.Clear()
		r.server.Faults.On(r.page, -1, standin.Answer(f.status, f.body, f.header...))
		_, err := r.sync(t, ``)
		require.Error(t, err, "%d: %s", f.status, f.body)
		for _, part := range f.says {
			assert.Contains(t, said(err), part, "error %d", i)
		}
		assert.Less(t, len(said(err)), 1000)
	}
	r.server.Faults.Clear()
	_, before := r.stored(t)
	assert.NotContains(t, before, `"pass"`)
	r.touch(ids[0], "afterwards")
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	assert.Equal(t, "afterwards", r.text(r.main()[ids[0]]))

	// Reading nothing where the last runs read much is a warning.
	many := r.add(40, r.clock.Now())
	for i := range 4 {
		for _, id := range many {
			r.touch(id, strconv.Itoa(i))
		}
		r.clock.Advance(time.Hour)
		r.did(t, ``)
	}
	assert.NotContains(t, r.log.String(), "nothing was read")
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	assert.Contains(t, r.log.String(), "nothing was read, but the last")

	// An error in a function of the user's map names its line, one in the options their file.
	_, err := r.sync(t, "\nmap = { "+r.stream+" = {\n  "+r.property+" = function(item)\n    return item.missing.part\n  end } }, full = true")
	assert.ErrorContains(t, err, "sync.lua:5:")
	_, err = r.sync(t, `map = { nothing = {} }`)
	assert.ErrorContains(t, err, `unknown stream in option 'map' "nothing"; there are `)
	assert.NotContains(t, err.Error(), "[phscript]")
	_, err = r.sync(t, `map = { `+r.stream+` = { `+r.property+` = 7 } }`)
	assert.ErrorContains(t, err, r.property+" is mapped to 7; use a path")
	_, err = r.sync(t, `map = { `+r.stream+` = { `+r.property+` = "`+strings.ToUpper(r.path)+`" } }, full = true`)
	assert.ErrorContains(t, err, r.property+" is mapped to")

	// A long run says how far it is.
	r = rigOf(t, v)
	r.add(5*r.pageSize, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.server.After(func(req *standin.Request) {
		if r.page(req) {
			r.clock.Advance(6 * time.Second)
		}
	})
	r.did(t, ``)
	assert.Contains(t, r.log.String(), " read so far")
}

// testMapping: values without a counterpart are counted, and leave the property as it is.
func testMapping(t *testing.T, v vendor) {
	r := rigOf(t, v)
	ids := r.add(30, r.clock.Now())
	r.clock.Advance(time.Hour)
	options := ``
	if r.mapped != "" {
		options = `map = { ` + r.stream + ` = { ` + r.mapped + ` } }`
	}
	r.did(t, options)
	before := r.main()
	value := r.unmapped(ids[:12])
	r.clock.Advance(time.Hour)
	did := r.did(t, options)
	assert.EqualValues(t, 12, did["unmapped"])
	assert.Contains(t, r.log.String(), `12 records have the value \"`+value+`\"`)
	assert.Equal(t, before, r.main())
}

// testPartial: a few bad records do not stop the others. Each is reported with the
// vendor's id, and sent again until Planhat accepts it.
func testPartial(t *testing.T, v vendor) {
	r := rigOf(t, v)
	good := r.add(4993, r.clock.Now())
	ids, reasons := r.bad()
	require.Len(t, ids, 7)
	r.clock.Advance(time.Hour)
	mapped := `map = { ` + r.stream + ` = { ` + r.badMap + ` } }`
	result, err := r.result(t, r.script(mapped), "")
	require.NoError(t, err)
	did := result.Values[0].(map[string]any)[r.stream].(map[string]any)
	assert.EqualValues(t, 5000, did["read"])
	assert.EqualValues(t, 7, did["rejected"])
	there := r.main()
	all(t, there, good)
	for i, id := range ids {
		found := ""
		for _, row := range result.Rejected {
			if strings.HasSuffix(row.Key, " "+r.prefix+id) || strings.HasSuffix(row.Key, " "+id) || strings.Contains(row.Message, " "+r.prefix+id+": ") || strings.Contains(row.Key, id+"@") {
				found = row.Message
			}
		}
		assert.Contains(t, found, reasons[i], id)
	}
}

// testDryRun: a dry run reads and writes nothing, finds what a run then does, and leaves the
// position.
func testDryRun(t *testing.T, v vendor) {
	r := rigOf(t, v)
	ids := r.add(250, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	for _, id := range ids[:20] {
		r.touch(id, "changed")
	}
	r.add(30, r.clock.Now())
	r.clock.Advance(time.Hour)
	_, before := r.stored(t)
	there := r.planhat.Records(r.model)
	r.dry = true
	dry := r.did(t, ``)
	r.dry = false
	_, after := r.stored(t)
	assert.Equal(t, before, after)
	assert.Equal(t, there, r.planhat.Records(r.model))
	did := r.did(t, ``)
	for _, name := range []string{"read", "unchanged", "skipped"} {
		assert.Equal(t, did[name], dry[name], name)
	}
	assert.EqualValues(t, 50, number(did["created"])+number(did["updated"]))
	assert.EqualValues(t, 50, dry["planned"])
	assert.Len(t, r.main(), 280)
}

// testSunset: a run warns when the version of the API ends soon. When it has ended and the
// vendor refuses it, the run ends at once and says so, and nothing is lost.
func testSunset(t *testing.T, v vendor) {
	for _, c := range []struct {
		at   time.Duration
		says string
	}{
		{-100 * 24 * time.Hour, ""}, {-80 * 24 * time.Hour, "in 80 days"}, {-time.Hour, "in 0 days"}, {49 * time.Hour, "ended on "},
	} {
		r := rigOf(t, v)
		r.clock.Set(r.sunset.Add(c.at))
		r.did(t, ``)
		if c.says == "" {
			assert.NotContains(t, r.log.String(), "of the API end")
			continue
		}
		assert.Contains(t, r.log.String(), c.says)
		assert.Contains(t, r.log.String(), r.sunset.Format(time.DateOnly))
	}
	r := rigOf(t, v)
	r.clock.Set(r.sunset.Add(-100 * 24 * time.Hour))
	ids := r.add(1, r.clock.Now())
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	_, before := r.stored(t)
	r.clock.Set(r.sunset.Add(time.Hour))
	r.touch(ids[0], "after the end")
	r.server.Faults.On(r.page, -1, standin.Answer(410, `{"message":"This version has been retired."}`))
	_, err := r.sync(t, ``)
	require.Error(t, err)
	assert.Contains(t, said(err), "410")
	assert.Contains(t, said(err), "ended on "+r.sunset.Format(time.DateOnly)+"; look for a newer phscript")
	_, after := r.stored(t)
	assert.Equal(t, before, after, "the position does not move")
	r.server.Faults.Clear()
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	assert.Equal(t, "after the end", r.text(r.main()[ids[0]]))
}

// testAssociations is a test of each vendor itself.
func testAssociations(t *testing.T, v vendor) {
	require.NotNil(t, v.own["H"], "add a test of the vendor's associations to vendor.own, or say in vendor.without why there are none")
}

// testWebhooks is a test of each vendor itself.
func testWebhooks(t *testing.T, v vendor) {
	require.NotNil(t, v.own["S"], "add a test of the vendor's webhooks to vendor.own, or say in vendor.without why there are none")
}
