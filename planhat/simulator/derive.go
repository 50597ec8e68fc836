package simulator

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"html"
	"math"
	"regexp"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

func finishCompany(s *Server, ch *change) {
	ch.out.fill("slug", quote(slug(ch.out.text("name"))))
	if ch.old == nil || !equal(ch.old.get("phase"), ch.out.get("phase")) {
		if ch.out.has("phase") {
			ch.out.set("phaseSince", stamp(s.options.Clock()))
		}
	}
}

// slug turns a name into lower-case words joined by hyphens.
func slug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, "-")
}

func prepareEnduser(s *Server, ch *change) *failure {
	if ch.old != nil || ch.in.has("companyId") {
		return nil
	}
	if company := s.store.companyOfEmail(ch.in.text("email")); company != nil {
		s.tieTo(ch, company)
		return nil
	}
	if ch.bulk && s.switches.is(swIgnoredEndusers, "error") {
		return invalid("The enduser cannot be tied to a company.")
	}
	ch.dropped = true
	return nil
}

func finishEnduser(_ *Server, ch *change) {
	full := strings.TrimSpace(ch.out.text("firstName") + " " + ch.out.text("lastName"))
	if full != "" && (ch.in.has("firstName") || ch.in.has("lastName") || !ch.out.has("name")) {
		ch.out.setText("name", full)
	}
	if email := ch.out.text("email"); email != "" {
		sum := md5.Sum([]byte(strings.ToLower(email)))
		ch.out.setText("emailMd5", hex.EncodeToString(sum[:]))
	}
}

var tag = regexp.MustCompile(`<[^>]*>`)

// snippetOf renders a description, which may hold HTML, as plain text.
func snippetOf(description string) string {
	plain := strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(description, " "))), " ")
	const longest = 150
	if runes := []rune(plain); len(runes) > longest {
		return string(runes[:longest])
	}
	return plain
}

func finishConversation(s *Server, ch *change) {
	ch.out.setText("snippet", snippetOf(ch.out.text("description")))
	ch.out.fill("date", stamp(s.options.Clock()))
	if r := s.store.with(catalog.Account).byID[ch.out.text("companyId")]; r != nil && r.source != "" {
		ch.out.setText("companySourceId", r.source)
	}
}

func finishInvoice(s *Server, ch *change) {
	if ch.old == nil {
		ch.out.fill("invoiceNo", jsontext.Value(itoa(len(ch.c.order)+1)))
	}
}

// prepareIssue resolves the companies that an issue names.
func prepareIssue(s *Server, ch *change) *failure {
	given := ch.in.get("companyIds")
	if !present(given) {
		return nil
	}
	var ids, companies []jsontext.Value
	mrr := 0.0
	for _, reference := range texts(given) {
		r := s.store.company(reference)
		if r == nil {
			return invalid("companyIds: no company has the id ", quotePlain(reference), ".")
		}
		ids = append(ids, quote(r.id))
		companies = append(companies, r.reference())
		amount, _ := r.number("mrr")
		mrr += amount
	}
	ch.in.set("companyIds", array(ids))
	ch.in.set("companies", array(companies))
	ch.in.set("mrrCombined", formatNumber(mrr))
	ch.in.set("arrCombined", formatNumber(12*mrr))
	return nil
}

func finishIssue(s *Server, ch *change) {
	var people []jsontext.Value
	for _, id := range texts(ch.out.get("enduserIds")) {
		if r := s.store.with(catalog.Person).byID[id]; r != nil {
			people = append(people, r.reference())
		}
	}
	ch.out.set("endusers", array(people))
}

func prepareTask(s *Server, ch *change) *failure {
	if ch.old == nil && s.switches.is(swTaskMainType, "fill") {
		ch.in.fill("mainType", quote("task"))
	}
	return nil
}

func finishTask(s *Server, ch *change) {
	if ch.out.has("description") {
		ch.out.setText("snippet", snippetOf(ch.out.text("description")))
	}
	if owner := s.store.with(catalog.TeamMember).byID[ch.out.text("ownerId")]; owner != nil {
		ch.out.set("ownerName", owner.get("nickName"))
	}
}

// prepareNPS checks the score and finds the enduser and the company by email.
func prepareNPS(s *Server, ch *change) *failure {
	if score, given := ch.in.number("score"); given && (score < 0 || score > 10 || score != math.Trunc(score)) {
		return &failure{status: 400, message: fmt.Sprintf("score must be a whole number from 0 to 10, not %s.", ch.in.get("score")), value: true}
	}
	email := ch.in.text("email")
	if email == "" {
		return nil
	}
	people := s.store.with(catalog.Person)
	if r := people.first(people.email, strings.ToLower(email)); r != nil {
		ch.in.setText("euId", r.id)
		ch.in.fill("cId", quote(r.company))
	}
	if company := s.store.companyOfEmail(email); company != nil {
		ch.in.fill("cId", quote(company.id))
	}
	return nil
}

// followNPS writes the answer to the enduser.
func followNPS(s *Server, _ *change, r *record) {
	people := s.store.with(catalog.Person)
	person := people.byID[r.text("euId")]
	if person == nil {
		return
	}
	people.rewrite(person, func(f *fields) {
		f.set("nps", r.get("score"))
		for _, name := range [][2]string{{"comment", "npsComment"}, {"dateAnswered", "npsDate"}, {"dateSent", "npsSent"}} {
			if present(r.get(name[0])) {
				f.set(name[1], r.get(name[0]))
			}
		}
	})
}

// prepareTicket finds the company and the enduser of a ticket. A ticket
// without email is dropped.
func prepareTicket(s *Server, ch *change) *failure {
	if ch.old == nil && !ch.in.has("email") {
		if s.switches.is(swTicketsNoEmail, "error") {
			return invalid("Missing required field: email.")
		}
		ch.dropped = true
		return nil
	}
	if title := ch.in.text("title"); title != "" {
		ch.in.setText("subject", title)
	}
	if source := ch.in.text("sourceId"); source != "" {
		ch.in.setText("externalId", source)
	}
	if ch.in.has("type") {
		ch.in.set("subType", ch.in.get("type"))
		ch.in.setText("type", "ticket")
	}
	if ch.old != nil {
		return nil
	}
	person := s.ticketEnduser(ch)
	if person == nil && !ch.in.has("companyId") {
		return invalid("No company found for the ticket; send companyExternalId or domains.")
	}
	if person != nil {
		ch.in.set("endusers", array([]jsontext.Value{object("id", quote(person.id), "name", quote(person.text("name")))}))
	}
	return nil
}

// ticketEnduser returns the submitter, who is created if a company can be
// found for an unknown one.
func (s *Server) ticketEnduser(ch *change) *record {
	email := ch.in.text("email")
	people := s.store.with(catalog.Person)
	person := people.first(people.email, strings.ToLower(email))
	if !ch.in.has("companyId") {
		if company := s.ticketCompany(ch, person); company != nil {
			s.tieTo(ch, company)
		}
	}
	if person != nil || !ch.in.has("companyId") {
		return person
	}
	row := fields{{"email", quote(email)}, {"companyId", ch.in.get("companyId")}}
	if name := ch.in.get("name"); present(name) {
		row.set("name", name)
	}
	person, _ = s.createRecord(people.model, row, false) // a ticket is worth keeping without its enduser
	return person
}

func (s *Server) ticketCompany(ch *change, person *record) *record {
	for _, domain := range texts(ch.in.get("domains")) {
		if company := s.store.companyOfDomain(domain); company != nil {
			return company
		}
	}
	if person != nil {
		return s.store.with(catalog.Account).byID[person.company]
	}
	return s.store.companyOfEmail(ch.in.text("email"))
}

func finishTicket(s *Server, ch *change) {
	ch.out.setText("snippet", snippetOf(ch.out.text("description")))
	now := s.options.Clock()
	ch.out.fill("createDate", stamp(now))
	ch.out.fill("date", stamp(now))
	ch.out.fill("days", jsontext.Value(itoa(epochDay(now))))
	ch.out.set("updateDate", stamp(now))
}

func round2(n float64) float64 { return math.Round(n*100) / 100 }
