// Package conformance compares stand-ins and connectors with the vendors' own
// specifications: OpenAPI, or Google's discovery documents. It is a module apart, so
// that the validator is not in the product's go.sum.
//
// The specifications are not part of this repository, because most of their licenses do
// not allow it. They are expected in ../shared/vendor-specs, seen from the
// repository, or in the folder that PHSCRIPT_VENDOR_SPECS names.
//
//	go -C tests/conformance test ./...
//
// compares the answers of the stand-ins to a set of requests. To compare what a
// connector sends too, record the exchanges of its tests first. Every stand-in
// writes them if [standin.Exchanges] names a folder:
//
//	export PHSCRIPT_EXCHANGES=$(mktemp -d)
//	go test ./the/tests/of/a/connector
//	go -C tests/conformance test ./...
//
// A request that a stand-in accepted, and each answer, must fit the specification.
// Unknown properties and parameters count as problems. What may differ is listed
// in deviations.go with the reason; a deviation that is not needed any more fails
// a test.
//
// The same exchanges are compared with what is known of recorded answers: see
// package shapes.
//
// To add a vendor, add its files and deviations to vendors, and its requests to
// the test.
package conformance
