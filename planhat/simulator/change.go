package simulator

import (
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// change is one create or update in the making.
type change struct {
	m    *catalog.Model
	c    *collection
	bulk bool
	in   fields  // what the client sent, cleaned
	old  *record // nil for a create
	out  fields  // the record as it will be

	dropped bool // Planhat ignores the row without a word
}

// modelRules are what one model does beyond the common rules: prepare looks at
// the client's row before required properties are checked, finish fills in
// what Planhat computes, follow changes other records afterwards.
type modelRules struct {
	prepare func(*Server, *change) *failure
	finish  func(*Server, *change)
	follow  func(*Server, *change, *record)
}

var rules map[string]modelRules

func init() {
	rules = map[string]modelRules{
		"company":      {finish: finishCompany},
		"conversation": {prepare: prepareConversation, finish: finishConversation},
		"deal":         {prepare: prepareDeal, finish: finishDeal},
		"enduser":      {prepare: prepareEnduser, finish: finishEnduser},
		"invoice":      {finish: finishInvoice},
		"issue":        {prepare: prepareIssue, finish: finishIssue},
		"license":      {prepare: prepareCurrency, finish: finishLicense},
		"line_item":    {prepare: prepareLineItem, finish: finishLineItem},
		"nps":          {prepare: prepareNPS, follow: followNPS},
		"product":      {finish: finishProduct},
		"sale":         {prepare: prepareCurrency},
		"task":         {prepare: prepareTask, finish: finishTask},
		"ticket":       {prepare: prepareTicket, finish: finishTicket},
		"time_entry":   {prepare: prepareTimeEntry, finish: finishTimeEntry},
		"timesheet":    {prepare: prepareTimesheet, finish: finishTimesheet, follow: followTimesheet},
	}
}

func (s *Server) prepare(ch *change, in fields) *failure {
	cleaned, refused := s.clean(ch.m, in)
	if refused != nil {
		return refused
	}
	ch.in = cleaned
	if refused := s.resolveCompany(ch); refused != nil {
		return refused
	}
	if p := rules[ch.m.Snake].prepare; p != nil {
		return p(s, ch)
	}
	return nil
}

func (s *Server) finish(ch *change) {
	if ch.old == nil {
		for _, d := range defaults[ch.m.Snake] {
			if ch.out.get(d.name) == nil {
				ch.out.set(d.name, d.value)
			}
		}
		if ch.m.Property("custom") != nil {
			ch.out.fill("custom", jsontext.Value("{}"))
		}
	}
	if f := rules[ch.m.Snake].finish; f != nil {
		f(s, ch)
	}
}

func (s *Server) follow(ch *change, r *record) {
	if f := rules[ch.m.Snake].follow; f != nil {
		f(s, ch, r)
	}
}

// resolveCompany replaces a reference to a company, in any of its forms, by
// the company's id and fills in the name.
func (s *Server) resolveCompany(ch *change) *failure {
	name := ch.m.CompanyRef()
	if name == "" || ch.m.Property(name).ReadOnly {
		return nil
	}
	reference := ch.in.text(name)
	if reference == "" {
		if external := ch.in.text("companyExternalId"); external != "" {
			reference = "extid-" + external
		}
	}
	if reference == "" {
		return nil
	}
	company := s.store.company(reference)
	if company == nil {
		return invalid(name, ": there is no company ", quotePlain(reference), ".")
	}
	s.tieTo(ch, company)
	return nil
}

// tieTo makes the company the record's owner.
func (s *Server) tieTo(ch *change, company *record) {
	ch.in.setText(ch.m.CompanyRef(), company.id)
	for _, name := range []string{"companyName", "cName"} {
		if ch.m.Property(name) != nil {
			ch.in.set(name, company.get("name"))
		}
	}
}

// rewrite stores a changed copy of a record, for what Planhat changes by
// itself.
func (c *collection) rewrite(r *record, edit func(*fields)) {
	f := slices.Clone(r.fields)
	edit(&f)
	c.put(c.freeze(f))
}

func raw(text string) jsontext.Value { return jsontext.Value(text) }

// defaults are the properties that a new record has even where nobody sets
// them.
var defaults = map[string]fields{
	"company": {
		{"status", raw(`"prospect"`)}, {"domains", raw(`[]`)}, {"tags", raw(`[]`)}, {"followers", raw(`[]`)},
		{"products", raw(`[]`)}, {"licenses", raw(`[]`)}, {"sales", raw(`[]`)}, {"documents", raw(`[]`)},
		{"mrr", raw(`0`)}, {"arr", raw(`0`)}, {"mrrTotal", raw(`0`)},
		{"nrr30", raw(`0`)}, {"nrrTotal", raw(`0`)}, {"renewalMrr", raw(`0`)}, {"renewalArr", raw(`0`)},
	},
	"enduser": {
		{"archived", raw(`false`)}, {"featured", raw(`false`)}, {"primary", raw(`false`)},
		{"npsUnsubscribed", raw(`false`)}, {"tags", raw(`[]`)}, {"otherEmails", raw(`[]`)},
		{"beats", raw(`0`)}, {"beatsTotal", raw(`0`)}, {"convs14", raw(`0`)}, {"convsTotal", raw(`0`)},
	},
	"conversation": {
		{"type", raw(`"note"`)}, {"archived", raw(`false`)}, {"starred", raw(`false`)}, {"pinned", raw(`false`)},
		{"isOpen", raw(`false`)}, {"isSeen", raw(`false`)}, {"users", raw(`[]`)}, {"endusers", raw(`[]`)},
		{"activityTags", raw(`[]`)}, {"tags", raw(`[]`)},
	},
	"custom_field": {
		{"isFeatured", raw(`false`)}, {"isHidden", raw(`false`)}, {"isShared", raw(`false`)}, {"isLocked", raw(`false`)},
		{"isMandatory", raw(`false`)}, {"isFormula", raw(`false`)}, {"listValues", raw(`[]`)},
	},
	"invoice":     {{"status", raw(`"pending"`)}, {"lineItems", raw(`[]`)}},
	"issue":       {{"archived", raw(`false`)}, {"companyIds", raw(`[]`)}, {"enduserIds", raw(`[]`)}},
	"license":     {{"renewalStatus", raw(`"ongoing"`)}, {"toDateIncluded", raw(`false`)}},
	"line_item":   {{"status", raw(`"ongoing"`)}},
	"opportunity": {{"status", raw(`"active"`)}, {"contractLength", raw(`12`)}},
	"product":     {{"type", raw(`"subscription"`)}},
	"task": {
		{"isArchived", raw(`false`)}, {"users", raw(`[]`)}, {"endusers", raw(`[]`)}, {"activityTags", raw(`[]`)},
		{"checklist", raw(`[]`)},
	},
	"ticket":     {{"type", raw(`"ticket"`)}, {"subType", raw(`"ticket"`)}, {"tags", raw(`[]`)}},
	"time_entry": {{"timesheetStatus", raw(`"draft"`)}, {"isTimeOff", raw(`false`)}},
	"timesheet":  {{"status", raw(`"submitted"`)}, {"timeEntries", raw(`[]`)}},
	"user": {
		{"inactive", raw(`true`)}, {"isHidden", raw(`false`)}, {"removed", raw(`false`)},
		{"notificationsEnabled", raw(`true`)}, {"roles", raw(`[]`)}, {"teams", raw(`[]`)},
	},
}
