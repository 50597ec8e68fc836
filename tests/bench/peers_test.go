package bench

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/tests/program"
)

// peerRounds is how often each program does its work; they take turns.
const peerRounds = 9

// accounts writes a CSV file of n rows into a folder.
func accounts(b *testing.B, folder string, n int) {
	b.Helper()
	f, err := os.Create(filepath.Join(folder, "accounts.csv"))
	require.NoError(b, err)
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "Account ID,Account Name,Status,Phase,MRR,Tier,Seats,Region,Website,Notes")
	for i := range n {
		fmt.Fprintf(w, "a-%d,Company %d Åb,%s,%s,%d.%02d,%s,%d,EMEA,c%d.example,\"Row %d, a note of the nightly import with some text that makes it as long as rows are\"\n",
			i, i, []string{"customer", "prospect", "lost"}[i%3], []string{"Onboarding", "Adoption", "Renewal"}[i%3], i%10_000, i%100, []string{"Gold", "Silver", ""}[i%3], i%500, i, i)
	}
	require.NoError(b, w.Flush())
	require.NoError(b, f.Close())
}

// contender is a program that does one of the works.
type contender struct {
	name string
	args []string
}

// compete lets programs take turns, and reports their CPU time and memory. The first is
// the peer that the others are compared with.
func compete(b *testing.B, server *simulator.Server, folder, work, want string, programs []contender) {
	b.Helper()
	outcomes := make([][]outcome, len(programs))
	for range peerRounds {
		for i, p := range programs {
			o := holdIn(b, server, folder, p.args[0], p.args[1:]...)
			require.Equal(b, want, o.stdout, p.name)
			outcomes[i] = append(outcomes[i], o)
		}
	}
	middle := func(list []outcome, of func(outcome) int64) float64 {
		values := make([]int64, len(list))
		for i, o := range list {
			values[i] = of(o)
		}
		slices.Sort(values)
		return float64(values[len(values)/2])
	}
	cpu := func(o outcome) int64 { return int64(o.cpu) }
	peak := func(o outcome) int64 { return o.peak }
	for i, p := range programs {
		c, m := middle(outcomes[i], cpu), middle(outcomes[i], peak)
		report(work+", "+p.name, fmt.Sprintf("%s of CPU (this/peer %.2f), %s (%.2f)", seconds(time.Duration(c)), c/middle(outcomes[0], cpu), mb(int64(m)), m/middle(outcomes[0], peak)), "")
	}
}

// withRequests returns the path of a Python that has requests, or "".
func withRequests() string {
	for _, python := range []string{"/usr/bin/python3", find("python3")} {
		if python != "" && exec.Command(python, "-c", "import requests").Run() == nil {
			return python
		}
	}
	return ""
}

// peer returns the path of a script of the peers.
func peer(b *testing.B, name string) string {
	b.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "peers", name))
	require.NoError(b, err)
	return path
}

// BenchmarkPeers does the same work with phscript and with what people use today.
func BenchmarkPeers(b *testing.B) {
	python, luajit := withRequests(), find("luajit")
	if python == "" || luajit == "" {
		b.Fatal("luajit, or a python3 with requests, is missing: make bench-peers installs them")
	}
	run := func(script string) []string { return []string{program.Path(b), "run", "--quiet", peer(b, script)} }
	b.Run("Import", func(b *testing.B) {
		folder := b.TempDir()
		accounts(b, folder, 50_000)
		server, err := simulator.Start(simulator.Options{CallsPerMinute: -1, PerSecond: -1})
		require.NoError(b, err)
		defer func() { require.NoError(b, server.Close()) }()
		compete(b, server, folder, "50,000 rows of CSV imported", "50000\t0\n", []contender{
			{"python3", []string{python, peer(b, "import.py")}}, {"phscript, loop", run("import.lua")}, {"phscript, import", run("declared.lua")},
		})
		for _, script := range []string{"import.lua", "declared.lua"} {
			small := holdIn(b, server, folder, run(script)[0], run(script)[1:]...)
			large := b.TempDir()
			accounts(b, large, 1_000_000)
			o := holdIn(b, server, large, run(script)[0], run(script)[1:]...)
			require.Equal(b, "1000000\t0\n", o.stdout)
			report("1,000,000 rows of CSV imported, "+script, fmt.Sprintf("%s of CPU, %s (%.2f times that of 50,000)", seconds(o.cpu), mb(o.peak), float64(o.peak)/float64(small.peak)), "1.2 times, 120 MB")
		}
	})
	b.Run("Each", func(b *testing.B) {
		const companies = 200_000
		server, err := simulator.Start(simulator.Options{Companies: companies, CallsPerMinute: -1, PerSecond: -1})
		require.NoError(b, err)
		defer func() { require.NoError(b, server.Close()) }()
		want := holdIn(b, server, b.TempDir(), python, peer(b, "each.py")).stdout
		compete(b, server, b.TempDir(), "200,000 companies read, two fields of each", want, []contender{
			{"python3", []string{python, peer(b, "each.py")}}, {"phscript", run("each.lua")},
		})
	})
	b.Run("Page", func(b *testing.B) { pages(b, luajit) })
}

// pageWork is what a script does with a page of records.
type pageWork struct{ name, prepare, source string }

var pageWorks = []pageWork{
	{"a filter over two fields", "", `local n = 0 for _, r in ipairs(made.page()) do if r.status == "customer" and r.phase then n = n + 1 end end`},
	{"all fields of each record", "", `local n = 0 for _, r in ipairs(made.page()) do for _ in pairs(r) do n = n + 1 end end`},
	{"5,000 rows made by a script encoded", `rows = {} for i, r in ipairs(made.page()) do
			rows[i] = { externalId = "a-" .. i, name = r.name, status = r.status, phase = r.phase,
				custom = { Tier = "Gold", Seats = i, Region = "EMEA" }, domains = { "a" .. i .. ".example" } }
		end`, `made.body(rows)`},
	{"untouched records put into a body", "", `made.body(made.page())`},
}

// pageRunner returns a function that runs a script on the page, and returns how long its
// work took.
func pageRunner(b *testing.B, text []byte) func(w pageWork) time.Duration {
	b.Helper()
	var began time.Time
	var took time.Duration
	var body []byte
	records := &bindings.Module{Name: "made", Funcs: []*bindings.Func{{
		Name: "began", Call: func(*bindings.Args) (int, error) { began = time.Now(); return 0, nil },
	}, {
		Name: "ended", Call: func(*bindings.Args) (int, error) { took = time.Since(began); return 0, nil },
	}, {
		Name: "page", Returns: []bindings.Return{{Type: "table"}},
		Call: func(a *bindings.Args) (int, error) {
			codec := bindings.CodecOf(a.L)
			split, err := planhat.SplitList(text)
			require.NoError(b, err)
			list := a.L.CreateTable(len(split), 0)
			for _, record := range split {
				v, err := codec.Record(record)
				require.NoError(b, err)
				list.Append(v)
			}
			return a.Push(list)
		},
	}, {
		Name: "body", Params: []bindings.Param{{Name: "rows", Type: "table"}}, Returns: []bindings.Return{{Type: "number"}}, Lazy: true,
		Call: func(a *bindings.Args) (int, error) {
			list, codec := a.Get(0).(*lua.LTable), bindings.CodecOf(a.L)
			body = body[:0] // as lua-cjson does
			for i := range list.Len() {
				var err error
				body, err = codec.AppendBytes(append(body, ','), list.RawGetInt(i+1), bindings.EncodeOptions{})
				require.NoError(b, err)
			}
			return a.Push(lua.LNumber(len(body)))
		},
	}}}
	rt, err := runtime.New(runtime.Options{Modules: []*bindings.Module{records}})
	require.NoError(b, err)
	return func(w pageWork) time.Duration {
		source := w.prepare + "\nmade.began()\n" + w.source + "\nmade.ended()"
		_, err := rt.Run(b.Context(), runtime.Script{Name: "bench.lua", Source: []byte(source)})
		require.NoError(b, err)
		return took
	}
}

// BenchmarkPageWork does the work on a page in this process.
func BenchmarkPageWork(b *testing.B) {
	text := page(b)
	for _, w := range pageWorks {
		b.Run(strings.ReplaceAll(w.name, " ", "-"), func(b *testing.B) {
			run := pageRunner(b, text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			var took time.Duration
			for b.Loop() {
				took += run(w)
			}
			b.ReportMetric(took.Seconds()*1000/float64(b.N), "ms/work")
		})
	}
}

// pages works on one page of records in this process, and in luajit.
func pages(b *testing.B, luajit string) {
	text := page(b)
	file := filepath.Join(b.TempDir(), "page.json")
	require.NoError(b, os.WriteFile(file, text, 0o600))
	run := pageRunner(b, text)
	for range b.N {
		theirs := make([][]time.Duration, len(pageWorks))
		mine := make([][]time.Duration, len(pageWorks))
		for range peerRounds {
			o := execute(b, nil, luajit, peer(b, "page.lua"), file)
			var times [4]float64
			_, err := fmt.Sscan(o.stdout, &times[0], &times[1], &times[2], &times[3])
			require.NoError(b, err, o.stdout)
			for i, w := range pageWorks {
				theirs[i] = append(theirs[i], time.Duration(times[i]*1e6))
				mine[i] = append(mine[i], run(w))
			}
		}
		for i, w := range pageWorks {
			m, t := median(mine[i]), median(theirs[i])
			report(fmt.Sprintf("a page of %d companies (%s), %s", pageRecords, mb(int64(len(text))), w.name),
				fmt.Sprintf("%s, luajit with lua-cjson %s (phscript/this %.2f)", ms(m), ms(t), float64(m)/float64(t)), "")
		}
	}
}
