package planhat

import (
	"context"
	"strings"
)

// doubt looks for rows that may have been stored twice. Planhat matches by an email
// only if one record has it, so a row that carries no other key is created each
// time it is sent if several have its email.
func (b *bulk) doubt(ctx context.Context, lines []*line, result *BulkResult) {
	byEmail := map[string]*line{}
	for _, l := range lines {
		if k, ok := l.matching(b.resource.model); ok && k.name == "email" {
			byEmail[folded(k).value] = l
		}
	}
	if len(byEmail) == 0 || result.Created == 0 {
		return
	}
	holders, err := b.resource.withEmails(ctx, byEmail)
	if err != nil {
		open := min(len(byEmail), result.Created)
		result.Created -= open
		result.UncertainOutcome += open
		return
	}
	rejected := map[int]bool{}
	for _, e := range result.Errors {
		rejected[e.Index] = true
	}
	for email, l := range byEmail {
		if holders[email] < 2 || rejected[l.index] || result.Created == 0 {
			continue
		}
		e := l.fail(KindServer, "the row may have been stored twice: its request was repeated, and several "+
			b.resource.model.Plural+" have its email, so that Planhat does not find it by that")
		e.Uncertain = true
		result.Errors = append(result.Errors, e)
		result.Created--
	}
}

// fewEmails are looked up one by one, more in a list of all.
const fewEmails = 20

// withEmails counts the records that have each of the emails.
func (r *Resource) withEmails(ctx context.Context, emails map[string]*line) (map[string]int, error) {
	filters := []map[string]string{{}}
	list := r.model.Operation("get_list")
	if len(emails) <= fewEmails && list.Parameter("email") != nil {
		filters = nil
		for email := range emails {
			filters = append(filters, map[string]string{"email": email})
		}
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
			if email := strings.ToLower(text(members.get("email"))); emails[email] != nil {
				out[email]++
			}
		}
	}
	return out, nil
}
