package gcal

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// token answers the token endpoint.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err == nil && r.PostForm.Get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		subject, why := s.claim(r.PostForm.Get("assertion"))
		if why != "" {
			write(w, http.StatusBadRequest, Body{"error": "invalid_grant", "error_description": why})
			return
		}
		tokens := s.OAuth.Grant(ServiceAccount, subject)
		write(w, http.StatusOK, Body{"access_token": tokens.Access, "token_type": "Bearer", "expires_in": 3599})
		return
	}
	tokens, refusal := s.OAuth.Token(r, "authorization_code", "refresh_token")
	if refusal != nil {
		write(w, refusal.Status, Body{"error": refusal.Code, "error_description": refusal.Description})
		return
	}
	body := Body{"access_token": tokens.Access, "token_type": "Bearer", "expires_in": 3599, "scope": scope}
	if r.PostForm.Get("grant_type") == "authorization_code" {
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
