// Package intercom is a stand-in for Intercom's REST API, version 2.16: an
// independent witness, written from the vendor's published facts alone.
//
// It serves searches of contacts and conversations, single conversations and
// companies, the list of companies and the scroll over them, deleted conversations, admins and custom attributes.
//
//	vendor := intercom.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
//	web := httptest.NewServer(vendor)
//	vendor.Add(intercom.Contacts, intercom.Body{"email": "kim@northwind.example"})
//	run the client with web.URL and intercom.Token
//
// # Confirmed
//
// By the vendor's OpenAPI file of 2.16, which has an MIT license: paths, bodies,
// pagination of searches and the sort of contacts, at most 150 records per page; contact searches
// compare times by the day in the workspace's zone, so ">" begins with the next day,
// and conversation searches compare seconds; merged contacts are not found; the
// scroll is one for each app, ends after a minute without a request and with an
// empty page; lists leave out companies without users; deleted conversations are
// listed by page, at most 60; bodies of errors; an unknown sort order is a 400. By
// its guide: limits are counted in windows of ten seconds, the headers have the
// end of the window in seconds since 1970. By published traffic: the scroll answers
// scroll_exists with 400 and an unknown parameter with 404; names and bodies of
// contacts are escaped as HTML.
//
// # Not confirmed
//
//   - starting_after is the place after a value of the sort field and an id. The vendor
//     says only that it keeps no state.
//   - The scroll leaves out companies without users, as lists do; the vendor says that of
//     lists only. A request that is sent twice skips a page, because the scroll moves
//     with each request.
//   - Searches of conversations are sorted as the request asks: published clients ask for
//     it as for contacts, but the file has no sort for conversations.
//   - What leads to the next page of the list of companies: the file describes an object,
//     but the list takes the number of a page.
//   - Archived contacts are not found by searches.
//   - How long deleted conversations are listed: for good.
//   - A 429 has no Retry-After.
package intercom
