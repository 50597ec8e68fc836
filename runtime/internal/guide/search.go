package guide

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
)

// How much a word counts, by where it is.
const (
	inHeading    = 10
	inSubheading = 5
	inTitle      = 4
	inText       = 1
	mostInText   = 3
	// In code, also in misspellings that a guide shows.
	inCode = 0.5
	// forDevelopers is how much a mention on a page for developers counts, compared
	// with others: less than one in the text of another page.
	forDevelopers = 0.3
)

// developerPages are for people who change or embed phscript. Most readers of
// guides write scripts.
var developerPages = []string{"architecture", "embedding", "performance", "planhat-api"}

// indexed is a section with its words, each with its weight.
type indexed struct {
	*Section
	heading []string
	weights map[string]float64
}

func index(s *Section) *indexed {
	i := &indexed{Section: s, heading: Telling(Words(s.Headline())), weights: map[string]float64{}}
	prose := withoutCode(s.Text)
	for _, word := range Words(s.Text) {
		i.weights[word] = inCode
	}
	for _, word := range withJoined(Words(prose)) {
		i.weights[word] = min(i.weights[word]+inText, mostInText)
	}
	for line := range strings.Lines(prose) {
		if sub, ok := strings.CutPrefix(line, "### "); ok {
			for _, word := range withJoined(Words(sub)) {
				i.weights[word] += inSubheading
			}
		}
	}
	for _, word := range Words(s.Page + " " + s.Title) {
		i.weights[word] += inTitle
	}
	for _, word := range withJoined(i.heading) {
		i.weights[word] += inHeading
	}
	return i
}

// withJoined adds each two neighbors as one word, so that "dryrun" finds a dry
// run.
func withJoined(words []string) []string {
	all := slices.Clone(words)
	for i := 1; i < len(words); i++ {
		if !slices.Contains(filler, words[i-1]) && !slices.Contains(filler, words[i]) {
			all = append(all, words[i-1]+words[i])
		}
	}
	return all
}

// withoutCode leaves out of Markdown what is marked as code.
func withoutCode(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "```") {
		if i%2 == 0 {
			b.WriteString(part)
		}
	}
	parts := strings.Split(b.String(), "`")
	for i := 1; i < len(parts); i += 2 {
		parts[i] = " "
	}
	return strings.Join(parts, "")
}

// Words returns the words of a text as they are compared: in small letters,
// without punctuation and without the ending of a plural.
func Words(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
	for i, word := range words {
		words[i] = Stem(word)
	}
	return words
}

// Stem returns a word in small letters and without the ending of a plural, so
// that "companies" finds the company.
func Stem(word string) string {
	word = strings.ToLower(strings.TrimSpace(word))
	if stem, ok := strings.CutSuffix(word, "ies"); ok && len(stem) > 2 {
		return stem + "y"
	}
	if stem, ok := strings.CutSuffix(word, "s"); ok && len(stem) > 2 && !strings.HasSuffix(stem, "s") {
		return stem
	}
	return word
}

// filler are words of questions that say nothing about what is looked for.
var filler = []string{"a", "all", "an", "by", "can", "do", "for", "from", "how", "i", "in", "is", "many", "my", "of", "on", "or", "the", "to", "what", "with"}

// Telling returns the words that say what is looked for, all of them if none
// does.
func Telling(words []string) []string {
	telling := slices.DeleteFunc(slices.Clone(words), func(word string) bool { return word == "" || slices.Contains(filler, word) })
	if len(telling) == 0 {
		return words
	}
	return telling
}

// leastPrefix is how long a word must be for others that begin with it to count:
// "filter" finds "filtering".
const leastPrefix = 4

// prefixed is how much such a word counts, as a part of the word itself.
const prefixed = 0.9

// weight returns how much a word counts in a section, 0 if it does not occur.
func (i *indexed) weight(word string) float64 {
	best := i.weights[word]
	if len(word) < leastPrefix {
		return best
	}
	for other, weight := range i.weights {
		if strings.HasPrefix(other, word) {
			best = max(best, weight*prefixed)
		}
	}
	return best
}

// Place is where a section has a word.
type Place int

// The places, the least prominent first. InHeading includes the page's title.
const (
	InCode Place = iota
	InText
	InHeading
)

func placeOf(weight float64) Place {
	switch {
	case weight <= inCode:
		return InCode
	case weight < inTitle*prefixed:
		return InText
	}
	return InHeading
}

// Hit is a section that a search found.
type Hit struct {
	*Section
	// Found is how many of the words it has, Best where the most prominent one is.
	// Exact is set if its heading says just these words. On pages for developers,
	// headings do not count.
	Found int
	Best  Place
	Exact bool
}

// Search returns the sections with the most of some words, the likeliest first:
// words in headings count more than those in the text, rare ones more than
// frequent ones, and pages for developers less than others.
func (g *Guides) Search(text ...string) []Hit {
	words := Telling(Words(strings.Join(text, " ")))
	weights := make([][]float64, len(g.sections))
	rarity := make([]float64, len(words))
	for w, word := range words {
		with := 0
		for i, s := range g.sections {
			weight := s.weight(word)
			weights[i] = append(weights[i], weight)
			if weight > 0 {
				with++
			}
		}
		rarity[w] = math.Log(1 + float64(len(g.sections))/float64(with+1))
	}
	type scored struct {
		Hit
		score float64
	}
	var list []scored
	most := 0
	for i, s := range g.sections {
		developers := slices.Contains(developerPages, s.Page)
		hit := scored{Hit: Hit{Section: s.Section, Exact: !developers && slices.Equal(s.heading, words)}}
		for w, weight := range weights[i] {
			if developers {
				weight = forDevelopers * min(weight, mostInText)
			}
			if weight > 0 {
				hit.Found++
				hit.score += weight * rarity[w]
				hit.Best = max(hit.Best, placeOf(weights[i][w]))
			}
		}
		if hit.Exact {
			hit.score *= 2
		}
		if developers {
			hit.Best = min(hit.Best, InText)
		}
		list = append(list, hit)
		most = max(most, hit.Found)
	}
	list = slices.DeleteFunc(list, func(s scored) bool { return s.Found == 0 || s.Found < most })
	slices.SortStableFunc(list, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	hits := make([]Hit, len(list))
	for i, s := range list {
		hits[i] = s.Hit
	}
	return hits
}

// HeadingWords returns the words of all headings and titles.
func (g *Guides) HeadingWords() []string {
	seen := map[string]bool{}
	for _, s := range g.sections {
		for _, word := range append(Words(s.Page+" "+s.Title), s.heading...) {
			seen[word] = true
		}
	}
	var list []string
	for word := range seen {
		list = append(list, word)
	}
	slices.Sort(list)
	return list
}
