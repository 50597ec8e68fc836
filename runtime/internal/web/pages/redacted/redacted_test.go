package redacted

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestBodies(t *testing.T) {
	for name, one := range map[string]struct {
		kind, body string
		want       Body
	}{
		"JSON keeps its order":    {"application/json", `{"b":1,"a":[true,null,1.50],"c":{}}`, Body{Text: "{\n  \"b\": 1,\n  \"a\": [\n    true,\n    null,\n    1.50\n  ],\n  \"c\": {}\n}\n"}},
		"secrets by their names":  {"", `{"user":{"password":"x","api_key":{"deep":"x"}},"next_page_token":"y","Authorization":["x"]}`, Body{Text: "{\n  \"user\": {\n    \"password\": \"(hidden)\",\n    \"api_key\": \"(hidden)\"\n  },\n  \"next_page_token\": \"y\",\n  \"Authorization\": \"(hidden)\"\n}\n", Hides: true}},
		"a name as a value":       {"", `["password","x"]`, Body{Text: "[\n  \"password\",\n  \"x\"\n]\n"}},
		"a name that comes twice": {"", `{"token":"x","token":"x"}`, Body{Text: "{\n  \"token\": \"(hidden)\",\n  \"token\": \"(hidden)\"\n}\n", Hides: true}},
		"a form":                  {"application/x-www-form-urlencoded; charset=utf-8", "a=1%202&token=x&b", Body{Text: "a = 1 2\ntoken = (hidden)\nb = \n", Hides: true}},
		"a form with JSON":        {"application/x-www-form-urlencoded", "payload=%7B%22token%22%3A%22x%22%7D", Body{Text: "payload = {\n  \"token\": \"(hidden)\"\n}\n\n", Hides: true}},
		"text":                    {"text/plain", "a\x1b[31m\r\n\u202eb", Body{Text: "a\uFFFD[31m\n\uFFFDb"}},
		"not quite JSON":          {"application/json", `{"password":"x"`, Body{Text: `{"password":"x"`}},
		"no text":                 {"image/png", "\x89PNG", Body{Note: "It is not text: 4 bytes."}},
		"nothing":                 {"", "", Body{Note: "It is empty."}},
		"a string":                {"application/json", `"x"`, Body{Text: `"x"`}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, one.want, Of(one.kind, []byte(one.body))) })
	}
	for _, long := range []string{strings.Repeat("é", mostText), `{"a":"` + strings.Repeat("x", 3*mostText) + `"}`, "[" + strings.Repeat("1,", mostText) + "1]", "a=" + strings.Repeat("b", 2*mostText)} {
		kind := "application/json"
		if long[0] == 'a' {
			kind = "application/x-www-form-urlencoded"
		}
		b := Of(kind, []byte(long))
		assert.LessOrEqual(t, len(b.Text), mostText)
		assert.Equal(t, onlyBeginning, b.Note)
	}
	deep := strings.Repeat("[", 100_000)
	assert.NotPanics(t, func() { Of("", []byte(deep)) })
}

func TestHeaders(t *testing.T) {
	for _, name := range []string{"Authorization", "Cookie", "X-Hub-Signature-256", "X-Shopify-Hmac-Sha256", "X-Goog-Channel-Token", "webhook-signature", "X-Secret", "X-Api-Key", "Digest"} {
		assert.True(t, Header(name), name)
	}
	for _, name := range []string{"Content-Type", "User-Agent", "X-GitHub-Event", "X-GitHub-Delivery", "webhook-id"} {
		assert.False(t, Header(name), name)
	}
}

func TestAddress(t *testing.T) {
	assert.Equal(t, "/hooks/a", Address("/hooks/a", false))
	assert.Equal(t, "/hooks/a?x=1&token=(hidden)&%zz=(hidden)&y", Address("/hooks/a?x=1&token=s&%zz=s&y", true))
	assert.Equal(t, "/hooks/a?x=(hidden)&token=(hidden)", Address("/hooks/a?x=1&token=s", false))
}

func FuzzOf(f *testing.F) {
	f.Add("application/json", `{"password":"geheim"}`)
	f.Fuzz(func(t *testing.T, kind, body string) {
		b := Of(kind, []byte(body))
		assert.LessOrEqual(t, len(b.Text), mostText)
		assert.NotContains(t, b.Text, "\x1b")
	})
}
