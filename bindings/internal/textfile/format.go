package textfile

import (
	"bytes"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

const (
	saveAsCSV = "open it in Excel or another spreadsheet program, choose Save As and the type \"CSV UTF-8 (Comma delimited)\", and read that file"
	unpackIt  = "unpack it and read the file inside"
	exportIt  = "export the data again as text"
	saveAs8   = "save it as UTF-8"
)

// formats are files that people take for text, by their first bytes.
var formats = []struct{ start, what, hint string }{
	{"\x1f\x8b\x08", "compressed twice", unpackIt}, // Open has unpacked it once
	{"\xff\xfe\x00\x00", "text in UTF-32", saveAs8},
	{"\x00\x00\xfe\xff", "text in UTF-32", saveAs8},
	{"\xd0\xcf\x11\xe0", "an Excel workbook", saveAsCSV},
	{"BZh", "a bzip2 archive", unpackIt},
	{"\xfd7zXZ\x00", "an xz archive", unpackIt},
	{"\x28\xb5\x2f\xfd", "a zstd archive", unpackIt},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", unpackIt},
	{"Rar!\x1a\x07", "a RAR archive", unpackIt},
	{"%PDF-", "a PDF document", exportIt},
	{"\x89PNG", "an image", exportIt},
	{"\xff\xd8\xff", "an image", exportIt},
	{"GIF8", "an image", exportIt},
	{"SQLite format 3\x00", "an SQLite database", exportIt},
	{"PAR1", "a Parquet file", exportIt},
}

// otherFormat names files that are not text.
func otherFormat(name string, opt Options, head []byte) error {
	refuse := func(what, hint string) error { return invalid.Errorf(hint, "%s is %s, not %s", name, what, opt.Want) }
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		switch ext := strings.ToLower(path.Ext(name)); {
		case strings.HasPrefix(ext, ".xls"):
			return refuse("an Excel workbook", saveAsCSV)
		case ext == ".ods":
			return refuse("a spreadsheet", saveAsCSV)
		case ext == ".zip":
			return refuse("a ZIP archive", unpackIt)
		}
		return refuse("a workbook or another packed file", saveAsCSV)
	}
	for _, f := range formats {
		if bytes.HasPrefix(head, []byte(f.start)) && (f.start != "BZh" && f.start != "GIF8" && f.start != "PAR1" || binary(head)) {
			return refuse(f.what, f.hint)
		}
	}
	wide := hasMark16(head) || strings.HasPrefix(strings.ToLower(opt.Encoding), "utf-16") || utf16(head) != ""
	if !wide && binary(head) {
		return refuse("a binary file", exportIt)
	}
	return nil
}

// fewControls is how many control characters text may have, however short it is.
const fewControls = 16

// binary reports whether the start of a file can hardly be text: it has many
// control characters, or zeros between invalid characters.
func binary(head []byte) bool {
	control := 0
	for _, b := range head {
		if b < ' ' && !strings.ContainsRune("\t\n\v\f\r\x1b", rune(b)) {
			control++
		}
	}
	return control > max(fewControls, len(head)/10) || bytes.IndexByte(head, 0) >= 0 && !validStart(head)
}

// validStart reports whether text is UTF-8, except for a character that is cut off
// at its end.
func validStart(text []byte) bool {
	for n := range min(utf8.UTFMax, len(text)) {
		if start := text[len(text)-1-n:]; utf8.RuneStart(start[0]) {
			if !utf8.FullRune(start) {
				text = text[:len(text)-1-n]
			}
			break
		}
	}
	return utf8.Valid(text)
}

var (
	htmlStart = regexp.MustCompile(`(?i)^\s*(<!--|<!doctype html|<(html|head|body|table|div|meta|script|style)[\s>])`)
	xmlStart  = regexp.MustCompile(`^\s*<\?xml\s`)
	jsonStart = regexp.MustCompile(`^\s*(\{\s*"[^"]*"\s*:|\[\s*[\[{])`)
)

// otherText names text of another format.
func otherText(name, want string, head []byte) error {
	isJSON := want == "JSON"
	switch {
	case htmlStart.Match(head):
		hint := "open it in a browser: if it is a table, save it as CSV in a spreadsheet program; if it is a login page or an error message, download the file again"
		if isJSON {
			hint = "open it in a browser: it may be a login page or an error message of the server"
		}
		return invalid.Errorf(hint, "%s is a web page (HTML), not %s", name, want)
	case xmlStart.Match(head):
		return invalid.Errorf(exportIt, "%s is an XML file, not %s", name, want)
	case !isJSON && jsonStart.Match(head):
		return invalid.Errorf("read it with json.rows or json.decode_file", "%s is JSON, not %s", name, want)
	}
	return nil
}
