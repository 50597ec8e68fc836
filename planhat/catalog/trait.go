package catalog

// Trait names behaviour of a model that takes code to imitate. A package that
// needs such code asks for the trait, never for the model.
type Trait string

// The traits.
const (
	// Account: the customer that other records belong to. Revenue adds up here.
	Account Trait = "account"
	// Person: somebody at a company, found or created by email address. An email
	// domain decides about the company if no company is given (§6, §9).
	Person Trait = "person"
	// TeamMember: a user of Planhat, who can own records.
	TeamMember Trait = "team-member"
	// FieldDefinition: the definition of a key of custom (§10).
	FieldDefinition Trait = "field-definition"
	// Interaction: a conversation. It shows a snippet of its description.
	Interaction Trait = "interaction"
	// SupportRequest: an interaction that finds its person and company by email
	// address or domain (§11).
	SupportRequest Trait = "support-request"
	// ToDo: something that a team member has to do, with a snippet.
	ToDo Trait = "to-do"
	// SharedIssue: belongs to several companies at once (§11).
	SharedIssue Trait = "shared-issue"
	// SurveyAnswer: belongs to the person with its email address, whose latest
	// answer Planhat keeps on the person.
	SurveyAnswer Trait = "survey-answer"
	// RecurringRevenue: a value over a period, from which monthly and annual
	// revenue follow.
	RecurringRevenue Trait = "recurring-revenue"
	// OneOffRevenue: revenue of one day.
	OneOffRevenue Trait = "one-off-revenue"
	// BaseCurrency: gets the tenant's base currency if it names none (§10).
	BaseCurrency Trait = "base-currency"
	// Numbered: gets a consecutive number.
	Numbered Trait = "numbered"
	// Itemized: its totals come from its items, if it has any (§11).
	Itemized Trait = "itemized"
	// Item: a line of an itemized record, which takes defaults from a price.
	Item Trait = "item"
	// Price: a price list entry with monthly and annual amounts.
	Price Trait = "price"
	// WorkedHours: hours with a rate, from which amounts follow (§11).
	WorkedHours Trait = "worked-hours"
	// Approval: a set of worked hours that is submitted and approved.
	Approval Trait = "approval"
	// Playbook: a sequence of steps that a team works through.
	Playbook Trait = "playbook"
)
