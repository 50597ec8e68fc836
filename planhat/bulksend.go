package planhat

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

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
// has let them pass, whether an earlier request with them may have been carried
// out, and how many attempts that request took.
type sending struct {
	repeat       repetition
	gated, again bool
	attempts     int
}

func (b *bulk) sendAs(ctx context.Context, lines []*line, how sending) chunkOutcome {
	r := b.resource
	var result *BulkResult
	q := &call{
		model: r.model, op: b.op, body: body(lines), rows: len(lines), repeat: how.repeat, bulk: true, gated: how.gated,
		attempts: how.attempts,
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
		how.gated, how.again, how.attempts = true, how.again || failed.Uncertain, 0
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
	if err := b.resource.client.pause(ctx, b.resource.client.retry.InitialInterval); err != nil {
		return merge(left, chunkOutcome{result: failAll(keyed, failed, ""), err: failed, fatal: true})
	}
	return merge(left, b.sendAs(ctx, keyed, sending{repeat: repeatAlways, gated: true, again: true, attempts: failed.Attempts}))
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
		if k, ok := l.matching(b.resource.model); ok && k.name == "email" && !rejected[l.index] {
			byEmail[folded(k).value] = l
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
