package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
)

// BenchmarkBulkUpsert makes 100,000 rows in a script and upserts them, against
// a simulator without latency: what the program itself takes.
func BenchmarkBulkUpsert(b *testing.B) {
	const rows = 100_000
	script := write(b, "bulk.lua", fmt.Sprintf(`
local planhat = require "planhat"
local rows = {}
for i = 1, %d do
  rows[i] = {
    externalId = "c-" .. i, name = "Company " .. i, status = "customer", phase = "Onboarding",
    domains = { "c" .. i .. ".example" }, tags = { "import", "nightly" },
    description = "Row " .. i .. " of a nightly import from the CRM, with some text that makes it as long as rows are.",
    custom = { Tier = "Gold", Seats = i %% 500, Region = "EMEA", ["# Overdue Invoices"] = i %% 7 },
  }
end
local result = planhat.company.bulk_upsert(rows)
print(result.created, #result.errors)
io.stdout:flush()
io.read()
`, rows))
	for range b.N {
		server, err := simulator.Start(simulator.Options{CallsPerMinute: -1, PerSecond: -1})
		require.NoError(b, err)
		o := hold(b, server, program.Path(b), "run", "--quiet", script)
		require.Equal(b, fmt.Sprintf("%d\t0\n", rows), o.stdout)
		calls := server.Calls()
		var bytes int
		for _, c := range calls {
			bytes += c.Bytes
		}
		served := servedTime(calls)
		require.NoError(b, server.Close())
		b.ReportMetric(rows/o.wall.Seconds(), "rows/s")
		b.ReportMetric(float64(o.peak)/1e6, "MB")
		report("100,000 rows made by a script and upserted",
			fmt.Sprintf("%s, %.0f rows/s, %s; %d requests of %s in all, %s of the time in the server",
				seconds(o.wall), rows/o.wall.Seconds(), mb(o.peak), len(calls), mb(int64(bytes)), served.Round(time.Millisecond)), "")
	}
}
