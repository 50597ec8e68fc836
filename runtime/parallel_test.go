package runtime

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

// barrier answers requests once as many as size are under way.
type barrier struct {
	size int
	mu   sync.Mutex
	here int
	open chan struct{}
}

func newBarrier(size int) *barrier { return &barrier{size: size, open: make(chan struct{})} }

// wait reports whether all came. It gives up when the client does.
func (b *barrier) wait(r *http.Request) bool {
	b.mu.Lock()
	open := b.open
	if b.here++; b.here == b.size {
		close(open)
		b.here, b.open = 0, make(chan struct{})
	}
	b.mu.Unlock()
	select {
	case <-open:
		return true
	case <-r.Context().Done():
		return false
	}
}

// together answers with the parameter n once as many requests as size are under way.
func together(size int) http.HandlerFunc {
	b := newBarrier(size)
	return func(w http.ResponseWriter, r *http.Request) {
		if b.wait(r) {
			_, _ = io.WriteString(w, `{"n":`+r.URL.Query().Get("n")+`}`)
		}
	}
}

// inParallel makes the module parallel and a list of numbers.
const inParallel = `local parallel = require "parallel"
local function upto(n) local t = {} for i = 1, n do t[i] = i end return t end
`

func TestParallelRequestsAreUnderWayTogether(t *testing.T) {
	b, s := newSystem(t, map[string]http.HandlerFunc{"/n": together(8)})
	b.opts.Timeout = 2 * time.Minute
	require.NoError(t, s.run(t, b, inParallel+`
		local results, none = parallel.map(upto(32), function(n, i)
			assert(n == i)
			return http.get(BASE .. "/n", { query = { n = n } }):json().n * 10
		end)
		assert(none == nil and #results == 32)
		for i, r in ipairs(results) do assert(r == i * 10, i) end
		print(#parallel.map({}, error), parallel.map(upto(1), function() return "a", "b" end)[1])`))
	assert.Equal(t, "0\ta\n", b.stdout.String())
	assert.EqualValues(t, 32, s.calls.Load())
}

func TestParallelLimit(t *testing.T) {
	var now, most atomic.Int64
	b, s := newSystem(t, map[string]http.HandlerFunc{"/": func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
	}})
	require.NoError(t, s.run(t, b, inParallel+`parallel.map(upto(60), function() http.get(BASE .. "/") end, { limit = 3 })`))
	assert.LessOrEqual(t, most.Load(), int64(3))
	for source, want := range map[string]string{
		`parallel.map({ 1 }, print, { limit = 0 })`:         "main.lua:3: parallel.map: option 'limit' must be from 1 to 64, not 0",
		`parallel.map({ 1 }, print, { limit = 65 })`:        "option 'limit' must be from 1 to 64, not 65",
		`parallel.map({ 1 }, print, { errors = "ignore" })`: `option 'errors' must be "raise" or "collect", not "ignore"`,
		`parallel.map({ a = 1 }, print)`:                    `'list' must be a list, { a, b, c }, but it has the key "a"`,
		`parallel.map(print, { 1 })`:                        "argument 1, 'list'",
	} {
		_, err := b.run(t, inParallel+source)
		require.ErrorContains(t, err, want, source)
	}
}

// Calls to Planhat wait together as well: reads, writes, lists and rows.
func TestParallelPlanhat(t *testing.T) {
	for name, source := range map[string]string{
		"get_by_id":   `planhat.company.get_by_id("extid-c" .. n)`,
		"create":      `planhat.company.create{ name = "c" .. n }`,
		"update":      `planhat.company.update("extid-c" .. n, { name = "x" })`,
		"delete":      `planhat.company.delete(planhat.company.get_by_id("extid-c" .. n)._id)`,
		"lean list":   `planhat.company.get_lean_list()`,
		"request":     `planhat.request{ path = "/companies" }`,
		"segment":     `planhat.user_activity.segment{ type = "track", user_id = "u" .. n, event = "e" }`,
		"get_list":    `planhat.company.get_list{ limit = 1 }`,
		"each":        `for _ in planhat.company.each{ limit = 1 } do end`,
		"bulk_upsert": `planhat.company.bulk_upsert{ { name = "c", externalId = "e" .. n } }`,
		"iterator": `local sent = false
			planhat.company.bulk_upsert(function() if not sent then sent = true return { name = "c", externalId = "e" .. n } end end)`,
		"sleep": `time.sleep(0.001) planhat.company.get_by_id("extid-c" .. n)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			sim, err := simulator.New(simulator.Options{CallsPerMinute: -1})
			require.NoError(t, err)
			open := httptest.NewServer(sim)
			t.Cleanup(open.Close)
			b.opts.Timeout = 2 * time.Minute
			b.opts.Planhat = planhat.Config{APIToken: sim.APIToken(), TenantToken: simulator.DefaultTenantToken, BaseURL: open.URL, AnalyticsURL: open.URL}
			_, err = b.run(t, `for i = 1, 6 do planhat.company.create{ name = "c" .. i, externalId = "c" .. i } end`)
			require.NoError(t, err)
			gate := newBarrier(6)
			gated := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if gate.wait(r) {
					sim.ServeHTTP(w, r)
				}
			}))
			t.Cleanup(gated.Close)
			b.opts.Planhat.BaseURL, b.opts.Planhat.AnalyticsURL = gated.URL, gated.URL
			_, err = b.run(t, inParallel+`parallel.map(upto(6), function(n) `+source+` end)`)
			require.NoError(t, err)
		})
	}
}

func TestParallelSharesAnIterator(t *testing.T) {
	b, _ := newSystem(t, nil)
	pages := newPages(t, 500)
	b.connect(pages)
	_, err := b.run(t, inParallel+`
		local next, seen, count = planhat.company.each{ page_size = 50 }, {}, 0
		parallel.map(upto(8), function()
			for c in next do
				assert(not seen[c._id])
				seen[c._id], count = true, count + 1
				if count % 7 == 0 then time.sleep(0.0001) end
			end
		end)
		print(count)`)
	require.NoError(t, err)
	assert.Equal(t, "500\n", b.stdout.String())
}

// newPages is a Planhat with a list of companies.
func newPages(t *testing.T, count int) *server {
	t.Helper()
	s := newServer(t, 200, "")
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		var rows []string
		for i := offset; i < min(offset+limit, count); i++ {
			rows = append(rows, fmt.Sprintf(`{"_id":"%024d"}`, i))
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "["+strings.Join(rows, ",")+"]")
	})
	return s
}

func TestParallelErrors(t *testing.T) {
	var log strings.Builder
	fails := newBarrier(3)
	b, s := newSystem(t, map[string]http.HandlerFunc{
		"/ok": func(http.ResponseWriter, *http.Request) {},
		"/fails": func(w http.ResponseWriter, r *http.Request) {
			if fails.wait(r) {
				http.Error(w, "no such user", http.StatusNotFound)
			}
		},
	})
	b.opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
	e := b.fails(t, `local BASE, http = "`+s.URL+`", require "http"
`+inParallel+`local function load(n)
	if n < 5 then http.get(BASE .. "/ok") return n end
	return http.get(BASE .. "/fails")
end
parallel.map(upto(100), function(n) local r = load(n) return r end, { limit = 3 })`)
	assert.Equal(t, 6, e.Line, "the line of the call that failed")
	assert.Regexp(t, `\(item [567]\)$`, e.Message)
	assert.Contains(t, e.Message, "404")
	var failed *planhat.Error
	require.ErrorAs(t, e, &failed)
	assert.Equal(t, planhat.KindNotFound, failed.Kind)
	assert.EqualValues(t, 7, s.calls.Load(), "no further item begins")
	assert.Equal(t, 2, strings.Count(log.String(), "failed as well"), log.String())
	var frames []string
	for _, f := range e.Trace {
		frames = append(frames, fmt.Sprintf("%d %s", f.Line, f.Function))
	}
	assert.Equal(t, []string{"6 function 'load'", "8 the function of line 8", "8 main chunk"}, frames)

	e = b.fails(t, inParallel+`
local function inner(n) if n == 4 then local x = nil; return x.y end time.sleep(0.001) end
parallel.map(upto(9), function(n) local r = inner(n) return r end)`)
	assert.Equal(t, 4, e.Line)
	assert.Equal(t, "attempt to index local 'x' (a nil value) (item 4)", e.Message)
	assert.NotEmpty(t, e.Hint)
	require.NotEmpty(t, e.Trace)
	assert.Equal(t, 4, e.Trace[0].Line)

	require.NoError(t, s.run(t, b, inParallel+`
		local ok, err = pcall(parallel.map, { "a", "b" }, function(x) if x == "b" then error({ code = 7, message = "bad" }) end end)
		print(ok, err.code, err.index, err.message)
		print(pcall(parallel.map, { "a" }, function() error("plain", 0) end))
		local _, again = pcall(http.get, "nowhere")
		local once = select(2, pcall(parallel.map, { "a" }, function() error(again) end)).message
		print(once == select(2, pcall(parallel.map, { "a" }, function() error(again) end)).message)
		print(select(2, pcall(parallel.map, { "a" }, function() error(true) end)))
		print(pcall(parallel.map, { "a" }, function() coroutine.yield() end))`))
	assert.Equal(t, "false\t7\tnil\tbad\nfalse\tplain (item 1)\ntrue\ntrue\nfalse\tattempt to yield across metamethod/C-call boundary (item 1)\n", b.stdout.String())
}

func TestParallelCollectsErrors(t *testing.T) {
	b, s := newSystem(t, map[string]http.HandlerFunc{"/bad": http.NotFound})
	require.NoError(t, s.run(t, b, inParallel+`
		local list = upto(20)
		local results, errors = parallel.map(list, function(n)
			if n % 5 == 0 then http.get(BASE .. "/bad") end
			time.sleep(0.001 * (n % 3))
			if n == 7 then error("seven") end
			if n ~= 3 then return n end
		end, { errors = "collect", limit = 6 })
		for i = 1, #list do io.write(tostring(results[i]), " ") end
		print()
		for _, e in ipairs(errors) do print(e.index, e.item, type(e.error), type(e.error) == "table" and e.error.kind, (e.message:gsub(" %- .*", ""):gsub("127[^ ]*", "HOST"))) end
		print(#select(2, parallel.map({ 1 }, print, { errors = "collect" })))`))
	assert.Equal(t, `1 2 nil 4 nil 6 nil 8 9 nil 11 12 13 14 nil 16 17 18 19 nil 
5	5	table	not_found	main.lua:7: HOST responded with 404 Not Found: "404 page not found" (not_found, status 404)
7	7	string	false	main.lua:9: seven
10	10	table	not_found	main.lua:7: HOST responded with 404 Not Found: "404 page not found" (not_found, status 404)
15	15	table	not_found	main.lua:7: HOST responded with 404 Not Found: "404 page not found" (not_found, status 404)
20	20	table	not_found	main.lua:7: HOST responded with 404 Not Found: "404 page not found" (not_found, status 404)
1
0
`, b.stdout.String())
}

// What belongs to one function stays with it while others run: protected calls,
// coroutines, error handlers and calls of the functions inside.
func TestParallelFunctionsKeepTheirState(t *testing.T) {
	b, s := newSystem(t, map[string]http.HandlerFunc{"/bad": http.NotFound})
	require.NoError(t, s.run(t, b, inParallel+`
		local function wait() time.sleep(math.random() / 500) end
		local function nested(depth)
			if depth == 0 then wait() return 0 end
			local step = coroutine.wrap(function() coroutine.yield(nested(depth - 1) + 1) end)
			return step()
		end
		local results = parallel.map(upto(40), function(n)
			local ok, err = pcall(function() wait() error({ n = n }) end)
			assert(not ok and err.n == n)
			ok, err = xpcall(function() wait() local x = nil; return x.field end, function(m) wait() return n .. m end)
			assert(not ok and err:find("^" .. n .. "main.lua:%d+: attempt to index local 'x'"), err)
			ok, err = pcall(http.get, BASE .. "/bad")
			assert(not ok and err.kind == "not_found" and err.traceback:find("main chunk"), err.traceback)
			local co = coroutine.create(function(a) wait() local b = coroutine.yield(a + 1) wait() return b + 1 end)
			local _, first = coroutine.resume(co, n)
			local _, second = coroutine.resume(co, first)
			assert(first == n + 1 and second == n + 2 and coroutine.status(co) == "dead")
			assert(nested(20) == 20)
			local t = upto(5)
			table.sort(t, function(x, y) wait() return x > y end)
			assert(table.concat(t) == "54321")
			assert(("abc"):gsub(".", function(c) wait() return c .. n end) == "a" .. n .. "b" .. n .. "c" .. n)
			local lazy = setmetatable({}, { __index = function(_, k) wait() return k + n end, __tostring = function() wait() return "<" .. n .. ">" end })
			assert(lazy[1] == n + 1 and tostring(lazy) == "<" .. n .. ">" and lazy[2] == n + 2)
			local function deep(d, ...) if d == 0 then wait() return select("#", ...) end return (deep(d - 1, d, ...)) + 0 end
			assert(deep(120) == 120)
			local sum, get = 0, nil
			for i in (function() wait() sum = sum + 1 if sum <= 3 then return sum end end) do get = function() return i end end
			wait()
			assert(get() == 3 and loadstring("local n = ... time.sleep(0) return n")(n) == n)
			local parts = { "return ", tostring(n) }
			assert(load(function() wait() return table.remove(parts, 1) end)() == n)
			local inner = parallel.map({ 1, 2, 3 }, function(m) wait() return n * 10 + m end, { limit = 2 })
			assert(#inner == 3 and inner[3] == n * 10 + 3)
			return n
		end, { limit = 10 })
		assert(#results == 40)
		for i = 1, 40 do assert(results[i] == i) end
		assert(coroutine.running() == nil)
		print(pcall(error, "x"))`))
	assert.Equal(t, "false\tx\n", b.stdout.String())
}

// Coroutines inside one another are counted for each function.
func TestParallelCoroutines(t *testing.T) {
	b, s := newSystem(t, map[string]http.HandlerFunc{"/n": together(12)})
	b.opts.Timeout = 2 * time.Minute
	require.NoError(t, s.run(t, b, inParallel+`
		local function nested(depth, n)
			if depth == 0 then return http.get(BASE .. "/n", { query = { n = n } }):json().n end
			return coroutine.wrap(function() return nested(depth - 1, n) end)()
		end
		parallel.map(upto(12), function(n) assert(nested(30, n) == n) end, { limit = 12 })`))
}

// A coroutine and an iterator that were made inside still work when all is over.
func TestParallelValuesLiveOn(t *testing.T) {
	b, _ := newSystem(t, nil)
	b.connect(newPages(t, 120))
	_, err := b.run(t, inParallel+`
		local made = parallel.map(upto(4), function(n)
			local each = planhat.company.each{ page_size = 50 }
			each()
			return { each = each, co = coroutine.wrap(function() while true do time.sleep(0.0001) coroutine.yield(n) end end) }
		end)
		for n, m in ipairs(made) do
			local count = 1
			for _ in m.each do count = count + 1 end
			print(count, m.co() == n and m.co() == n)
		end`)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("120\ttrue\n", 4), b.stdout.String())
}

func TestParallelInASession(t *testing.T) {
	sim, server, _ := simulated(t)
	_, do := session(t, Options{Planhat: planhat.Config{APIToken: sim.APIToken(), BaseURL: server.URL}})
	assert.Equal(t, "3", do(`p = require "parallel" for i = 1, 3 do planhat.company.create{ name = "c" .. i } end return #p.map({ 1, 2, 3 }, print)+3`))
	assert.Equal(t, "", do(`made = p.map({ 1, 2 }, function(n) time.sleep(0.001) return planhat.company.each{ page_size = 1 } end)`))
	assert.Equal(t, "c1 c2", do(`a, b = made[1]().name, made[1]().name return a, b`))
	assert.Equal(t, "c1", do(`p.map({ 2 }, function(n) return made[n]().name end)[1]`))
	assert.Equal(t, "error: input 5:1: odd (item 2)", do(`p.map({ 1, 2 }, function(n) time.sleep(0.001) if n == 2 then error("odd") end end)`))
	assert.Equal(t, "4", do(`p.map({ 1, 2 }, function(n) return n * 2 end)[2]`))
}

func TestParallelRequire(t *testing.T) {
	b, _ := newSystem(t, nil)
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600))
	}
	write("slow.lua", `loads = (loads or 0) + 1 time.sleep(0.005) return { loads = loads }`)
	write("maps.lua", `return require("parallel").map({ 1, 2 }, function(n) time.sleep(0.001) return n end)`)
	_, err := b.run(t, inParallel+`
		parallel.map(upto(8), function() time.sleep(0.0001) assert(require("slow").loads == 1) end)
		print(loads, #require "maps")
		package.loaded.maps = nil
		print(pcall(parallel.map, { 1 }, function() return require "maps" end))`)
	require.NoError(t, err)
	assert.Equal(t, "1\t2\nfalse\tmaps.lua:1: parallel.map: cannot be called by a module that is loaded inside of parallel.map; require the module before (item 1)\n", b.stdout.String())
}
