package manual

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/guide"
)

// Search returns the topics in which every word occurs, the likeliest first:
// those that have the words in their name before those that have them in the
// first sentence, and these before those that have them in the rest. If no topic
// has all of them, it returns those that have the most words.
func (m *Manual) Search(words ...string) []*Topic {
	topics, _ := m.search(words)
	return topics
}

// search is Search, and how many of the words the topics have.
func (m *Manual) search(words []string) (topics []*Topic, most int) {
	type match struct {
		topic       *Topic
		words, rank int
	}
	words = stems(words)
	var found []match
	for _, t := range m.topics {
		if n, r := rank(t, words); n > 0 {
			found = append(found, match{t, n, r})
			most = max(most, n)
		}
	}
	found = slices.DeleteFunc(found, func(f match) bool { return f.words < most })
	slices.SortStableFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(len(a.topic.Name), len(b.topic.Name)))
	})
	topics = make([]*Topic, len(found))
	for i := range found {
		topics[i] = found[i].topic
	}
	return topics, most
}

// stems are the words as they are compared.
func stems(words []string) []string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = guide.Stem(word)
	}
	return guide.Telling(list)
}

// rank returns how many of the words a topic has, and how prominently.
func rank(t *Topic, words []string) (found, total int) {
	name, summary, doc := strings.ToLower(t.Name), strings.ToLower(t.Summary()), strings.ToLower(t.Doc)
	for _, word := range words {
		found++
		switch {
		case name == word || strings.HasSuffix(name, "."+word):
			total += 8
		case strings.Contains(name, word):
			total += 4
		case begins(summary, word):
			total += 2
		case begins(doc, word):
			total++
		default:
			found--
		}
	}
	return found, total
}

// begins reports whether a word of the text begins so.
func begins(text, word string) bool {
	for at := 0; ; at++ {
		next := strings.Index(text[at:], word)
		if next < 0 {
			return false
		}
		at += next
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		if at == 0 || !unicode.IsLetter(before) {
			return true
		}
	}
}
