package config

import (
	"strings"
	"unicode"
)

// quotes are the characters that people and word processors put around texts.
const quotes = "\"'`“”‘’«»"

// CheckTokens refuses tokens that cannot be right: with quotes around them, as docker run
// --env-file passes them on, with the word Bearer, and with spaces. Its error does not show
// them.
func (c *Config) CheckTokens() error {
	if err := CheckToken("the API token", "PLANHAT_API_TOKEN", c.APIToken); err != nil {
		return err
	}
	return CheckToken("the tenant token", "PLANHAT_TENANT_TOKEN", c.TenantToken)
}

// CheckToken is CheckTokens for one token, which what names, and which a variable can hold.
func CheckToken(what, variable, token string) error {
	for _, t := range []struct{ what, variable, token string }{{what, variable, token}} {
		_, bearer := strings.CutPrefix(strings.ToLower(t.token), "bearer ")
		switch {
		case strings.Trim(t.token, quotes) != t.token:
			return &Error{
				Message: t.what + " has quotes around it, and Planhat would not accept it",
				Hint:    "write " + t.variable + " without quotes: in an env file of Docker, they become part of the value",
			}
		case bearer:
			return &Error{Message: t.what + ` begins with "Bearer", which is not part of it`, Hint: "set " + t.variable + " to the token alone"}
		case strings.ContainsFunc(t.token, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
			return &Error{Message: t.what + " contains a space or a line break", Hint: "copy the token again, and set " + t.variable + " to it alone"}
		}
	}
	return nil
}
