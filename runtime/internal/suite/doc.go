// Package suite runs tests that are written in Lua: files that end in
// _test.lua, with describe and it, each test in a world of its own.
//
// A world is a simulated Planhat, a clock and an output. It is bound to the
// context of the test, so that a request which a test left behind reaches its
// own world and no other. Nothing in a test reaches a real Planhat.
package suite
