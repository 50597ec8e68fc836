// Package simulator is a Planhat that runs locally over HTTP: for tests, demos
// and dry development, with any Planhat client and without an account.
//
// [Start] listens on loopback and serves both of Planhat's hosts on one
// address, since their paths do not collide. [New] gives the same thing as an
// http.Handler. The server keeps its records in memory, starts from a fixture
// directory or from generated companies, counts every call, and can misbehave
// on demand: rate limits, server errors, broken connections, slow bodies.
//
// What Planhat's documentation leaves open is a switch here, with a default
// and a sentence of documentation: see [SwitchDocs]. The package shares the
// API's facts (package catalog) with the client, and nothing else, so that the
// two cannot agree on the same mistake.
package simulator
