package planhat

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// lookup finds the record that a create may have stored, by the key that it is
// named after.
type lookup struct {
	name string
	find func(context.Context) (Record, error)
	// held reports whether any record has the key, whatever its company.
	held func(context.Context) (bool, error)
	// unique is true if Planhat itself allows the key only once, so that
	// repeating the create can't store a second record.
	unique bool
}

// recover finds out what became of a create that may have been carried out,
// and finishes it if that is safe.
func (r *Resource) recover(ctx context.Context, q *call, lost *Error) (Record, *Error) {
	ways := r.lookupsFor(q.body)
	if len(ways) == 0 {
		return nil, mayExist(lost, "set an externalId or sourceId and phscript can look the record up")
	}
	by := ways[0]
	for round := 1; ; round++ {
		found, failed := r.lookFor(ctx, by, lost)
		if failed != nil {
			return nil, failed
		}
		if found != nil {
			return r.claimed(q.body, found, lost)
		}
		// A server whose answers can't be read won't become readable by asking
		// again and again.
		if !by.unique || round > r.client.retry.MaxAttempts || (round > 1 && lost.Status/100 == 2) {
			return nil, mayExist(lost, "its "+by.name+" was not there for the last "+searchTime(r.client.retry).Round(time.Second).String())
		}
		if open := r.renamed(ctx, q.body); open != "" {
			return nil, mayExist(lost, open)
		}
		var out Record
		q.decode = decodeRecord(&out, r.client.redact)
		_, again := r.client.do(ctx, q)
		if again == nil {
			return out, nil
		}
		again.Attempts += lost.Attempts
		if again.Kind == KindValidation {
			// The first request may have got through after all.
			if found, err := by.find(ctx); err == nil && found != nil {
				return r.claimed(q.body, found, again)
			}
			if again.Status == http.StatusConflict || strings.Contains(strings.ToLower(again.Message), "duplicate") {
				// It was refused for a key that the first request may have stored; the
				// look-up then found the record of another company.
				again.Uncertain = true
				return nil, mayExist(again, "")
			}
		}
		if !again.Uncertain {
			return nil, again
		}
		lost = again
	}
}

// searches is how often a record is looked for before it counts as not stored.
// The pauses before double each time: by default they add up to half a minute,
// since a gateway may answer long before the server behind it has stored the
// record.
const searches = 6

// searchTime is how long a record is looked for.
func searchTime(p RetryPolicy) time.Duration { return p.InitialInterval * (1<<searches - 1) }

// lookFor looks for a record until it is there, or has not been there for long
// enough.
func (r *Resource) lookFor(ctx context.Context, by *lookup, lost *Error) (Record, *Error) {
	pause := r.client.retry.InitialInterval
	for range searches {
		if err := r.client.pause(ctx, pause); err != nil {
			return nil, mayExist(lost, "")
		}
		found, err := by.find(ctx)
		if err != nil {
			return nil, mayExist(lost, "looking it up failed too: "+err.Error())
		}
		if found != nil {
			return found, nil
		}
		pause *= 2
	}
	return nil, nil
}

// renamed looks for a record that a lost create has stored and that somebody has
// given another key or company since. It says why the create must not be sent
// again, or returns "".
func (r *Resource) renamed(ctx context.Context, row Record) (open string) {
	for _, by := range r.lookupsFor(row)[1:] {
		switch there, err := by.held(ctx); {
		case err != nil:
			return "looking up its " + by.name + " failed: " + err.Error()
		case there:
			return "a record with its " + by.name + " exists"
		}
	}
	return ""
}

// recoverUpdate finds out whether an update that may have been carried out was:
// the record then has what was sent.
func (r *Resource) recoverUpdate(ctx context.Context, id string, sent Record, failed *Error) (Record, *Error) {
	if r.model.Operation("get_by_id") == nil {
		return nil, failed
	}
	found, err := r.fetch(ctx, id)
	if err != nil || !carries(found, sent) {
		return nil, failed
	}
	return found, nil
}

// carries reports whether a record has every property that was sent, with the
// same value.
func carries(found, sent Record) bool {
	theirs, err := readObject(found)
	if err != nil {
		return false
	}
	mine, err := readObject(sent)
	if err != nil {
		return false
	}
	for _, m := range mine {
		other := theirs.get(m.name)
		if other == nil || m.value.Kind() != other.Kind() || string(canonical(m.value)) != string(canonical(other)) {
			return false
		}
	}
	return true
}

// canonical returns a value in a form in which equal values are the same text.
func canonical(v jsontext.Value) jsontext.Value {
	out := v.Clone()
	if out.Canonicalize(lenient) != nil {
		return v
	}
	return out
}

// claimed returns the record that was found in place of a create's answer,
// unless it differs from what was sent: then it was there before, and passing it
// off as the answer would lose the data.
func (r *Resource) claimed(sent, found Record, failed *Error) (Record, *Error) {
	name := r.contradiction(sent, found)
	if name == "" {
		return found, nil
	}
	out := *failed
	out.Retryable = false
	out.Message = "a record with the same key exists, but its " + name + " differs from what was sent, so it is probably older (" + failed.Message + ")"
	out.Hint = "check the record: update it, or create this one with another key"
	return nil, &out
}

// contradiction names a property that was sent and that the record does not have
// with that value, or returns "". Only plain text and numbers are compared, since
// Planhat may write dates, references and objects in its own way, and properties
// that Planhat knows, since it may drop others.
func (r *Resource) contradiction(sent, found Record) string {
	mine, err := readObject(sent)
	if err != nil {
		return ""
	}
	theirs, err := readObject(found)
	if err != nil {
		return ""
	}
	return difference(mine, theirs, func(name string) bool { return name != r.model.CompanyRef() && r.model.Property(name) != nil })
}

// difference names a property of mine that theirs has with another value, or that
// it lacks although it is known.
func difference(mine, theirs object, known func(string) bool) string {
	for _, m := range mine {
		other := theirs.get(m.name)
		if (other == nil || other.Kind() == 'n') && known(m.name) && !slices.Contains(identity, m.name) && text(m.value) != "" {
			return m.name
		}
		if m.name == "custom" && m.value.Kind() == '{' {
			// One level deep, by the names of the fields; a record without any has none.
			a, _ := readObject(m.value)
			b, _ := readObject(other)
			if name := difference(a, b, func(string) bool { return true }); name != "" {
				return m.name + "." + name
			}
			continue
		}
		if m.value.Kind() != other.Kind() || slices.Contains(identity, m.name) {
			continue
		}
		a, b := strings.TrimSpace(text(m.value)), strings.TrimSpace(text(other))
		switch m.value.Kind() {
		case '0':
			x, errX := strconv.ParseFloat(a, 64)
			y, errY := strconv.ParseFloat(b, 64)
			if errX == nil && errY == nil && x != y {
				return m.name
			}
		case '"':
			if a != "" && !strings.EqualFold(a, b) && !rewritten(a) && !rewritten(b) {
				return m.name
			}
		}
	}
	return ""
}

// rewritten tells text that Planhat may answer in another form than it was
// sent in: dates and ids.
func rewritten(s string) bool {
	prefix, _ := splitID(s)
	return prefix != "" || isObjectID(s) || looksLikeDate.MatchString(s)
}

var looksLikeDate = regexp.MustCompile(`^\d{4}-\d{2}`)

// mayExist makes a failed create say that it leaves the question open.
func mayExist(e *Error, more string) *Error {
	out := *e
	out.Retryable = false
	out.Message += "; the record may have been stored anyway"
	out.Hint = "look for it before creating it again"
	if more != "" {
		out.Hint += "; " + more
	}
	return &out
}

// lookupsFor returns how to look up the record by each of its own keys, the surest
// first.
func (r *Resource) lookupsFor(row Record) (out []*lookup) {
	members, err := readObject(row)
	if err != nil {
		return nil
	}
	company := companyOf(r.model, members)
	for _, k := range []struct{ prefix, property string }{
		{sourcePrefix, "sourceId"}, {externalPrefix, r.model.ExternalID()},
	} {
		value := text(members.get(k.property))
		if k.property == "" || value == "" || !slices.Contains(r.model.Keyables.Get, k.prefix) {
			continue
		}
		find := func(ctx context.Context) (Record, error) { return r.fetch(ctx, k.prefix+value) }
		out = append(out, &lookup{
			name: k.property + " " + value,
			// §6: an externalId is unique within a company, and among companies.
			unique: k.prefix == sourcePrefix || company != "" || r.model.CompanyRef() == "",
			find:   func(ctx context.Context) (Record, error) { return r.ofCompany(company)(find(ctx)) },
			held: func(ctx context.Context) (bool, error) {
				found, err := r.ofCompany("")(find(ctx))
				return found != nil, err
			},
		})
	}
	email := text(members.get("email"))
	list := r.model.Operation("get_list")
	if email == "" || !slices.Contains(r.model.Keyables.Bulk, "email") || list == nil || list.Parameter("email") == nil {
		return out
	}
	return append(out, &lookup{
		name: "email " + email,
		find: func(ctx context.Context) (Record, error) { return r.findByEmail(ctx, email, company) },
		held: func(ctx context.Context) (bool, error) {
			holders, err := r.withEmails(ctx, []string{email})
			return len(holders) > 0, err
		},
	})
}

// ofCompany keeps a record only if it belongs to the company; not finding one is
// not an error.
func (r *Resource) ofCompany(company string) func(Record, error) (Record, error) {
	return func(found Record, err error) (Record, error) {
		if KindOf(err) == KindNotFound {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		members, err := readObject(found)
		if err != nil {
			return nil, err
		}
		if other := companyOf(r.model, members); isObjectID(company) && isObjectID(other) && other != company {
			return nil, nil
		}
		return found, nil
	}
}

func (r *Resource) findByEmail(ctx context.Context, email, company string) (found Record, err error) {
	p := r.Pages(ListOptions{Filter: map[string]string{"email": email}})
	p.silent = true
	for record, err := range p.records(ctx) {
		if err != nil {
			return nil, err
		}
		members, err := readObject(record)
		if err != nil || !strings.EqualFold(text(members.get("email")), email) {
			continue
		}
		if mine, err := r.ofCompany(company)(record, nil); err == nil && mine != nil {
			found = mine // the last one is the newest
		}
	}
	return found, nil
}

// companyOf returns the text of the reference to the record's company.
func companyOf(m *catalog.Model, members object) string {
	if ref := m.CompanyRef(); ref != "" {
		return text(members.get(ref))
	}
	return ""
}

func isObjectID(s string) bool {
	if len(s) != 24 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("0123456789abcdefABCDEF", r)
	}) < 0
}
