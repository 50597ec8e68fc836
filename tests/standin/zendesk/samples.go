package zendesk

import (
	"fmt"
	"time"
)

// Sizes is how many records of each kind [Account.Fill] adds.
type Sizes struct{ Organizations, Users, Tickets int }

func stampOf(second int64) string { return stamp(time.Unix(second, 0)) }

// Fill adds records that look like those of a small account, the same ones each
// time. They were created a minute apart before now. Every tenth user has no
// organization, every twentieth came by chat and has no e-mail address, and every
// fourth solved ticket has a rating.
func (a *Account) Fill(n Sizes) {
	at := func(i, of int) time.Time { return a.clock.Now().Add(time.Duration(i-of) * time.Minute) }
	pick := func(i int, values ...any) any { return values[i%len(values)] }
	agent := a.AddAt(Users, at(0, n.Users+1), Body{"name": "Agent", "email": "agent@support.example", "role": "agent"})
	var organizations, users []int64
	for i := range n.Organizations {
		organizations = append(organizations, a.AddAt(Organizations, at(i, n.Organizations), Body{
			"name": fmt.Sprintf("Company %d", i+1), "domain_names": []any{fmt.Sprintf("company%d.example", i+1)}, "external_id": fmt.Sprintf("crm-%d", i+1),
			"tags": []any{"imported"}, "organization_fields": Body{"health": nil},
		}))
	}
	for i := range n.Users {
		fields := Body{
			"name": fmt.Sprintf("Person %d", i+1), "email": fmt.Sprintf("person%d@company%d.example", i+1, i%max(1, n.Organizations)+1),
			"phone": pick(i, "+46 40 123", nil),
		}
		if len(organizations) > 0 && i%10 != 9 {
			fields["organization_id"] = organizations[i%len(organizations)]
		}
		if i%20 == 19 {
			fields["email"] = nil
		}
		users = append(users, a.AddAt(Users, at(i, n.Users), fields))
	}
	for i := range n.Tickets {
		fields := Body{
			"subject": fmt.Sprintf("Ticket %d", i+1), "status": pick(i, "open", "pending", "solved", "closed"), "type": pick(i, "question", "incident", nil),
			"priority": pick(i, "low", "high", nil), "assignee_id": agent,
		}
		if len(users) > 0 {
			requester := users[i%len(users)]
			fields["requester_id"], fields["submitter_id"] = requester, requester
			fields["organization_id"] = a.Get(Users, requester)["organization_id"]
		}
		id := a.AddAt(Tickets, at(i, n.Tickets), fields)
		if i%16 == 2 {
			a.AddAt(Ratings, at(i, n.Tickets), Body{"ticket_id": id, "score": pick(i/16, "good", "bad"), "comment": pick(i/16, "Thanks", nil)})
		}
	}
}
