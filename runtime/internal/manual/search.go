package manual

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Search returns the topics in which every word occurs, the likeliest first:
// those that have the words in their name before those that have them in the
// first sentence, and these before those that have them in the rest. Where no
// topic has all of them, those that have the most words are returned.
func (m *Manual) Search(words ...string) []*Topic {
	type match struct {
		topic       *Topic
		words, rank int
	}
	words = stems(words)
	var found []match
	most := 0
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
	topics := make([]*Topic, len(found))
	for i := range found {
		topics[i] = found[i].topic
	}
	return topics
}

// filler are words of questions that say nothing about what is looked for.
var filler = []string{"a", "all", "an", "by", "do", "for", "from", "how", "i", "in", "is", "many", "of", "on", "or", "the", "to", "what", "with"}

// stems are the words in small letters and without the ending of a plural, so
// that "companies" finds the company.
func stems(words []string) []string {
	var list []string
	for _, word := range words {
		word = strings.ToLower(strings.TrimSpace(word))
		if stem, ok := strings.CutSuffix(word, "ies"); ok && len(stem) > 2 {
			word = stem + "y"
		} else if stem, ok := strings.CutSuffix(word, "s"); ok && len(stem) > 2 && !strings.HasSuffix(stem, "s") {
			word = stem
		}
		if word != "" {
			list = append(list, word)
		}
	}
	telling := slices.DeleteFunc(slices.Clone(list), func(word string) bool { return slices.Contains(filler, word) })
	if len(telling) > 0 {
		return telling
	}
	return list
}

// rank tells how many of the words a topic has, and how prominently.
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
