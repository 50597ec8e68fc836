package html_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/script"
)

// textOf returns the text of HTML, which scripts read from a file.
func textOf(t *testing.T, b *script.Bench, source, options string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "page.html"), []byte(source), 0o600))
	return b.Prints(t, `io.write(require("html").text(fs.read("page.html"), `+options+`))`)
}

func TestText(t *testing.T) {
	b := script.New(t)
	for source, want := range map[string]string{
		"":                                "",
		"plain":                           "plain",
		"Hello <b>Acme</b> &amp; friends": "Hello Acme & friends",
		"<p>a</p><p>b</p>":                "a\n\nb",
		"<p>a<p>b":                        "a\n\nb",
		"<div>a</div><div>b</div>":        "a\nb",
		"a<br>b<br/><br>c<br><br><br>d":   "a\nb\n\nc\n\nd",
		"  a \n\t b&nbsp; c ":             "a b c",
		"<h1>Title</h1>text":              "Title\n\ntext",
		"<ul><li>a<li>b</ul>c":            "- a\n- b\n\nc",
		"<ul><li>a</li><li>b<ul><li>c<br>d</li></ul></li></ul>":         "- a\n- b\n  - c\n    d",
		"<ol><li>a</li><li>b</li></ol>":                                 "1. a\n2. b",
		"<ol start=9><li><p>a</p></li><li></li><li>c</ol>":              "9. a\n11. c",
		"<dl><dt>a<dd>b</dl>":                                           "a\n  b",
		"<blockquote>a<p>b</p><blockquote>c</blockquote></blockquote>d": "> a\n>\n> b\n>>\n> > c\n\nd",
		"<pre>\n a  b\n\n  c</pre>d":                                    "a  b\n\n  c\n\nd",
		"<script>alert('<p>x</p>')</script>a<style>p{}</style>b<title>t</title><!-- c --><noscript>d</noscript>": "ab",
		"<template>a<template>b</template>c</template>d":                                                         "d",
		"<script>never closed <p>x":                           "",
		"<a href='https://a.example/x'>a</a> b":               "a b",
		"<img src=x alt='A chart'> <img alt=''><img>":         "[A chart]",
		"caf&eacute; &#8364;&#x41; &bogus; &amp;lt;":          "café €A &bogus; &lt;",
		"a\x00\x1b[31mb\x7f\u0085c\u202ed\u2066\u200be\ufeff": "a[31mb cde",
		"&#27;&#x9b;&#8238;x&#0;":                             "\u203ax\ufffd",
		"a\xffb":                                              "a\ufffdb",
		"</p></ul></table></blockquote></a></pre>a":           "a",
		"<p>a</P ><UL><LI>B</UL>":                             "a\n\n- B",
		"1 < 2 > 0 <3":                                        "1 < 2 > 0 <3",
		"a<custom-tag>b</custom-tag>c":                        "abc",
		"<table><tr><th>Name<th>MRR<th>Seats</tr><tr><td>Acme<td><td>5</tr><tr><td></td><td><p>7</p></td><td></td></tr></table>after": "Name | MRR | Seats\nAcme | | 5\n| 7 |\n\nafter",
		"<table><tr><td>a</td><td><p>b</p><p>c</p></td><td>d</td></tr></table>":                                                       "a | b\n\nc | d",
		"<table><tr><td>&nbsp;</td><td>content</td></tr><tr><td></td></tr><tr><td>x</table>":                                          "content\nx",
		"<table><tr><td>a</td><td><table><tr><td>b</td><td>c</td></tr></table></td><td>d</td></tr></table>":                           "a\nb | c | d",
		"a<td>b": "a\nb",
	} {
		assert.Equal(t, want, textOf(t, b, source, "nil"), source)
	}
	for source, want := range map[string]string{
		"<a href='https://a.example/x?a=1&amp;b=2'>the <b>page</b></a>, b": "the page (https://a.example/x?a=1&b=2), b",
		"<a href='https://a.example/'>https://a.example</a>":               "https://a.example",
		"<a href='mailto:a@b.example'>a@b.example</a>":                     "a@b.example",
		"<a href='#top'>up</a><a href='JavaScript:x()'>x</a><a>y</a>":      "upxy",
		"<a href='java\tscript:x()'>x</a>":                                 "x",
		"<a href='https://a.example/\x1b\u202e x'>x</a>":                   "x (https://a.example/x)",
		"<a href='/x'>a<br></a>b":                                          "a (/x)\nb",
		"<a href='/x'>a<a href='/y'>b":                                     "a (/x)b (/y)",
		"<a href='/x'></a><a href='/y'><img src=z></a>z":                   "z",
	} {
		assert.Equal(t, want, textOf(t, b, source, "{ links = true }"), source)
	}
	assert.Equal(t, "x", textOf(t, b, "x<img alt=y>", "{ images = false }"))
}

func TestEscape(t *testing.T) {
	b := script.New(t)
	out := b.Prints(t, `local html = require "html"
		print(html.escape([[<a href="x">Smith & 'Sons'</a>]]))
		print(html.unescape("&lt;b&gt; caf&eacute; &#8364; &amp;amp; &nope;"))
		for _, s in ipairs{ "a&b<c>\"d'", "", "\0\255" } do assert(html.unescape(html.escape(s)) == s) end
		print(pcall(html.text, {}))
		print(pcall(html.text, "a", { link = true }))
		print(pcall(html.escape, ("'"):rep(20 * 1024 * 1024)))`)
	assert.Contains(t, out, "&lt;a href=&#34;x&#34;&gt;Smith &amp; &#39;Sons&#39;&lt;/a&gt;\n<b> café € &amp; &nope;\n")
	assert.Contains(t, out, "argument 1, 'html', must be a string, not a table")
	assert.Contains(t, out, "unknown option 'link'")
	assert.Contains(t, out, "the text would be larger than 64 MiB")
}

// Hostile input costs time and memory in proportion to its length, and yields no control
// characters.
func TestHostile(t *testing.T) {
	b := script.New(t)
	for _, part := range []string{
		"<div>", "<ul>", "<ul><li>x", "<blockquote>", "<blockquote>x", "<table>", "<table><tr><td>", "<table><tr><td>x", "<table><tr><th>", "</table>", "<pre>\n", "<a href=x>", "<a href=x>y",
		"<b a=", "<", "&", "&#", "<!--", "<!", "</", "<td>", "<th>x", "<svg><p>", "<template>", "<script", "<br>", "<blockquote><br>x",
	} {
		source := strings.Repeat(part, 500_000/len(part)) + "end"
		started := time.Now()
		text := textOf(t, b, source, "{ links = true }")
		assert.Less(t, time.Since(started), 20*time.Second, part)
		assert.Less(t, len(text), 40*len(source), part)
		assert.True(t, utf8.ValidString(text), part)
		assert.False(t, strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }), part)
	}
	for _, source := range []string{"<a " + strings.Repeat("b ", 5<<20) + ">", "<img src='" + strings.Repeat("b", 9<<20) + "'>"} {
		require.NoError(t, os.WriteFile(filepath.Join(b.Dir, "page.html"), []byte(source), 0o600))
		err := b.Run(t, `require("html").text(fs.read("page.html"))`)
		require.Error(t, err)
		assert.Contains(t, err.Error(), "a tag, or text without tags, of more than 8.0 MiB")
	}
}

func FuzzText(f *testing.F) {
	f.Add("<p>a<ul><li>b<table><tr><th>c<td>d<a href='x'>e</a><pre> f")
	f.Fuzz(func(t *testing.T, source string) {
		if !utf8.ValidString(source) || len(source) > 1000 {
			return
		}
		b := script.New(t)
		text := textOf(t, b, source, "{ links = true }")
		assert.True(t, utf8.ValidString(text))
		assert.Equal(t, strings.TrimSpace(text), text)
		for _, r := range text {
			assert.True(t, !unicode.IsControl(r) || r == '\n', fmt.Sprintf("%U", r))
		}
	})
}
