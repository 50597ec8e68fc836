package hubspot

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Redirect is where browsers return to after an app was installed. The vendor accepts http
// only for localhost, and compares the whole address; here, the port may be any.
const Redirect = "http://localhost/callback"

// authorize is the page where a person installs the app. The vendor refuses scopes that the
// app does not declare, and does not document PKCE.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	s.OAuth.Consent(w, r, DefaultPortal, Redirect, func(query url.Values) string {
		asked, known := strings.Fields(query.Get("scope")), s.scopes(DefaultPortal)
		if !slices.Contains(asked, "oauth") {
			return "the scope oauth is missing"
		}
		for _, scope := range asked {
			if !slices.Contains(known, scope) {
				return "the app does not have the scope " + scope
			}
		}
		return ""
	})
}

// token answers the token endpoint: authorization_code and refresh_token, the two
// grant types of the vendor's specification.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	tokens, refusal := s.OAuth.Token(r, "authorization_code", "refresh_token")
	if refusal != nil {
		status := "error"
		switch {
		case refusal.Code == "invalid_grant" && r.PostForm.Get("grant_type") == "refresh_token":
			status = "BAD_REFRESH_TOKEN"
		case refusal.Code == "invalid_grant":
			status = "BAD_AUTH_CODE"
		case refusal.Code == "invalid_client":
			status = "BAD_CLIENT_ID"
		}
		writeJSON(w, http.StatusBadRequest, map[string]any{
			"status": status, "message": refusal.Description, "correlationId": s.correlation(), "category": "VALIDATION_ERROR",
			"error": refusal.Code, "error_description": refusal.Description,
		})
		return
	}
	hub, _ := strconv.Atoi(tokens.Account)
	writeJSON(w, http.StatusOK, map[string]any{
		"token_type": "bearer", "access_token": tokens.Access, "refresh_token": tokens.Refresh,
		"expires_in": int(tokens.ExpiresIn.Seconds()), "hub_id": hub, "scopes": s.scopes(tokens.Account),
	})
}

// scopes are the scopes of tokens of an account, with those of all object types
// if the account does not restrict them.
func (s *Server) scopes(account string) []string {
	s.mu.Lock()
	p := s.portals[account]
	s.mu.Unlock()
	if p == nil {
		return []string{}
	}
	if settings := p.current(); settings.Scopes != nil {
		return settings.Scopes
	}
	scopes := []string{"oauth", "crm.objects.owners.read", "tickets"}
	for _, k := range kinds {
		if k.scope != "tickets" {
			scopes = append(scopes, k.scope+".read", k.scope+".write")
		}
	}
	return scopes
}

func (s *Server) introspect(w http.ResponseWriter, r *http.Request) {
	account, _ := s.OAuth.Account(r.PostFormValue("token"))
	writeJSON(w, http.StatusOK, map[string]any{"active": account != ""})
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	s.OAuth.Revoke(r.PostFormValue("token"))
	w.WriteHeader(http.StatusNoContent)
}
