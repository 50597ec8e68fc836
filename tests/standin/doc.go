// Package standin holds what the stand-ins of vendors share. A stand-in is an
// HTTP handler that answers as a vendor's API does: its paging, limits, tokens,
// error bodies and oddities. It is written from what the vendor publishes and
// imports nothing of the code that it tests, so a misunderstanding in that code
// shows as a failing test.
//
// A test starts a stand-in with httptest, points the client at it and then reads
// what happened:
//
//	vendor := hubspot.New(standin.NewClock(start))
//	web := httptest.NewServer(vendor)
//	defer web.Close()
//	vendor.Add("companies", map[string]string{"name": "Northwind"})
//	vendor.Before(func(r *standin.Request) { ... })        // change records between two pages
//	vendor.Faults.At(3, standin.Drop())                    // the third request fails
//	run the client against web.URL with hubspot.ServiceKey
//	vendor.Log.Count(standin.Is("POST", "/search"))        // what it sent
//	vendor.Log.Busiest(time.Second, standin.Is("POST", "/search"))
//
// The parts:
//
//   - [Clock] is the vendor's time. It stands still until a test moves it, or runs
//     ([RunningClock]). Limits, the life of tokens and timestamps follow it. Nothing
//     here sleeps: a client that waits needs a simulated clock too, or its waiting
//     must call [Clock.Advance].
//   - [Throttle] counts requests in rolling windows and calendar days.
//   - [Faults] injects failures at chosen requests or at random ones from a seed.
//   - [Log] keeps every request, with the account it was for.
//   - [Server] ties them together: hooks before and after each request, the log and
//     the faults. Vendors embed it.
//   - [Exchange] is a request and its answer in a file, for tests/conformance, which
//     compares both with the vendor's own specification.
//   - [OAuth] issues tokens, with rotating refresh tokens that work once.
//
// # Writing the stand-in of another vendor
//
// Make a package below this one whose type embeds *[Server] and whose ServeHTTP
// calls [Server.Serve] with a function that finds the account of a request and a
// handler that answers. The handler asks [Throttle.Take] and writes the vendor's
// own body for a refusal. Keep the data behind one mutex, give tests methods to
// add, change, delete and read it, and call no hook while you hold the mutex:
// hooks use the same methods.
//
// Say in the package comment what the vendor documents, what others have seen,
// and what is not confirmed. Where facts are missing, choose the answer that is
// harder for the client, and make it a setting if clients must cope with both.
//
// Everything here is safe for concurrent use.
package standin
