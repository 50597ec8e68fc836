// Package suite runs tests written in Lua: files that end in _test.lua and use
// describe and it. Each test has its own environment.
//
// An environment is a simulated Planhat, a clock and an output. It belongs to
// the context of its test, so a request that outlives a test cannot reach the
// next one. No test reaches a real Planhat.
package suite
