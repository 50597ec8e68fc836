package manual

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/phscript/phscript/runtime/internal/guide"
)

// search returns the topics that contain every word, without Planhat's internal
// properties, by relevance: words in the
// name come before words in the first sentence, and those before words in the
// rest. If no topic contains all words, it returns those with the most, and how
// many that is.
func (m *Manual) search(words []string) (topics []*Topic, most int) {
	type match struct {
		topic       *Topic
		words, rank int
	}
	words = stems(words)
	var found []match
	for _, t := range m.topics {
		if t.Kind == KindProperty && strings.HasPrefix(t.Doc, "Internal") {
			continue // Planhat does not say what it is for
		}
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

// stems are the words in the form that is compared.
func stems(words []string) []string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = guide.Stem(word)
	}
	return guide.Telling(list)
}

// rank returns how many of the words a topic contains, and how prominently.
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

// begins reports whether a word of the text begins with the given one.
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
