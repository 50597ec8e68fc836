package jira

import (
	"encoding/json"
	"net/http"
	"slices"
)

// Link is a remote link of an issue. A client names it by its global id; posting one that is there changes it.
type Link struct {
	ID           int    `json:"id"`
	Self         string `json:"self"`
	GlobalID     string `json:"globalId,omitempty"`
	Application  Fields `json:"application"`
	Relationship string `json:"relationship,omitempty"`
	Object       Fields `json:"object"`
}

// Links returns the remote links of an issue.
func (d *Data) Links(id string) []Link {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.links[id])
}

// AddLink adds a remote link, as somebody else does.
func (d *Data) AddLink(id string, link Link) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last++
	link.ID = d.last
	d.links[id] = append(d.links[id], link)
}

func (s *Server) listLinks(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[r.PathValue("id")] == nil {
		noIssue(w)
		return
	}
	reply(w, http.StatusOK, append([]Link{}, s.links[r.PathValue("id")]...))
}

func (s *Server) setLink(w http.ResponseWriter, r *http.Request) {
	var sent Link
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || sent.Object["url"] == nil || sent.Object["title"] == nil {
		reply(w, http.StatusBadRequest, Fields{"errorMessages": []any{}, "errors": Fields{"title": "'title' is required."}})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.PathValue("id")
	if s.byID[id] == nil {
		noIssue(w)
		return
	}
	s.writes++
	status, at := http.StatusOK, slices.IndexFunc(s.links[id], func(l Link) bool { return sent.GlobalID != "" && l.GlobalID == sent.GlobalID })
	if at < 0 {
		s.last++
		sent.ID = s.last
		s.links[id] = append(s.links[id], sent)
		status, at = http.StatusCreated, len(s.links[id])-1
	} else {
		sent.ID = s.links[id][at].ID
		s.links[id][at] = sent
	}
	reply(w, status, Fields{"id": s.links[id][at].ID, "self": "https://api.atlassian.com" + api + "issue/" + id + "/remotelink"})
}

func (s *Server) deleteLink(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, before := r.PathValue("id"), len(s.links[r.PathValue("id")])
	s.links[id] = slices.DeleteFunc(s.links[id], func(l Link) bool { return l.GlobalID == r.URL.Query().Get("globalId") })
	if len(s.links[id]) == before {
		refuse(w, http.StatusNotFound, "The remote link does not exist.")
		return
	}
	s.writes++
	w.WriteHeader(http.StatusNoContent)
}

func noIssue(w http.ResponseWriter) {
	refuse(w, http.StatusNotFound, "Issue does not exist or you do not have permission to see it.")
}
