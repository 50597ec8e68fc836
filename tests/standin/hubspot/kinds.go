package hubspot

import "strings"

// kind is an object type of the vendor.
type kind struct {
	plural, singular, typeID string
	// modified is the property with the time of the last change.
	modified string
	// defaults are the properties of answers when the request names none.
	defaults []string
	// unique is the property that no two records may share.
	unique     string
	scope      string
	properties []Property
}

// kinds are the object types in the order of their type ids.
var kinds = []*kind{
	{
		plural: "contacts", singular: "contact", typeID: "0-1", modified: "lastmodifieddate", unique: "email", scope: "crm.objects.contacts",
		defaults: []string{"email", "firstname", "lastname"},
		properties: []Property{
			text("email", "Email"), text("firstname", "First Name"), text("lastname", "Last Name"), text("jobtitle", "Job Title"),
			text("phone", "Phone Number"), text("company", "Company Name"), stages, owner,
			choice("hs_lead_status", "Lead Status", "NEW", "OPEN", "IN_PROGRESS"),
			computed("hs_merged_object_ids", "Merged record IDs", "enumeration"),
		},
	},
	{
		plural: "companies", singular: "company", typeID: "0-2", modified: "hs_lastmodifieddate", scope: "crm.objects.companies",
		defaults: []string{"name", "domain"},
		properties: []Property{
			text("name", "Company name"), text("domain", "Company Domain Name"), text("hs_additional_domains", "Additional Domains"),
			text("country", "Country/Region"), text("city", "City"), text("phone", "Phone Number"), text("description", "Description"),
			number("annualrevenue", "Annual Revenue"), number("numberofemployees", "Number of Employees"), stages, owner,
			text("health", "Health"), {Name: "renewal_date", Label: "Renewal Date", Type: "date", FieldType: "date"},
			computed("hs_merged_object_ids", "Merged record IDs", "enumeration"),
		},
	},
	{
		plural: "deals", singular: "deal", typeID: "0-3", modified: "hs_lastmodifieddate", scope: "crm.objects.deals",
		defaults: []string{"dealname", "amount", "closedate", "pipeline", "dealstage"},
		properties: []Property{
			text("dealname", "Deal Name"), number("amount", "Amount"), text("deal_currency_code", "Currency"), owner,
			{Name: "closedate", Label: "Close Date", Type: "datetime", FieldType: "date"},
			choice("pipeline", "Pipeline", "default"),
			choice("dealstage", "Deal Stage", "appointmentscheduled", "contractsent", "closedwon", "closedlost"),
			computed("hs_is_closed", "Is Deal Closed?", "bool"), computed("hs_is_closed_won", "Is Closed Won", "bool"),
			computed("hs_merged_object_ids", "Merged record IDs", "enumeration"),
		},
	},
	{
		plural: "tickets", singular: "ticket", typeID: "0-5", modified: "hs_lastmodifieddate", scope: "tickets",
		defaults: []string{"subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority"},
		properties: []Property{
			text("subject", "Ticket name"), text("content", "Ticket description"), owner,
			choice("hs_pipeline", "Pipeline", "0"), choice("hs_pipeline_stage", "Ticket status", "1", "2", "3", "4"),
			choice("hs_ticket_priority", "Priority", "LOW", "MEDIUM", "HIGH", "URGENT"),
			choice("hs_ticket_category", "Category", "PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY"),
			{Name: "closed_date", Label: "Close date", Type: "datetime", FieldType: "date"},
			computed("hs_merged_object_ids", "Merged record IDs", "enumeration"),
		},
	},
}

var (
	stages = choice("lifecyclestage", "Lifecycle Stage", "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead",
		"opportunity", "customer", "evangelist", "other")
	owner = Property{Name: "hubspot_owner_id", Label: "Owner", Type: "enumeration", FieldType: "select", external: true}
)

func init() {
	for _, k := range kinds {
		k.properties = append(k.properties, computed("hs_object_id", "Record ID", "number"),
			computed("createdate", "Create Date", "datetime"), computed(k.modified, "Last Modified Date", "datetime"))
	}
}

// kindOf finds an object type by its plural, its singular or its type id.
func kindOf(name string) *kind {
	for _, k := range kinds {
		if strings.EqualFold(name, k.plural) || strings.EqualFold(name, k.singular) || name == k.typeID {
			return k
		}
	}
	return nil
}

// mustKind is kindOf for the methods that tests call.
func mustKind(name string) *kind {
	k := kindOf(name)
	if k == nil {
		panic("hubspot stand-in: unknown object type " + name)
	}
	return k
}

func text(name, label string) Property {
	return Property{Name: name, Label: label, Type: "string", FieldType: "text"}
}

func number(name, label string) Property {
	return Property{Name: name, Label: label, Type: "number", FieldType: "number"}
}

func choice(name, label string, values ...string) Property {
	return Property{Name: name, Label: label, Type: "enumeration", FieldType: "select", Options: values}
}

func computed(name, label, kind string) Property {
	return Property{Name: name, Label: label, Type: kind, FieldType: "text", ReadOnly: true}
}
