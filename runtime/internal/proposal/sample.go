package proposal

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/phscript/phscript/planhat/catalog"
)

// samples is how many rows a test has.
const samples = 2

// people are the made-up people of tests.
var people = []string{"ada", "ben"}

// Sample is what the test of an import works on. Its rows are made up in the form of the
// file's: of the file, they only have values of which there are a few, such as a status.
type Sample struct {
	// Text is a CSV file.
	Text string
	// Seeds are the records that the rows refer to: Lua that creates them, or "".
	Seeds string
	// Key is what finds the first record: its key, as a request takes it, or "".
	Key string
}

// Sample makes rows up.
func (p *Proposal) Sample() Sample {
	var s Sample
	var header []string
	rows := make([][]string, samples)
	var users bool
	referred := map[string][]string{}
	for i := range p.Mappings {
		m := &p.Mappings[i]
		if m.Off || m.Property == "" {
			continue
		}
		header = append(header, cell(m.Column))
		for n := range rows {
			made := m.made(p.Model, n)
			rows[n] = append(rows[n], cell(made))
			users = users || m.Users
			if prop := p.Model.Property(m.Property); m.Reference != "" && prop != nil {
				referred[prop.Ref] = append(referred[prop.Ref], made)
			}
			if n == 0 && m.Property == p.Key {
				switch p.Key {
				case p.Model.ExternalID():
					s.Key = "extid-" + made
				case "sourceId":
					s.Key = "srcid-" + made
				}
			}
		}
	}
	s.Text = strings.Join(header, ",") + "\n"
	for _, row := range rows {
		s.Text += strings.Join(row, ",") + "\n"
	}
	var b strings.Builder
	if users {
		fmt.Fprintf(&b, "  simulator.seed(%s, {\n", Quote(catalog.Load().With(catalog.TeamMember).Snake))
		for _, name := range people {
			fmt.Fprintf(&b, "    { email = %s, nickName = %s },\n", Quote(name+"@example.com"), Quote(name))
		}
		b.WriteString("  })\n")
	}
	for _, m := range catalog.Load().Models {
		ids := slices.Clone(referred[m.Name])
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			fmt.Fprintf(&b, "  simulator.seed(%s, { %s = %s, name = %s })\n", Quote(m.Snake), m.ExternalID(), Quote(id), Quote(m.Noun))
		}
	}
	s.Seeds = b.String()
	return s
}

// cell writes a cell of a CSV file.
func cell(text string) string {
	if strings.ContainsAny(text, ",;\"\n\t") || strings.TrimSpace(text) != text {
		return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	}
	return text
}

// made makes the cell of a column up.
func (m *Mapping) made(model *catalog.Model, n int) string {
	l := m.look
	prop := model.Property(m.Property)
	first := ""
	for _, v := range m.Values {
		if v.Planhat != "" && first == "" {
			first = v.Cell
		}
	}
	switch {
	case first != "":
		return first
	case m.Users:
		return people[n%len(people)] + "@example.com"
	case m.chosen(prop) && len(l.values) > 0:
		return l.values[n%len(l.values)].text
	case l.filled == 0:
		return ""
	case m.Format == "excel":
		return fmt.Sprint(46037 + n)
	case l.kind == date:
		return example(l.format, n)
	case l.kind == boolean || l.kind != text && len(l.values) > 0 && zeroOne(l):
		return l.values[0].text
	case l.kind == email:
		return people[n%len(people)] + "@example.com"
	case l.kind == link && strings.Contains(l.sample(), "://"):
		return fmt.Sprintf("https://example%d.com", n+1)
	case l.kind == link:
		return fmt.Sprintf("example%d.com", n+1)
	case l.kind == number && small(l): // such as a score, of which not every number is one
		return l.values[0].text
	case l.kind == number || l.kind == money:
		text := shaped(l.sample(), 0)
		if m.Decimal == "," && patterns().plain.MatchString(text) { // a number of a workbook
			text = strings.Replace(text, ".", ",", 1)
		}
		return text
	case slices.Contains(model.Keyables.Bulk, m.Property) || m.Reference != "" || l.kind == id || !strings.ContainsFunc(l.sample(), unicode.IsLetter):
		return shaped(l.sample(), n)
	}
	name := words(m.Property[strings.LastIndex(m.Property, ".")+1:])
	if m.Property == "name" {
		name = words(model.Noun)
	}
	return fmt.Sprintf("%s%s %d", strings.ToUpper(name[:1]), name[1:], n+1)
}

// chosen reports whether a column has values of a known list.
func (m *Mapping) chosen(prop *catalog.Property) bool {
	return prop != nil && len(prop.Enum) > 0 || m.Lower || m.custom != nil && len(m.custom.Values) > 0 || m.custom != nil && m.custom.Type == "checkbox"
}

// small reports whether a column only has numbers of at most two digits.
func small(l look) bool {
	return len(l.values) > 0 && !slices.ContainsFunc(l.values, func(v value) bool { return len(v.text) > 2 })
}

// sample is a cell that shows the form of the others.
func (l look) sample() string {
	if l.odd == "" && len(l.values) > 0 {
		return l.values[0].text
	}
	return l.any
}

var digit = regexp.MustCompile(`\d`)

// shaped returns a text of the same form: its digits count up, and its letters are from the
// alphabet. n makes texts differ.
func shaped(text string, n int) string {
	d, letter := 0, 0
	last := -1
	if all := digit.FindAllStringIndex(text, -1); len(all) > 0 {
		last = all[len(all)-1][0]
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case unicode.IsDigit(r) && r == '0' && d == 0 && len(text) > i+1 && unicode.IsDigit(rune(text[i+1])):
			b.WriteByte('0') // ids keep the zeros at their start
		case unicode.IsDigit(r) && i == last && n > 0:
			b.WriteByte(byte('0' + (d+1+n)%10))
		case unicode.IsDigit(r):
			d++
			b.WriteByte(byte('0' + d%10))
		case unicode.IsUpper(r):
			b.WriteByte(byte('A' + (letter+n)%26))
			letter++
		case unicode.IsLetter(r):
			b.WriteByte(byte('a' + (letter+n)%26))
			letter++
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
