// Package hubspot is a stand-in for HubSpot's CRM API, version 2026-09: an
// independent witness, written from the vendor's published facts alone.
//
// It serves companies, contacts, deals and tickets (list, search, read, batch
// read, create, update, archive, merge), associations, owners, properties,
// pipelines and the OAuth token endpoints. A [Server] is an http.Handler; each
// [Portal] in it is an account with its own data, limits and settings.
//
//	vendor := hubspot.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
//	web := httptest.NewServer(vendor)
//	id := vendor.Add("companies", map[string]string{"name": "Northwind", "domain": "northwind.example"})
//	vendor.Configure(func(s *hubspot.Settings) { s.SearchLag = 30 * time.Second })
//	vendor.Before(func(r *standin.Request) { vendor.Update("companies", id, map[string]string{"name": "N"}) })
//	run the client with web.URL and hubspot.ServiceKey
//	vendor.Writes("companies") // what it wrote
//
// # Confirmed
//
// By the vendor's OpenAPI files of 2026-09: paths, parameters, the shapes of
// records, batches, associations, owners, properties, pipelines and errors. By its
// guides and change log: at most 100 records per list page and 200 per search
// page; 10,000 results per search, then 400; 5 searches per second and account; 100
// requests per 10 seconds; search answers without rate headers, and none of the
// daily headers for OAuth; 1,000 inputs per association batch, each with its own
// paging; tokens that last 30 minutes. By traffic that others have published: the
// bodies of 401, 403, 429 and 207, that an input without associations is an
// error in a 207, that archiving does not change the modification time, and that
// unknown properties are left out of answers silently.
//
// # Not confirmed
//
// Settings marked below cover what clients have to cope with either way.
//
//   - Retry-After: the vendor tells clients to honor it, but not when it is sent
//     ([Settings.RetryAfter]). Whether refused requests count, and whether searches
//     count in the 10 seconds too: refused ones do not, searches do.
//   - The number of filters: the change log of 2024 says 5 groups of 10 and 25 in
//     all, the guide 5 of 6 and 18, the specification 6 groups. The smallest
//     numbers apply. The guide limits a search to 3,000 characters, the
//     specification only its query ([Settings.SearchBody]).
//   - More than one sort: refused. The specification types sorts as strings, the
//     guide uses objects: both are accepted. Without a sort, results come in the
//     order of creation. Records that sort equal come in the order of their last
//     indexing, as in a Lucene index, and so move after a change.
//   - A search page that reaches beyond 10,000 is refused as a whole. The page
//     before it still offers the next one. total is exact above 10,000.
//   - The after of lists is the last id. Order within lists is by id.
//   - NEQ and NOT_IN match only records that have a value. IN compares strings in
//     lower case with the given values.
//   - Search results show a record as it was indexed ([Settings.SearchLag]).
//   - Merged records vanish from lists and from the archived list; reading the old
//     id answers with the record that it was merged into. Restoring does not
//     change the modification time.
//   - A batch read answers in the order of ids, not of inputs.
//   - Whether the refresh token rotates: [Server.OAuth] decides; by default it does
//     not. The body of a refused token request has the words of both versions.
package hubspot
