package salesforce

import "slices"

// Field is a field of an object.
type Field struct {
	Name, Label string
	// Type is the vendor's name: id, string, boolean, double, currency, date,
	// datetime, reference, picklist, email, phone, url or textarea.
	Type string
	// Refers is the object of a reference, and Relationship what dotted names begin with.
	Refers, Relationship string
	Values               []string // of a picklist
	Restricted           bool     // refuses other values
	ReadOnly             bool
	Length               int // of a text; 255 if it is 0
	Scale                int // decimals of a number

	normalize func(string) string
}

// object is an object type with its records.
type object struct {
	name, prefix string
	fields       []Field
	hidden       map[string]bool
	records      map[string]*record
	order        []*record // by id
	rules        []rule
}

func system(more ...Field) []Field {
	return append([]Field{
		{Name: "Id", Type: "id", ReadOnly: true}, {Name: "IsDeleted", Type: "boolean", ReadOnly: true},
		{Name: "CreatedDate", Type: "datetime", ReadOnly: true}, {Name: "SystemModstamp", Type: "datetime", ReadOnly: true},
		{Name: "LastModifiedDate", Type: "datetime", ReadOnly: true},
	}, more...)
}

func owned(more ...Field) []Field {
	return system(append([]Field{{Name: "OwnerId", Type: "reference", Refers: "User", Relationship: "Owner"}}, more...)...)
}

func of(kind string, names ...string) (list []Field) {
	for _, name := range names {
		list = append(list, Field{Name: name, Type: kind, ReadOnly: kind == "boolean" && name != "IsActive"})
	}
	return list
}

func pick(name string, values ...string) Field {
	return Field{Name: name, Type: "picklist", Values: values}
}

func account() Field {
	return Field{Name: "AccountId", Type: "reference", Refers: "Account", Relationship: "Account"}
}

func newObjects() map[string]*object {
	texts := func(names ...string) []Field { return of("string", names...) }
	long := Field{Name: "Description", Type: "textarea", Length: 32000}
	activity := slices.Concat(owned(account(), long, Field{Name: "WhoId", Type: "reference", Refers: "Contact", Relationship: "Who"}),
		texts("Subject"), of("boolean", "IsArchived", "IsRecurrence"), of("date", "ActivityDate"))
	all := map[string]*object{}
	for _, o := range []*object{
		{name: "User", prefix: "005", fields: slices.Concat(system(), texts("Name", "Username"), of("email", "Email"), of("boolean", "IsActive"))},
		{name: "Account", prefix: "001", fields: slices.Concat(owned(long, pick("Type", "Prospect", "Customer - Direct", "Customer - Channel", "Other"),
			pick("Industry", "Agriculture", "Banking", "Energy"), Field{Name: "AnnualRevenue", Type: "currency", Scale: 2}),
			texts("Name", "BillingCountry"), of("url", "Website"), of("phone", "Phone"))},
		{name: "Contact", prefix: "003", fields: slices.Concat(owned(account()), texts("FirstName", "LastName", "Title"), of("email", "Email"), of("phone", "Phone"))},
		{name: "Opportunity", prefix: "006", fields: slices.Concat(owned(account(), long, Field{Name: "Amount", Type: "currency", Scale: 2},
			pick("StageName", "Prospecting", "Negotiation", "Closed Won", "Closed Lost")),
			texts("Name"), of("date", "CloseDate"), of("boolean", "IsClosed", "IsWon"))},
		{name: "Case", prefix: "500", fields: slices.Concat(owned(account(), long,
			Field{Name: "ContactId", Type: "reference", Refers: "Contact", Relationship: "Contact"},
			pick("Status", "New", "Working", "Escalated", "Closed"), pick("Priority", "High", "Medium", "Low"), pick("Origin", "Phone", "Email", "Web")),
			texts("CaseNumber", "Subject", "SuppliedName"), of("email", "SuppliedEmail", "ContactEmail"), of("boolean", "IsClosed"), of("datetime", "ClosedDate"))},
		{name: "Task", prefix: "00T", fields: slices.Concat(activity, []Field{pick("Status", "Not Started", "In Progress", "Completed"), pick("Priority", "High", "Normal", "Low")},
			of("boolean", "IsClosed"), of("datetime", "CompletedDateTime"))},
		{name: "Event", prefix: "00U", fields: slices.Concat(activity, of("datetime", "StartDateTime", "EndDateTime"), of("boolean", "IsAllDayEvent", "IsChild"), texts("Location"))},
	} {
		o.records, o.hidden = map[string]*record{}, map[string]bool{}
		all[o.name] = o
	}
	return all
}

// field returns a field that the user may read. Names are in any case.
func (o *object) field(name string) *Field {
	for i := range o.fields {
		if equal(o.fields[i].Name, name) && !o.hidden[o.fields[i].Name] {
			return &o.fields[i]
		}
	}
	return nil
}

// relation returns the reference field of a relationship.
func (o *object) relation(name string) *Field {
	for i := range o.fields {
		if o.fields[i].Relationship != "" && equal(o.fields[i].Relationship, name) && !o.hidden[o.fields[i].Name] {
			return &o.fields[i]
		}
	}
	return nil
}
