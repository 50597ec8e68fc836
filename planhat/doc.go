// Package planhat is a client for the Planhat REST API.
package planhat
