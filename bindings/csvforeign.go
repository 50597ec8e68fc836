package bindings

import (
	"bytes"
	"path"
	"strings"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// The functions in this file recognize files that are not CSV by their first bytes.

// noWorkbook rejects files of spreadsheet programs.
func noWorkbook(name string, head []byte) error {
	var what string
	switch ext := strings.ToLower(path.Ext(name)); {
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		what = "an Excel workbook"
	case !bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return nil
	case strings.HasPrefix(ext, ".xls"):
		what = "an Excel workbook"
	case ext == ".ods":
		what = "a spreadsheet"
	case ext == ".zip":
		return &invalid.Error{Message: name + " is a ZIP archive, not CSV text", Hint: "unpack it and read the file inside"}
	default:
		what = "a workbook or another packed file"
	}
	return &invalid.Error{
		Message: name + " is " + what + ", not CSV text",
		Hint:    "open it in Excel or another spreadsheet program, choose Save As and the type \"CSV UTF-8 (Comma delimited)\", and read that file",
	}
}

// noUTF16 rejects UTF-16 without a byte order mark: one byte of each ASCII
// character is zero.
func noUTF16(name string, head []byte) error {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	var encoding string
	switch least := max(1, len(head)/4); {
	case zeros[1] > least && zeros[0] == 0:
		encoding = "utf-16le"
	case zeros[0] > least && zeros[1] == 0:
		encoding = "utf-16be"
	default:
		return nil
	}
	return &invalid.Error{Message: name + ", line 1: the text is in UTF-16, without a byte order mark", Hint: "pass { encoding = \"" + encoding + "\" }"}
}
