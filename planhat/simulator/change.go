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

	dropped bool // Planhat ignores the row silently
}

// modelRules are what models with a trait do beyond the common rules: prepare looks at
// the client's row before required properties are checked, finish fills in
// what Planhat computes, follow changes other records afterwards.
type modelRules struct {
	prepare func(*Server, *change) *failure
	finish  func(*Server, *change)
	follow  func(*Server, *change, *record)
}

var rules map[catalog.Trait]modelRules

func init() {
	rules = map[catalog.Trait]modelRules{
		catalog.Account:          {finish: finishCompany},
		catalog.Approval:         {prepare: prepareTimesheet, finish: finishTimesheet, follow: followTimesheet},
		catalog.BaseCurrency:     {prepare: prepareCurrency},
		catalog.Interaction:      {finish: finishConversation},
		catalog.Item:             {prepare: prepareLineItem, finish: finishLineItem},
		catalog.Itemized:         {prepare: prepareDeal, finish: finishDeal},
		catalog.Numbered:         {finish: finishInvoice},
		catalog.Person:           {prepare: prepareEnduser, finish: finishEnduser},
		catalog.Price:            {finish: finishProduct},
		catalog.RecurringRevenue: {finish: finishLicense},
		catalog.SharedIssue:      {prepare: prepareIssue, finish: finishIssue},
		catalog.SupportRequest:   {prepare: prepareTicket, finish: finishTicket},
		catalog.SurveyAnswer:     {prepare: prepareNPS, follow: followNPS},
		catalog.ToDo:             {prepare: prepareTask, finish: finishTask},
		catalog.WorkedHours:      {prepare: prepareTimeEntry, finish: finishTimeEntry},
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
	return s.prepareByTraits(ch)
}

// prepareByTraits applies the rules of the model's traits to the client's row.
func (s *Server) prepareByTraits(ch *change) *failure {
	for _, t := range ch.m.Traits {
		if prepare := rules[t].prepare; prepare != nil {
			if refused := prepare(s, ch); refused != nil {
				return refused
			}
		}
	}
	return nil
}

func (s *Server) finish(ch *change) {
	if ch.old == nil {
		for _, p := range ch.m.Properties {
			if p.Default != nil && ch.out.get(p.Name) == nil {
				ch.out.set(p.Name, p.Default)
			}
		}
		if ch.m.Property("custom") != nil {
			ch.out.fill("custom", jsontext.Value("{}"))
		}
	}
	for _, t := range ch.m.Traits {
		if finish := rules[t].finish; finish != nil {
			finish(s, ch)
		}
	}
}

func (s *Server) follow(ch *change, r *record) {
	for _, t := range ch.m.Traits {
		if follow := rules[t].follow; follow != nil {
			follow(s, ch, r)
		}
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
		return invalid(name, ": no company has the id ", quotePlain(reference), ".")
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
