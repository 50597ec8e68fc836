package simulate_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/simulate"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// TestSimulate asks a simulated Planhat for its companies, as a client in
// another process does.
func TestSimulate(t *testing.T) {
	for flags, want := range map[string]int{
		"--companies 3": 200, "--companies 3 --deny company": 403, "--faults 503": 503, "--companies 3 --calls-per-min 1 --verbose": 200,
	} {
		r := trial.New(t, nil)
		read, write := io.Pipe()
		r.Env.Stdout = write
		done := make(chan string, 1)
		go func() {
			_, stderr, err := r.Run(simulate.New, append([]string{"--addr", "127.0.0.1:0"}, strings.Fields(flags)...)...)
			assert.NoError(t, err)
			_ = write.Close()
			done <- stderr
		}()
		variables := map[string]string{}
		for lines := bufio.NewScanner(read); len(variables) < 4 && lines.Scan(); {
			name, value, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
			variables[name] = strings.Trim(value, `'"`)
		}
		get := func() int {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, variables["PLANHAT_API_URL"]+"/companies", nil)
			require.NoError(t, err)
			request.Header.Set("Authorization", "Bearer "+variables["PLANHAT_API_TOKEN"])
			answer, err := http.DefaultClient.Do(request)
			require.NoError(t, err, flags)
			require.NoError(t, answer.Body.Close())
			return answer.StatusCode
		}
		assert.Equal(t, want, get(), flags)
		calls := "# 1 calls in"
		if strings.Contains(flags, "--calls-per-min") {
			assert.Equal(t, http.StatusTooManyRequests, get(), "the quota is used up")
			calls = "# 2 calls in"
		}
		r.Signals <- os.Interrupt
		stderr := <-done
		assert.Contains(t, stderr, calls)
		assert.Contains(t, stderr, "company.get_list")
	}
}

func TestFlagsThatAreWrong(t *testing.T) {
	for flags, want := range map[string]string{"--faults 500:never=1": "--faults: ", "--switches nothing=1": "--switches: ", "a.lua": "takes no arguments"} {
		_, _, err := trial.New(t, nil).Run(simulate.New, strings.Fields(flags)...)
		assert.ErrorContains(t, err, want)
	}
}
