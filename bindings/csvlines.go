package bindings

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// lineEnds converts the line ends of text to line feeds if they are only
// carriage returns, as old Mac programs write them.
func (c *csvReader) lineEnds(text *bufio.Reader) (*bufio.Reader, error) {
	head, err := text.Peek(32 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fileError(c.files, "read", c.name, err)
	}
	if bytes.IndexByte(head, '\r') < 0 || bytes.IndexByte(head, '\n') >= 0 {
		return text, nil
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
