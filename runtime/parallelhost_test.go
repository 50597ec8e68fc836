package runtime

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// Functions that need a token at the same time get one token.
func TestParallelTokens(t *testing.T) {
	b, a := newAuthority(t)
	_, err := b.run(t, inParallel+`
		local http, oauth2 = require "http", require "oauth2"
		local token = oauth2.client_credentials{ token_url = "`+a.URL+`/token", client_id = "app", client_secret = "`+appSecret+`" }
		local done = parallel.map(upto(24), function() return http.get("`+a.URL+`/api", { bearer = token }).status end)
		assert(#done == 24)`)
	require.NoError(t, err)
	assert.Len(t, a.asked, 1)
}

func TestParallelFiles(t *testing.T) {
	b, s := newSystem(t, map[string]http.HandlerFunc{"/n": together(6)})
	b.opts.Timeout = 2 * time.Minute
	require.NoError(t, os.WriteFile(filepath.Join(b.dir, "data.txt"), bytes.Repeat([]byte("x"), 100_000), 0o600))
	require.NoError(t, s.run(t, b, inParallel+`
		parallel.map(upto(12), function(n)
			http.put(BASE .. "/n?n=" .. n, { file = "data.txt", to = "out" .. n .. ".json" })
			assert(json.decode(fs.read("out" .. n .. ".json")).n == n)
		end, { limit = 6 })`))
}

// What a bulk call asks the script for in between runs in turn: the iterator, which may
// wait itself, and progress.
func TestParallelBulk(t *testing.T) {
	b := newBench(t)
	sim, server, _ := simulated(t)
	b.opts.Planhat = planhat.Config{APIToken: sim.APIToken(), BaseURL: server.URL}
	result, err := b.run(t, inParallel+`
		local calls, counted = 0, 0
		local results = parallel.map(upto(6), function(n)
			local i = 0
			local result = planhat.company.bulk_upsert(function()
				if i < 40 then
					i = i + 1
					if i % 10 == 0 then time.sleep(0.001) end
					return { name = "c", externalId = n .. "-" .. i }
				end
			end, { chunk_size = 8, progress = function(done) calls = calls + 1 time.sleep(0.0001) counted = counted + 1 end })
			return result.created
		end)
		local sum = 0
		for _, n in ipairs(results) do sum = sum + n end
		assert(parallel.map({ "extid-1-1", "extid-2-1" }, planhat.company.get_by_id)[2].externalId == "2-1")
		print(calls, counted, sum, #planhat.company.get_list())
		local ok, err = pcall(parallel.map, upto(4), function(n)
			planhat.company.bulk_upsert(function() time.sleep(0.001) error({ n = n }) end)
		end)
		print(ok, type(err.n), err.index)`)
	require.NoError(t, err)
	lines := strings.Split(b.stdout.String(), "\n")
	assert.Equal(t, "false\tnumber\tnil", lines[1])
	assert.Equal(t, "30\t30\t240\t240", lines[0])
	assert.EqualValues(t, 240, result.Summary.Created)
}

// A function in Go of an embedder waits as those of phscript do, and its panic ends the run.
func TestParallelFunctionsOfTheHost(t *testing.T) {
	var here atomic.Int64
	all := make(chan struct{})
	var logs bytes.Buffer
	b := newBench(t)
	b.opts.Timeout = 2 * time.Minute
	b.opts.Logger = slog.New(slog.NewTextHandler(&logs, nil))
	b.opts.Modules = []*bindings.Module{{Name: "m", Funcs: []*bindings.Func{
		{Name: "meet", Doc: "Waits until four are here.", Call: func(a *bindings.Args) (int, error) {
			a.Host.Wait(a.L, func(turn bindings.Turn) {
				if here.Add(1) == 4 {
					close(all)
				}
				select {
				case <-all:
				case <-a.Context().Done():
				}
				turn.Take(func() { a.L.SetGlobal("met", lua.LNumber(here.Load())) })
			})
			return 0, nil
		}},
		{Name: "panics", Doc: "Panics.", Call: func(a *bindings.Args) (int, error) {
			a.Host.Wait(a.L, func(bindings.Turn) { panic(errMine) })
			return 0, nil
		}},
	}}}
	_, err := b.run(t, inParallel+`parallel.map(upto(4), function() m.meet() end) print(met)`)
	require.NoError(t, err)
	_, err = b.run(t, inParallel+`pcall(parallel.map, upto(9), function(n) if n == 3 then pcall(m.panics) end time.sleep(600) end) print("after")`)
	var panicked *PanicError
	require.ErrorAs(t, err, &panicked)
	assert.Equal(t, errMine, panicked.Value)
	assert.Equal(t, "4\n", b.stdout.String())
	assert.Equal(t, 1, strings.Count(logs.String(), "a Go function panicked"))
}
