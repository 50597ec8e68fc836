package connectors

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// testEcho: of a field that is read and written, one change on either side is written once
// to the other, whatever both make of it.
func testEcho(t *testing.T, v vendor) {
	r := rigOf(t, v)
	r.normalize(func(text string) string { return strings.ToLower(strings.TrimSpace(text)) })
	both := func(owner string) string {
		return `back = { ` + r.stream + ` = { ` + r.field + ` = { "` + r.property + `", owner = "` + owner + `" } } }`
	}
	options := both("planhat")
	ids := r.add(3, r.clock.Now())
	ours, theirs, quiet := ids[0], ids[1], ids[2]
	r.touch(theirs, "first")
	r.touch(quiet, "same")
	r.clock.Advance(time.Hour)
	r.did(t, options)
	assert.Equal(t, "first", r.text(r.main()[theirs]))
	assert.Zero(t, r.writes(), "what was read is not written back")
	sent := r.upserts(r.model)

	r.edit(t, ours, "  From PLANHAT ") // the vendor trims it and makes it lower case
	r.touch(theirs, "From There")
	for range 10 {
		r.clock.Advance(time.Hour)
		r.did(t, options)
	}
	assert.Equal(t, 1, r.writes())
	assert.Equal(t, sent+1, r.upserts(r.model))
	assert.Equal(t, "from planhat", r.value(ours))
	assert.Equal(t, "  From PLANHAT ", r.text(r.main()[ours]), "the echo of what was written changes nothing")
	assert.Equal(t, "From There", r.text(r.main()[theirs]))
	assert.Equal(t, "same", r.text(r.main()[quiet]))
	r.did(t, options+`, full = true`)
	assert.Equal(t, 1, r.writes())
	assert.Equal(t, sent+1, r.upserts(r.model))

	// When both change, the owner is right.
	r.edit(t, ours, "planhat wins")
	r.touch(ours, "vendor loses")
	r.clock.Advance(time.Hour)
	r.did(t, options)
	assert.Equal(t, "planhat wins", r.value(ours))
	assert.Equal(t, "planhat wins", r.text(r.main()[ours]))
	r.edit(t, theirs, "planhat loses")
	r.touch(theirs, "vendor wins")
	r.clock.Advance(time.Hour)
	for range 2 {
		r.did(t, both(r.name))
		r.clock.Advance(time.Hour)
	}
	assert.Equal(t, "vendor wins", r.value(theirs))
	assert.Equal(t, "vendor wins", r.text(r.main()[theirs]))
	assert.Equal(t, 2, r.writes())

	// A record that Planhat lost comes back whole.
	_, err := r.sync(t, `back = { `+r.stream+` = { `+r.field+` = "`+r.property+`" } }`)
	assert.ErrorContains(t, err, "say who is right when both change")
	assert.ErrorContains(t, err, `owner = "planhat"`)
}
