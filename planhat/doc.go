// Package planhat is a client for the Planhat REST API.
//
// A [Client] has one service for each model, and each service one method for
// each operation that the model has:
//
//	client, err := planhat.New(planhat.Config{APIToken: token})
//	...
//	company, err := client.Company.GetByID(ctx, "extid-21432948")
//	for license, err := range client.License.Each(ctx, planhat.ListOptions{}) {
//		...
//	}
//
// [Client.Model] finds the same operations by the model's name at run time. What
// models there are, with their properties and limits, is data in package
// catalog, and the services are generated from it. To try things without an
// account, start the server in package simulator and set Config.BaseURL and
// Config.AnalyticsURL to its address.
//
// # Records
//
// Records go in and out as raw JSON, a [Record], so that unknown properties and
// large numbers survive; json.Unmarshal reads one into a struct. Create and
// Update also take structs and maps, and [Records] makes rows for bulk calls of
// them. Ids are Planhat's own, or an externalId behind "extid-", or a sourceId
// behind "srcid-", where the model knows them.
//
// # Lists
//
// Each pages through a list by the model's own maximum, sorted by _id unless
// told otherwise, and reads no further than the loop goes. ListOptions.Limit is
// the total wanted, PageSize the size of one request.
//
// # Bulk calls
//
// BulkUpsert and its like split rows into requests by their number and exact
// size, send them one after another and map the answers back to the input. The
// [BulkResult] holds each row that was not taken, with its position, its key and
// the reason. Rejected rows are no error of the call; failed requests are, of
// [KindPartial] where others got through.
//
// # Errors and retries
//
// Every error is an [*Error] with a [Kind]. Failures of the network and of the
// server are retried with growing pauses as far as that is safe: reads, updates,
// deletes and upserts by key are repeated, and a create is repeated only when it
// was surely not carried out or when looking it up by its key shows so. Where a
// failed write may have been carried out, Error.Uncertain or RowError.Uncertain
// says so.
//
// # Quota
//
// A [Limiter] keeps calls within 200 starts in any 60 seconds, 150 a second and
// 50 at once. Share one among all clients of a tenant; a [Window] shares the
// minute's quota among processes. When Planhat answers 429, or says that the
// quota is used up, everybody who shares the limiter pauses. Calls to the
// analytics host spend no quota.
//
// # Watching and withholding
//
// A [Gate] sees every write before it is sent and may refuse it or turn it into
// a dry run with [ErrWithheld]. An [Observer] is told about each attempt and
// outcome; [Tally] is one that adds up. Tokens are kept out of errors, logs,
// gates and observers.
package planhat
