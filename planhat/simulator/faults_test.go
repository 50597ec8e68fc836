package simulator

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func faulty(t *testing.T, text string) *peer {
	t.Helper()
	faults, err := ParseFaults(text)
	require.NoError(t, err)
	return start(t, Options{Faults: faults, Seed: 7})
}

func TestParseFaults(t *testing.T) {
	faults, err := ParseFaults(" 429:every=10, retry-after=2 ;500:p=0.05,applied=true,times=3;reset-before:nth=3,model=task;slow:delay=2s,method=get;html:status=503,host=main;truncate;;latency:operation=get_list,first=4;odd:shape=rows;504:late=3;html:late=2s;others:do=delete,rows=2")
	require.NoError(t, err)
	assert.Equal(t, []Fault{
		{Kind: FaultStatus, Status: 429, Every: 10, RetryAfter: "2"},
		{Kind: FaultStatus, Status: 500, P: 0.05, Applied: true, Times: 3},
		{Kind: FaultResetBefore, Nth: 3, Model: "task"},
		{Kind: FaultSlow, Delay: 2 * time.Second, Method: "GET"},
		{Kind: FaultHTML, Status: 503, Host: "main"},
		{Kind: FaultTruncate},
		{Kind: FaultLatency, Delay: time.Second, Operation: "get_list", First: 4},
		{Kind: FaultOdd, Status: 200, Shape: ShapeRows},
		{Kind: FaultStatus, Status: 504, LateCalls: 3},
		{Kind: FaultHTML, Status: 502, Late: 2 * time.Second},
		{Kind: FaultOthers, Do: OthersDelete, Rows: 2},
	}, faults)
	for text, message := range map[string]string{
		"rest-before":       "did you mean 'reset-before'?",
		"200":               "is not an error",
		"500:evry=2":        "did you mean 'every'?",
		"500:every":         "needs a value",
		"500:every=0":       "at least 1",
		"500:p=2":           "must be above 0 and at most 1",
		"slow:delay=2":      "is not a duration",
		"429:retry-after=x": "must be a number of seconds, date or none",
		"500:model=compny":  "did you mean 'company'?",
		"500:host=moon":     "must be main or analytics",
		"html:status=200":   "is not an error",
		"500:applied=maybe": "must be true or false",
		"odd:shape=rwos":    "did you mean 'rows'?",
		"odd:status=404":    "is not a success",
		"others:do=shout":   "must be one of create, update, archive, delete",
		"504:late=soon":     "must be a duration such as 2s, or a number of calls",
		"504:late=0":        "must be a duration such as 2s, or a number of calls",
	} {
		_, err := ParseFaults(text)
		assert.ErrorContains(t, err, message, text)
	}
	assert.True(t, strings.Contains(FaultGrammar, "reset-after"))
}

func TestStatusFaults(t *testing.T) {
	p := faulty(t, "429:every=3,retry-after=2,model=company;503:nth=1,model=user,applied=true,method=POST")
	var got []int
	for range 6 {
		got = append(got, p.do("GET", "/companies", "").status)
	}
	assert.Equal(t, []int{200, 200, 429, 200, 200, 429}, got)
	assert.Equal(t, 2, p.Count(Filter{Fault: "429"}))
	user := `{"nickName":"Ada","email":"a@x.example","firstName":"A","lastName":"L"}`
	assert.Equal(t, 200, p.do("GET", "/users", "").status)
	assert.Equal(t, 503, p.do("POST", "/users", user).status)
	assert.Len(t, p.Records("user"), 1, "applied")
	p.ClearFaults()
	for range 4 {
		assert.Equal(t, 200, p.do("GET", "/companies", "").status)
	}
	require.NoError(t, p.InjectFaults(Fault{Kind: FaultStatus, Status: 429, RetryAfter: "2"}))
	r := p.do("GET", "/companies", "")
	assert.Equal(t, "2", r.header.Get("Retry-After"))
}

func TestResets(t *testing.T) {
	p := faulty(t, "reset-before:nth=1;reset-after:nth=2")
	_, err := p.try("POST", "/companies", `{"name":"A"}`)
	require.Error(t, err)
	assert.Empty(t, p.Records("company"), "cut before it was applied")
	_, err = p.try("POST", "/companies", `{"name":"A"}`)
	require.Error(t, err)
	assert.Len(t, p.Records("company"), 1, "cut after it was applied")
	assert.Equal(t, 200, p.do("GET", "/companies", "").status)
	calls := p.Calls()
	assert.False(t, calls[0].Applied)
	assert.True(t, calls[1].Applied)
	assert.Equal(t, 0, calls[1].Status)
}

func TestTruncatedBody(t *testing.T) {
	p := faulty(t, "truncate:nth=2")
	p.make("/companies", `{"name":"A","description":"`+strings.Repeat("x", 3000)+`"}`)
	r, err := p.try("GET", "/companies", "")
	require.ErrorContains(t, err, "unexpected EOF")
	assert.Equal(t, 200, r.status)
	assert.NotEmpty(t, r.body)
}

func TestHTMLPage(t *testing.T) {
	p := faulty(t, "html")
	r := p.do("GET", "/companies", "")
	assert.Equal(t, 502, r.status)
	assert.Contains(t, r.header.Get("Content-Type"), "text/html")
	assert.Contains(t, r.body, "<h1>502 Bad Gateway</h1>")
}

func TestSlowBodyAndLatency(t *testing.T) {
	p := faulty(t, "slow:delay=200ms,nth=1;latency:delay=150ms,nth=2")
	for _, least := range []time.Duration{90 * time.Millisecond, 150 * time.Millisecond} {
		before := time.Now()
		assert.Equal(t, 200, p.do("GET", "/companies?limit=1", "").status)
		// The last piece of a slow body comes before the delay is over.
		assert.GreaterOrEqual(t, time.Since(before), least)
	}
}

func TestChanceIsRepeatable(t *testing.T) {
	run := func() (statuses []int) {
		p := faulty(t, "500:p=0.4")
		for range 20 {
			statuses = append(statuses, p.do("GET", "/users", "").status)
		}
		return statuses
	}
	first := run()
	assert.Equal(t, first, run())
	assert.Contains(t, first, 500)
	assert.Contains(t, first, 200)
}

func TestFaultsAreChecked(t *testing.T) {
	for want, f := range map[string]Fault{
		`unknown fault "bogus"`:                                      {Kind: "bogus"},
		`unknown fault ""`:                                           {Status: 503},
		`Status 0 is not an error; use 400 to 599`:                   {Kind: FaultStatus},
		`Status 200 is not an error`:                                 {Kind: FaultHTML, Status: 200},
		`Status 500 is not a success`:                                {Kind: FaultOdd, Status: 500},
		`unknown model "compani" (did you mean 'company'?)`:          {Kind: FaultStatus, Status: 503, Model: "compani"},
		`unknown operation "bulk_upsrt"`:                             {Kind: FaultStatus, Status: 503, Operation: "bulk_upsrt"},
		`unknown operation "segment"`:                                {Kind: FaultStatus, Status: 503, Model: "company", Operation: "segment"},
		`no operation has the method "put"`:                          {Kind: FaultStatus, Status: 503, Method: "put"},
		`Host "api" must be main or analytics`:                       {Kind: FaultStatus, Status: 503, Host: "api"},
		`Delay is missing`:                                           {Kind: FaultLatency},
		`Every is negative`:                                          {Kind: FaultResetAfter, Every: -1},
		`Late is negative`:                                           {Kind: FaultResetAfter, Late: -time.Second},
		`P 2 must be from 0 to 1`:                                    {Kind: FaultResetAfter, P: 2},
		`Shape "objekt" must be one of`:                              {Kind: FaultOdd, Shape: "objekt"},
		`Do "remove" must be one of`:                                 {Kind: FaultOthers, Do: "remove"},
		`retry-after=soon must be a number of seconds, date or none`: {Kind: FaultStatus, Status: 429, RetryAfter: "soon"},
	} {
		_, err := New(Options{Faults: []Fault{f}})
		assert.ErrorContains(t, err, want)
	}
	s, err := New(Options{})
	require.NoError(t, err)
	assert.Error(t, s.InjectFaults(Fault{Kind: FaultResetAfter}, Fault{Kind: "bogus"}))
	assert.Empty(t, s.faults.armed, "all or none")
}
