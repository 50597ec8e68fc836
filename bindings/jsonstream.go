package bindings

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"
)

// jsonReader reads JSON values one after another from a file or a text.
type jsonReader struct {
	files Files
	name  string
	src   io.Closer
	lines *lineCounter
	dec   *jsontext.Decoder
	codec *Codec
	opt   DecodeOptions
	// inList reports whether the values are the items of a list.
	inList bool
}

func newJSONReader(L *lua.LState, files Files, name string, src io.ReadCloser, opt DecodeOptions) (*jsonReader, error) {
	text := bufio.NewReaderSize(src, 64<<10)
	mark, err := text.Peek(3)
	if err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, err = text.Discard(3)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fileError(files, "read", name, err)
	}
	lines := &lineCounter{r: text}
	return &jsonReader{
		files: files, name: name, src: src, lines: lines, codec: CodecOf(L), opt: opt,
		dec: jsontext.NewDecoder(lines, jsontext.AllowDuplicateNames(true)),
	}, nil
}

func openJSON(a *Args, name string, opt DecodeOptions) (*jsonReader, error) {
	f, err := openRead(a.Host.Files, name)
	if err != nil {
		return nil, err
	}
	r, err := newJSONReader(a.L, a.Host.Files, name, f, opt)
	if err != nil {
		closeRead(f)
	}
	return r, err
}

// only reads the single value that the source must hold.
func (r *jsonReader) only() (lua.LValue, error) {
	v, err := r.codec.Decode(r.dec, r.opt)
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, jsonError(r.files, r.name, r.lines, err)
	}
	return v, nil
}

// end fails if anything but white space is left.
func (r *jsonReader) end() error {
	offset := r.dec.InputOffset()
	switch _, err := r.dec.ReadToken(); {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return &TrailingError{Offset: r.dec.InputOffset() - 1}
	default:
		var syntax *jsontext.SyntacticError
		if errors.As(err, &syntax) {
			return &TrailingError{Offset: max(offset, syntax.ByteOffset)}
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

// next returns the next value; io.EOF after the last one.
func (r *jsonReader) next() (lua.LValue, error) {
	v, err := r.step()
	if err != nil && !errors.Is(err, errLast) {
		return nil, jsonError(r.files, r.name, r.lines, err)
	}
	r.lines.line(r.dec.InputOffset())
	return v, err
}

// errLast reports that there are no more values.
var errLast = errors.New("no more values")

func (r *jsonReader) step() (lua.LValue, error) {
	switch r.dec.PeekKind() {
	case jsontext.KindEndArray:
		if !r.inList {
			break
		}
		if _, err := r.dec.ReadToken(); err != nil {
			return nil, err
		}
		if err := r.end(); err != nil {
			return nil, err
		}
		return nil, errLast
	case jsontext.KindInvalid:
		if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) || r.inList {
			return nil, err
		}
		return nil, errLast
	}
	return r.codec.Decode(r.dec, r.opt)
}

// jsonRows is json.rows.
func jsonRows(a *Args) (int, error) {
	r, err := openJSON(a, a.String(0), decodeOptions(a))
	if err != nil {
		return 0, err
	}
	if err := r.start(a.Options(1).Bool("lines")); err != nil {
		closeRead(r.src)
		return 0, jsonError(r.files, r.name, r.lines, err)
	}
	count, done := 0, false
	return a.Push(Function(a.L, func(L *lua.LState) (int, error) {
		if done {
			return 0, nil
		}
		v, err := r.next()
		if err != nil {
			done = true
			closeRead(r.src)
			if errors.Is(err, errLast) {
				err = nil
			}
			return 0, err
		}
		count++
		L.Push(v)
		L.Push(lua.LNumber(count))
		return 2, nil
	}))
}

// jsonWriter is json.writer: it opens a JSON Lines file for writing.
func jsonWriter(a *Args) (int, error) {
	name, appendTo, midline := a.String(0), a.Options(1).Bool("append"), false
	if appendTo {
		if info, err := a.Host.Files.Stat(name); err == nil && info.Size() > 0 {
			if midline, err = endsMidline(a.Host.Files, name); err != nil {
				return 0, err
			}
		}
	}
	f, err := openWrite(a.Host.Files, name, appendTo)
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(f, 64<<10)
	if midline {
		// A failure to write stays in out and shows when it is flushed.
		_ = out.WriteByte('\n')
	}
	return a.Push(Open(a.L, a.Host, jsonWriterModule(name, f, out)))
}

// jsonWriterModule makes the object that json.writer returns.
func jsonWriterModule(name string, f io.WriteCloser, out *bufio.Writer) *Module {
	count, closed := 0, false
	return &Module{Name: "writer", Funcs: []*Func{
		{
			Name: "write", Params: []Param{{Name: "value", Type: "any"}},
			Call: func(a *Args) (int, error) {
				if closed {
					return 0, a.Errorf("the file %s is already closed", name)
				}
				b, err := encodeText(a.L, a.Get(0), Options{})
				if err != nil {
					return 0, err
				}
				if _, err := out.Write(append(b, '\n')); err != nil {
					return 0, fileError(a.Host.Files, "write", name, err)
				}
				count++
				return 0, nil
			},
		},
		{
			Name: "count",
			Call: func(a *Args) (int, error) { return a.Push(lua.LNumber(count)) },
		},
		{
			Name: "close",
			Call: func(a *Args) (int, error) {
				if closed {
					return 0, nil
				}
				closed = true
				return 0, finish(a.Host.Files, name, f, fileError(a.Host.Files, "write", name, out.Flush()))
			},
		},
	}}
}
