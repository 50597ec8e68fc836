package anonymize

import (
	"strings"
	"sync"
)

// anyKinds are the kinds of members of other systems' JSON and of parameters of addresses, by
// name in lower case without - and _, beside those of Planhat's properties.
var anyKinds = map[kind][]string{
	keep: {
		"after", "before", "cursor", "next", "nextcursor", "nextpage", "nextpagetoken", "pagetoken", "offset", "page", "startingafter", "starttime",
		"select", "sort", "fields", "properties", "expand", "include", "order", "orderby", "operator", "propertyname", "object", "objecttype", "etag", "kind",
		"locale", "language", "timezone", "scope", "tokentype", "granttype", "limit", "errortype", "category",
	},
	name: {
		"fullname", "displayname", "firstname", "lastname", "surname", "givenname", "familyname", "company", "organization", "author", "assignee", "username",
		"login", "salutation",
	},
	mail:  {"emailaddress", "mail", "to", "from", "cc", "bcc", "replyto"},
	phone: {"phonenumber", "mobilephone", "telephone", "fax"},
	host:  {"hostname"},
	link:  {"website", "avatar", "avatarurl", "uri"},
}

var anyKindOf = sync.OnceValue(func() map[string]kind {
	out := map[string]kind{}
	for _, list := range []map[kind][]string{kinds, anyKinds} {
		for k, names := range list {
			for _, n := range names {
				out[plainName(n)] = k
			}
		}
	}
	return out
})

func plainName(name string) string {
	return strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(name))
}

// Any replaces a text that has a name in the data of any system. What nothing is known about
// is replaced, unless it is an id of Planhat, a date, a number, or one word in capitals or in
// lower case as constants are. Ids with a digit in them stay, whatever
// system they are of.
func (m *Masker) Any(member, s string) string {
	k, known := anyKindOf()[plainName(member)]
	switch {
	case k == identity && constant().MatchString(s):
		return s
	case (!known || k == key || k == identity) && isCode(s) && !isEmail(s) && !isURL(s) && !isDomain(s):
		return s // scripts put them into addresses, and into other ids
	case !known && (isNumber(s) || constant().MatchString(s)):
		return s
	case !known:
		k = mixed
	}
	short := len(strings.Fields(s)) <= mostLabelWords && !isEmail(s) && !isURL(s) && !isDomain(s) && !isCode(s)
	switch {
	case k == name || k == label && short || k == mixed && short && !isID(s) && !isDate(s) && !strings.HasPrefix(s, "<"):
		return m.Name(s) // the same text is a name here and a title there
	case k == label:
		k = mixed
	}
	return m.text(field{kind: k}, s)
}

// Label reports whether a member of this name holds one of a few values to choose from.
func Label(member, s string) bool {
	return anyKindOf()[plainName(member)] == label && isLabel(s)
}

// Address reports whether a text is an address of e-mails.
func Address(s string) bool { return isEmail(strings.TrimSpace(s)) }

// IsLink reports whether a text is the address of a page or a service.
func IsLink(s string) bool { return isURL(strings.TrimSpace(s)) }
