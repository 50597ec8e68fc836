package faults

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const importRows = 1500

// badRow tells which rows lack the name that a new company needs.
func badRow(number int) bool { return number%97 == 0 }

// importScript upserts companies, and tells what it was told about each row.
// Then it reads all of them back.
const importScript = `
local planhat, json = require "planhat", require "json"
local rows = {}
for i = 1, tonumber(args[1]) do
  rows[i] = { externalId = "row-" .. i, status = "customer", custom = { Number = i } }
  if i % 97 ~= 0 then rows[i].name = "Company " .. i end
end

local ok, result = pcall(planhat.company.bulk_upsert, rows, { chunk_size = 50 })
local raised = not ok and tostring(result) or nil
if not ok then result = assert(result.result, result) end
local errors = json.array{}
for i, e in ipairs(result.errors) do
  errors[i] = { index = e.index, kind = e.kind, uncertain = e.uncertain, key = e.row.externalId }
end

local read = {}
local complete = pcall(function()
  for company in planhat.company.each{ page_size = 250 } do read[#read + 1] = company.externalId end
end)
return json.encode{
  created = result.created, updated = result.updated, unchanged = result.unchanged, uncertain = result.uncertain_outcome,
  rows = result.rows, errors = errors, raised = raised, complete = complete, read = json.array(read),
}
`

type imported struct {
	Created, Updated, Unchanged, Uncertain, Rows int
	Raised                                       string
	Errors                                       []struct {
		Index     int
		Key, Kind string
		Uncertain bool
	}
	Complete bool
	Read     []string
}

func TestAnImportThroughChaos(t *testing.T) {
	var lost atomic.Int64 // rows of requests that failed for good
	t.Cleanup(func() {
		assert.Positive(t, lost.Load(), "no request failed for good: the faults are too tame to prove anything")
	})
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			server := start(t, seed, chaos)
			rt := host(t, server)
			var told imported
			result := run(t, rt, importScript, &told, strconv.Itoa(importRows))
			require.Positive(t, result.Summary.Retries, "the faults must have hit something")

			// Every row is accounted for once.
			assert.Equal(t, importRows, told.Rows)
			assert.Equal(t, importRows, told.Created+told.Updated+told.Unchanged+told.Uncertain+len(told.Errors))
			assert.Len(t, result.Rejected, len(told.Errors))
			reported := map[int]int{}
			for i, e := range told.Errors {
				assert.Equal(t, fmt.Sprintf("row-%d", e.Index), e.Key)
				reported[e.Index] = i
			}
			assert.Len(t, reported, len(told.Errors), "no row is reported twice")

			// What is stored is what was said.
			have := stored(server, "company", "externalId")
			for number := 1; number <= importRows; number++ {
				n := have["row-"+strconv.Itoa(number)]
				i, rejected := reported[number]
				switch {
				case badRow(number):
					require.True(t, rejected, "row %d", number)
					require.Zero(t, n, "row %d", number)
				case !rejected:
					require.Equal(t, 1, n, "row %d was reported as stored", number)
				case told.Errors[i].Uncertain:
					require.LessOrEqual(t, n, 1, "row %d", number)
					lost.Add(1)
				default:
					require.Zero(t, n, "row %d was reported as not stored", number)
					lost.Add(1)
				}
			}
			for _, record := range server.Records("company") {
				number := record["custom"].(map[string]any)["Number"].(float64)
				require.Equal(t, fmt.Sprintf("Company %.0f", number), record["name"])
				require.Equal(t, fmt.Sprintf("row-%.0f", number), record["externalId"])
			}

			// A listing that ends without an error is whole.
			if told.Complete {
				seen := map[string]int{}
				for _, key := range told.Read {
					seen[key]++
				}
				assert.Equal(t, have, seen)
			}

			// The same import on a good day completes what is missing.
			server.ClearFaults()
			var again imported
			run(t, rt, importScript, &again, strconv.Itoa(importRows))
			assert.Empty(t, again.Raised)
			assert.True(t, again.Complete)
			assert.Len(t, again.Errors, importRows/97)
			assert.Equal(t, importRows-importRows/97-len(have), again.Created)
			assert.Equal(t, len(have), again.Unchanged)
			assert.Len(t, stored(server, "company", "externalId"), importRows-importRows/97)
		})
	}
}

// TestChaosIsRepeatable holds that a seed that failed can be looked into.
func TestChaosIsRepeatable(t *testing.T) {
	var first []string
	for range 2 {
		server := start(t, 3, chaos)
		var told imported
		run(t, host(t, server), importScript, &told, "1000")
		require.NotEmpty(t, server.Calls())
		var calls []string
		for _, c := range server.Calls() {
			calls = append(calls, fmt.Sprint(c.Operation, " ", c.Status, " ", c.Fault, " ", c.Rows))
		}
		if first == nil {
			first = calls
		}
		assert.Equal(t, first, calls)
	}
}

// TestEachFaultAlone sends an import through every kind of fault at every third
// call: all of them are survived without a loss.
func TestEachFaultAlone(t *testing.T) {
	for _, fault := range []string{
		"reset-before:every=3", "reset-after:every=3", "truncate:every=3", "html:every=3", "html:every=3,applied=true",
		"500:every=3", "503:every=3,applied=true", "429:every=3", "429:every=3,applied=true",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			server := start(t, 1, fault)
			var told imported
			result := run(t, host(t, server), importScript, &told, "1000")
			assert.Positive(t, result.Summary.Retries)
			assert.Empty(t, told.Raised)
			assert.True(t, told.Complete)
			assert.Len(t, told.Errors, 1000/97)
			assert.Len(t, told.Read, 1000-1000/97)
			assert.Len(t, stored(server, "company", "externalId"), 1000-1000/97)
			assert.Len(t, server.Records("company"), 1000-1000/97)
		})
	}
}
