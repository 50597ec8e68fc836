package planhat

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/internal/keyset"
)

// claims finds rows of a call that have the same key as an earlier one: in one request
// only the last of them would count, and in several each would overwrite the one
// before. It looks at the key by which an upsert matches the row, and at others whose
// value Planhat allows only once. It holds only hashes of keys, in a file if there
// are many.
type claims struct {
	ctx   context.Context
	model *catalog.Model
	set   keyset.Set
	// files are the names of files, whose positions the set has.
	files  map[string]uint32
	names  []string
	hashed []byte
}

func newClaims(ctx context.Context, r *Resource) *claims {
	c := &claims{ctx: ctx, model: r.model, files: make(map[string]uint32)}
	c.set.Failed = func(err error) {
		r.client.log.WarnContext(ctx, "the keys of rows stay in memory, since they can't be kept in a temporary file", "error", r.client.redact.Text(err.Error()))
	}
	return c
}

func (c *claims) close() { c.set.Close() }

// rejects returns why a row can't be stored beside an earlier one, or "" after it has
// noted its keys.
func (c *claims) rejects(l *line) (string, error) {
	own := claimsOf(c.model, l)
	for _, k := range own {
		other, found, err := c.rival(l, k)
		if err != nil {
			return "", err
		}
		if found {
			return c.clash(l, other, k, k.name != own[0].name), nil
		}
	}
	for _, k := range own {
		if err := c.note(l, k); err != nil {
			return "", err
		}
	}
	return "", nil
}

// clash says that an earlier row has the same key.
func (c *claims) clash(l *line, other holder, shared claim, second bool) string {
	place := c.place(other)
	same := "if both are the same " + c.model.Noun + ", merge them or delete one; otherwise correct "
	switch {
	case shared.name == "email" && other.company != companyMark(l):
		return fmt.Sprintf("%s has the same email, and Planhat, which finds %s by email, would move that one to the company of this row: "+
			"keep the row with the right company and delete the other, or correct the email", place, c.model.Plural)
	case second:
		return fmt.Sprintf("%s has the same %s, which Planhat allows only once: %sthe %[2]s", place, shared.name, same)
	}
	return fmt.Sprintf("%s has the same key, and one would overwrite the other: %sthe key", place, same)
}

// place names a row for a reader, by where it comes from if that is known.
func (c *claims) place(h holder) string {
	at := &Origin{Line: int(h.line)}
	if of, ok := c.ctx.Value(originsKey{}).(func(int) *Origin); ok {
		at = of(int(h.index))
	} else if h.file > 0 {
		at.File = c.names[h.file-1]
	}
	if at != nil && at.Line > 0 {
		return at.String()
	}
	return "row " + strconv.Itoa(int(h.index)+1)
}

// claim is a key that a row wants for itself.
type claim struct {
	key
	// matching is true for the key by which the upsert finds the record.
	matching bool
	// everywhere is true if the key may occur once in the whole tenant,
	// false if once in each company.
	everywhere bool
	// identified is true for an email of a row with an _id: Planhat finds its
	// record without the email, which may then be that of another.
	identified bool
}

// claimsOf returns the keys of a row that another row can clash with, the
// matching one first. An email is among them even if Planhat looks at another
// key first: it tries the email if that finds nothing.
func claimsOf(m *catalog.Model, l *line) []claim {
	var out []claim
	for _, name := range m.Keyables.Bulk {
		for _, k := range l.keys {
			if k.name != name {
				continue
			}
			if name == "email" {
				k.value = strings.ToLower(k.value)
			}
			out = append(out, claim{
				key: k, matching: len(out) == 0,
				everywhere: name != m.ExternalID() || m.CompanyRef() == "",
				identified: name == "email" && l.keys[0].name == "_id",
			})
		}
	}
	return out
}

// role is what a row with a key is to later rows with that key.
type role byte

const (
	// anyRow is the first row, unidentified the first whose claim is not identified.
	anyRow, unidentified role = 'a', 'u'
	// matched is the first row that is matched by the key, unplaced the first of those
	// that names no company, and inCompany the first of a company.
	matched, unplaced, inCompany role = 'm', 'p', 'c'
)

// rival returns a row that can't be stored beside l. Rows that name no company clash
// with all others only where both are matched by the key: of others it isn't known
// whether they belong to the same company.
func (c *claims) rival(l *line, k claim) (holder, bool, error) {
	switch {
	case k.identified:
		return c.get(k, unidentified, "")
	case k.everywhere:
		return c.get(k, anyRow, "")
	case l.company == "" && k.matching:
		return c.get(k, matched, "")
	case l.company == "":
		return holder{}, false, nil
	}
	other, found, err := c.get(k, inCompany, l.company)
	if found || err != nil || !k.matching {
		return other, found, err
	}
	return c.get(k, unplaced, "")
}

// note adds a row to those that have a key, in each role that a later row looks for.
func (c *claims) note(l *line, k claim) error {
	if k.everywhere {
		if k.name == "email" && !k.identified {
			if err := c.add(l, k, unidentified, ""); err != nil {
				return err
			}
		}
		return c.add(l, k, anyRow, "")
	}
	if k.matching {
		if err := c.add(l, k, matched, ""); err != nil {
			return err
		}
	}
	switch {
	case l.company != "":
		return c.add(l, k, inCompany, l.company)
	case k.matching:
		return c.add(l, k, unplaced, "")
	}
	return nil
}

// holder is the row that has a key, as the set keeps it: its position, where it comes
// from, and a mark of its company.
type holder struct{ index, line, file, company uint32 }

func (c *claims) hash(k claim, as role, company string) keyset.Hash {
	c.hashed = append(c.hashed[:0], byte(as))
	c.hashed = append(append(c.hashed, k.name...), 0)
	c.hashed = binary.BigEndian.AppendUint32(c.hashed, uint32(len(k.value)))
	c.hashed = append(append(c.hashed, k.value...), company...)
	return keyset.Of(c.hashed)
}

func (c *claims) get(k claim, as role, company string) (holder, bool, error) {
	v, found, err := c.set.Get(c.hash(k, as, company))
	word := func(i int) uint32 { return binary.BigEndian.Uint32(v[4*i:]) }
	return holder{word(0), word(1), word(2), word(3)}, found, err
}

func (c *claims) add(l *line, k claim, as role, company string) error {
	file := uint32(0)
	if l.file != "" {
		if file = c.files[l.file]; file == 0 {
			c.names = append(c.names, l.file)
			file = uint32(len(c.names))
			c.files[l.file] = file
		}
	}
	var v keyset.Value
	for i, word := range []uint32{uint32(l.index), uint32(l.number), file, companyMark(l)} {
		binary.BigEndian.PutUint32(v[4*i:], word)
	}
	return c.set.Add(c.hash(k, as, company), v)
}

// companyMark tells the companies of rows apart.
func companyMark(l *line) uint32 {
	if l.company == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(l.company))
	return binary.BigEndian.Uint32(sum[:])
}

// doubt looks for rows that may have been stored twice. Planhat matches by an email
// only if one record has it, so a row that carries no other key is created each
// time it is sent if several have its email.
func (b *bulk) doubt(ctx context.Context, lines []*line, result *BulkResult) {
	if result.Created == 0 {
		return
	}
	rejected := map[int]bool{}
	for _, e := range result.Errors {
		rejected[e.Index] = true
	}
	byEmail := map[string]*line{}
	for _, l := range lines {
		if k, ok := l.matching(b.resource.model); ok && k.name == "email" && !rejected[l.index] {
			byEmail[folded(k).value] = l
		}
	}
	emails := slices.Sorted(maps.Keys(byEmail))
	if len(emails) == 0 {
		return
	}
	holders, failed := b.resource.withEmails(ctx, emails)
	named := map[int]bool{}
	for _, email := range emails {
		reason := "several " + b.resource.model.Plural + " have its email, so that Planhat does not find it by that"
		switch {
		case failed != nil:
			reason = "looking up whether several " + b.resource.model.Plural + " have its email failed"
		case holders[email] < 2:
			continue
		}
		e := byEmail[email].fail(KindServer, "the row may have been stored twice: its request was repeated, and "+reason)
		e.Uncertain = true
		result.Errors = append(result.Errors, e)
		named[e.Index] = true
	}
	if len(named) > 0 {
		result.takeOut(named)
	}
}

// takeOut takes rows out of the counts of a result, which does not say in which of
// them they are. The other rows count as created or updated only if that is sure.
func (t *BulkResult) takeOut(rows map[int]bool) {
	var created, updated int
	for _, k := range t.Keys {
		switch {
		case rows[k.Index]:
		case k.Created:
			created++
		default:
			updated++
		}
	}
	left := t.Created + t.Updated + t.UncertainOutcome - len(rows)
	t.Created = min(max(created, t.Created-len(rows)), left)
	t.Updated = min(max(updated, t.Updated-len(rows)), left-t.Created)
	t.UncertainOutcome = left - t.Created - t.Updated
}

// fewEmails are looked up one by one, more in a list of all.
const fewEmails = 20

// withEmails counts the records that have each of the emails, in lower case.
func (r *Resource) withEmails(ctx context.Context, emails []string) (map[string]int, error) {
	list, err := r.operation("get_list")
	if err != nil {
		return nil, err
	}
	var filters []map[string]string
	wanted := map[string]bool{}
	for _, email := range emails {
		filters = append(filters, map[string]string{"email": email})
		wanted[strings.ToLower(email)] = true
	}
	if len(emails) > fewEmails || list.Parameter("email") == nil {
		filters = []map[string]string{{}}
	}
	out := map[string]int{}
	for _, filter := range filters {
		if list.Parameter("archived") != nil {
			filter["archived"] = "true" // these as well
		}
		p := r.Pages(ListOptions{Filter: filter, Select: []string{"email"}})
		p.silent = true
		for record, err := range p.records(ctx) {
			if err != nil {
				return nil, err
			}
			members, err := readObject(record)
			if err != nil {
				continue
			}
			if email := strings.ToLower(text(members.get("email"))); wanted[email] {
				out[email]++
			}
		}
	}
	return out, nil
}
