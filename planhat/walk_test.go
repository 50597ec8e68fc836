package planhat

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// moving is a list of companies that changes between requests.
type moving struct {
	rows []movingRow
	made int
	// most is the server's own maximum.
	most int
	// change is called before each page after the first.
	change func(*moving)
}

type movingRow struct {
	ID   string `json:"_id"`
	Name string `json:"name"`
	// hidden records don't pass the list's filter.
	hidden bool
}

func (m *moving) add(name string) movingRow {
	m.made++
	row := movingRow{ID: fmt.Sprintf("%024x", m.made), Name: name}
	m.rows = append(m.rows, row)
	return row
}

func (m *moving) remove(i int) { m.rows = slices.Delete(m.rows, i, i+1) }

// page answers a list request as Planhat does.
func (m *moving) page(query url.Values) []movingRow {
	limit, _ := strconv.Atoi(query.Get("limit"))
	offset, _ := strconv.Atoi(query.Get("offset"))
	shown := slices.DeleteFunc(slices.Clone(m.rows), func(r movingRow) bool { return r.hidden })
	by, falling := strings.CutPrefix(query.Get("sort"), "-")
	slices.SortFunc(shown, func(a, b movingRow) int {
		c := strings.Compare(a.ID, b.ID)
		if by == "name" {
			c = cmp.Or(strings.Compare(a.Name, b.Name), c)
		}
		if falling {
			return -c
		}
		return c
	})
	from := min(offset, len(shown))
	return shown[from:min(from+min(limit, m.most), len(shown))]
}

func (m *moving) server(t *testing.T) *server {
	return newServer(t, func(w http.ResponseWriter, q request, n int) {
		if q.method == http.MethodPost {
			var row movingRow
			_ = json.Unmarshal([]byte(q.body), &row)
			b, _ := json.Marshal(m.add(row.Name))
			answerWith(w, 200, string(b))
			return
		}
		if n > 1 && m.change != nil {
			m.change(m)
		}
		query, _ := url.ParseQuery(q.query)
		b, _ := json.Marshal(append([]movingRow{}, m.page(query)...))
		answerWith(w, 200, string(b))
	})
}

// TestListsThatMove reads lists while others create, delete, hide, show and
// rename records between any two requests. Every record that is in the list all
// the while arrives once, and none arrives twice.
func TestListsThatMove(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { readMovingList(t, seed) })
	}
}

func readMovingList(t *testing.T, seed uint64) {
	chance := rand.New(rand.NewPCG(seed, 9))
	n, size := 1+chance.IntN(60), 1+chance.IntN(12)
	sort := []string{"", "_id", "-_id", "name", "-name"}[chance.IntN(5)]
	m := &moving{most: 2 + chance.IntN(20)}
	for range n {
		m.add(fmt.Sprintf("n%02d", chance.IntN(30)))
	}
	for i := range m.rows {
		m.rows[i].hidden = chance.IntN(5) == 0
	}
	always := map[string]bool{}
	for _, row := range m.rows {
		always[row.ID] = !row.hidden
	}
	changes := 0
	m.change = func(m *moving) {
		for range chance.IntN(4) {
			if changes++; changes > 100 || len(m.rows) == 0 {
				return
			}
			i := chance.IntN(len(m.rows))
			switch chance.IntN(5) {
			case 0:
				m.add(fmt.Sprintf("n%02d", chance.IntN(30)))
			case 1, 2:
				always[m.rows[i].ID] = false
				m.remove(i)
			case 3:
				always[m.rows[i].ID] = false
				m.rows[i].hidden = !m.rows[i].hidden
			case 4:
				m.rows[i].Name = fmt.Sprintf("n%02d", chance.IntN(30))
			}
		}
	}
	list, err := newClient(t, m.server(t)).Company.GetList(t.Context(), ListOptions{Sort: sort, PageSize: size})
	require.NoError(t, err)
	seen := map[string]int{}
	for _, record := range list {
		seen[idOf(record)]++
	}
	for id, times := range seen {
		require.Equal(t, 1, times, "seed %d, sort %q: %s came more than once", seed, sort, id)
	}
	missing := 0
	for id, there := range always {
		if there && seen[id] == 0 {
			missing++
		}
	}
	require.Zero(t, missing, "seed %d: %d rows, sort %q, page size %d", seed, n, sort, size)
}

func TestLoopsThatDeleteWhatTheyRead(t *testing.T) {
	for _, sort := range []string{"", "-_id", "name"} {
		m := &moving{most: 5000}
		for i := range 250 {
			m.add(fmt.Sprintf("n%03d", i))
		}
		c := newClient(t, m.server(t))
		n := 0
		for record, err := range c.Company.Each(t.Context(), ListOptions{PageSize: 100, Sort: sort}) {
			require.NoError(t, err)
			n++
			m.remove(slices.IndexFunc(m.rows, func(r movingRow) bool { return r.ID == idOf(record) }))
		}
		assert.Equal(t, 250, n, sort)
		assert.Empty(t, m.rows, sort)
	}
}

// A server cuts the list at a length of its own, and the loop deletes all of that: no
// second page is left, but records are.
func TestALoopThatDeletesACutPage(t *testing.T) {
	for _, sort := range []string{"", "-_id", "name"} {
		m := &moving{most: 125}
		for i := range 237 {
			m.add(fmt.Sprintf("n%03d", i))
		}
		n := 0
		for record, err := range newClient(t, m.server(t)).Company.Each(t.Context(), ListOptions{Sort: sort}) {
			require.NoError(t, err)
			n++
			m.remove(slices.IndexFunc(m.rows, func(r movingRow) bool { return r.ID == idOf(record) }))
		}
		assert.Equal(t, 237, n, sort)
	}
}

func TestALoopThatCreatesWhatItReadsEnds(t *testing.T) {
	for _, sort := range []string{"", "-_id", "name"} {
		m := &moving{most: 5000}
		for i := range 10 {
			m.add(fmt.Sprintf("n%d", i))
		}
		c := newClient(t, m.server(t))
		n := 0
		for record, err := range c.Company.Each(t.Context(), ListOptions{PageSize: 3, Sort: sort}) {
			require.NoError(t, err)
			n++
			_, err = c.Company.Create(t.Context(), map[string]string{"name": "x", "from": idOf(record)})
			require.NoError(t, err)
		}
		assert.Equal(t, 10, n, "sort %q: the copies are not read", sort)
		assert.Len(t, m.rows, 20)
	}
}

// A loop that deletes each record and creates it anew ends, too: the list is empty,
// or its highest record gone, when the first one is created.
func TestALoopThatReplacesWhatItReadsEnds(t *testing.T) {
	for _, sort := range []string{"", "-_id", "name"} {
		for rows := 1; rows <= 3; rows++ {
			m := &moving{most: 5000}
			for i := range rows {
				m.add(fmt.Sprintf("n%d", i))
			}
			c := newClient(t, m.server(t))
			n := 0
			for record, err := range c.Company.Each(t.Context(), ListOptions{PageSize: 3, Sort: sort}) {
				require.NoError(t, err)
				n++
				require.LessOrEqual(t, n, rows, "sort %q, %d rows: the copies are read", sort, rows)
				m.rows = slices.DeleteFunc(m.rows, func(r movingRow) bool { return n == 1 || r.ID == idOf(record) })
				_, err = c.Company.Create(t.Context(), map[string]string{"name": "x"})
				require.NoError(t, err)
			}
		}
	}
}

func TestAServersOwnMaximum(t *testing.T) {
	for most := 2; most <= 777; most += 25 {
		m := &moving{most: most}
		for i := range 1500 {
			m.add(strconv.Itoa(i))
		}
		o := ListOptions{}
		if most < certainlyWhole {
			o.PageSize = 1000 // says that short pages are not the end
		}
		list, err := newClient(t, m.server(t)).Company.GetList(t.Context(), o)
		require.NoError(t, err)
		assert.Len(t, list, 1500, "pages of %d", most)
	}
}

func TestListsSayWhatTheyMissed(t *testing.T) {
	read := func(o ListOptions) (outcome Outcome) {
		m := &moving{most: 5000}
		for i := range 50 {
			m.add(fmt.Sprintf("n%02d", i))
		}
		m.change = func(m *moving) {
			m.rows, m.change = m.rows[3:], nil
		}
		seen := new(recorder)
		_, err := newClient(t, m.server(t), func(c *Config) { c.Observer = seen }).Company.GetList(t.Context(), o)
		require.NoError(t, err)
		for _, part := range seen.outcomes {
			outcome.Read += part.Read
			outcome.Late += part.Late
			outcome.Unseen += part.Unseen
		}
		return outcome
	}
	assert.Equal(t, Outcome{Read: 50}, read(ListOptions{PageSize: 10}))
	assert.Equal(t, Outcome{Read: 50, Late: 2}, read(ListOptions{PageSize: 10, Sort: "name"}))
	assert.Equal(t, Outcome{Read: 30, Unseen: 1}, read(ListOptions{PageSize: 10, Sort: "name", Limit: 30}))
}
