package guide

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// guides are small pages to search.
func guides(t *testing.T) *Guides {
	g, err := New(fstest.MapFS{
		"import.md": {Data: []byte("# Importing lists\n\nHow to import.\n\n## Excel files\n\nSave it as CSV. To undo an import, delete by `source`.\n\n" +
			"```lua\n## no heading: compny\n```\n\n## `csv.read`: options\n\n### Encodings\n\nThe option <b>\n<!-- generated -->\n")},
		"architecture.md": {Data: []byte("# Architecture\n\n## Slack\n\nSlack notifications.\n\n## Slack clients\n")},
		"deploy.md":       {Data: []byte("# Running on a schedule\n\nOnce a night, import companies.\n\n## Schedules\n\nA schedule has a name.\n\n## Being told\n\nIn Slack.\n")},
	})
	require.NoError(t, err)
	return g
}

func names(hits []Hit) []string {
	var list []string
	for _, h := range hits {
		list = append(list, h.Name())
	}
	return list
}

func TestSections(t *testing.T) {
	g := guides(t)
	var list []string
	for _, s := range g.Sections() {
		list = append(list, s.Name())
	}
	assert.Equal(t, []string{"architecture", "architecture#slack", "architecture#slack-clients", "deploy", "deploy#schedules", "deploy#being-told", "import", "import#excel-files", "import#csvread-options"}, list)
	assert.Len(t, g.Page("import"), 3)
	s := g.Find("Import.md#Excel-files")
	require.NotNil(t, s)
	assert.Equal(t, "Excel files", s.Headline())
	assert.Contains(t, s.Text, "## no heading", "code is not cut")
	assert.NotContains(t, g.Find("import#csvread-options").Text, "generated")
	assert.Equal(t, "Importing lists", g.Find("import").Headline())
	assert.Nil(t, g.Find("import#none"))
}

func TestSearch(t *testing.T) {
	g := guides(t)
	for text, want := range map[string][]string{
		"excel":            {"import#excel-files"},
		"how do I undo an": {"import#excel-files"},
		"slack":            {"deploy#being-told", "architecture#slack", "architecture#slack-clients"},
		"excelfiles":       {"import#excel-files"},
		"scheduleHas":      {"deploy#schedules"},
		"encoding":         {"import#csvread-options"},
		"schedule":         {"deploy#schedules", "deploy", "deploy#being-told"},
		"import company":   {"deploy"},
		"import nonsense":  {"import", "import#excel-files", "import#csvread-options", "deploy"},
		"sched":            {"deploy#schedules", "deploy", "deploy#being-told"},
		"nonsense":         nil,
	} {
		assert.Equal(t, want, names(g.Search(text)), text)
	}
	assert.True(t, g.Search("the schedules")[0].Exact)
	assert.False(t, g.Search("schedule name")[0].Exact)
	assert.Equal(t, InCode, g.Search("compny")[0].Best)
	assert.Equal(t, InText, g.Search("slack")[0].Best)
	assert.Equal(t, InText, g.Search("slack")[1].Best, "headings of pages for developers do not count")
	assert.False(t, g.Search("slack")[1].Exact)
	assert.Equal(t, InHeading, g.Search("sched")[0].Best)
	assert.Equal(t, 1, g.Search("import nonsense")[0].Found)
}

// TestOwnGuides fails if a guide has no title, or if two sections have one name.
func TestOwnGuides(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All().Sections() {
		assert.NotEmpty(t, s.Title, s.Page)
		assert.False(t, seen[s.Name()], "there are two sections %s", s.Name())
		seen[s.Name()] = true
	}
	assert.True(t, seen["script-guide"])
}
