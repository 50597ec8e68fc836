package program

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { os.Exit(Run(m)) }

// TestWithClock: a clock that is off is off for scripts as well.
func TestWithClock(t *testing.T) {
	for _, off := range []time.Duration{0, 5 * time.Second, -5 * time.Second} {
		out, err := exec.Command(WithClock(t, off), "run", "--quiet", "-e", "print(os.time())").Output()
		require.NoError(t, err)
		seconds, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now().Add(off), time.Unix(seconds, 0), 2*time.Second, "%s", off)
	}
}
