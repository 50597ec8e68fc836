package bindings

import (
	"fmt"
	"iter"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/luajson"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// rowSource passes the rows of a bulk call to the client, one after another. It runs
// on the script's goroutine.
type rowSource struct {
	a      *Args
	codec  *Codec
	doubts doubts
	opt    EncodeOptions
	// list are the rows of a list, next is the iterator of others.
	list []lua.LValue
	next *lua.LFunction
	// rows counts those that were read, and text is the JSON of the last one.
	rows int
	text []byte
	// failed is why the rows could not be read to the end; raised is the same if the
	// iterator raised it.
	failed error
	raised *lua.ApiError
}

// newRowSource reads rows from a list or from an iterator.
func newRowSource(a *Args, m *catalog.Model, v lua.LValue) (*rowSource, error) {
	s := &rowSource{a: a, codec: CodecOf(a.L), doubts: doubts{a: a, model: m}}
	s.opt = s.doubts.options()
	if next, ok := v.(*lua.LFunction); ok {
		s.next = next
		return s, nil
	}
	list := v.(*lua.LTable)
	Fill(list)
	if k, _ := luajson.AfterItems(list, list.Len()); k != lua.LNil {
		return nil, a.Errorf("'rows' must be a list of records, { {...}, {...} }; put a single record in a list")
	}
	s.list = items(list)
	return s, nil
}

// seq passes the rows. A row without a JSON form ends it with an error, as does an
// error of the iterator, which is kept.
func (s *rowSource) seq(yield func(planhat.Row, error) bool) {
	for v, err := range s.values() {
		var row planhat.Row
		if err == nil {
			s.rows++
			row, err = s.row(v)
		}
		s.failed = err
		if !yield(row, err) || err != nil {
			break
		}
	}
	if s.failed == nil {
		s.doubts.warn()
	}
}

// values passes the rows of the script.
func (s *rowSource) values() iter.Seq2[lua.LValue, error] {
	return func(yield func(lua.LValue, error) bool) {
		for _, v := range s.list {
			if !yield(v, nil) {
				return
			}
		}
		for s.next != nil {
			v, err := s.pull()
			if v == lua.LNil || !yield(v, err) {
				return
			}
		}
	}
}

// pull calls the iterator. It leaves the stack of a call that failed as it is, so that
// the error can be raised again later with its traceback.
func (s *rowSource) pull() (row lua.LValue, err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		raised, ok := p.(*lua.ApiError)
		if !ok {
			panic(p)
		}
		s.raised, err = raised, raised
	}()
	s.a.L.Push(s.next)
	s.a.L.Call(0, 1)
	row = s.a.L.Get(-1)
	s.a.L.Pop(1)
	return row, nil
}

// row encodes a row.
func (s *rowSource) row(v lua.LValue) (planhat.Row, error) {
	t, ok := v.(*lua.LTable)
	if !ok {
		return planhat.Row{}, fmt.Errorf("row %d must be a table, not %s", s.rows, describeValue(v))
	}
	s.doubts.row(t)
	text, err := s.codec.AppendBytes(s.text[:0], t, s.opt)
	if err != nil {
		return planhat.Row{}, fmt.Errorf("row %d: %w", s.rows, err)
	}
	s.text = text
	row := planhat.Row{Record: text}
	if at, known := placeOf(t); known {
		row.File, row.Line = at.file, at.line
		if at.row == nil && len(at.nulls) > 0 {
			at.row = t
		}
		if at.cells != nil || at.row != nil {
			row.Source = func() planhat.Record { return at.source(s.a.L) }
		}
	}
	return row, nil
}

// fault returns the error of a call that could not read its rows to the end, or raises
// the one that the iterator raised. It says what was sent before.
func (s *rowSource) fault(failed *planhat.Error) error {
	r := failed.Result
	sent := fmt.Sprintf("of the %d rows before it, %d were sent", r.Rows, r.Sent)
	if s.raised == nil {
		if r.Sent == 0 {
			sent = "nothing was sent"
		}
		return s.a.Errorf("%v; %s", s.failed, sent)
	}
	if r.Sent > 0 {
		sent = fmt.Sprintf(" (asked for row %d; %s)", r.Rows+1, sent)
		object := s.raised.Object
		if t, ok := object.(*lua.LTable); ok && ErrorFrom(object) != nil {
			t.RawSetString("message", lua.LString(lua.LVAsString(t.RawGetString("message"))+sent))
		} else if text, ok := object.(lua.LString); ok {
			s.raised.Object = text + lua.LString(sent)
		} else {
			s.a.Host.Log.WarnOnce(s.a.Context(), "rows", s.a.qualified()+": the iterator failed"+sent)
		}
	}
	panic(s.raised)
}

// drained returns what a script's iterator returns until nil. It does not catch
// errors.
func drained(L *lua.LState, next *lua.LFunction) iter.Seq[lua.LValue] {
	return func(yield func(lua.LValue) bool) {
		for {
			L.Push(next)
			L.Call(0, 1)
			row := L.Get(-1)
			L.Pop(1)
			if row == lua.LNil || !yield(row) {
				return
			}
		}
	}
}

// items returns the items of a list.
func items(list *lua.LTable) []lua.LValue {
	all := make([]lua.LValue, list.Len())
	for i := range all {
		all[i] = list.RawGetInt(i + 1)
	}
	return all
}
