package rejects

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"iter"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/xlsx"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// WriteWorkbook writes the rows that Write writes as an Excel workbook. All cells are texts,
// so a spreadsheet runs no formulas that somebody else has written.
func WriteWorkbook(to io.Writer, rows iter.Seq2[outcome.RejectedRow, error]) error {
	var text bytes.Buffer
	if _, err := Write(&text, rows); err != nil {
		return err
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text.Bytes(), []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	return xlsx.WriteTexts(to, "Rejected rows", func(yield func([]string, error) bool) {
		for {
			row, err := r.Read()
			for i := range row {
				row[i] = bindings.UnguardedCell(row[i])
			}
			if errors.Is(err, io.EOF) || !yield(row, err) || err != nil {
				return
			}
		}
	})
}
