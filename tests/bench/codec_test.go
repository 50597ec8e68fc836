package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/program"
)

const pageRecords = 5000

// page returns a page of companies as a list call would answer it.
func page(b *testing.B) []byte {
	b.Helper()
	server, err := simulator.New(simulator.Options{Companies: pageRecords})
	require.NoError(b, err)
	records := server.RecordsJSON("company")
	parts := make([][]byte, len(records))
	for i, r := range records {
		parts[i] = r
	}
	return append(append([]byte("["), bytes.Join(parts, []byte(","))...), ']')
}

// BenchmarkDecodePage and BenchmarkEncodePage measure the codec alone, with
// allocations.
func BenchmarkDecodePage(b *testing.B) {
	text := page(b)
	L := lua.NewState()
	defer L.Close()
	codec := bindings.CodecOf(L)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.DecodeBytes(text, bindings.DecodeOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodePage(b *testing.B) {
	text := page(b)
	L := lua.NewState()
	defer L.Close()
	codec := bindings.CodecOf(L)
	table, err := codec.DecodeBytes(text, bindings.DecodeOptions{})
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.EncodeBytes(table, bindings.EncodeOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCodecBeside runs one script in phscript, lua5.1 and luajit on the
// same file in turns; the latter two with lua-cjson.
func BenchmarkCodecBeside(b *testing.B) {
	const turns = 3
	dir := b.TempDir()
	file := filepath.Join(dir, "page.json")
	text := page(b)
	require.NoError(b, os.WriteFile(file, text, 0o600))
	script, err := filepath.Abs("testdata/codec.lua")
	require.NoError(b, err)

	programs := map[string][]string{"phscript": {program.Path(b), "run", "--quiet", "--allow-read", dir, script, file}}
	order := []string{"phscript"}
	for _, name := range []string{"lua5.1", "luajit"} {
		if found := find(name); found != "" {
			programs[name] = []string{found, script, file}
			order = append(order, name)
		}
	}
	for range b.N {
		type times struct{ decode, encode float64 }
		best := map[string]times{}
		for range turns {
			for _, name := range order {
				var n int
				var t times
				o := execute(b, nil, programs[name][0], programs[name][1:]...)
				_, err := fmt.Sscan(o.stdout, &n, &t.decode, &t.encode)
				require.NoError(b, err, o.stdout)
				require.Equal(b, pageRecords, n)
				if old, ok := best[name]; !ok || t.decode+t.encode < old.decode+old.encode {
					best[name] = t
				}
			}
		}
		mine := best["phscript"]
		b.ReportMetric(mine.decode, "ms/decode")
		b.ReportMetric(mine.encode, "ms/encode")
		for _, name := range order {
			t := best[name]
			report(fmt.Sprintf("%s: a page of %d companies, %s", name, pageRecords, mb(int64(len(text)))),
				fmt.Sprintf("decoded in %.0f ms (phscript/this %.2f), encoded in %.0f ms (%.2f)",
					t.decode, mine.decode/t.decode, t.encode, mine.encode/t.encode), "")
		}
	}
}
