// Package rowkeys tells the rows of a bulk call apart by their keys: which rows cannot be
// stored beside an earlier one, and which row of a request has a key.
package rowkeys

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/internal/keyset"
)

// Key is one property by which a row can be recognised.
type Key struct{ Name, Value string }

// String names the key for a reader.
func (k Key) String() string { return k.Name + " " + k.Value }

// Folded makes e-mail addresses comparable.
func (k Key) Folded() Key {
	if k.Name == "email" {
		k.Value = strings.ToLower(k.Value)
	}
	return k
}

// Row is what Claims has to know of a row.
type Row struct {
	// Index is its position in the call. File and Line say where it comes from, if that
	// is known.
	Index, Line int
	File        string
	// Keys are in the order in which Planhat looks at them. Company is what its company
	// is referred to by.
	Keys    []Key
	Company string
}

// Holder is the earlier row that has a key.
type Holder struct {
	Index, Line int
	File        string
}

// Claims finds rows of a call that have the same key as an earlier one: in one request
// only the last of them would count, and in several each would overwrite the one
// before. It looks at the key by which an upsert matches the row, and at others whose
// value Planhat allows only once. It holds only hashes of keys, in a file if there
// are many. It serves one goroutine at a time, and must be closed.
type Claims struct {
	// Model is that of the rows. Place names an earlier row for a reader.
	Model *catalog.Model
	Place func(Holder) string
	// Set holds the keys.
	Set keyset.Set

	// files are the names of files, whose positions the set has.
	files  map[string]uint32
	names  []string
	hashed []byte
	own    []claim
}

// Close removes what the claims keep in files.
func (c *Claims) Close() { c.Set.Close() }

// Reject returns why a row can't be stored beside an earlier one, or "" after it has
// noted its keys.
func (c *Claims) Reject(r *Row) (string, error) {
	own := c.claimsOf(r)
	if len(own) == 1 && own[0].everywhere && own[0].Name != "email" {
		other, found, err := c.claim(r, own[0])
		if !found || err != nil {
			return "", err
		}
		return c.clash(r, other, own[0], false), nil
	}
	for _, k := range own {
		other, found, err := c.rival(r, k)
		if err != nil {
			return "", err
		}
		if found {
			return c.clash(r, other, k, k.Name != own[0].Name), nil
		}
	}
	for _, k := range own {
		if err := c.note(r, k); err != nil {
			return "", err
		}
	}
	return "", nil
}

// clash says that an earlier row has the same key.
func (c *Claims) clash(r *Row, other holder, shared claim, second bool) string {
	place := c.Place(c.holder(other))
	same := "if both are the same " + c.Model.Noun + ", merge them or delete one; otherwise correct "
	switch {
	case shared.Name == "email" && other.company != companyMark(r):
		return fmt.Sprintf("%s has the same email, and Planhat, which finds %s by email, would move that one to the company of this row: "+
			"keep the row with the right company and delete the other, or correct the email", place, c.Model.Plural)
	case second:
		return fmt.Sprintf("%s has the same %s, which Planhat allows only once: %sthe %[2]s", place, shared.Name, same)
	}
	return fmt.Sprintf("%s has the same key, and one would overwrite the other: %sthe key", place, same)
}

// holder returns the row that a value of the set means.
func (c *Claims) holder(h holder) Holder {
	out := Holder{Index: int(h.index), Line: int(h.line)}
	if h.file > 0 {
		out.File = c.names[h.file-1]
	}
	return out
}

// String names the row by its position.
func (h Holder) String() string { return "row " + strconv.Itoa(h.Index+1) }

// claim is a key that a row wants for itself.
type claim struct {
	Key
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
func (c *Claims) claimsOf(r *Row) []claim {
	c.own = c.own[:0]
	m := c.Model
	for _, name := range m.Keyables.Bulk {
		for _, k := range r.Keys {
			if k.Name != name {
				continue
			}
			c.own = append(c.own, claim{
				Key: k.Folded(), matching: len(c.own) == 0,
				everywhere: name != m.ExternalID() || m.CompanyRef() == "",
				identified: name == "email" && r.Keys[0].Name == "_id",
			})
		}
	}
	return c.own
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

// rival returns a row that can't be stored beside r. Rows that name no company clash
// with all others only where both are matched by the key: of others it isn't known
// whether they belong to the same company.
func (c *Claims) rival(r *Row, k claim) (holder, bool, error) {
	switch {
	case k.identified:
		return c.get(k, unidentified, "")
	case k.everywhere:
		return c.get(k, anyRow, "")
	case r.Company == "" && k.matching:
		return c.get(k, matched, "")
	case r.Company == "":
		return holder{}, false, nil
	}
	other, found, err := c.get(k, inCompany, r.Company)
	if found || err != nil || !k.matching {
		return other, found, err
	}
	return c.get(k, unplaced, "")
}

// note adds a row to those that have a key, in each role that a later row looks for.
func (c *Claims) note(r *Row, k claim) error {
	if k.everywhere {
		if k.Name == "email" && !k.identified {
			if err := c.add(r, k, unidentified, ""); err != nil {
				return err
			}
		}
		return c.add(r, k, anyRow, "")
	}
	if k.matching {
		if err := c.add(r, k, matched, ""); err != nil {
			return err
		}
	}
	switch {
	case r.Company != "":
		return c.add(r, k, inCompany, r.Company)
	case k.matching:
		return c.add(r, k, unplaced, "")
	}
	return nil
}

// holder is the row that has a key, as the set keeps it: its position, where it comes
// from, and a mark of its company.
type holder struct{ index, line, file, company uint32 }

func holderIn(v keyset.Value) holder {
	word := func(i int) uint32 { return binary.BigEndian.Uint32(v[4*i:]) }
	return holder{word(0), word(1), word(2), word(3)}
}

func (c *Claims) hash(k claim, as role, company string) keyset.Hash {
	c.hashed = append(c.hashed[:0], byte(as))
	c.hashed = append(append(c.hashed, k.Name...), 0)
	c.hashed = binary.BigEndian.AppendUint32(c.hashed, uint32(len(k.Value)))
	c.hashed = append(append(c.hashed, k.Value...), company...)
	return keyset.Of(c.hashed)
}

func (c *Claims) get(k claim, as role, company string) (holder, bool, error) {
	v, found, err := c.Set.Get(c.hash(k, as, company))
	return holderIn(v), found, err
}

func (c *Claims) add(r *Row, k claim, as role, company string) error {
	_, _, err := c.Set.Claim(c.hash(k, as, company), c.value(r))
	return err
}

// claim is rival and note for a key that may occur once in the whole tenant, and is not
// an email: it looks for the key only once.
func (c *Claims) claim(r *Row, k claim) (holder, bool, error) {
	v, found, err := c.Set.Claim(c.hash(k, anyRow, ""), c.value(r))
	return holderIn(v), found, err
}

// value is a row as the set keeps it.
func (c *Claims) value(r *Row) (v keyset.Value) {
	file := uint32(0)
	if r.File != "" {
		if file = c.files[r.File]; file == 0 {
			if c.files == nil {
				c.files = make(map[string]uint32)
			}
			c.names = append(c.names, r.File)
			file = uint32(len(c.names))
			c.files[r.File] = file
		}
	}
	for i, word := range []uint32{uint32(r.Index), uint32(r.Line), file, companyMark(r)} {
		binary.BigEndian.PutUint32(v[4*i:], word)
	}
	return v
}

// companyMark tells the companies of rows apart.
func companyMark(r *Row) uint32 {
	if r.Company == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(r.Company))
	return binary.BigEndian.Uint32(sum[:])
}
