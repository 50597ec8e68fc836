package bindings

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/textfile"
)

// jsonReader reads JSON values one after another from a file or a text.
type jsonReader struct {
	src   *source
	lines *lineCounter
	dec   *jsontext.Decoder
	codec *Codec
	opt   DecodeOptions
	// inList reports whether the values are the items of a list; count counts
	// those that were read.
	inList bool
	count  int
}

// onJSON makes a function that reads its first argument, a file or a text.
func onJSON(open func(a *Args, name string) (*source, error), read func(*jsonReader, *Args) (int, error)) func(*Args) (int, error) {
	return func(a *Args) (int, error) {
		src, err := open(a, a.String(0))
		if err != nil {
			return 0, err
		}
		r, err := newJSONReader(a, src)
		if err != nil {
			return 0, err
		}
		return read(r, a)
	}
}

// newJSONReader starts to read src, which it closes if that fails. Argument 1 of
// the call holds the options.
func newJSONReader(a *Args, src *source) (*jsonReader, error) {
	text, err := textfile.Open(src.name, src, textfile.Options{Want: "JSON", Detect: true})
	if err != nil {
		src.done()
		return nil, src.fail(err)
	}
	lines := &lineCounter{r: text}
	return &jsonReader{
		src: src, lines: lines, codec: CodecOf(a.L), opt: DecodeOptions{Nulls: a.Options(1).Bool("nulls")},
		dec: jsontext.NewDecoder(lines, jsontext.AllowDuplicateNames(true)),
	}, nil
}

// only pushes the single value that the source must hold, and closes it.
func (r *jsonReader) only(a *Args) (int, error) {
	defer r.src.done()
	v, err := r.codec.decode(r.dec, r.opt)
	if err == nil {
		err = r.end()
	}
	return a.give(v, r.fail(err))
}

// end fails if anything but white space is left.
func (r *jsonReader) end() error {
	offset := r.dec.InputOffset()
	switch _, err := r.dec.ReadToken(); {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return &trailingError{offset: r.dec.InputOffset() - 1}
	default:
		var syntax *jsontext.SyntacticError
		if errors.As(err, &syntax) {
			return &trailingError{offset: max(offset, syntax.ByteOffset)}
		}
		return err
	}
}

// start detects whether the values are the items of one list; with lines, they
// never are.
func (r *jsonReader) start(lines bool) error {
	if lines || r.dec.PeekKind() != jsontext.KindBeginArray {
		return nil
	}
	r.inList = true
	_, err := r.dec.ReadToken()
	return err
}

// next returns the next value and its number; io.EOF after the last one.
func (r *jsonReader) next(*lua.LState) (lua.LValue, int, error) {
	v, more, err := r.step()
	switch {
	case err != nil:
		return nil, 0, r.fail(err)
	case !more:
		return nil, 0, io.EOF
	}
	r.lines.line(r.dec.InputOffset())
	r.count++
	return v, r.count, nil
}

func (r *jsonReader) step() (v lua.LValue, more bool, err error) {
	switch r.dec.PeekKind() {
	case jsontext.KindEndArray:
		if !r.inList {
			break
		}
		if _, err := r.dec.ReadToken(); err != nil {
			return nil, false, err
		}
		return nil, false, r.end()
	case jsontext.KindInvalid:
		if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) || r.inList {
			return nil, false, err
		}
		return nil, false, nil
	}
	v, err = r.codec.decode(r.dec, r.opt)
	return v, true, err
}

// rows is json.rows.
func (r *jsonReader) rows(a *Args) (int, error) {
	if err := r.start(a.Options(1).Bool("lines")); err != nil {
		r.src.done()
		return 0, r.fail(err)
	}
	return a.Push(r.src.iterator(a.L, r.next))
}

// jsonWriter is json.writer: it opens a JSON Lines file for writing.
func jsonWriter(a *Args) (int, error) {
	name, appendTo, midline := a.String(0), a.Options(1).Bool("append"), false
	if appendTo {
		var err error
		if _, midline, err = textEnd(a, name); err != nil {
			return 0, err
		}
	}
	to, err := openTarget(a, name, appendTo)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(to, 64<<10)
	if midline {
		// A failure to write stays in out and shows when it is flushed.
		_ = out.WriteByte('\n')
	}
	write := func(a *Args) error {
		b, err := encodeText(a.L, a.Get(0))
		if err != nil {
			return err
		}
		_, err = out.Write(append(b, '\n'))
		return to.fail(err)
	}
	end := func(context.Context) error { return to.finish(to.fail(out.Flush())) }
	return a.Push(Open(a.L, a.Host, to.writerModule(Param{Name: "value", Type: "any"}, write, end)))
}

// lineCounter counts the lines of what is read through it.
type lineCounter struct {
	r    io.Reader
	read int64
	// ends are the offsets of the line ends after the last asked offset;
	// passed counts those before it.
	ends   []int64
	passed int
}

func (l *lineCounter) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	for i, rest := 0, p[:n]; ; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			break
		}
		l.ends = append(l.ends, l.read+int64(i+end))
		i, rest = i+end+1, rest[end+1:]
	}
	l.read += int64(n)
	return n, err
}

// line returns the line of an offset, from 1. Offsets must not go back.
func (l *lineCounter) line(offset int64) int {
	n := 0
	for n < len(l.ends) && l.ends[n] < offset {
		n++
	}
	l.ends, l.passed = l.ends[n:], l.passed+n
	return l.passed + 1
}

// fail turns a decoding error into a readable one; nil stays nil.
func (r *jsonReader) fail(err error) error {
	name := r.src.name
	var trailing *trailingError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &trailing):
		return invalid.Errorf("to read a file with one value per line, use json.rows(name, { lines = true })",
			"%s, line %d: more text follows after the end of the JSON value", name, r.lines.line(trailing.offset+1))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return invalid.Errorf("the text may be incomplete; fetch it again", "%s ends in the middle of a JSON value", name)
	case errors.As(err, &syntax):
		where := ""
		if syntax.JSONPointer != "" {
			where = fmt.Sprintf(" (at %s)", shortPath(string(syntax.JSONPointer)))
		}
		return invalid.Errorf(r.hint(syntax), "%s, line %d: invalid JSON: %s%s", name, r.lines.line(syntax.ByteOffset), syntax.Err, where)
	}
	return r.src.fail(err)
}

// hint looks at the character that is invalid.
func (r *jsonReader) hint(syntax *jsontext.SyntacticError) string {
	unread, at := r.dec.UnreadBuffer(), syntax.ByteOffset-r.dec.InputOffset()
	if at < 0 || at >= int64(len(unread)) {
		return ""
	}
	switch c, size := utf8.DecodeRune(unread[at:]); {
	case c == '\'':
		return "JSON strings use double quotes"
	case c == utf8.RuneError && size == 1:
		return "JSON is always UTF-8; convert the file first"
	}
	return ""
}
