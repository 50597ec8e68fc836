package intercom

import "fmt"

// Sizes are the numbers of records that [Server.Fill] adds.
type Sizes struct{ Companies, Contacts, Conversations int }

// Fill adds records that look like those of a small workspace, the same ones each time.
func (s *Server) Fill(n Sizes) {
	var companies, contacts []string
	for i := range n.Companies {
		companies = append(companies, s.Add(Companies, Body{"name": fmt.Sprintf("Company %d", i+1), "website": fmt.Sprintf("https://company%d.example", i+1)}))
	}
	s.AddAdmin("991267", "Agent", "agent@northwind.example")
	for i := range n.Contacts {
		fields := Body{"name": fmt.Sprintf("Person %d", i+1), "email": fmt.Sprintf("person%d@company%d.example", i+1, i%max(1, n.Companies)+1)}
		if n.Companies > 0 {
			fields["companies"] = Body{"type": "list", "data": []any{Body{"type": "company", "id": companies[i%n.Companies]}}, "total_count": 1, "has_more": false}
		}
		contacts = append(contacts, s.Add(Contacts, fields))
	}
	for i := range n.Conversations {
		fields := Body{"admin_assignee_id": 991267}
		if n.Contacts > 0 {
			fields["contacts"] = Body{"type": "contact.list", "contacts": []any{Body{"type": "contact", "id": contacts[i%n.Contacts]}}}
		}
		s.Add(Conversations, fields)
	}
}
