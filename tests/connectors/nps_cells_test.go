package connectors

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
)

// delighted is the header of an export that has both dates.
const delighted = "Response ID,Email,Score,Comment,Created At,Sent At,Permalink\n"

// A cell that is not a date rejects its row, wherever it is; the rows around it are imported.
func TestNPSBadDates(t *testing.T) {
	var b strings.Builder
	b.WriteString(delighted)
	for i := range 6_000 {
		fmt.Fprintf(&b, "%d,kim%d@northwind.example,9,,2026-11-20T09:01:30Z,2026-11-19,\n", i, i)
	}
	b.WriteString("a,lou@northwind.example,9,,n/a,,\nb,lou@northwind.example,9,,2026-11-20T09:01:30Z,unknown,\nc,lou@northwind.example,9,,2026-11-20T09:01:30Z,1795338090000,\n")
	s := newSurvey(t)
	s.file(t, "export.csv", b.String())
	got := s.run(t, `path = "export.csv"`)
	assert.Equal(t, [3]int{6_003, 6_001, 2}, [3]int{got.Read, got.Created, got.Rejected}, got.out)
	require.Len(t, got.rejects, 2)
	assert.Equal(t, "6002", got.rejects[0][0])
	assert.Contains(t, got.rejects[0][1], `Created At: "n/a" is not`)
	assert.Contains(t, got.rejects[1][1], `Sent At: "unknown" is not`)
}

// A time without a zone stops the import before anything is sent, even if it is in the last of many rows, or in the second column of dates.
func TestNPSLateZones(t *testing.T) {
	var many strings.Builder
	for i := range 6_000 {
		fmt.Fprintf(&many, "%d,kim%d@northwind.example,9,,2026-11-20T09:01:30Z,,\n", i, i)
	}
	for name, x := range map[string]struct{ last, options, want string }{
		"answered":         {"a,lou@northwind.example,9,,2026-11-20 09:01:30,,\n", ``, "2026-11-20 09:01:30"},
		"sent":             {"a,lou@northwind.example,9,,2026-11-20T09:01:30Z,2026-11-19 09:01,\n", ``, "2026-11-19 09:01"},
		"ends like a zone": {"a,lou@northwind.example,9,,09:01 20-11-2026,,\n", `, date_format = "%H:%M %d-%m-%Y"`, "09:01 20-11-2026"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows := many.String()
			if x.options != "" {
				rows = ""
			}
			s := newSurvey(t)
			s.file(t, "export.csv", delighted+rows+x.last)
			got := s.run(t, `path = "export.csv"`+x.options)
			assert.Contains(t, got.out, `such as "`+x.want+`", do not say in which zone they are; set zone`)
			assert.Zero(t, s.planhat.Count(simulator.Filter{Model: "nps", Operation: "bulk_upsert"}), "nothing was sent")
			got = s.run(t, `path = "export.csv", zone = "Europe/Berlin"`+x.options)
			assert.Zero(t, got.Rejected, got.out)
			assert.NotZero(t, got.Created, got.out)
		})
	}
}

// A cell is a score only if it can be read in one way.
func TestNPSScores(t *testing.T) {
	good := []struct {
		cell string
		want int
	}{
		{"0", 0}, {"10", 10}, {"9.0", 9}, {"9,0", 9}, {"10.00", 10}, {"10 - Extremely likely", 10}, {"10 – Äußerst wahrscheinlich", 10}, {"Extremely likely - 10", 10},
		{"0: Not at all likely", 0}, {"Not at all likely: 0", 0}, {"10 (Extremely likely)", 10}, {"Extremely likely (10)", 10}, {"0 - Disappointed", 0}, {"10\u00a0- Extremely likely", 10},
	}
	bad := []string{
		"minus 5", "− 5", "−5", "-5", "- 5", "– 5", "5-", "5 -", "minus - 5", "minus: 5", "5 - minus", "1,000", "1.000", "10.000", "1 000", "9.5", "9,5", "5%", "5 %", "5 or more", "less than 5", "about 5", "5th",
		"4-5", "4 - 5", "1e1", "+5", "0x5", "5?", "5a", "5-star", "5 - stars", "5 points", "4/5", "4 out of 5", "11", "100", "５", "5 -\x1b[2K likely", "5\x00",
	}
	s := newSurvey(t)
	text := delighted
	for i, x := range good {
		text += fmt.Sprintf("%d,kim@northwind.example,\"%s\",,2026-11-20,,\n", i, x.cell)
	}
	for _, cell := range bad {
		text += `x,lou@northwind.example,"` + cell + `",,2026-11-20,,` + "\n"
	}
	s.file(t, "export.csv", text)
	got := s.run(t, `path = "export.csv"`)
	scores := map[any]any{}
	for _, r := range s.planhat.Records("nps") {
		scores[r["sourceId"]] = r["score"]
	}
	for i, x := range good {
		assert.EqualValues(t, x.want, scores[fmt.Sprintf("delighted-%d", i)], "%q", x.cell)
	}
	assert.Len(t, scores, len(good))
	require.Len(t, got.rejects, len(bad), got.out)
	for i, cell := range bad {
		shown := strings.NewReplacer("\x1b", `\027`, "\x00", `\000`).Replace(cell)
		assert.Contains(t, got.rejects[i][1], `the score "`+shown+`" is`)
	}
}

// No control characters reach Planhat: rows that have them in the id or the address are rejected, and texts lose them.
func TestNPSControls(t *testing.T) {
	s := newSurvey(t)
	s.file(t, "export.csv", "Response ID,Email,Score,Comment,Created At,Permalink,Plan\n"+
		"1,k\x00@northwind.example,9,,2026-11-20,,\n"+
		"2,k\u009b@northwind.example,9,,2026-11-20,,\n"+
		"3\x00,kim@northwind.example,9,,2026-11-20,,\n"+
		"4\u0085b,kim@northwind.example,9,,2026-11-20,,\n"+
		strings.Repeat("5", 300)+",kim@northwind.example,9,,2026-11-20,,\n"+
		"6,kim@northwind.example,9,\"Fast\x00,\tand\r\n\x1b[31mkind\u009b\x7f é\",2026-11-20,,Go\x07ld\n"+
		"7,kim@northwind.example,9,\x00\x1b,2026-11-20,,\n")
	options := `path = "export.csv", columns = { ["custom.Plan"] = "Plan" }`
	got := s.run(t, options)
	assert.Equal(t, []string{"delighted-6 kim@northwind.example 9 2026-11-20T00:00:00.000Z Fast,\tand\r\n[31mkind é", "delighted-7 kim@northwind.example 9 2026-11-20T00:00:00.000Z <nil>"}, s.answers(), got.out)
	assert.Equal(t, map[string]any{"Plan": "Gold"}, s.planhat.Records("nps")[0]["custom"])
	require.Len(t, got.rejects, 5)
	for i, want := range []string{
		`"k\000@northwind.example" is not an e-mail address`, `"k\u009B@northwind.example" is not an e-mail address`,
		`the id "3\000" has control characters`, `the id "4\u0085b" has control characters`, "the id in Planhat would be longer than 300 bytes",
	} {
		assert.Contains(t, got.rejects[i][1], want)
	}
	got = s.run(t, options)
	assert.Equal(t, 2, got.Unchanged, "the second run finds the texts unchanged: %s", got.out)
}
