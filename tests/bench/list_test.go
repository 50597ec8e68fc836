package bench

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
)

// BenchmarkListing lists 100,000 companies with a latency of 300 ms at 200
// calls a minute: with the Go client, and with a script. The calls' own time is
// what they take one after another, from the request to the decoded answer.
func BenchmarkListing(b *testing.B) {
	const companies = 100_000
	server, err := simulator.Start(simulator.Options{Companies: companies, Latency: 300 * time.Millisecond})
	require.NoError(b, err)
	defer func() { require.NoError(b, server.Close()) }()
	script := write(b, "list.lua", `
local planhat = require "planhat"
local n = 0
for company in planhat.company.each() do n = n + 1 end
print(n)
io.stdout:flush()
io.read()
`)
	for range b.N {
		server.Reset()
		own := &ownTime{}
		client := newClient(b, server, own)
		n := 0
		began := time.Now()
		for record, err := range client.Company.Each(context.Background(), planhat.ListOptions{}) {
			if err != nil || len(record) == 0 {
				b.Fatal("a record is missing: ", err)
			}
			n++
		}
		total := time.Since(began)
		require.Equal(b, companies, n)
		calls := server.Count(simulator.Filter{})
		served := servedTime(server.Calls())
		b.ReportMetric(total.Seconds(), "s/listing")
		b.ReportMetric(total.Seconds()/own.total.Seconds(), "total/calls")
		report("100,000 companies listed, Go client",
			fmt.Sprintf("%s; its %d calls take %s one after another (%s in the server)", seconds(total), calls, seconds(own.total), seconds(served)),
			"no more than the calls themselves")

		server.Reset()
		o := hold(b, server, program.Path(b), "run", "--quiet", script)
		require.Equal(b, "100000\n", o.stdout)
		served = servedTime(server.Calls())
		report("100,000 companies listed, script with every record as a table",
			fmt.Sprintf("%s, of that %s in the server; %s", seconds(o.wall), seconds(served), mb(o.peak)), "")
	}
}

// ownTime adds up what the attempts take by themselves.
type ownTime struct {
	mu    sync.Mutex
	total time.Duration
}

func (o *ownTime) Attempt(a planhat.Attempt) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.total += a.Duration
}

func (o *ownTime) Outcome(planhat.Outcome) {}

func servedTime(calls []simulator.Call) time.Duration {
	var sum time.Duration
	for _, c := range calls {
		sum += c.Duration
	}
	return sum
}
