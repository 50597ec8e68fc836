// Package surveymonkey is a stand-in for SurveyMonkey's API, version 3: an independent
// witness, written from the vendor's published facts alone.
//
// It serves the list of surveys, their designs and their responses. A [Server] is an
// http.Handler with one account.
//
//	vendor := surveymonkey.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
//	web := httptest.NewServer(vendor)
//	survey := vendor.AddSurvey("Customers", surveymonkey.NPS, surveymonkey.Essay)
//	vendor.Add(survey, surveymonkey.Reply{Score: 9, Comment: "Fast", Email: "kim@northwind.example"})
//	run the client with web.URL + "/v3" and surveymonkey.Token
//
// # Confirmed
//
// By the vendor's documentation: the paths, pages from 1 with links, at most 100 responses
// or 1,000 surveys in a page, the filters and the order by the time of the last change,
// 120 requests in a minute and 500 in a day that ends at midnight GMT, their headers with
// seconds until the reset and without Retry-After, that a few days may go up to 150%, the
// bodies and ids of errors, the other body when access was revoked, that the answers need
// a scope and a plan, and the design of an NPS question: a matrix of one row whose eleven
// choices weigh -100, 0 or 100, with words around the lowest and highest number.
//
// By recorded answers that others published: the fields of a response, the address and
// the fields of a contact as values with a type, weights in answers as text, times of
// responses with an offset and those of surveys without one and in whole minutes, and that
// an unanswered question is not in the response.
//
// # Not confirmed
//
//   - Whether start_modified_at is inclusive: responses of that second are left out, which is
//     harder for clients.
//   - How the minute of the limit is counted: in any 60 seconds.
//   - Whether responses come without their answers if the app has no scope for them, or are
//     refused: both can be set.
//   - What happens with more than 100 responses in a page: a 400.
//   - The status with which revoked access is refused: 401.
//   - The order of responses of one second: by id.
//   - Whether an answer to a design that has changed since keeps a deleted question: it does
//     not.
package surveymonkey
