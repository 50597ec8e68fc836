package salesforce

import (
	"fmt"
	"time"
)

// Sizes is how many records [Server.Fill] adds.
type Sizes struct{ Accounts, Contacts, Opportunities, Cases, Tasks, Events int }

// Fill adds records that refer to each other.
func (o *Org) Fill(n Sizes) {
	owner := o.Add("User", Values{"Name": "Kim Berg", "Email": "kim@ours.example", "Username": "kim@ours.example", "IsActive": true})
	var accounts, contacts []string
	pick := func(ids []string, i int) any {
		if len(ids) == 0 {
			return nil
		}
		return ids[i%len(ids)]
	}
	day := func(i int) string { return o.clock.Now().AddDate(0, 0, i%60-30).Format(time.DateOnly) }
	for i := range n.Accounts {
		accounts = append(accounts, o.Add("Account", Values{
			"Name": fmt.Sprint("Account ", i), "Website": fmt.Sprintf("https://www.account%d.example/about", i), "BillingCountry": "Sweden", "OwnerId": owner, "Type": "Prospect",
		}))
	}
	for i := range n.Contacts {
		contacts = append(contacts, o.Add("Contact", Values{
			"FirstName": "Ada", "LastName": fmt.Sprint("Lund ", i), "Email": fmt.Sprintf("ada%d@account%d.example", i, i%max(1, n.Accounts)), "AccountId": pick(accounts, i), "OwnerId": owner,
		}))
	}
	for i := range n.Opportunities {
		won, closed := i%3 == 0, i%3 != 1
		o.Add("Opportunity", Values{
			"Name": fmt.Sprint("Renewal ", i), "AccountId": pick(accounts, i), "OwnerId": owner, "Amount": float64(1000 + i), "CloseDate": day(i),
			"StageName": map[bool]string{true: "Closed Won", false: "Negotiation"}[won], "IsClosed": closed, "IsWon": won,
		})
	}
	for i := range n.Cases {
		o.Add("Case", Values{
			"CaseNumber": fmt.Sprintf("%08d", i), "Subject": fmt.Sprint("Question ", i), "AccountId": pick(accounts, i), "ContactId": pick(contacts, i),
			"ContactEmail": fmt.Sprintf("ada%d@account%d.example", i%max(1, n.Contacts), i), "Status": "New", "Priority": "Low", "OwnerId": owner,
		})
	}
	for i := range n.Tasks {
		o.Add("Task", Values{"Subject": fmt.Sprint("Call ", i), "AccountId": pick(accounts, i), "OwnerId": owner, "ActivityDate": day(i), "Status": "Not Started", "Priority": "Normal"})
	}
	for i := range n.Events {
		o.Add("Event", Values{
			"Subject": fmt.Sprint("Review ", i), "AccountId": pick(accounts, i), "OwnerId": owner, "ActivityDate": day(i),
			"StartDateTime": day(i) + "T09:00:00.000+0000", "EndDateTime": day(i) + "T10:00:00.000+0000",
		})
	}
}
