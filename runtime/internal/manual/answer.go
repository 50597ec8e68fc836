package manual

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/guide"
)

// Answer is what the manual has on a name or some words: the topic or section
// with that name, and what else a search finds.
type Answer struct {
	text    string
	Topic   *Topic
	Section *guide.Section
	// Sections and Topics are sorted by relevance. They contain all words, or
	// as many as any contains.
	Sections []*guide.Section
	Topics   []*Topic
	complete bool
}

// Empty reports whether nothing was found.
func (a *Answer) Empty() bool {
	return a.Topic == nil && a.Section == nil && len(a.Sections) == 0 && len(a.Topics) == 0
}

// Meant returns the topic or section with the name, or else the search results.
func (a *Answer) Meant() ([]*Topic, []*guide.Section) {
	switch {
	case a.Topic != nil:
		return []*Topic{a.Topic}, nil
	case a.Section != nil:
		return nil, []*guide.Section{a.Section}
	}
	return a.Topics, a.Sections
}

// Ask looks up the name of a topic, the name or heading of a section, or else
// words in them.
func (m *Manual) Ask(text string) *Answer {
	words := strings.Fields(text)
	a := &Answer{text: strings.Join(words, " ")}
	guides := guide.All()
	if a.Topic = cmp.Or(m.Topic(`planhat.model("`+a.text+`")`), m.Topic(a.text), m.Find(strings.Join(words, "."))); a.Topic != nil {
		return a
	}
	if a.Section = guides.Find(a.text); a.Section != nil {
		return a
	}
	hits := guides.Search(words...)
	topics, most := m.search(words)
	a.Topics = topics
	// A name in capitals is an environment variable, which only guides are about.
	variable := strings.Contains(a.text, "_") && a.text == strings.ToUpper(a.text)
	if len(words) == 1 && !variable && len(a.Topics) == 0 && len(m.closest(a.text)) > 0 && misspelled(hits, words) {
		return a
	}
	if len(hits) > 0 && hits[0].Found >= most {
		inReference := len(a.Topics) > 0 && most == hits[0].Found
		most = hits[0].Found
		if exact := slices.DeleteFunc(slices.Clone(hits), func(h guide.Hit) bool { return !h.Exact }); len(exact) == 1 {
			a.Section = exact[0].Section
		}
		// Leave out mere mentions if the reference has all words. One word alone may be
		// about much more than what has it in its name.
		least := guide.InCode
		switch {
		case inReference && len(words) == 1:
			least = min(guide.InHeading, max(guide.InText, best(hits)))
		case inReference:
			least = guide.InHeading
		}
		for _, h := range hits {
			if h.Section != a.Section && h.Best >= least {
				a.Sections = append(a.Sections, h.Section)
			}
		}
	}
	if len(hits) == 1 && len(a.Topics) == 0 {
		a.Section, a.Sections = hits[0].Section, nil
	}
	a.complete = most == len(guide.Telling(guide.Words(a.text)))
	return a
}

// best returns the most prominent place of the hits.
func best(hits []guide.Hit) guide.Place {
	place := guide.InCode
	for _, h := range hits {
		place = max(place, h.Best)
	}
	return place
}

// misspelled reports whether guides have the words only in code, or not all of
// them. Then a topic with a similar name is meant.
func misspelled(hits []guide.Hit, words []string) bool {
	all := len(guide.Telling(guide.Words(strings.Join(words, " "))))
	return !slices.ContainsFunc(hits, func(h guide.Hit) bool { return h.Best > guide.InCode && h.Found == all })
}

// The most results that are shown, alone and beside a section.
const (
	mostSections = 6
	mostResults  = 20
	fewResults   = 8 // beside sections
	mostBeside   = 3
)

// Show returns an answer as a page for a terminal.
func (m *Manual) Show(a *Answer, o PageOptions) string {
	switch {
	case a.Topic != nil:
		return m.Page(a.Topic, o)
	case a.Section != nil:
		return sectionPage(a, o)
	}
	s := newSheet(o)
	if a.Empty() {
		s.markdown(0, "There is nothing about '"+a.text+"'"+catalog.Aside(m.Suggestions(a.text))+".")
		return s.finish()
	}
	if !a.complete {
		s.markdown(0, "No page has all of these words. The closest:")
		s.gap()
	}
	first := ""
	if len(a.Sections) > 0 {
		first = a.Sections[0].Name()
		s.heading("Guides")
		s.items(0, sectionItems(a.Sections[:min(len(a.Sections), mostSections)]))
	}
	if len(a.Topics) > 0 {
		list, shown := m.grouped(a.Topics), mostResults
		if len(a.Sections) > 0 {
			shown = fewResults
			s.heading("Reference")
		} else {
			first = list[0].name
		}
		s.items(0, list[:min(len(list), shown)])
		if rest := len(list) - shown; rest > 0 {
			s.gap()
			s.markdown(0, "… and "+strconv.Itoa(rest)+" more. Add a word to narrow the search.")
		}
	}
	s.gap()
	s.markdown(0, "Read one with: "+o.ask(first))
	return s.finish()
}

func sectionItems(sections []*guide.Section) []item {
	var list []item
	for _, one := range sections {
		it := item{name: one.Name(), doc: one.Headline()}
		if one.Heading != "" {
			it.doc += " (" + one.Title + ")"
		}
		list = append(list, it)
	}
	return list
}

// sectionPage shows a section of a guide. The start of a guide lists its other
// sections.
func sectionPage(a *Answer, o PageOptions) string {
	s := newSheet(o)
	title := s.styled(a.Section.Headline(), display.Bold)
	if a.Section.Heading != "" {
		title += "  " + s.styled(a.Section.Title, display.Dim)
	}
	s.line(0, title)
	s.gap()
	s.markdown(indent, a.Section.Text)
	s.section("See also", sectionItems(a.Sections[:min(len(a.Sections), mostBeside)]))
	if a.Section.Heading == "" {
		var list []item
		for _, one := range guide.All().Page(a.Section.Page)[1:] {
			list = append(list, item{name: one.Name(), doc: one.Heading})
		}
		s.section("Sections", list)
	}
	return s.finish()
}

// mostSuggestions bounds the suggested names.
const mostSuggestions = 3

// Suggestions returns names of topics, or words in names and headings, that are
// spelled like the given one.
func (m *Manual) Suggestions(name string) []string {
	near := m.Nearest(name)
	if len(near) > 0 {
		return near
	}
	for word := range strings.FieldsSeq(name) {
		if m.Ask(word).Empty() {
			near = append(near, m.closest(word)...)
		}
	}
	near = slices.Compact(near)
	return near[:min(len(near), mostSuggestions)]
}

// closest returns similar names of topics, or else words in names, or else
// words in headings.
func (m *Manual) closest(word string) []string {
	if near := m.Nearest(word); len(near) > 0 {
		return near
	}
	var parts []string
	for _, t := range m.topics {
		parts = append(parts, t.Name[strings.LastIndexByte(t.Name, '.')+1:])
	}
	slices.Sort(parts)
	if near := catalog.Nearest(word, slices.Compact(parts)); len(near) > 0 {
		return near
	}
	return catalog.Nearest(word, guide.All().HeadingWords())
}
