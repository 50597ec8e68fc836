package examples

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// update writes the generated data files anew: go test ./tests/examples -update.
var update = flag.Bool("update", false, "write the generated data files of scripts/examples anew")

// The numbers of lines of each sort in accounts.csv. The expectations of the
// quickstart follow from them.
const (
	accountsInExport = 1080
	repeatedLines    = 70
	namelessLines    = 24
	idlessLines      = 9
	changedAccounts  = 34
	sameAccounts     = 86
	newAccounts      = 12
	changeRepeats    = 5
)

// account is one line of an export, as it would be without the mess.
type account struct {
	id, name, website, segment, status, owner string
	seats, arr                                int
	since                                     date
	country, city, notes                      string
}

type date struct{ year, month, day int }

// market is a country with the way in which names, numbers and dates are
// written there.
type market struct {
	country string
	cities  []string
	names   []string
	forms   []string
	number  func(n int) string
	date    func(d date) string
}

var months = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

var markets = []market{
	{
		country: "Sweden", cities: []string{"Malmö", "Göteborg", "Stockholm", "Örebro", "Umeå"},
		names:  []string{"Åkerlund", "Söderberg", "Östman", "Björk", "Nyström", "Håkansson", "Ängström", "Lindgren"},
		forms:  []string{"%s AB", "%s & Söner AB", "%s Energi AB", "%s Konsult, Malmö AB"},
		number: func(n int) string { return grouped(n, " ") },
		date:   func(d date) string { return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day) },
	},
	{
		country: "Japan", cities: []string{"東京", "大阪", "札幌", "横浜"},
		names:  []string{"青空", "山川", "さくら", "北斗", "光", "桜井", "みどり", "高橋"},
		forms:  []string{"株式会社%s商事", "%s物流株式会社", "株式会社%s", "%s電機株式会社"},
		number: func(n int) string { return grouped(n, ",") },
		date:   func(d date) string { return fmt.Sprintf("%04d/%02d/%02d", d.year, d.month, d.day) },
	},
	{
		country: "France", cities: []string{"Orléans", "Saint-Étienne", "Besançon", "Paris"},
		names:  []string{"Lefèvre", "Béranger", "Crémieux", "Façade", "Noël", "Hébert", "Forêt", "Garçon"},
		forms:  []string{"Société %s", "%s et Fils", "Établissements %s", "%s, Conseil & Cie"},
		number: func(n int) string { return grouped(n, "\u00a0") + ",00 €" },
		date:   func(d date) string { return fmt.Sprintf("%d.%d.%d", d.day, d.month, d.year) },
	},
	{
		country: "Germany", cities: []string{"München", "Köln", "Düsseldorf", "Würzburg"},
		names:  []string{"Müller", "Großmann", "Schäfer", "Jäger", "Köhler", "Böhm", "Weiß", "Krüger"},
		forms:  []string{"%s GmbH", "%s Logistik GmbH & Co. KG", "Gebrüder %s", "%s, Partner und Söhne"},
		number: func(n int) string { return grouped(n, ".") + ",00" },
		date:   func(d date) string { return fmt.Sprintf("%02d.%02d.%04d", d.day, d.month, d.year) },
	},
	{
		country: "United States", cities: []string{"Portland, OR", "Austin, TX", "Boston", "San José"},
		names:  []string{"Harper", "Whitfield", "O'Neill", "Bluestone", "Redwood", "Castellano", "Peña", "Lakeside"},
		forms:  []string{"%s, Inc.", "%s \"The Works\" Supplies, LLC", "%s & Daughters", "%s Health, Inc."},
		number: func(n int) string { return "$" + grouped(n, ",") + ".00" },
		date:   func(d date) string { return fmt.Sprintf("%02d/%02d/%04d", d.month, d.day, d.year) },
	},
	{
		country: "Poland", cities: []string{"Łódź", "Kraków", "Gdańsk", "Wrocław"},
		names:  []string{"Żak", "Wójcik", "Dąbrowski", "Zieliński", "Król", "Łoś", "Sikora", "Mączka"},
		forms:  []string{"%s Sp. z o.o.", "%s i Wspólnicy", "Fabryka %s", "%s Transport"},
		number: func(n int) string { return fmt.Sprint(n) },
		date:   func(d date) string { return fmt.Sprintf("%d %s %d", d.day, months[d.month-1][:3], d.year) },
	},
}

// grouped writes n with a separator between thousands.
func grouped(n int, separator string) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return grouped(n/1000, separator) + separator + fmt.Sprintf("%03d", n%1000)
}

// export writes accounts as a spreadsheet does that many hands have edited.
type export struct {
	bytes.Buffer
	rand *rand.Rand
}

var columns = []string{
	"Account ID", "Account Name", "Website", "Segment", "Status", "Owner E-mail",
	"Seats", "ARR", "Customer Since", "Country", "City", "Notes",
}

func newExport(r *rand.Rand) *export {
	e := &export{rand: r}
	e.WriteString("\ufeff")
	e.line(columns)
	return e
}

// line writes cells, quoted where they must be, with a CRLF at the end.
func (e *export) line(cells []string) {
	for i, c := range cells {
		if i > 0 {
			e.WriteByte(',')
		}
		if strings.ContainsAny(c, ",\"\n") || c != strings.TrimSpace(c) {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		e.WriteString(c)
	}
	e.WriteString("\r\n")
}

// messy writes an account with the habits of its country, and a slip here and
// there that a script can mend.
func (e *export) messy(a account) {
	m := marketOf(a.country)
	cells := []string{
		a.id, a.name, a.website, a.segment, a.status, a.owner,
		grouped(a.seats, ","), m.number(a.arr), m.date(a.since), a.country, a.city, a.notes,
	}
	switch e.rand.IntN(12) {
	case 0:
		cells[1] += "  "
	case 1:
		cells[4] = strings.ToUpper(a.status)
	case 2:
		cells[5] = " " + a.owner
	case 3:
		cells[10] = a.city + " "
	case 4:
		cells[5] = strings.ToUpper(a.owner)
	}
	e.line(cells)
}

func marketOf(country string) market {
	for _, m := range markets {
		if m.country == country {
			return m
		}
	}
	panic("no such market: " + country)
}

func (e *export) account(i int) account {
	m := markets[i%len(markets)]
	n := i / len(markets)
	name := fmt.Sprintf(m.forms[n%len(m.forms)], m.names[n/len(m.forms)%len(m.names)])
	if round := n / (len(m.forms) * len(m.names)); round > 0 {
		name += fmt.Sprintf(" %s", []string{"II", "III", "IV", "V", "VI", "VII", "VIII", "IX"}[round-1])
	}
	a := account{
		id: fmt.Sprintf("A-%d", 1001+i), name: name,
		website: fmt.Sprintf("https://www.account-%d.example/", 1001+i),
		segment: []string{"Enterprise", "Mid-Market", "SMB", "SMB"}[e.rand.IntN(4)],
		status:  []string{"Customer", "Customer", "Customer", "Prospect", "Churned"}[e.rand.IntN(5)],
		owner:   []string{"ada@vendor.example", "grace@vendor.example", "linus@vendor.example", "maria@vendor.example"}[e.rand.IntN(4)],
		seats:   1 + e.rand.IntN(60)*e.rand.IntN(60),
		arr:     (5 + e.rand.IntN(40)*e.rand.IntN(60)) * 250,
		since:   date{2016 + e.rand.IntN(9), 1 + e.rand.IntN(12), 1 + e.rand.IntN(28)},
		country: m.country, city: m.cities[e.rand.IntN(len(m.cities))],
	}
	switch e.rand.IntN(15) {
	case 0:
		a.notes = "Asked for \"SSO, SCIM\" in the last review"
	case 1:
		a.notes = "Two lines of address:\nbuilding 4, gate C"
	case 2:
		a.notes = "Prefers e-mail; 5 % discount agreed"
	case 3:
		a.city = ""
	case 4:
		a.website = ""
	}
	return a
}

// slips spoils cells of an account in ways that a script can only report.
func (e *export) slips(a account, i int) []string {
	m := marketOf(a.country)
	cells := []string{
		a.id, a.name, a.website, a.segment, a.status, a.owner,
		grouped(a.seats, ","), m.number(a.arr), m.date(a.since), a.country, a.city, a.notes,
	}
	switch i % 4 {
	case 0:
		cells[7] = "TBD"
	case 1:
		cells[8] = "0000-00-00"
	case 2:
		cells[4] = "On hold"
	case 3:
		cells[6] = "n/a"
	}
	return cells
}

// generate returns the two exports of the quickstart: all accounts, and the
// changes of the following Monday.
func generate() (accounts, changes []byte) {
	r := rand.New(rand.NewPCG(2024, 115))
	e := newExport(r)
	all := make([]account, accountsInExport)
	var seen []int
	nameless, idless := 0, 0
	for i := range all {
		all[i] = e.account(i)
		if i%90 == 40 {
			e.line(e.slips(all[i], i/90))
		} else {
			e.messy(all[i])
			seen = append(seen, i)
		}
		if i%45 == 44 && nameless < namelessLines {
			nameless++
			lost := e.account(i)
			e.line([]string{fmt.Sprintf("A-%d", 8000+nameless), strings.Repeat(" ", nameless%3), lost.website, lost.segment, "Prospect", "", "", "", "", lost.country, lost.city, ""})
		}
		if i%110 == 109 && idless < idlessLines {
			idless++
			lost := e.account(i + 3)
			e.line([]string{"", lost.name + " (copy)", "", "", "", "", "", "", "", "", "", "found without an id"})
		}
		if i%15 == 14 && i/15 < repeatedLines {
			// The repetition repeats what was known and leaves cells empty.
			again := all[seen[r.IntN(len(seen))]]
			e.line([]string{again.id, again.name, "", again.segment, strings.ToUpper(again.status), "", "", "", "", again.country, "", ""})
		}
	}
	accounts = bytes.Clone(e.Bytes())

	e = newExport(r)
	var repeated []account
	for k := range changedAccounts + sameAccounts {
		a := all[seen[3+k*8]]
		if k < changedAccounts {
			a.arr += 2500
			a.seats += 5
			a.segment = "Enterprise"
		}
		if k < changeRepeats {
			repeated = append(repeated, a)
		}
		e.messy(a)
	}
	for k := range newAccounts {
		e.messy(e.account(accountsInExport + k))
	}
	for _, a := range repeated {
		e.messy(a)
	}
	return accounts, e.Bytes()
}

func TestAccountsAreGenerated(t *testing.T) {
	accounts, changes := generate()
	for name, want := range map[string][]byte{"accounts.csv": accounts, "accounts_monday.csv": changes} {
		file := filepath.Join(scripts, "data", name)
		if *update {
			require.NoError(t, os.WriteFile(file, want, 0o644))
		}
		have, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, have), "%s is not what the generator makes: run go test ./tests/examples -run TestAccountsAreGenerated -update", name)
	}
}
