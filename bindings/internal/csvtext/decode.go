package csvtext

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// encodings are the encodings by the names people use for them; UTF-8 needs no
// conversion.
var encodings = map[string]encoding.Encoding{
	"utf-8":  nil,
	"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"windows-1250": charmap.Windows1250, "windows-1251": charmap.Windows1251, "windows-1252": charmap.Windows1252,
	"windows-1253": charmap.Windows1253, "windows-1254": charmap.Windows1254, "windows-1257": charmap.Windows1257,
	"cp1252": charmap.Windows1252, "ansi": charmap.Windows1252,
	"iso-8859-1": charmap.ISO8859_1, "latin1": charmap.ISO8859_1, "iso-8859-2": charmap.ISO8859_2, "iso-8859-15": charmap.ISO8859_15,
	"macintosh": charmap.Macintosh, "cp850": charmap.CodePage850, "cp437": charmap.CodePage437,
}

// Encodings are the names of the encodings, in alphabetical order.
var Encodings = slices.Sorted(maps.Keys(encodings))

// peek returns up to n bytes without reading them.
func peek(text *bufio.Reader, n int) ([]byte, error) {
	head, err := text.Peek(n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head, err
}

// decode returns src as UTF-8 without a byte order mark. A mark overrides the
// given encoding.
func (r *Reader) decode(src io.Reader) (*bufio.Reader, error) {
	raw := bufio.NewReaderSize(src, 64<<10)
	head, err := peek(raw, 512)
	if err != nil {
		return nil, err
	}
	if err := noWorkbook(r.name, head); err != nil {
		return nil, err
	}
	enc := encodings[strings.ToLower(r.opt.Encoding)]
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		r.checked = true
		_, err := raw.Discard(3)
		return raw, err
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		enc = encodings["utf-16"]
	case enc == nil:
		r.checked = true
		return raw, noUTF16(r.name, head)
	}
	return bufio.NewReaderSize(transform.NewReader(raw, enc.NewDecoder()), 64<<10), nil
}

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
		return invalid.Errorf("unpack it and read the file inside", "%s is a ZIP archive, not CSV text", name)
	default:
		what = "a workbook or another packed file"
	}
	return invalid.Errorf("open it in Excel or another spreadsheet program, choose Save As and the type \"CSV UTF-8 (Comma delimited)\", and read that file",
		"%s is %s, not CSV text", name, what)
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
	return invalid.Errorf(`pass { encoding = "`+encoding+`" }`, "%s, line 1: the text is in UTF-16, without a byte order mark", name)
}

// lineEnds converts the line ends of text to line feeds if they are only
// carriage returns, as old Mac programs write them.
func lineEnds(text *bufio.Reader) (*bufio.Reader, error) {
	head, err := peek(text, 32<<10)
	if err != nil || bytes.IndexByte(head, '\r') < 0 || bytes.IndexByte(head, '\n') >= 0 {
		return text, err
	}
	return bufio.NewReaderSize(returnReader{text}, 64<<10), nil
}

// returnReader turns carriage returns into line feeds.
type returnReader struct{ io.Reader }

func (r returnReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// separator returns the character between cells: the given one, that of a line
// "sep=;" as Excel writes it, or the likeliest one in the first line.
func (r *Reader) separator(text *bufio.Reader) (rune, error) {
	head, err := peek(text, 32<<10)
	if err != nil {
		return 0, err
	}
	declared := rune(0)
	if line, _, _ := bytes.Cut(head, []byte("\n")); bytes.HasPrefix(line, []byte("sep=")) {
		declared, _ = utf8.DecodeRune(line[4:])
		if _, err := text.Discard(min(len(line)+1, len(head))); err != nil {
			return 0, err
		}
		r.skipped = 1
	}
	switch {
	case r.opt.Separator != 0:
		return r.opt.Separator, nil
	case declared != 0 && declared != '\r':
		return declared, nil
	}
	return likeliestSeparator(head), nil
}

// likeliestSeparator returns the candidate that occurs most often in the first
// line, outside quotes, or a comma.
func likeliestSeparator(head []byte) rune {
	counts := map[byte]int{}
	quoted := false
	for _, b := range head {
		if b == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if b == '\n' {
			break
		}
		counts[b]++
	}
	best := byte(',')
	for _, b := range []byte(";\t|") {
		if counts[b] > counts[best] {
			best = b
		}
	}
	return rune(best)
}
