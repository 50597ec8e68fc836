package bindings

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/bindings/internal/luajson"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/textfile"
)

// jsonReader reads JSON values one after another from a file or a text.
type jsonReader struct {
	src   *source
	text  *textfile.Text
	lines *lineCounter
	// again opens the source once more, to try out a hint.
	again func() (*source, error)
	dec   *jsontext.Decoder
	codec *Codec
	opt   DecodeOptions
	// inList reports whether the values are the items of a list; count counts
	// those that were read, passed the lines that were read one by one.
	inList        bool
	count, passed int
	// begins is the line where the latest value begins.
	begins int
	// from is where the values come from. nulls are the names of the fields that the
	// latest value lost because they are null.
	from  *origin
	nulls []string
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
		name := a.String(0)
		r.again = func() (*source, error) { return open(a, name) }
		return read(r, a)
	}
}

// newJSONReader starts to read src, which it closes if that fails. Argument 1 of
// the call holds the options.
func newJSONReader(a *Args, src *source) (*jsonReader, error) {
	text, err := textfile.Open(src.name, src, textfile.Options{Want: "JSON", Detect: true, Buffer: src.buffer()})
	if err != nil {
		src.done()
		return nil, src.fail(err)
	}
	lines := &lineCounter{r: text}
	r := &jsonReader{
		src: src, text: text, lines: lines, codec: CodecOf(a.L), opt: DecodeOptions{Nulls: a.Options(1).Bool("nulls")},
		dec:  jsontext.NewDecoder(lines, jsontext.AllowDuplicateNames(true)),
		from: &origin{file: src.file()},
	}
	r.opt.Omitted = &r.nulls
	lines.consumed = r.dec.InputOffset
	lines.tooLong = src.tooLong("a text in it", "look at the file: a quote may be missing", textfile.MostLine)
	return r, nil
}

// only pushes the single value that the source must hold, and closes it.
func (r *jsonReader) only(a *Args) (int, error) {
	defer r.src.done()
	v, err := r.codec.Decode(r.dec, r.opt)
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
		return &luajson.TrailingError{Offset: r.dec.InputOffset() - 1}
	default:
		var syntax *jsontext.SyntacticError
		if errors.As(err, &syntax) {
			return &luajson.TrailingError{Offset: max(offset, syntax.ByteOffset)}
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
	r.note(v, r.begins)
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
		_, err := r.dec.ReadToken()
		if errors.Is(err, io.EOF) && !r.inList {
			if err = nil; r.count == 0 && r.lines.read > 0 {
				err = noValues(r.src.name)
			}
		}
		return nil, false, err
	}
	unread := r.dec.UnreadBuffer()
	before := len(unread) - len(bytes.TrimLeft(unread, " \t\r\n,"))
	r.begins = r.lines.line(r.dec.InputOffset() + int64(before) + 1)
	v, err = r.codec.Decode(r.dec, r.opt)
	return v, true, err
}

// note remembers where a value comes from.
func (r *jsonReader) note(v lua.LValue, line int) {
	if t, ok := v.(*lua.LTable); ok {
		putPlace(t, place{origin: r.from, line: line, nulls: r.nulls})
	}
	r.nulls = nil
}

func noValues(name string) error {
	return invalid.Errorf("look at the file: the export may have failed", "%s, line 1: there is only white space", name)
}

// rows is json.rows.
func (r *jsonReader) rows(a *Args) (int, error) {
	collect, err := choice(a, a.Options(1), "on_error", "stop", "collect")
	if err != nil {
		r.src.done()
		return 0, err
	}
	if p := newProblems(a, r.src.name, collect == "collect"); p != nil {
		return p.give(a, r.src.iterator(a, func(*lua.LState) (lua.LValue, int, error) { return r.nextLine(p) }), nil)
	}
	if err := r.start(a.Options(1).Bool("lines")); err != nil {
		r.src.done()
		return 0, r.fail(err)
	}
	return a.Push(r.src.iterator(a, r.next))
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
		b, err := encodeText(a.L, a.Get(0), 0)
		if err != nil {
			return err
		}
		_, err = out.Write(append(b, '\n'))
		return to.fail(err)
	}
	end := func(context.Context) error { return to.finish(to.fail(out.Flush())) }
	return a.Push(Open(a.L, a.Host, to.writerModule(Param{Name: "value", Type: "any"}, write, end)))
}

// nextLine returns the value of the next line that holds one, and its number.
// Other lines are problems.
func (r *jsonReader) nextLine(p *problems) (lua.LValue, int, error) {
	for {
		line, err := r.line()
		if errors.Is(err, io.EOF) && r.passed > 0 && p.kept+p.lines == 0 {
			return nil, 0, noValues(r.src.name)
		}
		if errors.Is(err, io.EOF) {
			return nil, 0, p.end()
		}
		if err != nil {
			return nil, 0, err
		}
		if len(line) == 0 {
			continue
		}
		v, err := r.codec.DecodeBytes(line, r.opt)
		if err == nil {
			r.count++
			r.note(v, r.passed)
			return v, r.count, p.good()
		}
		p.add(r.passed, r.describe(err, r.passed), map[string]lua.LValue{"text": lua.LString(line)})
	}
}

// line returns the next line of the text without white space around it.
func (r *jsonReader) line() ([]byte, error) {
	line, err := r.text.Line()
	if errors.Is(err, textfile.ErrLongLine) {
		err = invalid.Errorf("look at the file: each line should hold one value", "%s, line %d: %v", r.src.name, r.passed+1, err)
	}
	if err == nil {
		r.passed++
	}
	return bytes.TrimSpace(line), err
}

// fail turns a decoding error into a readable one; nil stays nil.
func (r *jsonReader) fail(err error) error {
	var trailing *luajson.TrailingError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &trailing):
		return r.describe(err, r.lines.line(trailing.Offset+1))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return r.describe(err, 0)
	case errors.As(err, &syntax):
		return r.describe(err, r.lines.line(syntax.ByteOffset))
	}
	if tooLong, ok := errors.AsType[*invalid.Error](err); ok {
		return tooLong
	}
	return r.src.fail(err)
}

// describe makes the error about invalid JSON in a line, or 0 if it ends early.
func (r *jsonReader) describe(err error, line int) error {
	name := r.src.name
	var trailing *luajson.TrailingError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &trailing):
		hint := "look at the file: it should hold a single value"
		if good, bad := r.tryLines(); good > 0 && bad == 0 {
			hint = "the file has one value per line: read it with json.rows(name, { lines = true })"
		}
		return invalid.Errorf(hint, "%s, line %d: more text follows after the end of the JSON value", name, line)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		if line == 0 {
			return invalid.Errorf(r.leaveOut("the text may be incomplete; fetch it again"), "%s ends in the middle of a JSON value", name)
		}
		return invalid.Errorf("", "%s, line %d: the line ends in the middle of a JSON value", name, line)
	case errors.As(err, &syntax):
		where, what, hint := "", syntax.Err.Error(), r.hint(syntax)
		if strings.Contains(what, "surrogate") {
			what, hint = `a string has half of a character (a lone surrogate such as \ud83d)`, "the program that wrote it cut the text in the middle of a character"
		}
		if syntax.JSONPointer != "" {
			where = fmt.Sprintf(" (at %s)", luajson.ShortPath(string(syntax.JSONPointer)))
		}
		return invalid.Errorf(r.leaveOut(hint), "%s, line %d: invalid JSON: %s%s", name, line, what, where)
	}
	return invalid.Errorf("", "%s, line %d: %v", name, line, err)
}

// leaveOut adds to a hint how to go on without the invalid lines, if most are valid.
func (r *jsonReader) leaveOut(hint string) string {
	if good, bad := r.tryLines(); good > bad {
		return strings.TrimPrefix(hint+"; to leave such lines out, read with json.rows(name, { on_error = \"collect\" })", "; ")
	}
	return hint
}

// tryLines counts the lines of a file that hold a JSON value, and those that do
// not. For texts, which json.rows does not read, and while problems are collected,
// there are none.
func (r *jsonReader) tryLines() (good, bad int) {
	if r.src.files == nil || r.passed > 0 {
		return 0, 0
	}
	src, err := r.again()
	if err != nil {
		return 0, 0
	}
	defer src.done()
	text, err := textfile.Open(src.name, src, textfile.Options{Want: "JSON", Detect: true, Buffer: src.buffer()})
	if err != nil {
		return 0, 0
	}
	other := &jsonReader{src: src, text: text}
	for {
		line, err := other.line()
		switch {
		case err != nil:
			return good, bad
		case len(line) == 0:
		case jsontext.Value(line).IsValid(jsontext.AllowDuplicateNames(true)):
			good++
		default:
			bad++
		}
	}
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
