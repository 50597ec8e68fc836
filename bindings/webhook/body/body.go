// Package body says how the body of a webhook's message is read. The settings key and dedupe
// see the same fields as scripts.
package body

import (
	"bytes"
	"net/url"
	"strings"
)

// IsForm reports whether a Content-Type says that a body is a form.
func IsForm(kind string) bool {
	media, _, _ := strings.Cut(kind, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded")
}

// Form returns the fields of a form, or of a query. Those that are invalid are left out.
func Form(text string) url.Values {
	values, _ := url.ParseQuery(text) // with those that are valid
	return values
}

// JSON returns a body without the byte order mark that some systems send.
func JSON(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) }
