package planhat

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The end of a list is found within a few calls, whatever the server does to it,
// and each record that stays arrives once.
func TestTheEndOfAListThatKeepsMoving(t *testing.T) {
	const n = 999
	for name, tt := range map[string]struct {
		rows    int
		page    func(m *moving, w http.ResponseWriter, q request, calls int) bool
		missing bool
	}{
		"the first record is lost at every call": {n, func(m *moving, _ http.ResponseWriter, _ request, calls int) bool {
			if calls > 1 {
				m.remove(0)
			}
			return false
		}, false},
		"the last record is lost at every other call": {n, func(m *moving, _ http.ResponseWriter, _ request, calls int) bool {
			if calls%2 == 0 {
				m.remove(len(m.rows) - 1)
			}
			return false
		}, false},
		"nothing behind the first place": {150, func(_ *moving, w http.ResponseWriter, q request, _ int) bool {
			if q.offset() > 0 {
				answerWith(w, 200, "[]")
			}
			return q.offset() > 0
		}, true},
		"every other page is empty": {n, func(m *moving, w http.ResponseWriter, _ request, calls int) bool {
			m.most = 150
			if calls%2 == 0 {
				answerWith(w, 200, "[]")
			}
			return calls%2 == 0
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := &moving{most: 5_000}
			for range tt.rows {
				m.add("Acme")
			}
			calls := 0
			s := newServer(t, func(w http.ResponseWriter, q request, number int) {
				calls = number
				assert.GreaterOrEqual(t, q.offset(), 0)
				if !tt.page(m, w, q, number) {
					query, _ := url.ParseQuery(q.query)
					b, _ := json.Marshal(m.page(query))
					answerWith(w, 200, string(b))
				}
			})
			tally := &Tally{}
			c := newClient(t, s, func(cfg *Config) { cfg.Observer = tally })
			seen := map[string]int{}
			for r, err := range c.Company.Each(t.Context(), ListOptions{}) {
				require.NoError(t, err)
				seen[r.ID()]++
			}
			for _, row := range m.rows {
				assert.Equal(t, 1, seen[row.ID], row.ID)
			}
			assert.Less(t, calls, 80)
			assert.Equal(t, tt.missing, tally.Snapshot().Unseen > 0)
		})
	}
}

func (q request) offset() int {
	query, _ := url.ParseQuery(q.query)
	n, err := strconv.Atoi(query.Get("offset"))
	if err != nil {
		return -1
	}
	return n
}
