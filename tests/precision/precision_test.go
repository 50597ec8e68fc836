// Package precision holds what people said of findings of phscript check in public scripts,
// and fails if too many of them are not worth having.
package precision

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// judgment is what a reader said of a finding.
type judgment struct {
	// Verdict is useful, annoying (true, but the author has no reason to change anything) or
	// false.
	Verdict, Reason string
}

// finding is one of the findings that were drawn.
type finding struct {
	Number int
	// Sample is random for those drawn from all findings, rule for further ones of rules that
	// the draw met seldom.
	Sample                                          string
	Repository, Commit, Path, SHA256, Rule, Message string
	Line                                            int
	First                                           judgment
	// Second is nil until another reader has judged.
	Second *judgment
	// Gone is set if the check no longer reports it.
	Gone bool
}

func read(t *testing.T) []finding {
	t.Helper()
	file, err := os.Open("findings.jsonl")
	require.NoError(t, err)
	defer func() { assert.NoError(t, file.Close()) }()
	var all []finding
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var f finding
		require.NoError(t, json.Unmarshal(lines.Bytes(), &f))
		all = append(all, f)
	}
	require.NoError(t, lines.Err())
	return all
}

// share is how many of some findings readers called useful.
type share struct{ useful, all int }

func (s *share) add(j judgment) {
	s.all++
	if j.Verdict == "useful" {
		s.useful++
	}
}

func (s *share) percent() float64 { return 100 * float64(s.useful) / float64(max(s.all, 1)) }

// fewest is how many judgments of a rule say something about it.
const fewest = 4

// TestPrecision: of the findings drawn at random at least 90 % are useful, and of each rule's
// at least 75 %, in the eyes of each reader.
func TestPrecision(t *testing.T) {
	all := read(t)
	readers := map[string]func(finding) *judgment{
		"first":  func(f finding) *judgment { return &f.First },
		"second": func(f finding) *judgment { return f.Second },
	}
	for name, of := range readers {
		t.Run(name, func(t *testing.T) {
			overall, drawn, rules := share{}, share{}, map[string]*share{}
			for _, f := range all {
				j := of(f)
				if j == nil {
					continue
				}
				require.Contains(t, []string{"useful", "annoying", "false"}, j.Verdict, "finding %d", f.Number)
				if f.Sample == "random" {
					drawn.add(*j)
				}
				if f.Gone {
					continue
				}
				if f.Sample == "random" {
					overall.add(*j)
				}
				if rules[f.Rule] == nil {
					rules[f.Rule] = &share{}
				}
				rules[f.Rule].add(*j)
			}
			if drawn.all == 0 {
				t.Log("nobody has judged yet")
				return
			}
			t.Logf("as drawn: %d of %d (%.0f %%); what is still reported: %d of %d (%.0f %%)", drawn.useful, drawn.all, drawn.percent(), overall.useful, overall.all, overall.percent())
			assert.GreaterOrEqual(t, overall.percent(), 90.0, "useful findings in percent")
			for _, rule := range slices.Sorted(maps.Keys(rules)) {
				s := rules[rule]
				t.Logf("%-22s %3d of %3d", rule, s.useful, s.all)
				if s.all >= fewest {
					assert.GreaterOrEqual(t, s.percent(), 75.0, "useful findings of %s in percent", rule)
				}
			}
		})
	}
}

// TestData: every finding can be found again, and its rule exists.
func TestData(t *testing.T) {
	all := read(t)
	guide, err := os.ReadFile("../../docs/check.md")
	require.NoError(t, err)
	files, random := map[string]int{}, 0
	for i, f := range all {
		assert.Equal(t, i+1, f.Number)
		assert.Contains(t, string(guide), "`"+f.Rule+"`")
		assert.Len(t, f.Commit, 40)
		assert.Len(t, f.SHA256, 64)
		assert.Positive(t, f.Line)
		assert.NotEmpty(t, f.First.Reason, f.Number)
		if f.Sample == "random" {
			random++
			files[f.Repository+" "+f.Path]++
		}
	}
	assert.Equal(t, 200, random)
	for file, n := range files {
		assert.LessOrEqual(t, n, 3, file)
	}
}
