package plans

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/store"
)

// partSize is how many bytes of lines begin a new part.
const partSize = 256 << 10

// Most is the size of the largest plan that can wait, in bytes of its file.
const Most = 256 << 20

// part is a part of a plan's file: whole lines.
type part struct {
	first, last int64
	kinds       planfile.Kind
	body        []byte
}

// cut cuts a plan's file into parts, and calls add with each. It refuses lines that are secret.
func cut(file io.Reader, secret func(line string) bool, add func(part) error) error {
	lines := bufio.NewReaderSize(file, 64<<10)
	var text bytes.Buffer
	var p part
	rows := int64(0)
	flush := func() error {
		if text.Len() == 0 {
			return nil
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err := w.Write(text.Bytes())
		if err = errors.Join(err, w.Close()); err != nil {
			return err
		}
		p.last, p.body = rows, packed.Bytes()
		err = add(p)
		p = part{first: rows}
		text.Reset()
		return err
	}
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return err
		}
		if secret(string(line)) {
			return &SubmitError{Message: "the plan has a token in it, and plans hold no tokens"}
		}
		if bytes.HasPrefix(line, []byte(`{"step":`)) {
			var s plan.Step
			if err := json.Unmarshal(line, &s); err != nil {
				return err
			}
			for i := range s.Rows {
				p.kinds |= planfile.KindOf(&s.Rows[i])
			}
			rows += int64(len(s.Rows))
		}
		text.Write(line)
		if text.Len() < partSize {
			continue
		}
		if err := flush(); err != nil {
			return err
		}
	}
}

// reader reads the file of a plan from its parts.
type reader struct {
	ctx  context.Context
	q    store.Queryer
	plan int64
	seq  int64
	text []byte
}

func (r *reader) Read(into []byte) (int, error) {
	for len(r.text) == 0 {
		var body []byte
		if err := r.q.QueryRowContext(r.ctx, `SELECT body FROM phscript_plan_part WHERE plan = ? AND seq = ?`, r.plan, r.seq).Scan(&body); err != nil {
			return 0, noRows(err)
		}
		var err error
		if r.text, err = unpacked(body); err != nil {
			return 0, err
		}
		r.seq++
	}
	n := copy(into, r.text)
	r.text = r.text[n:]
	return n, nil
}

func unpacked(body []byte) ([]byte, error) {
	w, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(w)
}

// Open returns the bytes of a plan's file. It has none if the content was deleted.
func Open(ctx context.Context, q store.Queryer, id int64) io.Reader {
	return &reader{ctx: ctx, q: q, plan: id}
}

// Content reads what a plan does.
func Content(ctx context.Context, q store.Queryer, id int64) (*planfile.Header, *planfile.Report, error) {
	if p, err := Get(ctx, q, id); err != nil || p.Size == 0 {
		return nil, nil, errors.Join(err, ErrDeleted)
	}
	report := planfile.NewReport()
	h, err := planfile.Read(Open(ctx, q, id), report.Add, report.Reject)
	return h, report, err
}

// Save writes the file of a plan to a new file that only its owner can read.
func Save(ctx context.Context, q store.Queryer, id int64, name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, Open(ctx, q, id))
	if err == nil && n == 0 {
		err = ErrDeleted
	}
	return errors.Join(err, f.Close())
}

// Row is a row of a plan.
type Row struct {
	// Number counts the rows of the plan from 1.
	Number           int64
	Kind             planfile.Kind
	Model, Operation string
	Script           string
	Reason           string
	planfile.Record
}

// Rows returns rows of some kinds after another one, in their order. after is 0 for the first.
// more reports whether there are more.
func Rows(ctx context.Context, q store.Queryer, id int64, kinds planfile.Kind, after int64, most int) (list []Row, more bool, err error) {
	for {
		var p part
		err := q.QueryRowContext(ctx, `SELECT first_row, last_row, body FROM phscript_plan_part WHERE plan = ? AND last_row > ? AND (kinds & ?) <> 0 ORDER BY seq LIMIT 1`,
			id, after, int64(kinds)).Scan(&p.first, &p.last, &p.body)
		if err = noRows(err); errors.Is(err, io.EOF) {
			return list, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		text, err := unpacked(p.body)
		if err != nil {
			return nil, false, err
		}
		number := p.first
		for line := range bytes.Lines(text) {
			if !bytes.HasPrefix(line, []byte(`{"step":`)) {
				continue
			}
			var s plan.Step
			if err := json.Unmarshal(line, &s); err != nil {
				return nil, false, err
			}
			for i := range s.Rows {
				number++
				row := &s.Rows[i]
				kind := planfile.KindOf(row)
				if number <= after || kind&kinds == 0 {
					continue
				}
				if len(list) == most {
					return list, true, nil
				}
				list = append(list, Row{Number: number, Kind: kind, Model: s.Model, Operation: s.Operation, Script: s.Script, Reason: row.Reason, Record: planfile.RecordOf(&s, row)})
			}
		}
		after = p.last
	}
}

// report reads a plan's file, and calls step with each step.
func report(file io.Reader, step func(*plan.Step)) (*planfile.Header, *planfile.Report, error) {
	r := planfile.NewReport()
	h, err := planfile.Read(file, func(s *plan.Step) {
		r.Add(s)
		step(s)
	}, func(row outcome.RejectedRow) { r.Reject(row) })
	return h, r, err
}
