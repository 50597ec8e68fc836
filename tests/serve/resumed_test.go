package serve

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
)

// TestRetriesSendNothingTwice: the retry of a run that was killed sends the rows that are
// left, although tasks have no keys by which they could be found.
func TestRetriesSendNothingTwice(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *fixture) {
		w.file("phscript.toml", "[[schedule]]\nname = \"tasks\"\nscript = \"tasks.lua\"\nretries = 2\n"+never)
		w.file("tasks.lua", `local rows = {}
			for i = 1, 30 do rows[i] = { mainType = "task", action = "Call " .. i } end
			local companies = planhat.company.get_list{ limit = 1 }
			for i = 1, 30 do rows[i].companyId = companies[1]._id end
			planhat.task.bulk_upsert(rows, { chunk_size = 10, progress = function(done)
				print("done " .. done)
				if done == 20 and not fs.exists("out/killed") then
					fs.write("out/killed", "")
					while true do time.sleep(1) end
				end
			end })`)
		require.NoError(t, os.MkdirAll(w.dir+"/out", 0o755))
		s := w.serve()
		s.says("serving")
		id := w.start("tasks")
		patience.Await(t, 100*time.Millisecond, func() bool { return strings.Contains(w.do("runs", "logs", id), "done 20") }, "it sends no rows")
		for _, pid := range s.working() {
			run, err := os.FindProcess(pid)
			require.NoError(t, err)
			require.NoError(t, run.Kill())
		}
		runs := w.await("tasks", func(runs []*history.Run) bool { return len(with(runs, history.Succeeded)) == 1 })
		require.Len(t, runs, 2)
		stored := 0
		for _, task := range w.planhat.Records("task") {
			if action, _ := task["action"].(string); strings.HasPrefix(action, "Call ") {
				stored++
			}
		}
		assert.Equal(t, 30, stored)
		s.stop()
	})
}
