package consent

import (
	"archive/zip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// typing returns a terminal at which a person types answers, and the questions asked.
func typing(answers ...string) (func(context.Context, string) (string, error), *[]string) {
	questions := &[]string{}
	return func(_ context.Context, question string) (string, error) {
		*questions = append(*questions, question)
		answer := answers[0]
		answers = answers[1:]
		return answer, nil
	}, questions
}

var (
	deletes    = Work{What: "the plan", Models: map[string]Rows{"company": {Deleted: 3, Updated: 2, Known: 40}, "enduser": {Deleted: 1, Known: 100}}}
	manyWrites = Work{What: "the plan", Models: map[string]Rows{"company": {Created: 600, Updated: 401}}}
	fewWrites  = Work{What: "the plan", Models: map[string]Rows{"company": {Created: 600, Updated: 400}}}
	production = Profile{Name: "live", Production: true}
)

func TestPlans(t *testing.T) {
	limit := func(text string) Limit {
		l, err := ParseLimit(text)
		require.NoError(t, err)
		return l
	}
	for name, test := range map[string]struct {
		terms Terms
		work  Work
		want  string
		code  int
	}{
		"few writes":                           {Terms{}, fewWrites, "", 0},
		"many writes":                          {Terms{}, manyWrites, "not confirmed: the plan writes 1,001 records, more than 1,000", 12},
		"many writes, yes":                     {Terms{Yes: true}, manyWrites, "", 0},
		"threshold of the profile":             {Terms{Profile: Profile{Threshold: 10}}, fewWrites, "not confirmed: the plan writes 1,000 records, more than 10", 12},
		"deletes":                              {Terms{}, deletes, "not confirmed: the plan deletes 3 companies and 1 enduser and writes 2 records", 12},
		"deletes, yes":                         {Terms{Yes: true}, deletes, "", 0},
		"deletes in production, yes":           {Terms{Yes: true, Profile: production}, deletes, "not confirmed: the plan deletes 3 companies and 1 enduser and writes 2 records, and live is a production profile", 12},
		"deletes in production, confirm":       {Terms{Confirm: "live", Profile: production}, deletes, "", 0},
		"deletes in production, another name":  {Terms{Yes: true, Confirm: "test", Profile: production}, deletes, "not confirmed: --confirm names test, and the profile is live", 12},
		"confirm without a profile":            {Terms{Confirm: "live"}, deletes, "not confirmed: --confirm names the profile live, and no profile is in use", 12},
		"many writes in production, yes":       {Terms{Yes: true, Profile: production}, manyWrites, "", 0},
		"a number of deletes":                  {Terms{Yes: true, Most: limit("3")}, deletes, "the plan deletes 3 companies and 1 enduser, and --max-deletes allows 3", 12},
		"a number that suffices":               {Terms{Yes: true, Most: limit("4")}, deletes, "", 0},
		"a share of deletes":                   {Terms{Yes: true, Most: limit("5%")}, deletes, "the plan deletes 3 companies of the 40 that it knows, and --max-deletes allows 5%", 12},
		"a share that suffices":                {Terms{Yes: true, Most: limit("7.5%")}, deletes, "", 0},
		"no deletes at all":                    {Terms{Yes: true, Most: limit("0")}, deletes, "the plan deletes 3 companies and 1 enduser, and --max-deletes allows 0", 12},
		"an empty source":                      {Terms{Yes: true}, Work{What: "the plan", Models: deletes.Models, Empty: []string{"a.csv", "b.csv"}}, "the plan deletes 3 companies and 1 enduser, but a.csv and b.csv have no data", 12},
		"an empty source that is allowed":      {Terms{Yes: true, EmptySource: true}, Work{What: "the plan", Models: deletes.Models, Empty: []string{"a.csv"}}, "", 0},
		"an empty source without deletes":      {Terms{}, Work{What: "the plan", Models: fewWrites.Models, Empty: []string{"a.csv"}}, "", 0},
		"deletes that the profile rules out":   {Terms{Yes: true, Profile: Profile{Name: "live", Allow: []string{"read", "update"}}}, deletes, "the profile live does not allow scripts to delete records, such as 3 companies", 4},
		"creating that the profile rules out":  {Terms{Yes: true, Profile: Profile{Name: "live", Allow: []string{"read", "update"}}}, fewWrites, "the profile live does not allow scripts to create records, such as 600 companies", 4},
		"upserting that the profile rules out": {Terms{Yes: true, Profile: Profile{Name: "live", Allow: []string{"create"}}}, Work{Models: map[string]Rows{"company": {Upserted: 1}}}, "the profile live does not allow scripts to update records, such as 1 company", 4},
		"simulated":                            {Terms{Simulated: true}, deletes, "", 0},
		"scheduled":                            {Terms{Scheduled: true, Profile: production}, deletes, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.terms.Plan(t.Context(), test.work)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			var exits fault.Exiter
			require.ErrorAs(t, err, &exits)
			assert.Equal(t, test.want, err.Error())
			assert.Equal(t, test.code, exits.ExitCode())
		})
	}
}

func TestQuestions(t *testing.T) {
	for name, test := range map[string]struct {
		terms  Terms
		work   Work
		answer string
		asked  string
		ok     bool
	}{
		"deletes":               {Terms{}, deletes, "y", "The plan deletes 3 companies and 1 enduser and writes 2 records. Go ahead? [y/N] ", true},
		"yes in full":           {Terms{}, deletes, "Yes", "The plan deletes 3 companies and 1 enduser and writes 2 records. Go ahead? [y/N] ", true},
		"no":                    {Terms{}, deletes, "n", "The plan deletes 3 companies and 1 enduser and writes 2 records. Go ahead? [y/N] ", false},
		"nothing":               {Terms{}, manyWrites, "", "The plan writes 1,001 records, more than 1,000. Go ahead? [y/N] ", false},
		"production":            {Terms{Profile: production}, deletes, "live", "The plan deletes 3 companies and 1 enduser and writes 2 records in production. Type the name of the profile, live, to go ahead: ", true},
		"production, y":         {Terms{Profile: production}, deletes, "y", "The plan deletes 3 companies and 1 enduser and writes 2 records in production. Type the name of the profile, live, to go ahead: ", false},
		"production, also with": {Terms{Profile: production, Yes: true}, deletes, "live", "The plan deletes 3 companies and 1 enduser and writes 2 records in production. Type the name of the profile, live, to go ahead: ", true},
	} {
		t.Run(name, func(t *testing.T) {
			ask, questions := typing(test.answer)
			test.terms.Ask = ask
			err := test.terms.Plan(t.Context(), test.work)
			assert.Equal(t, []string{test.asked}, *questions)
			assert.Equal(t, test.ok, err == nil, err)
		})
	}
	lost := errors.New("the terminal is gone")
	terms := Terms{Ask: func(context.Context, string) (string, error) { return "y", lost }}
	assert.ErrorIs(t, terms.Plan(t.Context(), deletes), lost)
}

func write(model string, rows Rows, known int, inputs ...string) Write {
	return Write{Model: model, Rows: rows, Known: func() int { return known }, Inputs: func() []string { return inputs }}
}

func TestRuns(t *testing.T) {
	ask, questions := typing("y", "y")
	r := (&Terms{Ask: ask}).Run("the script")
	for range 3 {
		require.NoError(t, r.Check(t.Context(), write("company", Rows{Deleted: 1}, 0)))
		require.NoError(t, r.Check(t.Context(), write("enduser", Rows{Upserted: 500}, 0)))
	}
	assert.Equal(t, []string{
		"The script is about to delete 1 company, and perhaps more. Go ahead? [y/N] ",
		"The script is about to write more than 1,000 records. Go ahead? [y/N] ",
	}, *questions, "each is asked once")

	ask, questions = typing("yes")
	err := (&Terms{Profile: production, Most: Limit{"5", 5, 0}, Ask: ask}).Run("the script").Check(t.Context(), write("company", Rows{Deleted: 1}, 0))
	assert.Equal(t, []string{"The script is about to delete 1 company in production, and perhaps more, at most 5. Type the name of the profile, live, to go ahead: "}, *questions)
	require.EqualError(t, err, "not confirmed: the script is about to delete 1 company")
	refused, ok := errors.AsType[*Refused](err)
	require.True(t, ok)
	assert.Equal(t, "to go ahead, type the name of the profile, live", refused.ErrorHint())

	// Nobody knows ahead how much a script writes, so only a profile's threshold ends a run.
	r = (&Terms{}).Run("the script")
	require.NoError(t, r.Check(t.Context(), write("enduser", Rows{Upserted: 5000}, 0)))
	r = (&Terms{Profile: Profile{Threshold: 4999}}).Run("the script")
	require.EqualError(t, r.Check(t.Context(), write("enduser", Rows{Upserted: 5000}, 0)), "not confirmed: the script is about to write more than 4,999 records")

	r = (&Terms{Yes: true, Most: Limit{"10%", -1, 0.1}}).Run("the script")
	for range 10 {
		require.NoError(t, r.Check(t.Context(), write("company", Rows{Deleted: 1}, 100)))
	}
	require.EqualError(t, r.Check(t.Context(), write("company", Rows{Deleted: 1}, 100)), "the script is about to delete 11 companies of the 100 that it knows, and --max-deletes allows 10%")
	require.Error(t, r.Check(t.Context(), write("enduser", Rows{Deleted: 1}, 0)), "of none that are known, one is all")

	r = (&Terms{Yes: true, Most: Limit{"2", 2, 0}}).Run("the script")
	require.NoError(t, r.Check(t.Context(), write("company", Rows{Deleted: 1}, 100)))
	require.NoError(t, r.Check(t.Context(), write("enduser", Rows{Deleted: 1}, 100)))
	require.EqualError(t, r.Check(t.Context(), write("enduser", Rows{Deleted: 1}, 100)), "the script is about to delete 3 records, and --max-deletes allows 2")

	empty := filepath.Join(t.TempDir(), "empty.csv")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	r = (&Terms{Yes: true}).Run("the script")
	require.EqualError(t, r.Check(t.Context(), write("company", Rows{Deleted: 1}, 0, empty)), "the script is about to delete 1 company, but empty.csv has no data")
	r = (&Terms{Scheduled: true}).Run("the script")
	require.NoError(t, r.Check(t.Context(), write("company", Rows{Deleted: 1}, 0, empty)))
}

func TestEmpty(t *testing.T) {
	dir := t.TempDir()
	book := func(rows string) string {
		path := filepath.Join(dir, "book.xlsx")
		f, err := os.Create(path)
		require.NoError(t, err)
		z := zip.NewWriter(f)
		w, err := z.Create("xl/worksheets/sheet1.xml")
		require.NoError(t, err)
		_, err = w.Write([]byte("<worksheet><sheetData>" + rows + "</sheetData><rowBreaks/></worksheet>"))
		require.NoError(t, err)
		require.NoError(t, z.Close())
		require.NoError(t, f.Close())
		return path
	}
	assert.Equal(t, []string{"book.xlsx"}, Empty([]string{book(`<row r="1"><c/></row>`)}))
	assert.Empty(t, Empty([]string{book(`<row r="1"><c/></row><row r="2"/>`)}))
	for name, test := range map[string]struct {
		text  string
		empty bool
	}{
		"nothing.csv": {"", true}, "header.csv": {"\ufeffid,name\r\n", true}, "row.csv": {"id,name\n1,Acme\n", false},
		"quoted.csv": {"\"a\nb\",c\n", true}, "old.csv": {"id\r1\r", false},
		"list.json": {" [ ]\n", true}, "one.json": {"[1]", false}, "object.json": {"{}", false},
		"blank.jsonl": {"\n\n", true}, "line.jsonl": {"{}\n", false}, "script.lua": {"", false}, "text": {" ", true},
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(test.text), 0o600))
		assert.Equal(t, test.empty, len(Empty([]string{path})) == 1, name)
	}
	assert.Empty(t, Empty([]string{filepath.Join(dir, "missing.csv"), dir}))
}

func TestLimits(t *testing.T) {
	for _, text := range []string{"", "x", "-1", "101%", "-1%", "NaN%", "%", "1.5"} {
		_, err := ParseLimit(text)
		assert.Error(t, err, text)
	}
	l, err := ParseLimit("1,000")
	require.NoError(t, err)
	assert.False(t, l.OverTotal(1000))
	assert.True(t, l.OverTotal(1001))
}
