package crypto_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/tests/script"
)

// The expected values are those of openssl and of RFC 4231 and RFC 4648.
func TestResults(t *testing.T) {
	b := script.New(t)
	for source, want := range map[string]string{
		`crypto.hash("sha256", "Acme")`:                                        "37036cd8f9746d335038eca92f8a73ae5f1bca4779a1e55e5812e37743b2f5bf",
		`crypto.hash("sha1", "abc")`:                                           "a9993e364706816aba3e25717850c26c9cd0d89d",
		`crypto.hash("md5", "")`:                                               "d41d8cd98f00b204e9800998ecf8427e",
		`crypto.hash("sha256", "abc", "base64")`:                               "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
		`crypto.hash("sha256", "abc", "base64url")`:                            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",
		`#crypto.hash("sha512", "abc", "bytes")`:                               "64",
		`#crypto.hash("sha384", "abc")`:                                        "96",
		`crypto.hash("sha1", "a\0b") == crypto.hash("sha1", "a")`:              "false",
		`crypto.hmac("sha256", ("\11"):rep(20), "Hi There")`:                   "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
		`crypto.hmac("md5", "Jefe", "what do ya want for nothing?")`:           "750c783e6ab0b503eaa86e310a5db738",
		`crypto.hmac("sha256", crypto.hmac("sha256", "k", "a", "bytes"), "b")`: "693643825562386579861644d1d9f4eb3aeb431f8b5897bbc22a2f2724590a3e",
		`crypto.equal("abc", "abc")`:                                           "true",
		`crypto.equal("abc", "abd")`:                                           "false",
		`crypto.equal("abc", "abcd")`:                                          "false",
		`crypto.equal("1", 1)`:                                                 "true",
		`crypto.base64_encode("\0\255\254fo")`:                                 "AP/+Zm8=",
		`crypto.base64url_encode("\0\255\254fo")`:                              "AP_-Zm8",
		`crypto.base64_decode("Zm9v\r\nYmFy\n")`:                               "foobar",
		`crypto.base64_decode("Zm8=\n")`:                                       "fo",
		`crypto.base64_decode("Zm8")`:                                          "fo",
		`crypto.base64url_decode("AP_-Zm8=") == "\0\255\254fo"`:                "true",
		`#crypto.base64_decode("")`:                                            "0",
		`crypto.hex_encode("\0\255A")`:                                         "00ff41",
		`crypto.hex_decode("00FF41") == "\0\255A"`:                             "true",
		`crypto.uuid():match("^%x+%-%x+%-4%x%x%x%-[89ab]%x%x%x%-%x+$") ~= nil`: "true",
		`#crypto.uuid() + #crypto.uuid(7)`:                                     "72",
		`crypto.uuid() == crypto.uuid()`:                                       "false",
		`#crypto.random(16)`:                                                   "32",
		`#crypto.random(16, "bytes")`:                                          "16",
		`#crypto.random(1048576, "bytes")`:                                     "1048576",
		`crypto.random(16) == crypto.random(16)`:                               "false",
		`type(_G.crypto)`:                                                      "nil",
	} {
		got := strings.TrimSuffix(b.Prints(t, "local crypto = require \"crypto\" print("+source+")"), "\n")
		assert.Equal(t, want, got, source)
	}
}

// Encodings give back every byte.
func TestRoundTrips(t *testing.T) {
	b := script.New(t)
	assert.Equal(t, "ok\n", b.Prints(t, `local crypto = require "crypto"
		for n = 0, 70 do
			local data = n == 0 and "" or crypto.random(n, "bytes")
			for _, form in ipairs{ "base64", "base64url", "hex" } do
				assert(crypto[form .. "_decode"](crypto[form .. "_encode"](data)) == data)
			end
		end
		print("ok")`))
}

func TestUUIDsOfTimeSort(t *testing.T) {
	b := script.New(t)
	now := time.UnixMilli(0x017f22e279b0)
	b.Options.Now = func() time.Time { now = now.Add(time.Millisecond); return now }
	out := b.Prints(t, `local crypto = require "crypto"
		local last = ""
		for i = 1, 100 do
			local id = crypto.uuid(7)
			assert(id > last, id) last = id
			assert(id:match("^%x+%-%x+%-7%x%x%x%-[89ab]%x%x%x%-%x+$"), id)
		end
		print(last:sub(1, 9))`)
	assert.Equal(t, "017f22e2-\n", out)
}

func TestErrors(t *testing.T) {
	b := script.New(t)
	for source, want := range map[string]string{
		`crypto.hash("SHA-256", "a")`:                    `crypto.hash: unknown algorithm "SHA-256" (did you mean 'sha256'?); valid algorithms: sha256, sha512, sha384, sha1, md5`,
		`crypto.hash("sha265", "a")`:                     `did you mean 'sha256'`,
		`crypto.hash("crc32", "a")`:                      `unknown algorithm "crc32"; valid`,
		`crypto.hash("sha256", {})`:                      "a table",
		`crypto.hash("sha256")`:                          "'data'",
		`crypto.hash("sha256", "a", "Base64")`:           `unknown form "Base64" (did you mean 'base64'`,
		`crypto.hmac("sha256", "", "a")`:                 "'key', is empty",
		`crypto.hmac("sha3", "k", "a")`:                  `unknown algorithm "sha3"`,
		`crypto.base64_decode("a b=")`:                   `the text is not Base64: " " at position 2`,
		`crypto.base64_decode("AP_-Zm8")`:                `'_' at position 3 is a sign of the other alphabet`,
		`crypto.base64url_decode("AP/+Zm8")`:             `'/' at position 3 is a sign of the other alphabet`,
		`crypto.base64_decode("Zm9vY")`:                  "its end does not fit",
		`crypto.base64_decode("QQ==QQ==")`:               `"=" at position 3`,
		`crypto.base64_decode("QQ===")`:                  "its end does not fit",
		`crypto.base64_decode("\255\254")`:               "at position 1",
		`crypto.hex_decode("0g")`:                        `"g" at position 2`,
		`crypto.hex_decode("abc")`:                       "3 digits, which is an odd number",
		`crypto.uuid(5)`:                                 "must be 4 or 7, not 5",
		`crypto.random(0)`:                               "from 1 to 1,048,576, not 0",
		`crypto.random(2^21)`:                            "from 1 to 1,048,576",
		`crypto.random(0/0)`:                             "'bytes', must be a whole number, not the number NaN",
		`crypto.hex_encode(("a"):rep(40 * 1024 * 1024))`: "the text would be larger than 64 MiB",
	} {
		err := b.Run(t, "local crypto = require \"crypto\" "+source)
		if assert.Error(t, err, source) {
			assert.Contains(t, err.Error(), want, source)
		}
	}
	out := b.Prints(t, `local _, e = pcall(require("crypto").hex_decode, "x") print(e.kind)`)
	assert.Equal(t, "validation\n", out)
}
