package apply

import (
	"context"
	"fmt"
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
	text := fmt.Sprintf("Planhat removed custom properties that the plan does not change: of %s, it removed %s", e.Record, strings.Join(e.Lost, ", "))
	if e.Restored {
		return text + "; the record has its values back, and nothing more was sent"
	}
	return text + "; nothing more was sent, and the values could not be put back"
}

// ErrorHint says what to do.
func (e *CustomError) ErrorHint() string {
	if !e.Restored {
		return "put the values back by hand; 'phscript plan show' has those that the plan was made from"
	}
	return "let the script send all custom properties of a record, not only those that it changes, and plan again"
}

// canary sends one row by itself, and stops if Planhat then removed custom properties that the
// row does not name. The plan takes for granted that it does not.
func (a *applier) canary(ctx context.Context, s *step, r row) error {
	client := a.Accounts[s.Client]
	read := func() (jsontext.Value, map[string]jsontext.Value, error) {
		op := s.model.Operation("get_by_id")
		if op == nil || r.id == "" {
			return nil, nil, nil
		}
		reply, err := client.Read(ctx, planhat.Call{Model: s.model, Operation: op, ID: r.id})
		if err != nil {
			return nil, nil, err
		}
		return reply.Body, members(members(reply.Body)["custom"]), nil
	}
	whole, before, err := read()
	if err != nil {
		return fmt.Errorf("the record %s can't be read: %w", r.id, err)
	}
	if err := a.send(ctx, s, []row{r}); err != nil || len(before) == 0 {
		return err
	}
	if a.past[s.at(r.StepRow)].state != changes.Done {
		return nil // it was rejected
	}
	_, now, err := read()
	if err != nil {
		return fmt.Errorf("the record %s can't be read after its change: %w", r.id, err)
	}
	mine := members(members(r.body)["custom"])
	var lost []string
	for name, value := range before {
		if _, named := mine[name]; !named && value.Kind() != 'n' && !plan.Same(s.model, "custom."+name, value, now[name]) {
			lost = append(lost, name)
		}
	}
	if len(lost) == 0 {
		return nil
	}
	slices.Sort(lost)
	failed := &CustomError{Record: s.label(r.StepRow), Lost: lost}
	failed.Restored = a.restore(ctx, client, s, r, members(whole)) == nil
	a.result.took(s, plan.Update, -1)
	if failed.Restored {
		out := newSettled(r, changes.Failed, r.id, plan.Update, "put back, since Planhat removed other custom properties")
		if err := a.settle(ctx, s, []settled{out}); err != nil {
			return err
		}
	} else if err := a.settle(ctx, s, []settled{newSettled(r, changes.Done, r.id, plan.Update, failed.Error())}); err != nil {
		return err
	}
	return failed
}

// restore gives a record the values back that a row has replaced.
func (a *applier) restore(ctx context.Context, client *planhat.Client, s *step, r row, whole map[string]jsontext.Value) error {
	resource, err := client.Model(s.Model)
	if err != nil {
		return err
	}
	back := []byte{'{'}
	for name := range members(r.body) {
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

// members returns the properties of an object.
func members(object []byte) map[string]jsontext.Value {
	out := map[string]jsontext.Value{}
	if jsontext.Value(object).Kind() != '{' {
		return out
	}
	r := planhat.Record(object)
	for _, m := range r.AppendMembers(nil) {
		name := string(r[m.Name:m.NameEnd])
		if m.Escaped(r) {
			text, err := jsontext.AppendUnquote(nil, r[m.Name-1:m.NameEnd+1])
			if err != nil {
				continue
			}
			name = string(text)
		}
		out[name] = jsontext.Value(r[m.From:m.To])
	}
	return out
}
