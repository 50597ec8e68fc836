package export

import (
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
)

var benchColumns = []string{"_id", "name", "mrr", "phase", "owner", "custom.Tier"}

func benchRecord() planhat.Record {
	text := `{"_id":"67d08140557181002fd170e1","name":"Example & Sons","mrr":1250.5,"phase":"Live","custom":{"Region":"EMEA","Tier":"Gold"}`
	for i := range 40 {
		text += fmt.Sprintf(`,"property%d":"some text"`, i)
	}
	return planhat.Record(text + "}")
}

func BenchmarkRow(b *testing.B) {
	record, table := benchRecord(), NewTable(benchColumns)
	b.SetBytes(int64(len(record)))
	for b.Loop() {
		table.Row(record)
	}
}

func BenchmarkWorkbookRow(b *testing.B) {
	cells := NewTable(benchColumns).Row(benchRecord())
	w := NewWorkbook(io.Discard)
	require.NoError(b, w.Sheet("Sheet1"))
	for b.Loop() {
		if w.rows == mostRows {
			w.rows = 0
		}
		require.NoError(b, w.Row(cells))
	}
}
