package hubspot

import (
	"fmt"
	"time"
)

// Sizes is how many records of each type [Portal.Fill] adds.
type Sizes struct{ Companies, Contacts, Deals, Tickets, Owners int }

// Fill adds records that look like those of a small account, the same ones each
// time. They were created a minute apart before now. Every tenth contact has no
// company, and every seventh has a second one beside its primary company.
func (p *Portal) Fill(n Sizes) {
	var owners, companies []string
	for i := range n.Owners {
		owners = append(owners, p.AddOwner(Owner{
			Email: fmt.Sprintf("owner%d@example.com", i+1), FirstName: "Owner", LastName: fmt.Sprint(i + 1), UserID: 9000 + i, Archived: i%5 == 4,
		}))
	}
	at := func(i, of int) time.Time { return p.clock.Now().Add(time.Duration(i-of) * time.Minute) }
	with := func(i int, properties map[string]string) map[string]string {
		if len(owners) > 0 && i%3 != 0 {
			properties["hubspot_owner_id"] = owners[i%len(owners)]
		}
		return properties
	}
	pick := func(i int, values ...string) string { return values[i%len(values)] }
	for i := range n.Companies {
		companies = append(companies, p.AddAt("companies", at(i, n.Companies), with(i, map[string]string{
			"name": fmt.Sprintf("Company %d", i+1), "domain": fmt.Sprintf("company%d.example", i+1),
			"country": pick(i, "Sweden", "Germany", "Nepal", ""), "annualrevenue": fmt.Sprint(10_000 * (i%50 + 1)),
			"lifecyclestage": pick(i, "customer", "lead", "opportunity"),
		})))
	}
	to := func(objectType, id string, i int) {
		if len(companies) == 0 || i%10 == 9 {
			return
		}
		p.Associate(objectType, id, "companies", companies[i%len(companies)], Primary)
		if i%7 == 0 && len(companies) > 1 && objectType == "contacts" {
			p.Associate(objectType, id, "companies", companies[(i+1)%len(companies)])
		}
	}
	for i := range n.Contacts {
		to("contacts", p.AddAt("contacts", at(i, n.Contacts), with(i, map[string]string{
			"email": fmt.Sprintf("person%d@company%d.example", i+1, i%max(1, n.Companies)+1), "firstname": "Person", "lastname": fmt.Sprint(i + 1),
			"jobtitle": pick(i, "CTO", "Buyer", ""),
		})), i)
	}
	for i := range n.Deals {
		to("deals", p.AddAt("deals", at(i, n.Deals), with(i, map[string]string{
			"dealname": fmt.Sprintf("Deal %d", i+1), "amount": fmt.Sprintf("%d.50", 100*(i+1)), "deal_currency_code": "EUR", "pipeline": "default",
			"dealstage": pick(i, "appointmentscheduled", "contractsent", "closedwon", "closedlost"), "closedate": stamp(at(-i, 0)),
			"hs_is_closed": pick(i, "false", "false", "true", "true"), "hs_is_closed_won": pick(i, "false", "false", "true", "false"),
		})), i)
	}
	for i := range n.Tickets {
		to("tickets", p.AddAt("tickets", at(i, n.Tickets), with(i, map[string]string{
			"subject": fmt.Sprintf("Ticket %d", i+1), "content": "It does not work.", "hs_pipeline": "0",
			"hs_pipeline_stage": pick(i, "1", "2", "3", "4"), "hs_ticket_priority": pick(i, "LOW", "HIGH", ""),
		})), i)
	}
}
