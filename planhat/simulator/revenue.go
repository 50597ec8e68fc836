package simulator

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// baseCurrency is the currency of the workspace.
const baseCurrency = "USD"

// prepareCurrency gives a license or sale without currency that of the
// workspace, if the switch says so.
func prepareCurrency(s *Server, ch *change) *failure {
	if ch.old == nil && s.switches.is(swCurrency, "fill") {
		ch.in.fill("_currency", quote(baseCurrency))
	}
	return nil
}

// finishLicense computes a license's length and figures: mrr from value over
// the period (twelve months if none is known), or value from mrr.
func finishLicense(s *Server, ch *change) {
	from, hasFrom := parseDate(ch.out.text("fromDate"))
	to, hasTo := parseDate(ch.out.text("toDate"))
	months := 12.0
	if hasFrom && hasTo {
		months = monthsBetween(from, to)
		ch.out.set("length", formatNumber(months))
	}
	if ch.out.get("fixedPeriod") == nil {
		ch.out.set("fixedPeriod", boolean(hasTo))
	}
	mrr, hasMRR := ch.out.number("mrr")
	value, hasValue := ch.out.number("value")
	switch {
	case ch.in.has("mrr") || hasMRR && !hasValue:
		if ch.out.isTrue("fixedPeriod") && !ch.in.has("value") {
			ch.out.set("value", formatNumber(mrr*months))
		}
	case hasValue && months > 0:
		mrr, hasMRR = value/months, true
		ch.out.set("mrr", formatNumber(mrr))
	}
	if hasMRR {
		ch.out.set("arr", formatNumber(12*round2(mrr)))
		ch.out.fill("renewalMrr", formatNumber(mrr))
	}
	if renewal, known := ch.out.number("renewalMrr"); known {
		ch.out.set("renewalArr", formatNumber(12*renewal))
	}
	now := s.options.Clock()
	if hasTo {
		ch.out.set("renewalDate", stamp(to))
		ch.out.set("renewalDaysFromNow", jsontext.Value(itoa(epochDay(to)-epochDay(now))))
		ch.out.set("isOverdue", boolean(to.Before(now) && ch.out.text("renewalStatus") == "ongoing"))
	}
	ch.out.set("status", ch.out.get("renewalStatus"))
}

func boolean(b bool) jsontext.Value {
	if b {
		return jsontext.Value("true")
	}
	return jsontext.Value("false")
}

// monthsBetween counts months; a period that misses whole months by up to
// three days counts as whole, so that January to December is twelve.
func monthsBetween(from, to time.Time) float64 {
	const day = 24 * time.Hour
	months := float64(to.Sub(from)) / float64(day) / (365.25 / 12)
	if whole := math.Round(months); whole > 0 && math.Abs(months-whole) < 0.1 {
		return whole
	}
	return round2(max(months, 0))
}

// active reports whether a license counts today. Without dates it does.
func active(r *record, now time.Time) bool {
	if from, known := parseDate(r.text("fromDate")); known && from.After(now) {
		return false
	}
	to, known := parseDate(r.text("toDate"))
	return !known || !to.Before(now)
}

// touch notes what settle has to add up again after a record changed.
func (s *Server) touch(m *catalog.Model, f fields) {
	switch {
	case m.Has(catalog.RecurringRevenue), m.Has(catalog.OneOffRevenue):
		s.store.touchedCompanies[f.text("companyId")] = true
	case m.Has(catalog.Item):
		s.store.touchedDeals[f.text("dealId")] = true
	}
}

// settle adds up what depends on changed records: once after each call, so
// that a bulk of licenses of one company costs one sum.
func (s *Server) settle() {
	for _, id := range slices.Sorted(maps.Keys(s.store.touchedCompanies)) {
		s.sumCompany(id)
	}
	for _, id := range slices.Sorted(maps.Keys(s.store.touchedDeals)) {
		s.sumDeal(id)
	}
	clear(s.store.touchedCompanies)
	clear(s.store.touchedDeals)
}

// ownedBy returns a company's records of one model.
func (st *store) ownedBy(t catalog.Trait, companyID string) []*record {
	c := st.with(t)
	ids := c.company[companyID]
	out := make([]*record, len(ids))
	for i, id := range ids {
		out[i] = c.byID[id]
	}
	return out
}

// sumCompany computes the revenue figures of a company from its licenses and
// sales.
func (s *Server) sumCompany(id string) {
	companies := s.store.with(catalog.Account)
	company := companies.byID[id]
	if company == nil {
		return
	}
	now := s.options.Clock()
	licenses := sumLicenses(s.store.ownedBy(catalog.RecurringRevenue, id), now)
	sales, recent, total := sumSales(s.store.ownedBy(catalog.OneOffRevenue, id), now)
	companies.rewrite(company, func(f *fields) {
		f.set("mrr", formatNumber(licenses.mrr))
		f.set("arr", formatNumber(12*licenses.mrr))
		f.set("mr", formatNumber(licenses.mrr+recent))
		f.set("renewalMrr", formatNumber(licenses.renewalMRR))
		f.set("renewalArr", formatNumber(12*licenses.renewalMRR))
		f.set("nrr30", formatNumber(recent))
		f.set("nrrTotal", formatNumber(total))
		f.set("customerFrom", stampOrNull(licenses.from))
		f.set("customerTo", stampOrNull(licenses.to))
		f.set("renewalDate", stampOrNull(licenses.to))
		if !licenses.to.IsZero() {
			f.set("renewalDaysFromNow", jsontext.Value(itoa(epochDay(licenses.to)-epochDay(now))))
		}
		f.set("products", array(licenses.products))
		f.set("licenses", array(licenses.embedded))
		f.set("sales", array(sales))
	})
}

func stampOrNull(t time.Time) jsontext.Value {
	if t.IsZero() {
		return null
	}
	return stamp(t)
}

type licenseSum struct {
	mrr, renewalMRR    float64
	from, to           time.Time
	products, embedded []jsontext.Value
}

func sumLicenses(licenses []*record, now time.Time) licenseSum {
	var sum licenseSum
	seen := map[string]bool{}
	for _, r := range licenses {
		sum.embedded = append(sum.embedded, embed(r, "_id", "product", "mrr", "arr", "value", "fromDate", "toDate",
			"fixedPeriod", "renewalStatus", "status", "renewalDate", "externalId", "sourceId"))
		if product := r.text("product"); product != "" && !seen[product] {
			seen[product] = true
			sum.products = append(sum.products, quote(product))
		}
		if !active(r, now) {
			continue
		}
		mrr, _ := r.number("mrr")
		renewal, _ := r.number("renewalMrr")
		sum.mrr += mrr
		sum.renewalMRR += renewal
		if from, known := parseDate(r.text("fromDate")); known && (sum.from.IsZero() || from.Before(sum.from)) {
			sum.from = from
		}
		if to, known := parseDate(r.text("toDate")); known && to.After(sum.to) {
			sum.to = to
		}
	}
	return sum
}

func sumSales(sales []*record, now time.Time) (embedded []jsontext.Value, recent, total float64) {
	for _, r := range sales {
		embedded = append(embedded, embed(r, "_id", "product", "value", "salesDate", "externalId", "sourceId"))
		value, _ := r.number("value")
		total += value
		if at, known := parseDate(r.text("salesDate")); known && !at.After(now) && now.Sub(at) <= 30*24*time.Hour {
			recent += value
		}
	}
	return embedded, recent, total
}

// embed returns what a company shows of a license or sale; its currency is an
// object there.
func embed(r *record, names ...string) jsontext.Value {
	shown := make(fields, 0, len(names)+1)
	for _, name := range names {
		if v := r.get(name); v != nil {
			shown = append(shown, field{name, v})
		}
	}
	symbol := r.text("_currency")
	shown.set("_currency", object("symbol", quote(symbol), "rate", raw("1"),
		"isBase", boolean(symbol == baseCurrency), "overrides", raw("{}")))
	return shown.encode()
}
