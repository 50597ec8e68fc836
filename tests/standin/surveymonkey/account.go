package surveymonkey

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Kind is a type of question.
type Kind string

// The types of questions that a survey can have here.
const (
	NPS     Kind = "nps"     // how likely it is that you recommend us
	Essay   Kind = "essay"   // a text
	Choice  Kind = "choice"  // one of several texts
	Scale   Kind = "scale"   // one to five
	Eleven  Kind = "eleven"  // zero to ten, made by hand
	Email   Kind = "email"   // a text that must be an address
	Contact Kind = "contact" // name and address
)

// question is a part of a survey's design.
type question struct {
	id, row string
	kind    Kind
	heading string
	choices []option
	email   string // the row of a contact's address
}

type option struct {
	id, text string
	weight   int
	na       bool
}

type survey struct {
	id, title string
	modified  time.Time
	questions []*question
	responses []*response // by time and id
	partial   int         // how many of them are not completed
}

// Reply is what a person answered.
type Reply struct {
	// Score answers the NPS question, unless it is negative.
	Score int
	// Pick answers it with the choice of this id instead.
	Pick string
	// Comment answers the first text, and Typed the questions that ask for an address.
	Comment, Typed string
	// Email is the address of the contact who was invited, if there was one.
	Email     string
	Variables map[string]string
	// Status is completed, unless it is set.
	Status string
	// Fields are added to the response, or replace its own.
	Fields map[string]any
}

type response struct {
	id                int
	created, modified time.Time
	reply             Reply
}

func (s *Server) id() string {
	s.n++
	return strconv.Itoa(300000000 + s.n)
}

// AddSurvey adds a survey with questions, and returns its id.
func (s *Server) AddSurvey(title string, kinds ...Kind) string {
	s.mu.Lock()
	one := &survey{id: s.id(), title: title, modified: s.Clock.Now()}
	s.surveys = append(s.surveys, one)
	s.mu.Unlock()
	for _, kind := range kinds {
		s.AddQuestion(one.id, kind, "")
	}
	return one.id
}

// RemoveSurvey deletes a survey with its responses.
func (s *Server) RemoveSurvey(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.surveys = slices.DeleteFunc(s.surveys, func(one *survey) bool { return one.id == id })
}

// AddQuestion adds a question at the end of a survey, and returns its id.
func (s *Server) AddQuestion(of string, kind Kind, heading string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := &question{id: s.id(), kind: kind, heading: cmp.Or(heading, headings[kind])}
	add := func(text string, weight int) {
		one.choices = append(one.choices, option{id: s.id(), text: text, weight: weight})
	}
	switch kind {
	case NPS, Eleven:
		one.row = s.id()
		for i := range 11 {
			if kind == NPS {
				add(likely(i))
			} else {
				add(strconv.Itoa(i), i)
			}
		}
	case Scale:
		one.row = s.id()
		for i := range 5 {
			add("", i+1)
		}
		one.choices = append(one.choices, option{id: s.id(), text: "N/A", na: true})
	case Choice:
		add("Yes", 0)
		add("No", 0)
	case Contact:
		one.email = s.id()
	case Essay, Email:
	}
	to := s.survey(of)
	to.questions, to.modified = append(to.questions, one), s.Clock.Now()
	return one.id
}

// likely returns the text and the weight of a score.
func likely(score int) (text string, weight int) {
	switch {
	case score == 0:
		return "Not at all likely - 0", -100
	case score <= 6:
		return strconv.Itoa(score), -100
	case score <= 8:
		return strconv.Itoa(score), 0
	case score == 9:
		return "9", 100
	}
	return "Extremely likely - 10", 100
}

var headings = map[Kind]string{
	NPS: "How likely is it that you would recommend this company to a friend or colleague?", Essay: "What is the reason for your score?", Choice: "Are you a customer?",
	Scale: "How satisfied are you?", Eleven: "From zero to ten?", Email: "What is your e-mail address?", Contact: "Who are you?",
}

// RemoveQuestion removes a question and its answers.
func (s *Server) RemoveQuestion(of, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.survey(of)
	from.questions = slices.DeleteFunc(from.questions, func(q *question) bool { return q.id == id })
	from.modified = s.Clock.Now()
}

// Questions returns the ids of a survey's questions.
func (s *Server) Questions(of string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, q := range s.survey(of).questions {
		ids = append(ids, q.id)
	}
	return ids
}

// Add adds a response that was given now, and returns its id.
func (s *Server) Add(to string, reply Reply) string { return s.AddAt(s.Clock.Now(), to, reply) }

// AddAt adds a response that was given at a time.
func (s *Server) AddAt(at time.Time, to string, reply Reply) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	at = at.Truncate(time.Second)
	one := &response{id: 5000000000 + s.n, created: at.Add(-time.Minute), modified: at, reply: reply}
	s.survey(to).insert(one)
	s.places[strconv.Itoa(one.id)] = to
	return strconv.Itoa(one.id)
}

func compare(a, b *response) int {
	return cmp.Or(a.modified.Compare(b.modified), cmp.Compare(a.id, b.id))
}

func (v *survey) insert(one *response) {
	place, _ := slices.BinarySearchFunc(v.responses, one, compare)
	v.responses = slices.Insert(v.responses, place, one)
	if one.status() != completed {
		v.partial++
	}
}

func (v *survey) take(one *response) {
	place, _ := slices.BinarySearchFunc(v.responses, one, compare)
	v.responses = slices.Delete(v.responses, place, place+1)
	if one.status() != completed {
		v.partial--
	}
}

const completed = "completed"

func (r *response) status() string { return cmp.Or(r.reply.Status, completed) }

// Change changes a response as its person or a user does, now.
func (s *Server) Change(id string, change func(*Reply)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, one := s.find(id)
	in.take(one)
	change(&one.reply)
	one.modified = s.Clock.Now().Truncate(time.Second)
	in.insert(one)
}

// ChangeSilently changes a response, and not its time. The status must stay.
func (s *Server) ChangeSilently(id string, change func(*Reply)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, one := s.find(id)
	one.reply.Fields = maps.Clone(one.reply.Fields)
	change(&one.reply)
}

// Delete removes a response.
func (s *Server) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, one := s.find(id)
	in.take(one)
}

// Reply returns what a person answered.
func (s *Server) Reply(id string) Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, one := s.find(id)
	return one.reply
}

// IDs returns the ids of a survey's responses.
func (s *Server) IDs(of string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, one := range s.survey(of).responses {
		ids = append(ids, strconv.Itoa(one.id))
	}
	return ids
}

// Fill adds a survey with responses of the last days, the same ones each time.
func (s *Server) Fill(n int) {
	id := s.AddSurvey("Customers", NPS, Essay, Choice)
	for i := range n {
		s.AddAt(s.Clock.Now().Add(-time.Duration(n-i)*time.Hour), id, Reply{
			Score: i % 11, Comment: "Comment " + strconv.Itoa(i), Email: "person" + strconv.Itoa(i) + "@northwind.example",
		})
	}
}

func (s *Server) survey(id string) *survey {
	i := slices.IndexFunc(s.surveys, func(one *survey) bool { return one.id == id })
	if i < 0 {
		panic("surveymonkey stand-in: there is no survey " + id)
	}
	return s.surveys[i]
}

// find finds a response by its id. The responses of a survey are in the order of their
// times, so it looks at all of them.
func (s *Server) find(id string) (*survey, *response) {
	in := s.survey(s.places[id])
	n, _ := strconv.Atoi(id)
	i := slices.IndexFunc(in.responses, func(one *response) bool { return one.id == n })
	if i < 0 {
		panic("surveymonkey stand-in: there is no response " + id)
	}
	return in, in.responses[i]
}
