// What operators and administrators do is recorded. Every row of the endpoint table whose admission
// asks for one of them and that may change something is run inside a recorder; a new row needs
// nothing of its own. `GET /api/audit` reads the records.
//
// recording::around writes "asked" before the handler runs, and nothing happens where that fails;
// "done" or "refused" follows. recording::within says that the handler itself stages the record, by
// what recorded() gives it, with what it changes: either both are there or neither.
#pragma once
#include "accounts/audit/audit_records.hpp"
#include "api/endpoint.hpp"
#include "api/services.hpp"

namespace son1k::api {

// Whether requests to this row are recorded, and how; `by_role` is decided.
recording recording_of(const endpoint& one);
// The row's handler, recorded where it is to be.
net::route recorded_route(const endpoint& one, std::shared_ptr<const services> with);

// The action of a row by its method and pattern: "POST /api/queues/:queue/pause" is "queues.pause",
// "PUT /api/admin/users/:id" is "users.change".
std::string action_of(net::http_method method, std::string_view pattern);
// Of the query and body: the values of members that are known to hold no secret, of all others the
// names ("fields"). A JSON object of 4 KiB at most.
std::string details_of(const net::http_request& request);

// What is recorded of this request, as done by whoever makes it.
accounts::audit_entry audit_entry_of(const services& with, const net::http_request& request);
// A step that writes it; the id it is told stands for the target.
store::beside_step recorded(const services& with, const net::http_request& request);
store::beside_step recorded(accounts::audit_entry entry);

void bind_audit(endpoint_table& routes, const services& with);

}  // namespace son1k::api
