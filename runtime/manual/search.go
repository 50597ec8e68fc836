package manual

import (
	"cmp"
	"slices"
	"strings"
)

// Search returns the topics in which every word occurs, the likeliest first:
// those that have the words in their name before those that have them in the
// first sentence, and these before those that have them in the rest.
func (m *Manual) Search(words ...string) []*Topic {
	type match struct {
		topic *Topic
		rank  int
	}
	var found []match
	for _, t := range m.topics {
		if r := rank(t, words); r > 0 {
			found = append(found, match{t, r})
		}
	}
	slices.SortStableFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(len(a.topic.Name), len(b.topic.Name)))
	})
	topics := make([]*Topic, len(found))
	for i := range found {
		topics[i] = found[i].topic
	}
	return topics
}

// rank tells how well a topic fits, 0 for not at all.
func rank(t *Topic, words []string) int {
	name, summary, doc := strings.ToLower(t.Name), strings.ToLower(t.Summary()), strings.ToLower(t.Doc)
	total := 0
	for _, word := range words {
		word = strings.ToLower(word)
		switch {
		case word == "":
		case name == word || strings.HasSuffix(name, "."+word):
			total += 8
		case strings.Contains(name, word):
			total += 4
		case strings.Contains(summary, word):
			total += 2
		case strings.Contains(doc, word):
			total++
		default:
			return 0
		}
	}
	return total
}
