// Package planhat is a client for the Planhat REST API.
//
// A [Client] has one service for each model, and a service has one method for
// each operation of its model:
//
//	client, err := planhat.New(planhat.Config{APIToken: token})
//	...
//	company, err := client.Company.GetByID(ctx, "extid-21432948")
//	for license, err := range client.License.Each(ctx, planhat.ListOptions{}) {
//		...
//	}
//
// [Client.Model] returns the same operations by the name of the model. Package
// catalog describes the models, their properties and their limits; the services
// are generated from it. To try things without an account, start the server in
// package simulator and set Config.BaseURL and Config.AnalyticsURL to its
// address.
//
// # Records
//
// A [Record] is raw JSON, so unknown properties and large numbers survive.
// [Decode] reads one into a struct, and [EachAs] a whole list; each model has a
// struct, such as [Company], and your own work as well. Create and Update take
// records, structs and maps, and [Records] turns those into rows for bulk calls.
// Structs are written as by encoding/json. An id is an _id, "extid-" followed by
// an externalId, or "srcid-" followed by a sourceId, if the model supports it.
//
// # Lists
//
// Each reads a list page by page, sorted by _id unless you say otherwise, and
// stops reading when the loop ends. ListOptions.Limit is the total number of
// records, PageSize the number in one request.
//
// # Bulk calls
//
// BulkUpsert and the other bulk methods split rows into requests by number and
// size, send them one after another, and map the responses back to the input.
// [BulkResult] lists every row that was not accepted, with its position, its key
// and the reason. Rejected rows are not an error. Failed requests are: an error
// of [KindPartial] if other requests succeeded.
//
// # Errors and retries
//
// Every error is an [*Error] with a [Kind]; errors.Is(err, [ErrNotFound]) and the
// like ask for one. The client retries failures of the
// network and of the server, with growing pauses, if that is safe: reads,
// updates, deletes and upserts by key. It retries a create only if the first
// request certainly did not store the record. Error.Uncertain and
// RowError.Uncertain report that a failed write may have been stored.
//
// # Options of one call
//
// [WithRequestTimeout], [WithRetryFor] and [WithHeader] set options for the calls
// under a context, [WithResponse] keeps what is known about the last answer, and
// [WithStopping] lets no new request start.
//
// # Quota
//
// A [Limiter] keeps calls within Planhat's limits: 200 in any 60 seconds, 150 in
// any second and 50 at once. Share one among all clients of a tenant; a [Window]
// shares the quota among processes. If Planhat answers 429 or says that the quota
// is used up, everybody who shares the limiter pauses. Calls to the analytics
// host do not count.
//
// # Watching and withholding
//
// A [Gate] sees every write before it is sent. It can refuse the write, or turn it
// into a dry run with [ErrWithheld]. An [Observer] sees each attempt and each
// outcome; [Tally] is an Observer that adds them up. Tokens never appear in
// errors, logs, gates or observers.
package planhat
