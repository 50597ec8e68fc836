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

// TestWhatIsKnownOfAKilledRun: its calls and its modules, which the service knows although
// the run could not end.
func TestWhatIsKnownOfAKilledRun(t *testing.T) {
	t.Parallel()
	w := newFixture(t, "")
	w.file("phscript.toml", "[[schedule]]\nname = \"calls\"\nscript = \"calls.lua\"\n"+never)
	w.file("list.lua", "return 1")
	w.file("calls.lua", "local n = require('list') for i = 1, 5 do planhat.company.get_list{ limit = n } end\ntime.sleep(3)\nprint('called')\nwhile true do time.sleep(1) end\n")
	s := w.serve()
	s.says("serving")
	id := w.start("calls")
	patience.Await(t, 100*time.Millisecond, func() bool { return strings.Contains(w.do("runs", "logs", id), "called") }, "it makes no calls")
	for _, pid := range s.working() {
		run, err := os.FindProcess(pid)
		require.NoError(t, err)
		require.NoError(t, run.Kill())
	}
	r := w.becomes(id, history.Failed)
	assert.Contains(t, r.Reason, "was killed")
	assert.Equal(t, 5, r.Calls)
	assert.Contains(t, w.do("runs", "show", id), "list.lua ")
	s.stop()
}
