package simulator

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// lineItems returns the line items of a deal.
func (st *store) lineItems(dealID string) []*record {
	deal := st.with(catalog.Itemized).byID[dealID]
	if deal == nil {
		return nil
	}
	var out []*record
	for _, r := range st.ownedBy(catalog.Item, deal.company) {
		if r.text("dealId") == dealID {
			out = append(out, r)
		}
	}
	return out
}

// prepareDeal ignores totals while line items make them.
func prepareDeal(s *Server, ch *change) *failure {
	if ch.old != nil && len(s.store.lineItems(ch.old.id)) > 0 {
		ch.in.remove("mrr")
		ch.in.remove("total")
	}
	return nil
}

func finishDeal(s *Server, ch *change) {
	if mrr, known := ch.out.number("mrr"); known {
		ch.out.set("arr", formatNumber(12*mrr))
	}
	ch.out.fill("subscriptions", raw("0"))
}

// sumDeal computes a deal's totals from its line items.
func (s *Server) sumDeal(id string) {
	deals := s.store.with(catalog.Itemized)
	deal := deals.byID[id]
	items := s.store.lineItems(id)
	if deal == nil {
		return
	}
	var mrr, fees, total float64
	var from, to, renewal time.Time
	subscriptions := 0
	for _, r := range items {
		value, _ := r.number("value")
		total += value
		if r.text("type") == "fee" {
			fees += value
			continue
		}
		subscriptions++
		monthly, _ := r.number("mrr")
		mrr += monthly
		if at, known := parseDate(r.text("fromDate")); known && (from.IsZero() || at.Before(from)) {
			from = at
		}
		at, known := parseDate(r.text("toDate"))
		if known && at.After(to) {
			to = at
		}
		if known && (renewal.IsZero() || at.Before(renewal)) {
			renewal = at
		}
	}
	deals.rewrite(deal, func(f *fields) {
		f.set("mrr", formatNumber(mrr))
		f.set("arr", formatNumber(12*mrr))
		f.set("fees", formatNumber(fees))
		f.set("total", formatNumber(total))
		f.set("subscriptions", jsontext.Value(itoa(subscriptions)))
		f.set("startDate", stampOrNull(from))
		f.set("endDate", stampOrNull(to))
		f.set("renewalDate", stampOrNull(renewal))
	})
}

// prepareLineItem ties a line item to its deal and fills in from its product.
func prepareLineItem(s *Server, ch *change) *failure {
	if ch.old == nil && !ch.in.has("dealId") {
		return invalid("Missing required field: dealId.")
	}
	if id := ch.in.text("dealId"); id != "" {
		deal := s.store.with(catalog.Itemized).byID[id]
		if deal == nil {
			return invalid("dealId: no deal has the id ", quotePlain(id), ".")
		}
		ch.in.setText("companyId", deal.company)
	}
	id := ch.in.text("productId")
	if id == "" {
		return nil
	}
	product := s.store.with(catalog.Price).byID[id]
	if product == nil {
		return invalid("productId: no product has the id ", quotePlain(id), ".")
	}
	ch.in.fill("product", product.get("name"))
	if ch.old != nil {
		return nil
	}
	for _, name := range []string{"type", "value", "currency", "fixedPeriod", "autoRenews", "length",
		"renewalMrr", "renewalPeriod", "noticePeriod", "noticeUnit"} {
		if v := product.get(name); present(v) {
			ch.in.fill(name, v)
		}
	}
	if !ch.in.has("arr") && present(product.get("mrr")) {
		ch.in.fill("mrr", product.get("mrr"))
	}
	return nil
}

// finishLineItem derives mrr and arr from each other, and the value of a fixed
// period from them.
func finishLineItem(s *Server, ch *change) {
	ch.out.fill("type", quote("subscription"))
	if ch.out.text("type") == "fee" {
		return
	}
	length, hasLength := ch.out.number("length")
	if !hasLength {
		from, hasFrom := parseDate(ch.out.text("fromDate"))
		to, hasTo := parseDate(ch.out.text("toDate"))
		if hasFrom && hasTo {
			length, hasLength = monthsBetween(from, to), true
			ch.out.set("length", formatNumber(length))
		}
	}
	mrr, hasMRR := ch.out.number("mrr")
	arr, hasARR := ch.out.number("arr")
	value, hasValue := ch.out.number("value")
	switch {
	case ch.in.has("mrr") || hasMRR && !ch.in.has("arr"):
	case hasARR:
		mrr, hasMRR = arr/12, true
	case hasValue && hasLength && length > 0:
		mrr, hasMRR = value/length, true
	}
	if !hasMRR {
		return
	}
	ch.out.set("mrr", formatNumber(mrr))
	ch.out.set("arr", formatNumber(12*mrr))
	if hasLength && !ch.in.has("value") {
		ch.out.set("value", formatNumber(mrr*length))
	}
	if renewal, known := ch.out.number("renewalMrr"); known {
		ch.out.set("renewalArr", formatNumber(12*renewal))
	}
}

func finishProduct(_ *Server, ch *change) {
	if mrr, known := ch.out.number("mrr"); known {
		ch.out.set("arr", formatNumber(12*mrr))
	}
	if renewal, known := ch.out.number("renewalMrr"); known {
		ch.out.set("renewalArr", formatNumber(12*renewal))
	}
}
