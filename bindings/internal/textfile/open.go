// Package textfile opens text as programs really save it: compressed by gzip, with
// byte order marks, and in several encodings.
//
// Errors about the text are *invalid.Error. Others are those of the source.
package textfile

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

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

// mark is the byte order mark in UTF-8.
const mark = "\xef\xbb\xbf"

const (
	bufferSize = 64 << 10
	headSize   = 4 << 10
)

// Options say what kind of text is expected.
type Options struct {
	// Encoding is one of Encodings, or "" for UTF-8. A byte order mark overrides it.
	Encoding string
	// Want names the format, such as "CSV text". Files of other formats are then
	// refused by name; "" accepts anything.
	Want string
	// Detect reads UTF-16 without a byte order mark. Otherwise, such text of a wanted
	// format is refused with a hint about the option encoding.
	Detect bool
	// Buffer is how many bytes are read at once, at least 4 KiB; 0 is 64 KiB.
	Buffer int
}

// Text is the text of a file, in UTF-8 and without byte order marks at its start.
type Text struct {
	*bufio.Reader
	// Converted reports whether the text was converted from another encoding, so
	// that it is certainly valid. Packed reports whether it was compressed.
	Converted, Packed bool
}

// Open starts to read src, called name in messages.
func Open(name string, src io.Reader, opt Options) (*Text, error) {
	t := &Text{Reader: bufio.NewReaderSize(src, cmp.Or(opt.Buffer, bufferSize))}
	head, err := Peek(t.Reader, headSize)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte("\x1f\x8b\x08")) {
		t.Packed = true
		t.Reader = bufio.NewReaderSize(&unpacked{name: name, packed: t.Reader}, bufferSize)
		if head, err = Peek(t.Reader, headSize); err != nil {
			return nil, err
		}
	}
	if opt.Want != "" {
		if err := otherFormat(name, opt, head); err != nil {
			return nil, err
		}
	}
	enc := encodings[strings.ToLower(opt.Encoding)]
	switch {
	case bytes.HasPrefix(head, []byte(mark)):
		enc = nil
	case hasMark16(head):
		enc = encodings["utf-16"]
	case enc == encodings["utf-16"] && utf16(head) != "":
		enc = encodings[utf16(head)]
	case enc == nil && opt.Want != "":
		unmarked := utf16(head)
		if unmarked != "" && !opt.Detect {
			return nil, invalid.Errorf(`pass { encoding = "`+unmarked+`" }`, "%s, line 1: the text is in UTF-16, without a byte order mark", name)
		}
		enc = encodings[unmarked]
	}
	if enc != nil {
		t.Converted = true
		t.Reader = bufio.NewReaderSize(transform.NewReader(t.Reader, newStrict(name, strings.ToLower(opt.Encoding), enc)), bufferSize)
	}
	if err := t.skipMarks(); err != nil {
		return nil, err
	}
	if opt.Want != "" {
		if head, err = Peek(t.Reader, headSize); err == nil {
			err = otherText(name, opt.Want, head)
		}
	}
	return t, err
}

// skipMarks skips the byte order marks at the start: programs that do not know
// them put another one before the first.
func (t *Text) skipMarks() error {
	for {
		head, err := Peek(t.Reader, len(mark))
		if err != nil || string(head) != mark {
			return err
		}
		_, _ = t.Discard(len(mark)) // it is in the buffer
	}
}

// MostLine is how many bytes a line may have: what is longer has no lines.
const MostLine = 16 << 20

// ErrLongLine is the error about a longer line.
var ErrLongLine = errors.New("the line is longer than 16 MiB")

// Line returns the next line with its line end, if it has one. After the last line,
// the error is io.EOF; a line of more than MostLine bytes is ErrLongLine. The line
// is valid until the next call.
func (t *Text) Line() ([]byte, error) {
	line, err := t.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		var long []byte
		for errors.Is(err, bufio.ErrBufferFull) && len(long) <= MostLine {
			long = append(long, line...)
			line, err = t.ReadSlice('\n')
		}
		line = append(long, line...)
	}
	switch {
	case len(line) > MostLine:
		return nil, ErrLongLine
	case len(line) > 0 && errors.Is(err, io.EOF):
		return line, nil
	}
	return line, err
}

// Peek returns up to n bytes without reading them.
func Peek(text *bufio.Reader, n int) ([]byte, error) {
	head, err := text.Peek(n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head, err
}

// unpacked decompresses a gzip file.
type unpacked struct {
	name   string
	packed io.Reader
	gzip   *gzip.Reader
}

func (u *unpacked) Read(p []byte) (n int, err error) {
	if u.gzip == nil {
		u.gzip, err = gzip.NewReader(u.packed)
	}
	if err == nil {
		n, err = u.gzip.Read(p)
	}
	var corrupt flate.CorruptInputError
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.As(err, &corrupt) {
		err = invalid.Errorf("fetch the file again", "%s: the gzip data is damaged or incomplete", u.name)
	}
	return n, err
}

// hasMark16 reports whether text begins with a byte order mark of UTF-16.
func hasMark16(text []byte) bool {
	return bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff"))
}

// utf16 returns the encoding of UTF-16 without a byte order mark, or "": one byte
// of each ASCII character is zero.
func utf16(head []byte) string {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch least := max(1, len(head)/4); {
	case zeros[1] > least && zeros[0] == 0:
		return "utf-16le"
	case zeros[0] > least && zeros[1] == 0:
		return "utf-16be"
	}
	return ""
}
