package rowfile

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// A workbook is compressed, so a small file can hold very much. These bounds are far above
// what spreadsheet programs write: a cell of Excel has at most 32,767 characters.
const (
	mostToken = 1 << 20   // bytes of one piece of XML
	mostCell  = 1 << 20   // bytes of a cell's text
	mostRow   = 16 << 20  // bytes of the texts of a row
	mostAside = 64 << 20  // bytes of a part that describes the workbook
	mostTexts = 4_000_000 // texts that cells share
)

// origin is the file of a workbook. It remembers why it could not be read.
type origin struct {
	io.ReaderAt
	failed error
}

// ReadAt implements io.ReaderAt.
func (o *origin) ReadAt(p []byte, at int64) (int, error) {
	n, err := o.ReaderAt.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		o.failed = err
	}
	return n, err
}

// part is a part of a workbook, which is XML.
type part struct {
	io.ReadCloser
	dec *xml.Decoder
	// token and all are how many more bytes the piece that is read, and the part, may have.
	token, all int64
}

var errPiece = fmt.Errorf("a piece of its XML is longer than %s", humanize.IBytes(mostToken))

// openPart opens a part, which may have so many bytes. Without a bound, it is 0.
func openPart(f *zip.File, most int64) (*part, error) {
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	p := &part{ReadCloser: in, all: most, token: mostToken}
	if most == 0 {
		p.all = math.MaxInt64 // zip checks the size
	}
	p.dec = xml.NewDecoder(bufio.NewReaderSize(p, 64<<10))
	return p, nil
}

// Read implements io.Reader, within the bounds.
func (p *part) Read(b []byte) (int, error) {
	switch {
	case p.token <= 0:
		return 0, errPiece
	case p.all <= 0:
		return 0, fmt.Errorf("a part of it is longer than %s", humanize.IBytes(mostAside))
	}
	n, err := p.ReadCloser.Read(b)
	p.token -= int64(n)
	p.all -= int64(n)
	return n, err
}

// next returns the next piece of XML.
func (p *part) next() (xml.Token, error) {
	p.token = mostToken
	return p.dec.RawToken()
}

// finish reads the rest, whose end shows whether the part is intact.
func (p *part) finish() error {
	_, err := io.Copy(io.Discard, p.ReadCloser)
	return err
}

// named returns a part by its name, or nil.
func named(files *zip.Reader, name string) *zip.File {
	i := slices.IndexFunc(files.File, func(f *zip.File) bool { return strings.EqualFold(f.Name, name) })
	if i < 0 {
		return nil
	}
	return files.File[i]
}

// elements passes the start of each element of a part that describes the workbook. A part
// that is not there has none.
func (s *Sheet) elements(files *zip.Reader, name string, do func(e xml.StartElement) error) error {
	return s.scan(files, name, mostAside, func(_ *part, e xml.StartElement) error { return do(e) })
}

func (s *Sheet) scan(files *zip.Reader, name string, most int64, do func(p *part, e xml.StartElement) error) error {
	f := named(files, name)
	if f == nil {
		return nil
	}
	p, err := openPart(f, most)
	if err != nil {
		return s.damaged(err)
	}
	defer func() { _ = p.Close() }()
	for {
		token, err := p.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return s.damaged(err)
		}
		if e, ok := token.(xml.StartElement); ok {
			if err := do(p, e); err != nil {
				return err
			}
		}
	}
}

// textsOf returns the text in an element, without hints for its pronunciation.
func textsOf(p *part, until string) (string, error) {
	var text strings.Builder
	inText, aside := false, 0
	for {
		token, err := p.next()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.StartElement:
			inText = t.Name.Local == "t"
			if t.Name.Local == "rPh" {
				aside++
			}
		case xml.EndElement:
			inText = false
			switch t.Name.Local {
			case until:
				return unescaped(text.String()), nil
			case "rPh":
				aside--
			}
		case xml.CharData:
			if inText && aside == 0 {
				text.Write(t)
			}
			if text.Len() > mostCell {
				return "", fmt.Errorf("the text is longer than %s", humanize.IBytes(mostCell))
			}
		}
	}
}

// texts are strings, one after the other.
type texts struct {
	all  []byte
	ends []int
}

func (t *texts) add(text string) {
	t.all = append(t.all, text...)
	t.ends = append(t.ends, len(t.all))
}

// at returns a text by its number, if it exists.
func (t *texts) at(i int) (string, bool) {
	if i < 0 || i >= len(t.ends) {
		return "", false
	}
	from := 0
	if i > 0 {
		from = t.ends[i-1]
	}
	return string(t.all[from:t.ends[i]]), true
}

// readShared reads the texts that cells refer to: so many bytes, and so many texts.
func (s *Sheet) readShared(files *zip.Reader, most, count int) error {
	return s.scan(files, s.sharedAt, 0, func(p *part, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		text, err := textsOf(p, "si")
		if err != nil {
			return s.damagedAt(fmt.Sprintf("shared text %d: ", len(s.shared.ends)), err)
		}
		const hint = "save the sheet as CSV, and read that file"
		switch {
		case len(s.shared.all)+len(text) > most:
			return invalid.Errorf(hint, "%s has more than %s of text", s.name, humanize.IBytes(uint64(most)))
		case len(s.shared.ends) == count:
			return invalid.Errorf(hint, "%s has more than %s different texts", s.name, humanize.Comma(int64(count)))
		}
		s.shared.add(text)
		return nil
	})
}
