// Package zendesk is a stand-in for Zendesk Support's API, version 2: an
// independent witness, written from the vendor's published facts alone.
//
// It serves the incremental exports (tickets and users by cursor, organizations by
// time), organizations (list, read, write), users, tickets, satisfaction ratings,
// ticket fields, job statuses and the OAuth token endpoint. A [Server] is an
// http.Handler; each [Account] in it has its own data, limits and settings.
//
//	vendor := zendesk.New(standin.NewClock(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)))
//	web := httptest.NewServer(vendor)
//	company := vendor.Add(zendesk.Organizations, zendesk.Body{"name": "Northwind"})
//	kim := vendor.Add(zendesk.Users, zendesk.Body{"email": "kim@northwind.example", "organization_id": company})
//	vendor.Add(zendesk.Tickets, zendesk.Body{"subject": "Export fails", "requester_id": kim})
//	vendor.Clock.Advance(2 * time.Minute) // exports withhold the last minute
//	run the client with web.URL and zendesk.Token
//	vendor.Writes() // what it wrote
//
// # Confirmed
//
// By the vendor's API reference and guides: paths and parameters of the exports;
// after_cursor, after_url and end_of_stream, and that the last cursor is where the
// next export starts; end_time, next_page and count of the export by time; at most
// 1,000 items per page of an export; changes of the minute before a request are
// withheld; tickets are compared by generated_timestamp, which system updates move
// and updated_at does not; exports include deleted tickets, with the status deleted,
// unless exclude_deleted is set, and need an administrator; side-loads of users and
// organizations; 10 requests per minute to the exports; Retry-After on 429; at most
// 100 ids in show_many; lists with page[size] and page[after], meta and links; job
// statuses of update_many; the filters of satisfaction ratings; the grant type
// client_credentials with scopes and expires_in. API tokens end on 30 April 2027
// ([Account.EndTokens]). By traffic that others have published: cursors are the
// base64 form of a second and an id, 429 has a body of plain text, the edge in front
// of the API has a 429 in JSON ([EdgeRefusal]), a start_time in the last minute is
// an error, and an export by time never passes a second that has more items than a
// page.
//
// # Not confirmed
//
// Where it matters, the answer that is harder for the client applies.
//
//   - Whether the exports share one limit: they do. The names of the headers about the
//     limit of an endpoint: left out.
//   - Whether cursors expire: by default they do not; [Account.ForgetCursors] refuses
//     all cursors so far. The refusal's status and body are made up.
//   - An export without any item has the cursor null. A per_page above the maximum
//     counts as the maximum. exclude_deleted removes tickets from pages that were
//     cut before, so a page can be empty before the end. An export that gets both
//     start_time and cursor is refused.
//   - Deleted users are in the export with active false and without their e-mail
//     address, and users/show_many leaves them out. Merging deletes the merged user
//     in this way and moves the tickets.
//   - Deleted organizations vanish from lists and from the export;
//     [Settings.DeletedOrganizations] lists them in the export with deleted_at. Their
//     users and tickets lose the organization.
//   - Deleting a ticket changes its updated_at. After 30 days the vendor replaces its
//     texts: [Account.Scrub].
//   - Which side-loaded users there are: requesters, submitters, assignees and
//     collaborators; [Settings.HideSideloads] leaves some out.
//   - How long tokens of client_credentials are valid: [Server.OAuth] decides, by
//     default 30 minutes, and no refresh token is issued.
//   - start_time of satisfaction ratings compares the time of creation, so a rating
//     that changes later is not found by it.
//   - The wording of most errors, and whether a start_time that is too recent is 400
//     or 422: it is 400.
//   - Unknown keys in organization_fields are ignored; a value that a drop-down field
//     does not have is refused.
package zendesk
