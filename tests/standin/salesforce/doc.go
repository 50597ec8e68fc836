// Package salesforce is a stand-in for Salesforce's REST API, version 68.0, and
// its Bulk API 2.0 queries: an independent witness, written from the vendor's
// published facts alone.
//
// It serves accounts, contacts, opportunities, cases, tasks, events and users
// through SOQL (query, queryAll and their further pages), bulk query jobs, the list
// of deleted records, describe, limits, updates of collections, and the OAuth token
// endpoint. A [Server] is an http.Handler; its embedded [Org] holds the data.
//
//	vendor := salesforce.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
//	web := httptest.NewServer(vendor)
//	id := vendor.Add("Account", salesforce.Values{"Name": "Northwind"})
//	vendor.HideField("Account", "Industry")
//	vendor.Before(func(r *standin.Request) { vendor.Update("Account", id, salesforce.Values{"Name": "N"}) })
//	run the client with web.URL and vendor.Token(), or salesforce.ClientID and salesforce.ClientSecret
//	vendor.Writes("Account") // what it wrote
//
// SOQL is the part that a connector needs: SELECT with fields of the record and
// of one record that it refers to (Owner.Email), or COUNT(); one object; WHERE with
// comparisons, IN, LIKE, AND, OR, NOT and parentheses; ORDER BY; LIMIT.
//
// # Confirmed
//
// By the vendor's pages of 2025 and 2026: the paths; at least 200 and at most
// 2,000 records per page by Sforce-Query-Options; at most 10 open query cursors per
// user; 410 for retired versions (7.0 to 30.0); at most 200 records per collection,
// with results in the order of the request; sets of bulk results with
// Sforce-Locator, which is "null" after the last one and can be used again, and
// 409 for another version than the job's; that queryAll finds deleted, merged and
// archived records; that /deleted has at most 15 days and refuses an end that is
// not after its start; Sforce-Limit-Info. By errors that others have published: the
// words of INVALID_FIELD and INVALID_QUERY_LOCATOR, and that client credentials need
// a user ("no client credentials user enabled") and the org's own domain ("request
// not supported on this domain").
//
// # Not confirmed
//
//   - Bodies of 410 and of an unknown version. The code and words of /deleted with a
//     start of more than 30 days ago.
//   - Whether a bulk job with an unknown field is refused or fails later: refused
//     here. [Settings.FailJobs] fails jobs while they run.
//   - Each set of bulk results has the header row. A job without records has only
//     the header. Results that are asked for too early: 400.
//   - Times have whole seconds. Ids are in the order of their bytes, in comparisons and
//     in ORDER BY.
//   - A cursor keeps the ids of its records. A further page has the records as they
//     are then, and leaves out those that were deleted.
//   - An unknown field in a collection refuses the whole request. Failed results have
//     no id. Deleting changes SystemModstamp, and so does restoring.
//   - Which of two limits a request that is refused counts against: none.
//   - Access tokens last two hours from their issue. The vendor's last until a time
//     without requests, which the org chooses.
//   - Whether the refresh token rotates: [Server.OAuth] decides.
//   - Activities are archived 365 days after their date, not by a job at night.
package salesforce
