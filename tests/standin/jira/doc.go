// Package jira is a stand-in for Jira Cloud's REST API, version 3: an independent
// witness, written from the vendor's published facts alone.
//
// It serves the address that tells the cloud id of a site, the search by JQL, bulk
// fetch, the fields, the user of the token, and updates of issues. A [Server] is an
// http.Handler of one site.
//
//	vendor := jira.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
//	web := httptest.NewServer(vendor)
//	id := vendor.Add(jira.Fields{"summary": "CSV export times out", "labels": []any{"customer-7"}})
//	run the client with web.URL, jira.Email and jira.Token
//	vendor.Writes() // how many issues it has changed
//
// # Confirmed
//
// By the vendor's specification and guides: paths and bodies of search/jql,
// bulkfetch, field and myself; a search without fields returns ids alone; a query
// needs a restriction; at most 5,000 issues per page; the token of the next page is
// left out or null at the end, and ends after 7 days; the old search is gone (410);
// tokens with scopes work only through /ex/jira/{cloudId} of the gateway, and end
// after a year at most; a date and time in a query has minutes, and is in the zone of
// the user. By the code of others: a number in a query is a time in milliseconds,
// whatever the zone; a search with a token that has ended can answer 200 without
// issues, because the site shows issues to the public, whereas myself answers 401.
//
// # Not confirmed
//
// Where it matters, the answer that is harder for the client applies.
//
//   - What a page's token holds. By default, it is an offset into the result of the same
//     query at the time of the next request, so an issue that leaves the result shifts
//     the others. A token of another query is refused.
//   - How many requests are too many in a second: [Settings.Burst].
//   - Values of unknown fields are left out. The wording of most errors.
package jira
