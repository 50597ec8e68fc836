// Package gcal is a stand-in for the Google Calendar API, version 3. It serves
// events.list, the page where a person authorizes an app, and the token endpoint for
// that, for refresh tokens and for the signed claims of a service account. It is written from the vendor's discovery document,
// its guide to synchronization and its list of errors.
//
// # Confirmed
//
// By the discovery document: paths and parameters; 250 events per page by default
// and 2,500 at most; nextSyncToken only on the last page; the parameters that a
// syncToken excludes; 410 for a syncToken that has expired; cancelled events in
// answers to a syncToken, of which only the id is certain. By the guides: 403 with the
// domain usageLimits and the reason rateLimitExceeded for too many requests, also 429. By the guides to authorization:
// the parameters of the page, the refresh token that only access_type=offline brings, and
// the seven days after which those of apps in the status Testing expire.
//
// # Not confirmed
//
// Where it matters, the answer that is harder for the client applies.
//
//   - Cancelled events have nothing but kind, etag, id and status; cancelled dates of a
//     recurring event also the id of that event and their original start.
//   - Every syncToken is for one calendar and all other parameters: with others, it
//     is refused with 400.
//   - A refusal for too many requests has no Retry-After.
//   - An answer to updatedMin has no nextSyncToken.
//   - A page can be the last one without saying so: then an empty one follows it.
//   - Events that change between two pages stay where they were in the list, as they
//     are now, and are in the next answer to a syncToken once more.
//   - A client that may only see when somebody is busy gets events without titles,
//     guests and organizer.
//   - Without prompt=consent, no refresh token is given, as if the person had authorized
//     the app before.
//   - A recurring event without an end has 730 dates, as users of the API have counted.
//   - A recurring event does not move: changes of its times are not those of its dates.
package gcal
