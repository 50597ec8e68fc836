package schema

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	tenant "github.com/phscript/phscript/runtime/internal/schema"
)

// pulling reads an account.
type pulling struct {
	emails bool
	// replaces is set if a file that cannot be read is replaced.
	replaces bool
	host     string
	// before is the schema of the last pull, nil if there is none. What cannot be read is
	// taken from it.
	before *tenant.Schema
	tell   func(string)
}

func (p *pulling) pull(ctx context.Context, client *planhat.Client) (*tenant.Schema, error) {
	s, api := &tenant.Schema{Tenant: tenant.Tenant{Host: p.host}}, catalog.Load()
	before := p.before
	if before == nil {
		before = &tenant.Schema{}
	}
	for f, err := range each[field](ctx, client, api.With(catalog.FieldDefinition), nil) {
		if err != nil {
			return nil, err
		}
		if f.Name != "" && f.Parent != "" {
			s.Fields = append(s.Fields, f.field())
		}
	}
	for u, err := range each[user](ctx, client, api.With(catalog.TeamMember), []string{"nickName", "firstName", "lastName", "email", "inactive", "removed"}) {
		if p.unreadable(err, "users") {
			s.Users, s.Tenant.FirstUser = before.Users, before.Tenant.FirstUser
			break
		}
		if err != nil {
			return nil, err
		}
		s.Tenant.FirstUser = cmp.Or(s.Tenant.FirstUser, u.ID)
		s.Users = append(s.Users, u.user(p.emails))
	}
	account := api.With(catalog.Account)
	for c, err := range each[company](ctx, client, account, []string{"phase"}) {
		if p.unreadable(err, account.Plural) {
			s.Phases = before.Phases
			break
		}
		if err != nil {
			return nil, err
		}
		if len(s.Phases) == 0 || s.Phases[len(s.Phases)-1] != c.Phase {
			s.Phases = append(s.Phases, c.Phase)
		}
	}
	for w, err := range each[workflow](ctx, client, api.With(catalog.Playbook), nil) {
		if p.unreadable(err, "workflows") {
			s.Workflows = before.Workflows
			break
		}
		if err != nil {
			return nil, err
		}
		s.Workflows = append(s.Workflows, w.Name)
	}
	s.Sort()
	return s, nil
}

// unreadable reports whether the token may not read something, or the account does not
// have it, and says so.
func (p *pulling) unreadable(err error, what string) bool {
	failed, ok := errors.AsType[*planhat.Error](err)
	if !ok || failed.Kind != planhat.KindPermission && failed.Kind != planhat.KindNotFound {
		return false
	}
	rest := "they are left out"
	if p.before != nil {
		rest = "the file keeps those of the last pull"
	}
	p.tell(fmt.Sprintf("%s cannot be read, so %s: %s", what, rest, failed.Message))
	return true
}

// each reads the records of a model.
func each[T any](ctx context.Context, client *planhat.Client, m *catalog.Model, selected []string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for record, err := range client.Resource(m).Each(ctx, planhat.ListOptions{Select: selected}) {
			var one T
			if err == nil {
				if bad := json.Unmarshal(record, &one); bad != nil {
					err = fmt.Errorf("the %s %s cannot be read: %w", m.Noun, record.ID(), bad)
				}
			}
			if !yield(one, err) || err != nil {
				return
			}
		}
	}
}

// texts is a list of texts. Planhat may show values as numbers, or as objects with a value.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *texts) UnmarshalJSON(text []byte) error {
	var items []any
	_ = json.Unmarshal(text, &items) // of another form nothing is known
	for _, item := range items {
		switch item := item.(type) {
		case string:
			*l = append(*l, item)
		case float64, bool:
			*l = append(*l, fmt.Sprint(item))
		case map[string]any:
			for _, key := range []string{"value", "name", "label"} {
				if value, ok := item[key].(string); ok {
					*l = append(*l, value)
					break
				}
			}
		}
	}
	return nil
}

type field struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Parent      string `json:"parent"`
	IsMandatory bool   `json:"isMandatory"`
	IsFormula   bool   `json:"isFormula"`
	IsLocked    bool   `json:"isLocked"`
	ListValues  texts  `json:"listValues"`
}

func (f *field) field() tenant.Field {
	return tenant.Field{
		Model: tenant.ModelName(f.Parent), Name: f.Name, Type: f.Type, Values: f.ListValues,
		Mandatory: f.IsMandatory, Formula: f.IsFormula, Locked: f.IsLocked,
	}
}

type user struct {
	ID        string `json:"_id"`
	NickName  string `json:"nickName"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Email     string `json:"email"`
	Inactive  bool   `json:"inactive"`
	Removed   bool   `json:"removed"`
}

func (u *user) user(emails bool) tenant.User {
	name := strings.TrimSpace(strings.TrimSpace(u.FirstName) + " " + strings.TrimSpace(u.LastName))
	out := tenant.User{ID: u.ID, Name: cmp.Or(name, u.NickName), Inactive: u.Inactive || u.Removed}
	if emails {
		out.Email = u.Email
	}
	return out
}

type company struct {
	Phase string `json:"phase"`
}

type workflow struct {
	Name string `json:"name"`
}
