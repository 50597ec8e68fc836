package planhat

import (
	"context"
	"net/http"
	"slices"

	"github.com/phscript/phscript/planhat/catalog"
)

// send sends one chunk and finds out what became of its rows.
func (b *bulk) send(ctx context.Context, lines []*line) chunkOutcome {
	repeat := repeatAlways
	if !b.repeatable(lines) {
		repeat = repeatUnsent
	}
	return b.sendAs(ctx, lines, sending{repeat: repeat})
}

// sending is how rows are sent: whether they may be repeated, whether the gate
// has let them pass, and whether an earlier request with them may have been
// carried out.
type sending struct {
	repeat       repetition
	gated, again bool
}

func (b *bulk) sendAs(ctx context.Context, lines []*line, how sending) chunkOutcome {
	r := b.resource
	var result *BulkResult
	q := &call{
		model: r.model, op: b.op, body: body(lines), rows: len(lines), repeat: how.repeat, bulk: true, gated: how.gated,
	}
	q.decode = func(text []byte) (err error) {
		result, err = b.read(r, lines, &answer{status: http.StatusOK, body: text})
		return err
	}
	a, failed := r.client.do(ctx, q)
	if failed != nil && how.again {
		failed.Uncertain = true // an earlier request may have stored the rows
	}
	switch {
	case failed == nil && a.withheld:
		return chunkOutcome{result: &BulkResult{Planned: len(lines)}, answered: true}
	case failed == nil:
		if a.uncertain || how.again {
			// What an earlier attempt stored, this one found unchanged.
			result.UncertainOutcome, result.Unchanged = result.Unchanged, 0
			for i := range result.Errors {
				// The answer does not mention this row; the lost one may have.
				result.Errors[i].Uncertain = result.Errors[i].Uncertain || result.Errors[i].Raw == nil
			}
			b.doubt(ctx, lines, result)
		}
		return chunkOutcome{result: result, answered: true}
	case failed.Status == http.StatusBadRequest || failed.Status == http.StatusForbidden:
		if o, ok := b.refused(lines, a, failed); ok {
			return o
		}
	case failed.Status == http.StatusRequestEntityTooLarge && len(lines) > 1:
		half := len(lines) / 2
		how.gated, how.again = true, how.again || failed.Uncertain
		return merge(b.sendAs(ctx, lines[:half], how), b.sendAs(ctx, lines[half:], how))
	case failed.Uncertain && how.repeat == repeatUnsent && stopped(ctx) == nil:
		return b.sendKeyed(ctx, lines, failed)
	}
	return chunkOutcome{result: failAll(lines, failed, ""), err: failed, fatal: b.fatal(ctx, q, failed)}
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

// refused reads the rows out of a 400 or 403. It returns false if the
// answer doesn't list any.
func (b *bulk) refused(lines []*line, a *answer, failed *Error) (chunkOutcome, bool) {
	if a == nil {
		return chunkOutcome{}, false
	}
	result, err := b.read(b.resource, lines, a)
	if err != nil || (!isBulkAnswer(a.body) && !namesRows(result)) {
		return chunkOutcome{}, false
	}
	if failed.Kind == KindPermission && result.Created+result.Updated+result.Unchanged == 0 {
		return chunkOutcome{result: result, err: failed}, true
	}
	return chunkOutcome{result: result, answered: true}, true
}

// namesRows reports whether Planhat's own entries are about known rows.
func namesRows(t *BulkResult) bool {
	return slices.ContainsFunc(t.Errors, func(e RowError) bool { return e.Raw != nil && e.Index >= 0 })
}

// isBulkAnswer tells a bulk answer from another error body.
func isBulkAnswer(body []byte) bool {
	members, err := readObject(body)
	if err != nil {
		return false
	}
	for _, name := range catalog.Load().BulkResultFields {
		if members.get(name) != nil {
			return true
		}
	}
	return false
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
	if err := sleep(ctx, b.resource.client.retry.InitialInterval); err != nil {
		return merge(left, chunkOutcome{result: failAll(keyed, failed, ""), err: failed, fatal: true})
	}
	return merge(left, b.sendAs(ctx, keyed, sending{repeat: repeatAlways, gated: true, again: true}))
}

// merge joins the outcomes of the two parts of a chunk.
func merge(a, b chunkOutcome) chunkOutcome {
	out := chunkOutcome{result: &BulkResult{}, err: a.err, answered: a.answered || b.answered, fatal: a.fatal || b.fatal}
	out.result.add(a.result)
	out.result.add(b.result)
	if out.err == nil {
		out.err = b.err
	}
	return out
}

// failAll reports every row of a request that failed.
func failAll(lines []*line, failed *Error, more string) *BulkResult {
	out := &BulkResult{Errors: make([]RowError, 0, len(lines))}
	for _, l := range lines {
		e := l.fail(failed.Kind, failed.Message+more)
		e.Uncertain = failed.Uncertain
		out.Errors = append(out.Errors, e)
	}
	return out
}

// notSent reports the rows of a chunk that came after a fatal failure.
func notSent(lines []*line, cause *Error) chunkOutcome {
	out := &BulkResult{Errors: make([]RowError, 0, len(lines))}
	for _, l := range lines {
		out.Errors = append(out.Errors, l.fail(cause.Kind, "not sent: "+cause.Message))
	}
	return chunkOutcome{result: out, err: cause}
}
