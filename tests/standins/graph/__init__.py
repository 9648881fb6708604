"""A stand-in for Microsoft Graph v1.0: mailboxes filled with raw messages, behind Graph's names and refusals.

`running_graph(testdata)` serves it inside a test, `python -m tests.standins.graph --port 4010` by hand.

Modelled, from Microsoft's documentation and issue threads:
 - Names. All that comes in and goes out is checked with the published schema (`v1.0-Prod.csdl`): an unknown
   property in `$select`, `$filter` or a body is the 400 of the service; in an answer of ours it is a 500.
 - Messages from MIME. Ids that change when a message moves, immutable ones by `Prefer: IdType`; both work in
   paths. Of an alternative the HTML is kept, as in Exchange: `outlook.body-content-type="text"` is made from
   it. Message headers come only when selected, and not for what was sent or drafted here. Sensitivity, class,
   In-Reply-To, References and any other header are extended properties, told only when expanded by id.
   A delivery with a known Message-ID is dropped.
 - Lists: `$filter`, `$orderby` (InefficientFilter), `$top` ≤ 1000, `$skip` that shifts while mail arrives.
 - `$search`: KQL on an index that lags (`index_lag`), newest sent first, ≤ 1000, the whole mailbox. It
   over-matches: each word of the value begins a word of one participant's name or address, in any order.
   AND binds tighter than OR.
 - Delta per folder, with `@removed`; `/messages/delta` refuses as the service does.
 - 4 requests at a time per mailbox. A batch runs what has no `dependsOn` at once, so the fifth is an
   individual 429 (`wide_batches="queued"` for what is documented too: four are dispatched, the rest waits).
   Requests in a batch and those beside it are not counted together.
 - Subscriptions with validation, retried notifications, lifecycle notifications. A lifetime too long is cut.
 - Calendars: series by daily, weekly, monthly and yearly patterns, occurrences that were moved or taken out,
   the view of at most 1,825 days; whole days are midnights in whatever zone. To Do keeps days.
 - Rights: scopes, `.Shared`, mailboxes of RBAC for Applications, claims challenges.

Assumed, since nothing public says it: authors after the first in From are searchable though `from` names one;
words of an address match in any order, so a tag (`ana+x@`) does not hide it; the statuses of a mailbox that
is not shared (folders and items 404, lists 403); `Range` on `$value` of attachments; some refusals' words.

Not modelled: relative recurrence patterns, schedules, rules, focused inbox, extensions, uniqueBody apart from
body, contacts, Teams, other channels than webhooks, encrypted resource data, conversations split by subject,
the overhead in attachment sizes (set `attachment_overhead`), limits per ten minutes, unsafe HTML but for
scripts.
"""

from tests.standins.graph.server import GraphStandin, running_graph

__all__ = ["GraphStandin", "running_graph"]
