package export

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sheet is the part of a workbook's sheet that holds its cells.
type sheet struct {
	Rows []struct {
		Number int `xml:"r,attr"`
		Cells  []struct {
			Place string `xml:"r,attr"`
			Type  string `xml:"t,attr"`
			Value string `xml:"v"`
			Text  string `xml:"is>t"`
		} `xml:"c"`
	} `xml:"sheetData>row"`
}

func read(t *testing.T, book []byte) (s sheet) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	require.NoError(t, err)
	for _, file := range z.File {
		r, err := file.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, xml.Unmarshal(text, new(any)), file.Name)
		if strings.HasSuffix(file.Name, "sheet1.xml") {
			require.NoError(t, xml.Unmarshal(text, &s))
		}
	}
	return s
}

func TestWorkbook(t *testing.T) {
	var out bytes.Buffer
	w := NewWorkbook(&out)
	require.NoError(t, w.Sheet("Sheet1"))
	require.NoError(t, w.Row([]Cell{{Text, "name"}, {Text, " <&> "}, {Text, "=1+1"}}))
	require.NoError(t, w.Row([]Cell{{Number, "-12.5"}, {}, {Boolean, "true"}, {Boolean, "false"}, {Number, "1234567890123456"}}))
	require.NoError(t, w.Row([]Cell{{Text, "a\x1b_x0041_é\r\n😀"}, {Number, "0.000000000000000012"}, {Number, "1.5e3"}}))
	require.NoError(t, w.Close())
	got := read(t, out.Bytes())
	var cells []string
	for _, row := range got.Rows {
		for _, c := range row.Cells {
			cells = append(cells, c.Place+" "+c.Type+" "+c.Value+c.Text)
		}
	}
	assert.Equal(t, []string{
		"A1 inlineStr name", "B1 inlineStr  <&> ", "C1 inlineStr =1+1",
		"A2  -12.5", "C2 b 1", "D2 b 0", "E2 inlineStr 1234567890123456",
		"A3 inlineStr a_x001B__x005F_x0041_é_x000D_\n😀", "B3  0.000000000000000012", "C3  1.5e3",
	}, cells)
}

func TestWhatAWorkbookCannotHold(t *testing.T) {
	w := NewWorkbook(io.Discard)
	require.NoError(t, w.Sheet("Sheet1"))
	require.NoError(t, w.Row([]Cell{{Text, strings.Repeat("é", mostText)}}))
	require.ErrorContains(t, w.Row([]Cell{{}, {Text, strings.Repeat("😀", mostText/2+1)}}), "cell B2: the text has 32,768 characters, and a cell holds at most 32,767")
	w.rows = mostRows - 1
	require.NoError(t, w.Row(nil))
	require.ErrorContains(t, w.Row(nil), "at most 1,048,576 rows")
}

func TestLetters(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA"} {
		assert.Equal(t, want, letters(i))
	}
}
