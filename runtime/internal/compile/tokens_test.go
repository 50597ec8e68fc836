package compile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestTokens(t *testing.T) {
	src := "\xef\xbb\xbf#!/usr/bin/env phscript\nlocal x = 0x1F -- note\n--[[ long\ncomment]] s = [==[a\nb]==] .. 'it\\'s'\n--[= title\nif x ~= nil then end"
	var got []string
	for _, tok := range Tokens([]byte(src)) {
		assert.Equal(t, src[tok.Start:tok.End], tok.Text)
		got = append(got, tok.Text)
	}
	assert.Equal(t, []string{
		"local", "x", "=", "0x1F", "-- note", "--[[ long\ncomment]]", "s", "=", "[==[a\nb]==]", "..", `'it\'s'`, "--[= title",
		"if", "x", "~=", "nil", "then", "end",
	}, got)
	kinds := Tokens([]byte("local x = 1 .. 's' -- c"))
	for i, want := range []TokenKind{Keyword, Name, Symbol, Number, Symbol, String, Comment} {
		assert.Equal(t, want, kinds[i].Kind, kinds[i].Text)
	}
	broken := Tokens([]byte("x = 12_000 .. y\nz = 1"))
	assert.Equal(t, Token{Kind: Symbol, Text: "12_000 .. y\nz = 1", Line: 1, Column: 5, EndLine: 2, EndColumn: 5, Start: 4, End: 21}, broken[len(broken)-1])
}

// TestTokensCoverAnyText: whatever is typed, the tokens stand in order, hold
// what the source holds there, and leave out nothing but white space.
func TestTokensCoverAnyText(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"x", "end", "12", "0x", "1e", "'a", `"`, "\\", "--", "[[", "]]", "[=[", "]=]", "\n", " ", "\r\n", "é", "..", "~=", "\t", "#"})
	rapid.Check(t, func(t *rapid.T) {
		src := strings.Join(rapid.SliceOf(pieces).Draw(t, "pieces"), "")
		end := 0
		if strings.HasPrefix(src, "#") {
			if i := strings.IndexAny(src, "\r\n"); i >= 0 {
				end = i
			} else {
				end = len(src)
			}
		}
		for _, tok := range Tokens([]byte(src)) {
			if tok.Start < end || tok.End <= tok.Start || src[tok.Start:tok.End] != tok.Text {
				t.Fatalf("token %+v of %q", tok, src)
			}
			if gap := strings.TrimSpace(src[end:tok.Start]); gap != "" {
				t.Fatalf("%q of %q is in no token", gap, src)
			}
			end = tok.End
		}
		if gap := strings.TrimSpace(src[end:]); gap != "" {
			t.Fatalf("%q of %q is in no token", gap, src)
		}
	})
}
