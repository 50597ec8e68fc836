package luajson

import (
	"fmt"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// BenchmarkEncodeRow encodes a row as scripts make it for a bulk call.
func BenchmarkEncodeRow(b *testing.B) {
	L := lua.NewState()
	defer L.Close()
	c := New(L, Texts{})
	if err := L.DoString(`return { externalId = "a-17", name = "Example AB", status = "customer", phase = "Adoption",
		custom = { Tier = "Gold", Seats = 17, Region = "EMEA" }, domains = { "a17.example" } }`); err != nil {
		b.Fatal(err)
	}
	row := L.Get(-1)
	var body []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if body, err = c.AppendBytes(body[:0], row, EncodeOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(body)))
}

// usualRecord is the JSON of a record with 27 properties.
func usualRecord() []byte {
	raw := []byte("{")
	for i := range 25 {
		raw = fmt.Appendf(raw, `"property%d":"a value of usual length",`, i)
	}
	return append(raw, `"custom":{"Tier":"Gold","Seats":17},"tags":["a","b"]}`...)
}

// BenchmarkLoopRecord goes through all fields of a record, as a loop with pairs does.
func BenchmarkLoopRecord(b *testing.B) {
	L := lua.NewState()
	defer L.Close()
	c := New(L, Texts{})
	raw := usualRecord()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		v, err := c.Record(raw)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for key, _, ok := (objects{c}).Next(v.(*lua.LTable), lua.LNil); ok && key != lua.LNil; key, _, ok = (objects{c}).Next(v.(*lua.LTable), key) {
			n++
		}
		if n != 27 {
			b.Fatal(n)
		}
	}
}

// BenchmarkTouchRecord fills a record, as a script does that changes it.
func BenchmarkTouchRecord(b *testing.B) {
	L := lua.NewState()
	defer L.Close()
	c := New(L, Texts{})
	raw := usualRecord()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		v, err := c.Record(raw)
		if err != nil {
			b.Fatal(err)
		}
		Fill(v.(*lua.LTable))
	}
}
