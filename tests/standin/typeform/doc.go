// Package typeform is a stand-in for Typeform's Create and Responses APIs: an
// independent witness, written from the vendor's published facts alone.
//
// It serves forms and their responses. A [Server] is an http.Handler with one account.
//
//	vendor := typeform.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
//	form := vendor.AddForm("Customer survey", typeform.Field{Ref: "nps", Type: "nps"})
//	web := httptest.NewServer(vendor)
//	vendor.Submit(form, typeform.Response{Answers: typeform.Body{"nps": 9}})
//	run the client with web.URL and typeform.Token
//
// # Confirmed
//
// By the vendor's documentation: the paths and parameters, that since and until are
// inclusive and before and after exclusive, that these cannot be combined with sort, pages
// of 25 responses by default and 1,000 at most, that completed responses are listed by
// default, newest first, times in UTC to the second, the fields of responses and
// of forms, 2 requests a second, and that wrong tokens are answered with 403.
//
// # Not confirmed
//
//   - That very recent responses can be missing from the list.
//   - How late responses appear in the list: [Server.Late] sets it. Others cite the
//     documentation with about 30 minutes; its own page could not be read for that.
//   - What before does with the token of a response that was deleted: by default, the
//     request is refused with 400. [Server.Forget] makes the server ignore it.
//   - Whether total_items counts the responses outside before and after: it does not,
//     unless [Server.Count] says so.
//   - Whether a 429 has the header Retry-After: it has one.
//   - The order of responses of one second: by when they arrived.
//   - The bodies of errors: a code and a description.
//
// # Different
//
// Responses do not change once they are completed. [Server.Resubmit] changes one all the
// same, as if it had been completed now, for tests that need changes.
package typeform
