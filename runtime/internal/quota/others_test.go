package quota

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/runtime/internal/store"
)

// planhatQuota counts calls as Planhat may: until a time, or those of the last minute.
type planhatQuota struct {
	sliding      bool
	length, anew int64
	// calls are those that count, with whether they are ours.
	calls []countedCall
}

type countedCall struct {
	at   int64
	ours bool
}

// count counts a call at a time, and returns what has been counted, and how much of that is
// not ours.
func (q *planhatQuota) count(now int64, ours bool) (used int, others int64) {
	if !q.sliding && now >= q.anew+q.length {
		q.anew += (now - q.anew) / q.length * q.length
	}
	q.calls = append(q.calls, countedCall{now, ours})
	q.calls = slices.DeleteFunc(q.calls, func(c countedCall) bool {
		return q.sliding && c.at <= now-q.length || !q.sliding && c.at < q.anew
	})
	for _, c := range q.calls {
		if !c.ours {
			others++
		}
	}
	return len(q.calls), others
}

// TestOthersAreNeverOverestimated: whatever the way in which Planhat counts, and however
// long calls and answers take.
func TestOthersAreNeverOverestimated(t *testing.T) {
	const second = int64(time.Second / time.Microsecond)
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		q := planhatQuota{sliding: rapid.Bool().Draw(t, "sliding"), length: 60 * second}
		if !q.sliding {
			q.length = rapid.Int64Range(60, 120).Draw(t, "length") * second
		}
		own := tenant{now: 1000 * second}
		q.anew = own.now
		var s seen
		// arrivals are calls that are under way.
		type arrival struct {
			at, answered int64
			ours         bool
		}
		var arrivals []arrival
		type answer struct {
			at, others int64
			used       int
		}
		var answers []answer
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			own.now += rapid.Int64Range(0, 6*second).Draw(t, "pause")
			for _, a := range arrivals {
				if a.at <= own.now {
					used, others := q.count(a.at, a.ours)
					if a.ours {
						answers = append(answers, answer{a.answered, others, used})
					}
				}
			}
			arrivals = slices.DeleteFunc(arrivals, func(a arrival) bool { return a.at <= own.now })
			for _, a := range answers {
				if a.at > own.now {
					continue
				}
				s.checked = time.Time{}
				if anew, suspected := s.counted(a.used); suspected {
					n := own.notOurs(a.used, anew)
					if n > a.others {
						t.Fatalf("%d of others are reported, and there are %d", n, a.others)
					}
					if n >= fewest {
						found++
					}
				}
			}
			answers = slices.DeleteFunc(answers, func(a answer) bool { return a.at <= own.now })
			ours := rapid.IntRange(0, 2).Draw(t, "ours") > 0
			way, back := rapid.Int64Range(0, 4*second).Draw(t, "way"), rapid.Int64Range(0, 4*second).Draw(t, "back")
			for i := range rapid.Int64Range(0, 60).Draw(t, "calls") {
				if ours {
					own.drop(own.now - 60*second)
					own.last++
					own.starts = append(own.starts, start{id: own.last, at: own.now})
					own.note()
					own.read = time.Now()
					s.booked(&own)
				}
				at := own.now + way*(i%3)/3
				arrivals = append(arrivals, arrival{at, at + back*(i%5)/5, ours})
			}
			slices.SortFunc(arrivals, func(a, b arrival) int { return int(a.at - b.at) })
		}
	})
	assert.Positive(t, found, "some are found")
}

func TestOthersAreReported(t *testing.T) {
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	w := New(Options{Open: func(context.Context) (*store.DB, error) { return db, nil }, URL: "https://api.planhat.com", Token: "t", Limit: 200, Length: time.Minute, Run: "r"})
	report := func() Report {
		reports, err := Reports(t.Context(), db, time.Minute)
		require.NoError(t, err)
		require.Len(t, reports, 1)
		return reports[0]
	}
	w.Counted(t.Context(), 150) // before the first call, nothing is known
	for range 20 {
		_, err := w.Take(t.Context())
		require.NoError(t, err)
	}
	w.Counted(t.Context(), 29)
	assert.Zero(t, report().Others, "so few may be an error")
	w.Counted(t.Context(), 57)
	assert.Equal(t, int64(37), report().Others)
	assert.WithinDuration(t, time.Now(), report().OthersSeen, time.Minute)
	w.Counted(t.Context(), 150)
	assert.Equal(t, int64(37), report().Others, "the store is not asked again so soon")
	w.seen.checked = time.Time{}
	w.Counted(t.Context(), 150)
	assert.Equal(t, int64(130), report().Others)
	require.NoError(t, store.Exec(t.Context(), db, `UPDATE phscript_quota SET others_at = others_at - ?`, 3*time.Minute.Microseconds()))
	assert.Zero(t, report().Others, "it was long ago")
	assert.True(t, report().OthersSeen.IsZero())
	// Marks survive the store.
	tenant, err := read(t.Context(), db, w.tenant)
	require.NoError(t, err)
	require.Len(t, tenant.marks, 1)
	assert.Equal(t, int64(1), tenant.marks[0].sent)
	assert.WithinDuration(t, time.Now(), time.UnixMicro(tenant.marks[0].at), time.Minute)
	assert.Error(t, tenant.parseMarks("[[1]"))
}
