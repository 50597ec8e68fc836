package typeform

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Body is a JSON object.
type Body = map[string]any

// Field is a question of a form.
type Field struct {
	ID, Ref, Title, Type string
	Properties           Body
	// Fields are the questions of a group.
	Fields []Field
}

// Response is what a respondent sent.
type Response struct {
	// Answers are by the ref of their question. Nil is unanswered.
	Answers Body
	Hidden  Body
	// Type is started, partial or completed, which is the default.
	Type string
}

type form struct {
	id, title string
	fields    []Field
	hidden    []string
	responses []*response // by place
	// places are where responses were when they were listed.
	places map[string]place
}

// place is where a response is in the order of its form.
type place struct {
	at int64 // seconds
	n  int
}

func (p place) compare(q place) int { return cmp.Or(cmp.Compare(p.at, q.at), cmp.Compare(p.n, q.n)) }

type response struct {
	of    *form
	token string
	place
	landed  time.Time
	visible time.Time
	Response
}

// AddForm adds a form with some questions and hidden fields, and returns its id.
func (s *Server) AddForm(title string, fields ...Field) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprintf("fOrm%02d", len(s.order)+1)
	s.forms[id] = &form{id: id, title: title, fields: numbered(fields, id), hidden: []string{"email", "company_id"}, places: map[string]place{}}
	s.order = append(s.order, id)
	return id
}

// numbered gives the questions ids, and the properties that the vendor's have.
func numbered(fields []Field, prefix string) []Field {
	out := slices.Clone(fields)
	for i := range out {
		f := &out[i]
		f.ID = cmp.Or(f.ID, fmt.Sprintf("%sq%d", prefix, i+1))
		f.Title = cmp.Or(f.Title, "Question "+strconv.Itoa(i+1))
		f.Fields = numbered(f.Fields, f.ID)
	}
	return out
}

// SetFields replaces the questions of a form.
func (s *Server) SetFields(id string, fields ...Field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forms[id].fields = numbered(fields, id)
}

// DeleteForm deletes a form with its responses.
func (s *Server) DeleteForm(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.forms, id)
	s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
}

// Submit adds a response that was completed now, and returns its token.
func (s *Server) Submit(id string, r Response) string { return s.SubmitAt(s.Clock.Now(), id, r) }

// SubmitAt adds a response that was completed at a time.
func (s *Server) SubmitAt(at time.Time, id string, r Response) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	one := &response{of: s.forms[id], token: fmt.Sprintf("%08x%024x", s.n*2654435761%(1<<32), s.n), landed: at.Add(-time.Minute), Response: r}
	one.Type = cmp.Or(one.Type, "completed")
	s.tokens[one.token] = one
	s.insert(one.of, one, at)
	return one.token
}

func (s *Server) insert(f *form, one *response, at time.Time) {
	s.n++
	one.place, one.visible = place{at.Unix(), s.n}, at.Add(s.late)
	i, _ := slices.BinarySearchFunc(f.responses, one, func(a, b *response) int { return a.compare(b.place) })
	f.responses = slices.Insert(f.responses, i, one)
}

// Resubmit changes answers of a response, as if it had been completed now. It is
// where it was for a client that has it as the last one of a page.
func (s *Server) Resubmit(token string, answers Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, one := s.must(token)
	f.take(one)
	one.Answers = merged(one.Answers, answers)
	s.insert(f, one, s.Clock.Now())
}

// Complete completes a response that was started or partial.
func (s *Server) Complete(token string) {
	s.mu.Lock()
	_, one := s.must(token)
	one.Type = "completed"
	s.mu.Unlock()
	s.Resubmit(token, nil)
}

// SetSilently changes a response, and not its time.
func (s *Server) SetSilently(token string, answers, hidden Body) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, one := s.must(token)
	one.Answers, one.Hidden = merged(one.Answers, answers), merged(one.Hidden, hidden)
}

func merged(a, b Body) Body {
	out := Body{}
	maps.Copy(out, a)
	maps.Copy(out, b)
	return out
}

// Delete deletes a response.
func (s *Server) Delete(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, one := s.must(token)
	f.take(one)
	delete(f.places, token)
	delete(s.tokens, token)
}

// Answer returns the answer of a response to the question with a ref.
func (s *Server) Answer(token, ref string) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, one := s.must(token)
	return one.Answers[ref]
}

// Tokens returns the tokens of all responses of a form.
func (s *Server) Tokens(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var tokens []string
	for _, one := range s.forms[id].responses {
		tokens = append(tokens, one.token)
	}
	return tokens
}

func (s *Server) must(token string) (*form, *response) {
	one := s.tokens[token]
	if one == nil {
		panic("typeform stand-in: there is no response " + token)
	}
	return one.of, one
}

// seek returns the index of the first response from a place on.
func (f *form) seek(p place) int {
	i, _ := slices.BinarySearchFunc(f.responses, p, func(one *response, p place) int { return one.compare(p) })
	return i
}

// within returns the responses from one place up to before another.
func (f *form) within(from, to place) []*response {
	end := f.seek(to)
	return f.responses[min(f.seek(from), end):end]
}

// take takes a response out of the list.
func (f *form) take(one *response) {
	i := f.seek(one.place)
	f.responses = slices.Delete(f.responses, i, i+1)
}

// Survey adds a form that asks for a score, a reason and an e-mail address.
func (s *Server) Survey() string {
	return s.AddForm("Customer survey", Questions()...)
}

// Questions are those of [Server.Survey].
func Questions() []Field {
	return []Field{
		{Ref: "name", Type: "short_text", Title: "What is your name?"},
		{Ref: "nps", Type: "nps", Title: "How likely are you to recommend us?", Properties: Body{"steps": 11, "start_at_one": false}},
		{Ref: "why", Type: "long_text", Title: "Why?"},
		{Ref: "contact", Type: "contact_info", Title: "May we ask you more?", Fields: []Field{{Ref: "mail", Type: "email", Title: "E-mail"}}},
	}
}

// Fill adds a survey with responses of the last days, the same ones each time, and returns its id.
func (s *Server) Fill(n int) string {
	id := s.Survey()
	for i := range n {
		s.SubmitAt(s.Clock.Now().Add(-time.Duration(n-i)*time.Hour), id, Response{
			Answers: Body{"nps": i % 11, "why": "Reason " + strconv.Itoa(i+1)}, Hidden: Body{"email": fmt.Sprintf("person%d@northwind.example", i+1)},
		})
	}
	return id
}
