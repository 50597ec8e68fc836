package proposal

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/BurntSushi/toml"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/schema"
)

//go:embed names.toml
var namesText string

// names is what columns and files are called.
var names = sync.OnceValue(func() (n struct{ Models, Properties map[string][]string }) {
	if err := toml.Unmarshal([]byte(namesText), &n); err != nil {
		panic(err) // it is part of the program
	}
	return n
})

// Mapping is a column and what it becomes.
type Mapping struct {
	Column string
	// Property is where it goes, such as name or custom.Tier, "" if it is left out.
	Property string
	// Type, Decimal and Format are options of the import's column.
	Type, Decimal, Format, Reference string
	// Users says that the cells are e-mail addresses of users.
	Users bool
	// Lower says that the cells must be in lower case. Values, if set, says for each cell what
	// Planhat calls it, "" for what is not known.
	Lower  bool
	Values []Value
	// Off says that the column is only proposed, in a comment, because of the doubt.
	Off bool
	// Doubts are what is not sure about it.
	Doubts []string

	look look
	// custom is the field of the account, if it is one.
	custom *schema.Field
	// absent are cells that seem to say that there is no value.
	absent []string
	score  int
}

// Value is a cell and what Planhat calls it.
type Value struct{ Cell, Planhat string }

// Proposal says how a file becomes records of a model.
type Proposal struct {
	Model    *catalog.Model
	Mappings []Mapping
	// Key is the property that identifies rows, "" if there is none.
	Key string
	// Needs are properties that a new record needs, and no column has.
	Needs []string
	// Doubts are what is not sure about the file as a whole.
	Doubts []string
	// Trim says that cells have white space around them.
	Trim  bool
	score int
	// named says that the file is called as records of the model are.
	named bool
}

// words returns the words of a name in lower case: "accountID" and "Account Id" are the same.
func words(name string) string {
	var b strings.Builder
	var last rune
	for _, r := range name {
		switch {
		case unicode.IsUpper(r) && (unicode.IsLower(last) || unicode.IsDigit(last)), !unicode.IsLetter(r) && !unicode.IsDigit(r):
			b.WriteByte(' ')
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(unicode.ToLower(r))
		}
		last = r
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Importable are the models that files can be imported into.
func Importable() (list []*catalog.Model) {
	for _, m := range catalog.Load().Models {
		if m.Operation("bulk_upsert") != nil {
			list = append(list, m)
		}
	}
	return list
}

// Rank proposes a mapping for each model, the best first. file is the file's name, or that of
// its sheet.
func Rank(file string, columns []Column, known *schema.Schema) []*Proposal {
	var all []*Proposal
	for _, m := range Importable() {
		p := For(m, columns, known)
		name := words(file)
		for _, noun := range nouns(m) {
			if slices.Contains(strings.Fields(name), noun) || slices.Contains(strings.Fields(name), noun+"s") || strings.Contains(name, " ") && strings.Contains(" "+name+" ", " "+noun+"s ") {
				p.score += 8
				p.named = true
				break
			}
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b *Proposal) int { return b.score - a.score })
	return all
}

// Clear reports whether the best of several proposals is certain enough to be taken.
func Clear(ranked []*Proposal) bool {
	best := ranked[0]
	if best.score <= 0 || len(ranked) > 1 && best.score-ranked[1].score < 3 {
		return false
	}
	used := 0
	for _, m := range best.Mappings {
		if m.score > 0 {
			used++
		}
	}
	others := slices.ContainsFunc(ranked[1:], func(p *Proposal) bool { return p.named })
	return best.named || !others && 2*used >= len(best.Mappings)
}

// nouns are what records of a model are called.
func nouns(m *catalog.Model) []string {
	return append([]string{words(m.Noun), words(m.Plural)}, names().Models[m.Snake]...)
}

// For proposes the mapping of columns to a model.
func For(m *catalog.Model, columns []Column, known *schema.Schema) *Proposal {
	p := &Proposal{Model: m}
	for _, c := range columns {
		p.Mappings = append(p.Mappings, Mapping{Column: c.Name, look: of(c)})
	}
	p.Trim = slices.ContainsFunc(columns, func(c Column) bool {
		return slices.ContainsFunc(c.Cells, func(cell string) bool { return strings.TrimSpace(cell) != cell })
	})
	p.decimals()
	taken := map[string]bool{}
	fields := known.Custom(m)
	// The best matches first, so that "Account ID" gets the key before "ID of the owner".
	type match struct {
		column int
		prop   *catalog.Property
		score  int
	}
	var matches []match
	for i, c := range columns {
		for _, prop := range m.Properties {
			own := func(f *schema.Field) bool { return words(f.Name) == words(c.Name) }
			if prop.Name == "custom" || prop.Name == "_id" || prop.ReadOnly && slices.ContainsFunc(fields, own) {
				continue
			}
			if s := likeness(m, prop, words(c.Name)); s > 0 {
				matches = append(matches, match{i, prop, s})
			}
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int { return cmp.Or(b.score-a.score, a.column-b.column) })
	for _, one := range matches {
		mapping := &p.Mappings[one.column]
		if mapping.Property != "" || taken[one.prop.Name] {
			continue
		}
		mapping.Property, mapping.score = one.prop.Name, one.score
		taken[one.prop.Name] = true
		mapping.read(m, one.prop)
	}
	for i := range p.Mappings {
		if p.Mappings[i].Property == "" {
			p.Mappings[i].customField(m, known)
		}
	}
	for i := range p.Mappings {
		p.Mappings[i].missing(m)
		p.Mappings[i].zeros(m)
	}
	p.key()
	p.needs()
	p.total()
	return p
}

// decimals reads numbers that could have either sign as those of other columns.
func (p *Proposal) decimals() {
	signs := map[string]bool{}
	for i := range p.Mappings {
		if l := p.Mappings[i].look; l.decimal != "" && (l.kind == number || l.kind == money) && l.either == "" && !l.assumed {
			signs[l.decimal] = true
		}
	}
	for i := range p.Mappings {
		l := &p.Mappings[i].look
		if len(signs) != 1 || l.kind != number && l.kind != money || l.either == "" && !l.assumed || l.mixed {
			continue
		}
		for sign := range signs {
			l.decimal, l.either, l.assumed = sign, "", false
		}
	}
}

// likeness is how well the name of a column fits a property: 0 to 10.
func likeness(m *catalog.Model, prop *catalog.Property, column string) int {
	if column == words(prop.Name) || column == strings.ToLower(prop.Name) {
		return 10
	}
	others := names().Properties[prop.Name]
	if prop.Name == "sourceId" && m.ExternalID() == "" {
		others = append(others[:len(others):len(others)], names().Properties["externalId"]...)
	}
	for _, name := range others {
		if !strings.Contains(name, "%noun") {
			if column == name {
				return 8
			}
			continue
		}
		for _, noun := range nouns(m) {
			if column == strings.ReplaceAll(name, "%noun", noun) {
				return 9
			}
		}
	}
	return 0
}

// mapped returns the column of a property, or nil.
func (p *Proposal) mapped(property string) *Mapping {
	for i := range p.Mappings {
		if p.Mappings[i].Property == property && !p.Mappings[i].Off {
			return &p.Mappings[i]
		}
	}
	return nil
}

// Keys are the properties that can identify rows: those of the bulk call that a column has.
func (p *Proposal) Keys() (list []string) {
	for _, key := range p.Model.Keyables.Bulk {
		if p.mapped(key) != nil {
			list = append(list, key)
		}
	}
	return list
}

// key chooses the property that identifies rows.
func (p *Proposal) key() {
	for _, key := range p.Keys() {
		if l := p.mapped(key).look; l.unique && l.filled > 0 {
			p.Key = key
			return
		}
	}
	if keys := p.Keys(); len(keys) > 0 {
		p.Key = keys[0]
		if l := p.mapped(p.Key).look; l.filled > 0 {
			p.Doubts = append(p.Doubts, fmt.Sprintf("several rows have the same %s (column %q); only the first of them is imported, and the others are rejected", p.Key, p.mapped(p.Key).Column))
		}
		return
	}
	p.Doubts = append(p.Doubts, "no column identifies the rows, so every run creates new records; a key can be "+strings.Join(slices.DeleteFunc(slices.Clone(p.Model.Keyables.Bulk), func(k string) bool { return k == "_id" }), ", "))
}

// Unread returns the column of a property that is left out because it is not clear how to read
// it, or nil.
func (p *Proposal) Unread(property string) *Mapping {
	for i := range p.Mappings {
		if p.Mappings[i].Property == property && p.Mappings[i].Off {
			return &p.Mappings[i]
		}
	}
	return nil
}

// Unclear reports whether the numbers of a column could have either decimal sign.
func (m *Mapping) Unclear() bool {
	return m.look.either != "" && !m.look.mixed && (m.look.kind == number || m.look.kind == money)
}

// needs finds what a new record needs and no column has.
func (p *Proposal) needs() {
	required := p.Model.RequiredOnBulkCreate
	if len(required) == 0 {
		required = p.Model.RequiredOnCreate
	}
	for _, name := range required {
		prop := p.Model.Property(name)
		if prop == nil || prop.Filled || p.mapped(name) != nil || prop.Substitute != "" && p.mapped(prop.Substitute) != nil {
			continue
		}
		p.Needs = append(p.Needs, name)
	}
}

func (p *Proposal) total() {
	for _, m := range p.Mappings {
		switch {
		case m.score == 0:
		case m.Off:
			p.score++
		default:
			p.score += m.score / 2
		}
	}
	for _, name := range p.Needs {
		if prop := p.Model.Property(name); len(prop.Enum) > 0 || strings.Contains(strings.ToLower(name), "currency") {
			p.score -= 2
		} else {
			p.score -= 6
		}
	}
	if p.Key == "" {
		p.score -= 2
	}
}
