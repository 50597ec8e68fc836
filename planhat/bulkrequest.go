package planhat

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// chunk is the rows of one request. Its memory is used again for later requests.
type chunk struct {
	// number counts the requests of a call from 0.
	number int
	lines  []*line
	// body is the JSON array, of which the lines' texts are parts.
	body []byte
	// ends are the ends of the texts, until the body is complete.
	ends []int
	// store has the lines, in blocks, keys and made what they refer to.
	store [][]line
	keys  []key
	made  []byte
	// reading counts the requests that may still read the body.
	reading atomic.Int32
}

// blockLines is how many lines a block of a chunk has.
const blockLines = 256

// reset makes an empty chunk of one that is not needed any more.
func (c *chunk) reset(number int) {
	c.number, c.lines, c.body, c.ends, c.keys, c.made = number, c.lines[:0], c.body[:0], c.ends[:0], c.keys[:0], c.made[:0]
}

// like makes room for as many rows as another chunk has.
func (c *chunk) like(o *chunk) {
	c.reserve(len(o.lines), len(o.body), len(o.keys), len(o.made))
}

// reserve makes room for a number of rows, and for the bytes and keys of them.
func (c *chunk) reserve(rows, body, keys, made int) {
	c.lines = slices.Grow(c.lines, rows-len(c.lines))
	c.ends = slices.Grow(c.ends, rows-len(c.ends))
	c.body = slices.Grow(c.body, body+1-len(c.body))
	c.keys = slices.Grow(c.keys, keys-len(c.keys))
	c.made = slices.Grow(c.made, made-len(c.made))
}

// sampleRows are the rows from which a chunk concludes how large the others are.
const sampleRows = 512

// foresee makes room for the rows that a chunk has in the end, as large as the first few:
// a large slice that grows as it is filled takes several times its memory.
func (c *chunk) foresee(rows, size int) {
	n := len(c.lines)
	if n != sampleRows || rows < n {
		return
	}
	whole := func(part int) int { return part * rows / n }
	if body := whole(len(c.body)); body > size {
		rows = rows * size / body
	}
	c.reserve(rows, whole(len(c.body)), whole(len(c.keys)), whole(len(c.made)))
}

// add appends a copy of a row.
func (c *chunk) add(l *line) {
	mark := byte(',')
	if len(c.lines) == 0 {
		mark = '['
	}
	c.body = append(append(c.body, mark), l.sent...)
	c.ends = append(c.ends, len(c.body))
	block := len(c.lines) / blockLines
	if block == len(c.store) {
		c.store = append(c.store, make([]line, blockLines))
	}
	own := &c.store[block][len(c.lines)%blockLines]
	*own = *l
	if bytes.Equal(l.given, l.sent) {
		own.given = nil
	} else {
		own.given = bytes.Clone(l.given)
	}
	own.sent = nil
	from := len(c.keys)
	c.keys = append(c.keys, l.keys...)
	own.keys = c.keys[from:len(c.keys):len(c.keys)]
	from = len(c.made)
	c.made = append(c.made, l.made...)
	own.made = c.made[from:len(c.made):len(c.made)]
	c.lines = append(c.lines, own)
}

// fits reports whether a row more would exceed a limit.
func (c *chunk) fits(l *line, rows, size int) bool {
	return len(c.lines) == 0 || len(c.body)+1+len(l.sent)+1 <= size && len(c.lines) != rows
}

// complete ends the body.
func (c *chunk) complete() {
	c.body = append(c.body, ']')
	start := 1
	for i, l := range c.lines {
		l.sent = Record(c.body[start:c.ends[i]:c.ends[i]])
		start = c.ends[i] + 1
		if l.given == nil {
			l.given = l.sent
		}
	}
}

// lineOf returns the row with a position in the input.
func (c *chunk) lineOf(index int) *line {
	i, _ := slices.BinarySearchFunc(c.lines, index, func(l *line, index int) int { return l.index - index })
	return c.lines[i]
}

// body joins rows to a JSON array.
func body(lines []*line) []byte {
	size := 1 + max(1, len(lines))
	for _, l := range lines {
		size += len(l.sent)
	}
	out := append(make([]byte, 0, size), '[')
	for i, l := range lines {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, l.sent...)
	}
	return append(out, ']')
}

// bodyReader reads the body of a request. It counts in reading until it is closed, which
// may be after the answer: a server may answer before it has read everything.
type bodyReader struct {
	bytes.Reader
	reading *atomic.Int32
	closed  atomic.Bool
}

// newBodyReader returns a reader of a body, which need not be counted.
func newBodyReader(body []byte, reading *atomic.Int32) io.ReadCloser {
	r := &bodyReader{reading: reading}
	r.Reset(body)
	if reading != nil {
		reading.Add(1)
	}
	return r
}

func (r *bodyReader) Close() error {
	if !r.closed.Swap(true) && r.reading != nil {
		r.reading.Add(-1)
	}
	return nil
}

// send sends one chunk and finds out what became of its rows.
func (b *bulk) send(ctx context.Context, c *chunk) chunkOutcome {
	repeat := repeatAlways
	if !b.repeatable(c.lines) {
		repeat = repeatUnsent
	}
	again := slices.ContainsFunc(c.lines, func(l *line) bool { return l.again })
	return b.sendAs(ctx, c.lines, sending{body: c.body, reading: &c.reading, repeat: repeat, again: again})
}

// sending is how rows are sent: their body if it is there, with what counts its readers,
// whether they may be repeated, whether the gate has let them pass, whether an earlier request with them
// may have been carried out, and how many attempts that request took.
type sending struct {
	body         []byte
	reading      *atomic.Int32
	repeat       repetition
	gated, again bool
	attempts     int
}

func (b *bulk) sendAs(ctx context.Context, lines []*line, how sending) chunkOutcome {
	r := b.resource
	var result *BulkResult
	if how.body == nil {
		how.body, how.reading = body(lines), nil
	}
	q := &call{
		model: r.model, op: b.op, body: how.body, reading: how.reading, rows: len(lines), repeat: how.repeat, bulk: true, gated: how.gated,
		attempts: how.attempts, journal: journalOf(ctx), rowwise: true,
	}
	if q.journal != nil {
		q.intent = b.intent(lines)
	}
	q.decode = func(text []byte) (err error) {
		result, err = b.read(r, lines, &answer{status: http.StatusOK, body: text})
		return err
	}
	a, failed := r.client.do(ctx, q)
	if o, ok := b.refused(lines, a, failed); ok {
		o.result.plannedBy(a)
		recordEnd(ctx, q, lines, o.result, nil)
		return o
	}
	if failed != nil {
		recordEnd(ctx, q, lines, nil, failed)
		// An earlier request may have stored the rows.
		failed.Uncertain = failed.Uncertain || how.again
	}
	switch {
	case failed == nil && a.withheld:
		return chunkOutcome{result: &BulkResult{Planned: len(lines)}, answered: true, blind: lines}
	case failed == nil:
		result.plannedBy(a)
		if a.uncertain || how.again {
			// What an earlier attempt stored, this one found unchanged.
			result.UncertainOutcome, result.Unchanged = result.Unchanged, 0
			for i := range result.Errors {
				// The answer does not mention this row; the lost one may have.
				result.Errors[i].Uncertain = result.Errors[i].Uncertain || result.Errors[i].Raw == nil
			}
			b.doubt(ctx, lines, result)
		}
		recordEnd(ctx, q, lines, result, nil)
		o := chunkOutcome{result: result, answered: true}
		for _, i := range a.blind {
			o.blind = append(o.blind, lines[i])
		}
		return o
	case failed.Status == http.StatusRequestEntityTooLarge && len(lines) > 1:
		half := len(lines) / 2
		how.body, how.gated, how.again, how.attempts = nil, true, how.again || failed.Uncertain, 0
		return merge(b.sendAs(ctx, lines[:half], how), b.sendAs(ctx, lines[half:], how))
	case failed.Uncertain && how.repeat == repeatUnsent && stopped(ctx) == nil:
		return b.sendKeyed(ctx, lines, failed)
	}
	return chunkOutcome{result: failAll(lines, failed, ""), err: failed, fatal: b.fatal(ctx, q, failed)}
}

// plannedBy counts the rows that were taken as planned if a Planner answered.
func (t *BulkResult) plannedBy(a *answer) {
	if a.planned {
		t.Planned = t.Created + t.Updated + t.Unchanged
	}
}

// fatal reports whether chunks that follow are better not sent.
func (b *bulk) fatal(ctx context.Context, q *call, failed *Error) bool {
	if gate := b.resource.client.gate; gate != nil && !q.gated {
		return true
	}
	switch failed.Kind {
	case KindAuth, KindCancelled, KindConfig:
		return true
	default:
		return stopped(ctx) != nil
	}
}

// sendKeyed follows up a request that may have been carried out: rows with a
// key are sent again, the others would be stored twice and are reported.
func (b *bulk) sendKeyed(ctx context.Context, lines []*line, failed *Error) chunkOutcome {
	var keyed, others []*line
	for _, l := range lines {
		if b.keyed(l) {
			keyed = append(keyed, l)
		} else {
			others = append(others, l)
		}
	}
	const open = "; the row may have been stored anyway, and it has no key to look it up by"
	left := chunkOutcome{result: failAll(others, failed, open), err: failed}
	if len(keyed) == 0 {
		return left
	}
	if err := b.resource.client.pause(ctx, b.resource.client.retry.InitialInterval); err != nil {
		return merge(left, chunkOutcome{result: failAll(keyed, failed, ""), err: failed, fatal: true})
	}
	return merge(left, b.sendAs(ctx, keyed, sending{repeat: repeatAlways, gated: true, again: true, attempts: failed.Attempts}))
}

// doubt looks for rows that may have been stored twice. Planhat matches by an email
// only if one record has it, so a row that carries no other key is created each
// time it is sent if several have its email.
func (b *bulk) doubt(ctx context.Context, lines []*line, result *BulkResult) {
	if result.Created == 0 {
		return
	}
	rejected := map[int]bool{}
	for _, e := range result.Errors {
		rejected[e.Index] = true
	}
	byEmail := map[string]*line{}
	for _, l := range lines {
		if k, ok := l.matching(b.resource.model); ok && k.Name == "email" && !rejected[l.index] {
			byEmail[k.Folded().Value] = l
		}
	}
	emails := slices.Sorted(maps.Keys(byEmail))
	if len(emails) == 0 {
		return
	}
	holders, failed := b.resource.withEmails(ctx, emails)
	named := map[int]bool{}
	for _, email := range emails {
		reason := "several " + b.resource.model.Plural + " have its email, so that Planhat does not find it by that"
		switch {
		case failed != nil:
			reason = "looking up whether several " + b.resource.model.Plural + " have its email failed"
		case holders[email] < 2:
			continue
		}
		e := byEmail[email].fail(KindServer, "the row may have been stored twice: its request was repeated, and "+reason)
		e.Uncertain = true
		result.Errors = append(result.Errors, e)
		named[e.Index] = true
	}
	if len(named) > 0 {
		result.takeOut(named)
	}
}

// takeOut takes rows out of the counts of a result, which does not say in which of
// them they are. The other rows count as created or updated only if that is sure.
func (t *BulkResult) takeOut(rows map[int]bool) {
	var created, updated int
	for _, k := range t.Keys {
		switch {
		case rows[k.Index]:
		case k.Created:
			created++
		default:
			updated++
		}
	}
	left := t.Created + t.Updated + t.UncertainOutcome - len(rows)
	t.Created = min(max(created, t.Created-len(rows)), left)
	t.Updated = min(max(updated, t.Updated-len(rows)), left-t.Created)
	t.UncertainOutcome = left - t.Created - t.Updated
}

// fewEmails are looked up one by one, more in a list of all.
const fewEmails = 20

// withEmails counts the records that have each of the emails, in lower case.
func (r *Resource) withEmails(ctx context.Context, emails []string) (map[string]int, error) {
	list, err := r.operation("get_list")
	if err != nil {
		return nil, err
	}
	var filters []map[string]string
	wanted := map[string]bool{}
	for _, email := range emails {
		filters = append(filters, map[string]string{"email": email})
		wanted[strings.ToLower(email)] = true
	}
	if len(emails) > fewEmails || list.Parameter("email") == nil {
		filters = []map[string]string{{}}
	}
	out := map[string]int{}
	for _, filter := range filters {
		if list.Parameter("archived") != nil {
			filter["archived"] = "true" // these as well
		}
		p := r.Pages(ListOptions{Filter: filter, Select: []string{"email"}})
		p.silent = true
		for record, err := range p.records(ctx) {
			if err != nil {
				return nil, err
			}
			members, err := readObject(record)
			if err != nil {
				continue
			}
			if email := strings.ToLower(text(members.get("email"))); wanted[email] {
				out[email]++
			}
		}
	}
	return out, nil
}
