// Package productboard is a stand-in for Productboard's API, version 2: an
// independent witness, written from the vendor's published facts alone.
//
// It serves lists of entities (features, subfeatures, companies and users), single
// entities, lists of notes, and the relationships of both. A [Server] is an
// http.Handler with one workspace.
//
//	vendor := productboard.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
//	web := httptest.NewServer(vendor)
//	company := vendor.Add("company", productboard.Body{"name": "Northwind", "domain": "northwind.example"})
//	feature := vendor.Add("feature", productboard.Body{"name": "Faster export"})
//	note := vendor.Add(productboard.Note, productboard.Body{"name": "Export is slow", "content": "<p>It takes hours.</p>"})
//	vendor.Relate(note, "customer", company)
//	vendor.Relate(note, "link", feature)
//	run the client with web.URL and productboard.Token
//
// # Confirmed
//
// By the vendor's reference and changelog: the paths; type[] as a list of types;
// pageCursor, and links.next as the address of the next page; updatedFrom and updatedTo
// of notes, which are inclusive and take a date and time (a date alone is refused);
// 50 requests per second and token, with Retry-After, X-RateLimit-Limit and
// X-RateLimit-Remaining; the fields of notes and entities, their relationships, and
// links.html since 30 April 2026. By what others have published of live traffic: pages of
// 100 without a parameter for their size; archived notes are hidden unless archived is
// true; requests to version 1 are answered with 410 since July 2026, and the text that
// [Retired] has; lists of companies have the domain under a key of the workspace,
// and a single company under domain ([Settings.DomainKey]); an unknown path is 404 with
// the code route.notFound.
//
// # Not confirmed
//
// Where it matters, the answer that is harder for the client applies.
//
//   - Whether archived=true returns only archived notes, or those too: only those.
//   - Whether lists have the relationships of notes: they do, in pages
//     ([Settings.Related]); [Settings.Bare] leaves them out, so clients must ask for each note.
//   - The order of lists: by creation. A cursor names the last record, so records that
//     change or vanish meanwhile move no other.
//   - Relationships to deleted records stay, and lead to 404.
//   - Addresses of next pages name the vendor's host, and not the one that was asked.
//   - Archived features are listed. Deleted records vanish without a trace, and there is no
//     list of them.
//   - The status of an unauthorized request is 401 with errors in the vendor's form. The
//     wording of errors is made up, except for that about version 1.
//   - A parameter that a list does not know is refused.
package productboard
