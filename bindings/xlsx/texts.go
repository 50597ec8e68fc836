package xlsx

import (
	"io"
	"iter"

	"github.com/phscript/phscript/bindings/internal/export"
)

// WriteTexts writes a workbook with one sheet, for programs and not for scripts. All cells are
// texts, so a spreadsheet takes none for a formula or a number.
func WriteTexts(to io.Writer, sheet string, rows iter.Seq2[[]string, error]) error {
	w := export.NewWorkbook(to)
	if err := w.Sheet(sheet); err != nil {
		return err
	}
	var cells []export.Cell
	for row, err := range rows {
		if err != nil {
			return err
		}
		cells = cells[:0]
		for _, text := range row {
			kind := export.Text
			if text == "" {
				kind = export.Empty
			}
			cells = append(cells, export.Cell{Kind: kind, Text: text})
		}
		if err := w.Row(cells); err != nil {
			return err
		}
	}
	return w.Close()
}
