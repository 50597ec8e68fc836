package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/program"
)

// checkedScripts and checkedLines are how many scripts are checked at once, and
// how long each is; checkRounds is how often.
const (
	checkedScripts = 100
	checkedLines   = 200
	checkRounds    = 11
)

// scriptParts are what the checked scripts are put together from. %[1]d makes
// the names of each differ.
var scriptParts = []string{
	`local rows%[1]d = {}
for row, line in csv.rows("accounts-%[1]d.csv") do
  local name = row.name
  if name and name ~= "" then
    rows%[1]d[#rows%[1]d + 1] = { externalId = row.id, name = name, phase = row.phase, custom = { Tier = row.tier } }
  else
    log.warn("no name, left out", { line = line })
  end
end
`, `local result%[1]d = planhat.company.bulk_upsert({ { externalId = "a-%[1]d", name = "Acme %[1]d" } })
for _, e in ipairs(result%[1]d.errors) do
  print("rejected: " .. (e.key or "?") .. ": " .. e.message)
end
`, `local function total%[1]d(list, by)
  local sum, count = 0, 0
  for _, item in ipairs(list) do
    local value = item[by]
    if type(value) == "number" then
      sum, count = sum + value, count + 1
    end
  end
  return sum, count
end
print(total%[1]d(planhat.license.get_list{ limit = %[1]d + 1 }, "value"))
`, `local active%[1]d = 0
for company in planhat.company.each{ select = { "name", "owner", "mrr" }, sort = "-mrr" } do
  if (company.mrr or 0) < %[1]d then break end
  if not company.owner then
    planhat.task.create{ mainType = "task", companyId = company._id, action = "Assign an owner" }
    active%[1]d = active%[1]d + 1
  end
end
print(("%%d without an owner"):format(active%[1]d))
`, `local cache%[1]d = {}
local function find%[1]d(id)
  local found = cache%[1]d[id]
  if found == nil then
    local company, err = planhat.try(planhat.company.get_by_id, "extid-" .. id)
    if not company then
      log.error(tostring(err))
      return nil
    end
    found = company
    cache%[1]d[id] = found
  end
  return found
end
print(find%[1]d("a-%[1]d"))
`, `do
  local since = time.iso(time.add(time.now(), "-%[1]dd"))
  local seen, order = {}, {}
  for enduser in planhat.enduser.each{ sort = "-updatedAt" } do
    if (enduser.updatedAt or "") < since then break end
    local key = (enduser.email or ""):lower()
    if key ~= "" and not seen[key] then
      seen[key] = true
      table.insert(order, key)
    end
  end
  table.sort(order, function(a, b) return a < b end)
  print(table.concat(order, ", "))
end
`,
}

// BenchmarkCheck checks a folder of scripts, and compares with luacheck on the
// same files where that is installed. They take turns.
func BenchmarkCheck(b *testing.B) {
	dir := b.TempDir()
	lines := 0
	for i := range checkedScripts {
		var text strings.Builder
		for part := i; strings.Count(text.String(), "\n") < checkedLines; part++ {
			fmt.Fprintf(&text, scriptParts[part%len(scriptParts)], part)
		}
		lines += strings.Count(text.String(), "\n")
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("script%03d.lua", i)), []byte(text.String()), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for range b.N {
		var mine, other []time.Duration
		luacheck := find("luacheck")
		for range checkRounds {
			mine = append(mine, execute(b, nil, program.Path(b), "check", dir).wall)
			if luacheck != "" {
				other = append(other, execute(b, nil, luacheck, "--no-config", "--quiet", "--std", "lua51", "--no-max-line-length",
					"--globals", "csv", "log", "planhat", "time", "--only", "0", "--", dir).wall)
			}
		}
		measured := ms(median(mine))
		b.ReportMetric(float64(median(mine))/1e6, "ms/folder")
		if luacheck != "" {
			measured += fmt.Sprintf(" (luacheck/phscript %.1f)", float64(median(other))/float64(median(mine)))
		}
		report(fmt.Sprintf("check %d scripts, %d lines", checkedScripts, lines), measured, "1 s")
	}
}
