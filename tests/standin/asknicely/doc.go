// Package asknicely is a stand-in for AskNicely's API, version 1: an independent
// witness, written from the vendor's published facts alone.
//
// It serves the list of responses. A [Server] is an http.Handler with one account.
//
//	vendor := asknicely.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
//	web := httptest.NewServer(vendor)
//	vendor.Add(asknicely.Response{"email": "kim@northwind.example", "answer": "9"})
//	run the client with web.URL + "/api/v1" and asknicely.Key
//
// # Confirmed
//
// By the vendor's documentation: the path with its parts in order, the header X-apikey,
// pages from 1 with at most 50,000 responses, numbers and times as text, times in seconds,
// the totals as text, 200 requests in 10 seconds and 1,000 in 60 with their headers and the
// body of a 429, bodies of errors, and that large results redirect to a file.
//
// # Not confirmed
//
//   - Whether the time in the path is inclusive: responses of that second are left out, which
//     is harder for clients.
//   - From how many rows on a result redirects: 1,000. The file needs no key, and a request
//     that brings one is refused.
//   - The order of responses of one second: by id.
package asknicely
