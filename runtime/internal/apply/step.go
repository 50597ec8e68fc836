package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// begin sends the rows of a step that are still open.
func (a *applier) begin(ctx context.Context, s *step) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	var rows []row
	for _, r := range s.rows(&a.ids, func(r *plan.StepRow) bool { return a.open(s.at(r)) }) {
		if r.missing != "" {
			a.result.needs(s, r.StepRow, r.missing)
			a.past[s.at(r.StepRow)] = past{state: changes.Skipped}
			continue
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil
	}
	rows, err := a.checkAgain(ctx, s, rows)
	if err != nil || len(rows) == 0 {
		return err
	}
	if at, chosen := a.canaries[kindOf(s)]; chosen {
		i := slices.IndexFunc(rows, func(r row) bool { return s.at(r.StepRow) == at })
		if i >= 0 {
			delete(a.canaries, kindOf(s))
			if slices.ContainsFunc(rows[:i], func(r row) bool { return r.id == rows[i].id }) {
				// Two rows name the record, and keep their order.
				if err := a.send(ctx, s, rows[:i]); err != nil {
					return err
				}
				rows, i = rows[i:], 0
			}
			if err := a.canary(ctx, s, rows[i]); err != nil {
				return err
			}
			rows = slices.Delete(slices.Clone(rows), i, i+1)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	return a.send(ctx, s, rows)
}

// checkAgain checks rows again if the last check is too old, or an earlier apply may have
// sent them. It returns those that are still to be sent.
func (a *applier) checkAgain(ctx context.Context, s *step, rows []row) ([]row, error) {
	limit := max(fresh, 2*a.pace)
	if !a.Resumed && a.Now().Sub(a.checked) < limit {
		return rows, nil
	}
	if a.checker == nil || a.Now().Sub(a.checker.began) > max(limit, 2*a.checker.took) {
		a.checker = a.newChecker()
	}
	if err := a.checker.ahead(ctx, []*step{s}); err != nil {
		return nil, fmt.Errorf("the plan can't be checked again: %w", err)
	}
	seen, err := a.checker.step(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("the plan can't be checked again: %w", err)
	}
	var left, doubtful []row
	var settled []settled
	for _, r := range rows {
		v := seen[r.Row]
		switch a.past[s.at(r.StepRow)].state {
		case changes.Intended, changes.Doubtful:
			if err := a.interrupted(ctx, s, r); err != nil {
				return nil, err
			}
			one, err := a.decide(ctx, s, r, v)
			switch {
			case err != nil:
				return nil, err
			case one.state == changes.Doubtful:
				doubtful = append(doubtful, r)
			case one.state == "":
				left = append(left, r)
			default:
				settled = append(settled, one)
			}
		default:
			if len(v.why) == 0 {
				left = append(left, r)
				continue
			}
			if !a.SkipStale {
				a.result.stale(s, r.StepRow, v.why)
				return nil, &StaleError{1}
			}
			a.result.stale(s, r.StepRow, v.why)
			settled = append(settled, newSettled(r, changes.Skipped, "", r.Action, v.why[0].Text))
		}
	}
	if len(doubtful) > 0 {
		asked, err := a.ask(ctx, s, doubtful)
		if err != nil {
			return nil, err
		}
		for _, r := range doubtful {
			if asked == Sent {
				settled = append(settled, newSettled(r, changes.Done, "", r.Action, "taken as sent"))
			} else {
				left = append(left, r)
			}
		}
		slices.SortFunc(left, func(x, y row) int { return x.Row - y.Row })
	}
	if err := a.settle(ctx, s, settled); err != nil {
		return nil, err
	}
	return left, nil
}

// ask lets the user decide about rows that may have been sent.
func (a *applier) ask(ctx context.Context, s *step, rows []row) (string, error) {
	var labels []string
	for _, r := range rows {
		labels = append(labels, s.label(r.StepRow)+" "+string(r.body))
	}
	return a.Doubt(ctx, labels)
}

// settled is what is known to have happened to a row.
type settled struct {
	row
	state  changes.State
	id     string
	action string
	why    string
	before jsontext.Value
	// loose says that id is that of one of several new records, perhaps of another row.
	loose bool
}

// looseID is the message of such a row.
const looseID = "one of several new records without a key"

func newSettled(r row, state changes.State, id, action, why string) settled {
	return settled{row: r, state: state, id: id, action: action, why: why}
}

// decide says what is known of a row that an earlier apply may have sent: it was carried out,
// it has to be sent again if the state is empty, or nobody can tell.
func (a *applier) decide(ctx context.Context, s *step, r row, v verdict) (settled, error) {
	done := func(id string) settled { return newSettled(r, changes.Done, id, r.Action, "") }
	again := settled{}
	switch r.Action {
	case plan.Update:
		switch {
		case v.already:
			return done(r.id), nil
		case len(v.why) > 0:
			return newSettled(r, changes.Skipped, r.id, r.Action, v.why[0].Text), nil
		}
		return again, nil
	case plan.Upsert:
		return again, nil // once more changes nothing more
	case plan.Delete:
		if len(v.why) > 0 {
			return done(r.id), nil
		}
		return again, nil
	case plan.Create:
		if s.Operation == "duplicate" {
			break
		}
		if v.id != "" {
			return done(v.id), nil
		}
		if !plan.Keyed(s.model, r.body) {
			break
		}
		id, known, err := a.find(ctx, s, r)
		switch {
		case err != nil:
			return again, err
		case id != "":
			return done(id), nil
		case known:
			return again, nil
		}
	}
	if s.Method == http.MethodPut || s.Method == http.MethodDelete {
		return again, nil
	}
	return newSettled(r, changes.Doubtful, "", r.Action, ""), nil
}

// find looks up the record of a row.
func (a *applier) find(ctx context.Context, s *step, r row) (id string, known bool, err error) {
	c := a.newChecker()
	return c.planners[s.Client].Find(ctx, s.model, r.body, a.read(s.Client))
}

// send records rows, sends them and records what happened to them.
func (a *applier) send(ctx context.Context, s *step, rows []row) error {
	intended := make([]changes.Change, len(rows))
	for i, r := range rows {
		intended[i] = a.change(s, r)
		if r.Action == plan.Delete {
			intended[i].Before = a.whole(ctx, s, r)
		}
	}
	a.Tell(Progress{Rows: a.done, Total: a.total})
	if err := a.record(ctx, s, intended); err != nil {
		return err
	}
	out, stop := a.call(ctx, s, rows)
	for i := range out {
		if len(intended[i].Before) > 0 {
			out[i].before = intended[i].Before
		}
	}
	if err := a.settle(ctx, s, out); err != nil {
		return errors.Join(stop, err)
	}
	a.done += len(rows)
	a.Tell(Progress{Rows: a.done, Total: a.total})
	return stop
}

// whole reads the record that is going to be deleted, so that its values are not lost.
func (a *applier) whole(ctx context.Context, s *step, r row) jsontext.Value {
	m := cmp.Or(s.model, s.deletes)
	if m == nil || m.Operation("get_by_id") == nil {
		return nil
	}
	reply, err := a.Accounts[s.Client].Read(ctx, planhat.Call{Model: m, Operation: m.Operation("get_by_id"), ID: r.id})
	if err != nil || !jsontext.Value(reply.Body).IsValid() {
		return nil
	}
	return reply.Body
}

// notBegun counts the rows of a step that a later apply sends.
func (a *applier) notBegun(s *step) {
	for i := range s.Rows {
		r := &s.Rows[i]
		at := s.at(r)
		if !sends(r) || !a.open(at) {
			continue
		}
		switch a.past[at].state {
		case changes.Doubtful, changes.Failed: // counted already
		case changes.Intended:
			a.result.add(s, r, changes.Doubtful, r.Action, "it is not recorded what happened to it")
		default:
			a.result.notBegun(s)
		}
	}
}
