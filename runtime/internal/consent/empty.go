package consent

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// mostBytes is how much of a file is read to find data in it.
const mostBytes = 1 << 20

// Empty returns those of the files that have no data: nothing but white space, one line in
// a CSV file, at most one row in every sheet of a workbook, or an empty list as
// JSON. Code is not data.
func Empty(files []string) (empty []string) {
	for _, name := range files {
		if hasNoData(name) {
			empty = append(empty, filepath.Base(name))
		}
	}
	return empty
}

func hasNoData(name string) bool {
	kind := strings.ToLower(path.Ext(filepath.ToSlash(name)))
	switch kind {
	case ".lua":
		return false
	case ".xlsx":
		return noRows(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, mostBytes))
	if err != nil {
		return false
	}
	if len(text) == mostBytes {
		return false
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	switch kind {
	case ".csv", ".tsv":
		return oneLine(text)
	case ".json":
		return len(bytes.Trim(text, "[] \t\r\n")) == 0
	}
	return len(text) == 0
}

// oneLine reports whether a CSV text has no row but its header. A quoted cell may hold line
// breaks.
func oneLine(text []byte) bool {
	quoted := false
	for _, b := range text {
		switch {
		case b == '"':
			quoted = !quoted
		case (b == '\n' || b == '\r') && !quoted:
			return false
		}
	}
	return true
}

// noRows reports whether no sheet of a workbook has more than one row.
func noRows(name string) bool {
	book, err := zip.OpenReader(name)
	if err != nil {
		return false
	}
	defer func() { _ = book.Close() }()
	sheets := 0
	for _, file := range book.File {
		if !strings.HasPrefix(file.Name, "xl/worksheets/") || !strings.HasSuffix(file.Name, ".xml") {
			continue
		}
		sheets++
		if sheet, err := file.Open(); err == nil {
			rows := rowsIn(sheet)
			_ = sheet.Close()
			if rows > 1 {
				return false
			}
		}
	}
	return sheets > 0
}

// rowsIn counts the rows of a sheet, up to two.
func rowsIn(sheet io.Reader) (rows int) {
	tags := bufio.NewReader(sheet)
	for rows < 2 {
		tag, err := tags.ReadSlice('>')
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return rows
		}
		if i := bytes.LastIndexByte(tag, '<'); i >= 0 && (bytes.HasPrefix(tag[i:], []byte("<row ")) || bytes.HasPrefix(tag[i:], []byte("<row>"))) {
			rows++
		}
	}
	return rows
}
