package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// CustomError says that Planhat removed the custom properties that a row did not name, which the
// plan does not show.
type CustomError struct {
	Record   string
	Lost     []string
	Restored bool
}

func (e *CustomError) Error() string {
	text := fmt.Sprintf("Planhat removed custom properties of %s that the plan does not change: %s", e.Record, strings.Join(e.Lost, ", "))
	if e.Restored {
		return text + "; apply restored them, and sent nothing more"
	}
	return text + "; nothing more was sent, and the values could not be restored"
}

// ErrorHint says what to do.
func (e *CustomError) ErrorHint() string {
	if !e.Restored {
		return "restore the values by hand; 'phscript plan show' has those that the plan was made from"
	}
	return "let the script send all custom properties of a record, not only those that it changes, and plan again"
}

// kind is what requests have in common for which Planhat handles custom properties alike: that one
// model keeps those that a row does not name says nothing about another, nor about bulk calls.
type kind struct {
	client           int
	model, operation string
}

func kindOf(s *step) kind { return kind{s.Client, s.Model, s.Operation} }

// canary sends one row by itself, and stops if Planhat then removed custom properties that the
// row does not name. The plan takes for granted that it does not.
func (a *applier) canary(ctx context.Context, s *step, r row) error {
	whole, err := a.current(ctx, s, r)
	if err != nil {
		return fmt.Errorf("the record %s can't be read: %w", r.id, err)
	}
	before := plan.Members(whole["custom"])
	if len(before) == 0 {
		return a.send(ctx, s, []row{r})
	}
	intended := []changes.Change{a.change(s, r)}
	// An apply that is killed before it has looked at the record leaves these to the next one.
	intended[0].Before = withCustom(intended[0].Before, before)
	a.Tell(Progress{Rows: a.done, Total: a.total})
	if err := a.record(ctx, s, intended); err != nil {
		return err
	}
	out, stop := a.call(ctx, s, []row{r})
	if len(out) == 1 && out[0].state == changes.Done {
		now, err := a.current(ctx, s, r)
		if err != nil {
			return fmt.Errorf("the record %s can't be read after its change: %w", r.id, err)
		}
		if lost := removed(s, r, before, now); len(lost) > 0 {
			return a.putBack(ctx, s, r, whole, lost)
		}
	}
	a.done++
	if err := a.settle(ctx, s, out); err != nil {
		return errors.Join(stop, err)
	}
	a.Tell(Progress{Rows: a.done, Total: a.total})
	return stop
}

// current reads the record of a row. It has no properties if it can't be read by itself.
func (a *applier) current(ctx context.Context, s *step, r row) (map[string]jsontext.Value, error) {
	op := s.model.Operation("get_by_id")
	if op == nil || r.id == "" {
		return nil, nil
	}
	reply, err := a.Accounts[s.Client].Read(ctx, planhat.Call{Model: s.model, Operation: op, ID: r.id})
	if err != nil {
		return nil, err
	}
	return plan.Members(reply.Body), nil
}

// removed returns the custom properties of before that a record has no more and that the row does
// not name.
func removed(s *step, r row, before, now map[string]jsontext.Value) (lost []string) {
	mine, custom := plan.Members(plan.Members(r.body)["custom"]), plan.Members(now["custom"])
	for name, value := range before {
		if _, named := mine[name]; !named && value.Kind() != 'n' && !plan.Same(s.model, "custom."+name, value, custom[name]) {
			lost = append(lost, name)
		}
	}
	slices.Sort(lost)
	return lost
}

// putBack gives a record its values back, of which Planhat removed some that the row does not
// name, and returns a CustomError.
func (a *applier) putBack(ctx context.Context, s *step, r row, whole map[string]jsontext.Value, lost []string) error {
	failed := &CustomError{Record: s.label(r.StepRow), Lost: lost}
	failed.Restored = a.restore(ctx, s, r, whole) == nil
	out := newSettled(r, changes.Failed, r.id, plan.Update, "restored, because Planhat removed other custom properties")
	if !failed.Restored {
		out.state, out.why = changes.Done, failed.Error()
	}
	if err := a.settle(ctx, s, []settled{out}); err != nil {
		return errors.Join(failed, err)
	}
	return failed
}

// interrupted does what is left of a canary that an earlier apply has sent without looking at the
// record then.
func (a *applier) interrupted(ctx context.Context, s *step, r row) error {
	recorded := plan.Members(a.past[s.at(r.StepRow)].before)
	mine, whole, others := plan.Members(plan.Members(r.body)["custom"]), map[string]jsontext.Value{}, map[string]jsontext.Value{}
	var custom []byte
	for _, path := range slices.Sorted(maps.Keys(recorded)) {
		value := recorded[path]
		name, inner := strings.CutPrefix(path, "custom.")
		if !inner {
			whole[path] = value
			continue
		}
		if _, named := mine[name]; !named {
			others[name] = value
		}
		if value.Kind() != 'n' {
			custom = with(custom, name, value)
		}
	}
	if len(others) == 0 || r.Action != plan.Update {
		return nil
	}
	now, err := a.current(ctx, s, r)
	if err != nil || now == nil {
		return err
	}
	has := plan.Members(now["custom"])
	lost := slices.DeleteFunc(removed(s, r, others, now), func(name string) bool { return has[name] != nil }) // somebody has changed them
	if len(lost) == 0 {
		return nil
	}
	whole["custom"] = append(custom, '}')
	return a.putBack(ctx, s, r, whole, lost)
}

// with adds a member to an object that is not closed yet, and opens it.
func with(object []byte, name string, value jsontext.Value) []byte {
	object = append(object, ',')
	if len(object) == 1 {
		object[0] = '{'
	}
	out, err := jsontext.AppendQuote(object, name)
	if err != nil {
		return object
	}
	return append(append(out, ':'), value...)
}

// withCustom adds the custom properties of a record to the values before a change.
func withCustom(before jsontext.Value, custom map[string]jsontext.Value) jsontext.Value {
	var out []byte
	known := plan.Members(before)
	for _, path := range slices.Sorted(maps.Keys(known)) {
		out = with(out, path, known[path])
	}
	for _, name := range slices.Sorted(maps.Keys(custom)) {
		if path := "custom." + name; known[path] == nil {
			out = with(out, path, custom[name])
		}
	}
	return append(out, '}')
}

// restore gives a record the values back that a row has replaced.
func (a *applier) restore(ctx context.Context, s *step, r row, whole map[string]jsontext.Value) error {
	resource, err := a.Accounts[s.Client].Model(s.Model)
	if err != nil {
		return err
	}
	back := []byte{'{'}
	for name := range plan.Members(r.body) {
		p := s.model.Property(name)
		if name == "_id" || name == "__v" || p != nil && p.ReadOnly {
			continue
		}
		value := whole[name]
		if value == nil {
			value = jsontext.Value("null")
		}
		if len(back) > 1 {
			back = append(back, ',')
		}
		if back, err = jsontext.AppendQuote(back, name); err != nil {
			return err
		}
		back = append(append(back, ':'), value...)
	}
	_, err = resource.Update(ctx, r.id, planhat.Record(append(back, '}')))
	return err
}
