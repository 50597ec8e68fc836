package gcal

import (
	"cmp"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// week is how long refresh tokens of apps in the status Testing are valid.
const week = 7 * 24 * time.Hour

// Testing sets whether the app has the publishing status Testing.
func (s *Server) Testing(on bool) {
	s.OAuth.RefreshLife = 0
	if on {
		s.OAuth.RefreshLife = week
	}
}

// Deny sets whether people refuse what the app asks for.
func (s *Server) Deny(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = on
}

// authorize is the page where a person authorizes the app, who does so at once.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	back, err := url.Parse(query.Get("redirect_uri"))
	loopback := err == nil && back.Scheme == "http" && (back.Hostname() == "127.0.0.1" || back.Hostname() == "localhost" || back.Hostname() == "::1")
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{query.Get("client_id") == ClientID, "401: invalid_client"},
		{loopback, "400: redirect_uri_mismatch"},
		{query.Get("response_type") == "code", "400: invalid_request response_type"},
		{query.Get("scope") == scope, "400: invalid_scope"},
		{query.Get("code_challenge") != "" && query.Get("code_challenge_method") == "S256", "400: invalid_request code_challenge"},
	} {
		if !c.ok { // shown to the person: the app does not learn of it
			http.Error(w, "Access blocked: authorization error. Error "+c.what, http.StatusBadRequest)
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := url.Values{"state": {query.Get("state")}, "scope": {scope}}
	if s.denied {
		answer = url.Values{"state": {query.Get("state")}, "error": {"access_denied"}}
	} else {
		account := cmp.Or(query.Get("login_hint"), Account)
		code := s.OAuth.Authorize(ClientID, account, query.Get("redirect_uri"), query.Get("code_challenge"))
		s.offline[code] = query.Get("access_type") == "offline" && query.Get("prompt") == "consent"
		answer.Set("code", code)
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// token answers the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err == nil && r.PostForm.Get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		subject, why := s.claim(r.PostForm.Get("assertion"))
		if why != "" {
			write(w, http.StatusBadRequest, Body{"error": "invalid_grant", "error_description": why})
			return
		}
		tokens := s.OAuth.Grant(ServiceAccount, cmp.Or(subject, ServiceAccount))
		write(w, http.StatusOK, Body{"access_token": tokens.Access, "token_type": "Bearer", "expires_in": 3599})
		return
	}
	tokens, refusal := s.OAuth.Token(r, "authorization_code", "refresh_token")
	if refusal != nil && refusal.Code == "invalid_grant" && r.PostForm.Get("grant_type") == "refresh_token" {
		refusal.Description = "Token has been expired or revoked."
	}
	if refusal != nil {
		write(w, refusal.Status, Body{"error": refusal.Code, "error_description": refusal.Description})
		return
	}
	body := Body{"access_token": tokens.Access, "token_type": "Bearer", "expires_in": 3599, "scope": scope}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.offline[r.PostForm.Get("code")] {
		body["refresh_token"] = tokens.Refresh
	}
	write(w, http.StatusOK, body)
}

// claim checks a signed claim, and returns for whom it asks.
func (s *Server) claim(assertion string) (subject, why string) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return "", "Invalid JWT"
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], signature) != nil {
		return "", "Invalid JWT Signature."
	}
	var claims struct {
		Iss, Sub, Scope string
		Iat, Exp        int64
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &claims) != nil || claims.Iss != ServiceAccount || claims.Exp-claims.Iat > 3600 {
		return "", "Invalid JWT: iss, iat and exp must name the service account and at most an hour"
	}
	if claims.Scope != scope {
		return "", "Not a valid scope for this delegation"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subjects = append(s.subjects, claims.Sub)
	return claims.Sub, ""
}
