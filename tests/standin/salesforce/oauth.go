package salesforce

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/tests/standin"
)

const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// Redirect is where browsers return to after a person has authorized the app. The vendor
// compares the whole address; here, the port may be any.
const Redirect = "http://localhost/callback"

// authorize is the page where a person authorizes the app. Apps require PKCE by default,
// and get a refresh token only if they ask for one.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	s.OAuth.Consent(w, r, s.ID, Redirect, func(query url.Values) string {
		scopes := strings.Fields(query.Get("scope"))
		switch {
		case query.Get("code_challenge") == "" || query.Get("code_challenge_method") != "S256":
			return "invalid_request: missing required code challenge"
		case !slices.Contains(scopes, "api") || !slices.Contains(scopes, "refresh_token"):
			return "invalid_scope: the requested scope is not allowed"
		}
		return ""
	})
}

// token answers the token endpoint. The vendor's answer does not say when the token
// expires.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(code, description string) {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": description})
	}
	_ = r.ParseForm()
	grant := r.PostForm.Get("grant_type")
	login := strings.HasPrefix(r.Host, "login.") || strings.HasPrefix(r.Host, "test.")
	switch {
	case grant == "client_credentials" && login:
		refuse("invalid_grant", "request not supported on this domain")
		return
	case grant == "client_credentials" && s.current().NoUser:
		refuse("invalid_grant", "no client credentials user enabled")
		return
	case grant == jwtBearer:
		if reason := s.assertion(r.PostForm.Get("assertion")); reason != "" {
			refuse("invalid_grant", reason)
			return
		}
		tokens := s.Install()
		tokens.Refresh = "" // this grant has none
		s.grant(w, r, tokens)
		return
	}
	tokens, refusal := s.OAuth.Token(r, "client_credentials", "refresh_token", "authorization_code")
	if refusal == nil {
		s.grant(w, r, tokens)
		return
	}
	switch {
	case refusal.Code == "invalid_client":
		refuse("invalid_client", "invalid client credentials")
	case refusal.Code == "invalid_grant" && grant == "refresh_token":
		refuse("invalid_grant", "expired access/refresh token")
	case refusal.Code == "unsupported_grant_type":
		refuse("unsupported_grant_type", "grant type not supported")
	default:
		refuse(refusal.Code, refusal.Description)
	}
}

func (s *Server) grant(w http.ResponseWriter, r *http.Request, tokens standin.Tokens) {
	issued := strconv.FormatInt(s.Clock.Now().UnixMilli(), 10)
	id := "https://login.salesforce.com/id/" + s.ID + "/005AA0000000001AAA"
	sum := sha256.Sum256([]byte(id + issued))
	body := map[string]string{
		"access_token": tokens.Access, "instance_url": "http://" + r.Host, "id": id, "token_type": "Bearer", "issued_at": issued,
		"signature": base64.StdEncoding.EncodeToString(sum[:]), "scope": "api", "api_instance_url": "https://api.salesforce.com",
	}
	if tokens.Refresh != "" {
		body["refresh_token"] = tokens.Refresh
	}
	writeJSON(w, http.StatusOK, body)
}

// assertion checks a JWT and returns why it is refused. The user is Username.
func (s *Server) assertion(text string) string {
	parts := strings.Split(text, ".")
	s.mu.Lock()
	key := s.certificate
	s.mu.Unlock()
	if len(parts) != 3 || key == nil {
		return "invalid assertion"
	}
	var header struct{ Alg string }
	var claims struct {
		Iss, Sub, Aud string
		Exp           int64
	}
	for i, into := range []any{&header, &claims} {
		part, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(part, into) != nil {
			return "invalid assertion"
		}
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	expires := time.Unix(claims.Exp, 0)
	switch {
	case err != nil || header.Alg != "RS256" || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil:
		return "invalid assertion"
	case claims.Iss != ClientID:
		return "app_not_found"
	case claims.Aud != "https://login.salesforce.com" && claims.Aud != "https://test.salesforce.com":
		return "audience is invalid"
	case claims.Sub != Username:
		return "user hasn't approved this consumer"
	case !s.Clock.Now().Before(expires) || expires.After(s.Clock.Now().Add(5*time.Minute)):
		return "invalid assertion" // the vendor accepts at most five minutes
	}
	return ""
}

// Certify registers the public key that JWTs are checked with.
func (s *Server) Certify(key *rsa.PublicKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.certificate = key
}
