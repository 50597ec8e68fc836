package planhat

import (
	"fmt"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// distinct takes out the rows that have the same key as an earlier one: in
// one request only the last of them would count. It looks at the key by which
// an upsert matches the row, and at others whose value Planhat allows
// only once. place names a row by its position, for the messages.
func distinct(m *catalog.Model, lines []*line, place func(index int) string) (kept []*line, rejected []RowError) {
	seen := make(map[key]*holders, len(lines))
	for _, l := range lines {
		claims := claimsOf(m, l)
		twin, shared := rival(seen, l, claims)
		if twin != nil {
			same := "if both are the same " + m.Noun + ", merge them or delete one; otherwise correct "
			message := fmt.Sprintf("%s has the same key, and one would overwrite the other: %sthe key", place(twin.index), same)
			switch {
			case shared.name == "email" && twin.company != l.company:
				message = fmt.Sprintf("%s has the same email, and Planhat, which finds %s by email, would move that one to the company of this row: "+
					"keep the row with the right company and delete the other, or correct the email", place(twin.index), m.Plural)
			case shared.name != claims[0].name:
				message = fmt.Sprintf("%s has the same %s, which Planhat allows only once: %sthe %[2]s", place(twin.index), shared.name, same)
			}
			rejected = append(rejected, l.fail(KindValidation, message))
			continue
		}
		for _, c := range claims {
			h := seen[c.key]
			if h == nil {
				h = &holders{}
				seen[c.key] = h
			}
			h.add(l, c)
		}
		kept = append(kept, l)
	}
	return kept, rejected
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

func rival(seen map[key]*holders, l *line, claims []claim) (*line, claim) {
	for _, c := range claims {
		if h := seen[c.key]; h != nil {
			if other := h.rival(l, c); other != nil {
				return other, c
			}
		}
	}
	return nil, claim{}
}

// holders are the rows that carry one key, in a form in which a rival among
// many of them is found at once.
type holders struct {
	// first is the first row, unidentified the first whose claim is not
	// identified.
	first, unidentified *line
	// matching is the first row that is matched by the key, and unplaced the
	// first of those that names no company.
	matching, unplaced *line
	companies          map[string]*line
}

func (h *holders) add(l *line, c claim) {
	if h.first == nil {
		h.first = l
	}
	if !c.identified && h.unidentified == nil {
		h.unidentified = l
	}
	if c.matching && h.matching == nil {
		h.matching = l
	}
	if l.company == "" {
		if c.matching && h.unplaced == nil {
			h.unplaced = l
		}
		return
	}
	if h.companies == nil {
		h.companies = make(map[string]*line, 1)
	}
	if h.companies[l.company] == nil {
		h.companies[l.company] = l
	}
}

// rival returns a row that can't be stored beside l, or nil. Rows that name no
// company clash with all others only where both are matched by the key: of
// others it isn't known whether they belong to the same company.
func (h *holders) rival(l *line, c claim) *line {
	switch {
	case c.identified:
		return h.unidentified
	case c.everywhere:
		return h.first
	case l.company == "" && c.matching:
		return h.matching
	case l.company == "":
		return nil
	}
	if other := h.companies[l.company]; other != nil {
		return other
	}
	if c.matching {
		return h.unplaced
	}
	return nil
}
