// Package plan answers in place of Planhat during a dry run. It keeps what the script
// wrote over what it read, so that later reads find it, and predicts which writes Planhat
// would reject. Nothing that it does changes a record: it only sends reads.
//
// A [Planner] belongs to one tenant. What the planners of a run share is in a [Run].
package plan
