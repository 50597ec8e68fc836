// Package simulator is a local Planhat server for tests, demos and development.
// Any Planhat client can use it, and it needs no account.
//
// [Start] listens on loopback and serves both of Planhat's hosts at one address,
// since their paths do not collide. [New] returns the same server as an
// http.Handler. The server keeps its records in memory, starts from fixture files
// or generated companies, and counts every call. It can also misbehave: rate
// limits, server errors, broken connections, slow bodies (see [ParseFaults]).
//
// Where Planhat's documentation is silent or contradicts itself, the simulator
// has a switch with a default (see [SwitchDocs]). The package shares the facts in
// package catalog with the client, and nothing else, so the two cannot share a
// mistake.
package simulator
