#include "api/audit.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "api/envelope.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using accounts::audit_entry;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using services_ptr = std::shared_ptr<const services>;

constexpr std::size_t read_bytes_max = 65'536;
constexpr std::size_t value_bytes_max = 200;
constexpr std::size_t fields_max = 40;
constexpr std::size_t name_bytes_max = 60;
constexpr std::size_t target_bytes_max = 200;
constexpr std::size_t details_bytes_max = 4'096;

// Members whose values may be read by everybody who reads the console. What is not here is told by
// its name alone, so a new field is no leak.
constexpr std::array<std::string_view, 24> plain_members{
    "role",    "tier",     "disabled", "state", "age",  "limit", "delayed",  "force",
    "queue",   "kind",     "action",   "query", "cron", "every", "zone",     "paused",
    "preview", "priority", "enabled",  "scope", "mode", "type",  "supplier", "acknowledged"};

bool changes_something(http_method method) {
  return method != http_method::get && method != http_method::head &&
         method != http_method::options;
}

// What people do to their own account; of those who have power, that is everybody's affair.
bool is_own_account(const endpoint& one) {
  return one.who.scope == "manage" &&
         (one.row.pattern.starts_with("/api/auth/") || one.row.pattern.starts_with("/api/user/"));
}

std::string_view cut(std::string_view s, std::size_t most) {
  if (s.size() <= most) return s;
  while (most > 0 && (static_cast<unsigned char>(s[most]) & 0xC0) == 0x80) --most;
  return s.substr(0, most);
}

void note(json::object& plain, json::array& names, std::string_view name, const json::value& v) {
  const bool known = std::ranges::find(plain_members, name) != plain_members.end();
  if (known && v.is_string()) {
    plain[name] = cut(v.get_string(), value_bytes_max);
  } else if (known && !v.is_structured()) {
    plain[name] = v;
  } else if (names.size() < fields_max) {
    names.emplace_back(cut(name, name_bytes_max));
  }
}

awaitable<result<void>> write(services_ptr with, audit_entry entry) {
  store::transaction tx;
  tx.stage([entry = std::move(entry)](store::connection& db) { return insert_audit(db, entry); });
  co_return co_await store::async_commit(with->database, std::move(tx));
}

// What has happened cannot be taken back, and stands as "asked".
awaitable<void> write_outcome(services_ptr with, audit_entry entry, int status) {
  entry.id = uuid_v7();
  entry.at_ms = with->clock.now_ms();
  entry.outcome = status < 400 ? accounts::audit_done : accounts::audit_refused;
  entry.details = json::serialize(json::object{{"status", status}});
  const std::string request_id = entry.request_id;
  auto written = co_await write(with, std::move(entry));
  if (!written)
    log::error("audit.no_outcome", {{"requestId", request_id}, {"error", written.error().what()}});
}

awaitable<http_response> run(const endpoint& one, http_request& request) {
  if (const auto* quick = std::get_if<net::sync_handler>(&one.row.run)) co_return (*quick)(request);
  co_return co_await std::get<net::handler>(one.row.run)(request);
}

awaitable<http_response> run_recorded(services_ptr with, std::shared_ptr<const endpoint> one,
                                      recording how, http_request& request) {
  const bool powerful = caller_of(request).has(accounts::operator_role);
  // Of others only what a handler stages: who has no power could fill the table.
  if (!powerful) co_return co_await run(*one, request);
  auto entry = audit_entry_of(*with, request);
  if (how == recording::around) {
    entry.outcome = accounts::audit_asked;
    auto asked = co_await write(with, entry);
    if (!asked) co_return refuse(asked.error(), request);
  }
  auto out = co_await run(*one, request);
  if (how == recording::around || out.status >= 400)
    co_await write_outcome(with, std::move(entry), out.status);
  co_return out;
}

json::object to_json(const audit_entry& row) {
  json::object out{{"id", row.id},
                   {"at", iso_time(row.at_ms).chars},
                   {"actor", row.actor},
                   {"shownBy", row.shown},
                   {"role", row.role},
                   {"action", row.action},
                   {"target", row.target},
                   {"address", row.address},
                   {"requestId", row.request_id},
                   {"outcome", row.outcome}};
  boost::system::error_code ec;
  auto details = json::parse(row.details, ec);
  out["details"] = ec ? json::value(json::object()) : std::move(details);
  return out;
}

result<accounts::audit_query> read_query(const http_request& request) {
  parameters in(request);
  accounts::audit_query out;
  out.actor = in.text("actor").value_or("");
  out.action = in.text("action").value_or("");
  out.target = in.text("target").value_or("");
  out.before = in.text("cursor").value_or("");
  const auto from = in.text("from");
  const auto to = in.text("to");
  out.limit = static_cast<int>(in.integer("limit", 1, 100).value_or(50));
  if (auto ok = in.finish(); !ok) return ok.error();
  for (const auto& [name, given, into] :
       {std::tuple("from", &from, &out.from_ms), std::tuple("to", &to, &out.to_ms)}) {
    if (!*given) continue;
    const auto ms = parse_iso_time(**given);
    if (!ms) {
      return error(errc::validation, name,
                   text("must be a time such as 2027-01-31T00:00:00Z",
                        "debe ser un momento como 2027-01-31T00:00:00Z"));
    }
    *into = *ms;
  }
  return out;
}

awaitable<http_response> list(services_ptr with, http_request& request) {
  auto query = read_query(request);
  if (!query) co_return refuse(query.error(), request);
  const auto limit = query->limit;
  auto work = [query = std::move(*query)](store::connection& db) {
    return accounts::list_audit(db, query);
  };
  auto rows = co_await store::async_read(with->database, std::move(work));
  if (!rows) co_return refuse(rows.error(), request);
  json::array items;
  for (const auto& row : *rows) items.emplace_back(to_json(row));
  const bool full = items.size() == static_cast<std::size_t>(limit);
  json::object pagination{{"limit", limit}};
  pagination["nextCursor"] = full ? json::value(rows->back().id) : json::value();
  co_return reply_page(std::move(items), pagination);
}

}  // namespace

recording recording_of(const endpoint& one) {
  if (one.who.recorded != recording::by_role) return one.who.recorded;
  const bool powerful =
      one.who.least == accounts::operator_role || one.who.least == accounts::admin_role;
  if (!changes_something(one.row.method)) return recording::none;
  return powerful || is_own_account(one) ? recording::around : recording::none;
}

net::route recorded_route(const endpoint& one, services_ptr with) {
  const auto how = recording_of(one);
  if (how == recording::none) return one.row;
  auto kept = std::make_shared<const endpoint>(one);
  const auto handler = net::handler([with = std::move(with), kept, how](http_request& request) {
    return run_recorded(with, kept, how, request);
  });
  return {one.row.method, one.row.pattern, handler, one.row.options};
}

std::string action_of(http_method method, std::string_view pattern) {
  for (const std::string_view front : {"/api/", "admin/"})
    if (pattern.starts_with(front)) pattern.remove_prefix(front.size());
  std::string out;
  int words = 0;
  while (!pattern.empty()) {
    const auto end = pattern.find('/');
    const auto word = pattern.substr(0, end);
    pattern.remove_prefix(end == pattern.npos ? pattern.size() : end + 1);
    if (word.starts_with(':') || word.empty()) continue;
    if (!out.empty()) out += '.';
    out += word;
    ++words;
  }
  if (method == http_method::put || method == http_method::patch) return out + ".change";
  if (method == http_method::remove) return out + ".remove";
  return words > 1 ? out : out + ".create";
}

std::string details_of(const http_request& request) {
  json::object plain;
  json::array names;
  for (const auto& [name, value] : request.query_pairs())
    note(plain, names, name, json::value(value));
  if (!request.body.empty() && request.body.size() <= read_bytes_max) {
    if (const auto body = parse_json(request.body); body && body->is_object())
      for (const auto& [name, value] : body->get_object()) note(plain, names, name, value);
  }
  if (!names.empty()) plain["fields"] = std::move(names);
  auto out = json::serialize(plain);
  return out.size() <= details_bytes_max ? out : "{}";
}

audit_entry audit_entry_of(const services& with, const http_request& request) {
  const auto& who = caller_of(request);
  audit_entry out;
  out.id = uuid_v7();
  out.at_ms = with.clock.now_ms();
  out.actor = who.user;
  out.shown = accounts::shown_name(who.shown);
  out.role = accounts::highest_role(who);
  out.action = action_of(request.method, request.route);
  for (const auto& [name, value] : request.params) {
    if (!out.target.empty()) out.target += '/';
    out.target += value;
  }
  out.target = std::string(cut(out.target, target_bytes_max));
  out.address = address_of(request);
  out.request_id = request.request_id;
  out.outcome = accounts::audit_done;
  out.details = details_of(request);
  return out;
}

store::beside_step recorded(const services& with, const http_request& request) {
  return recorded(audit_entry_of(with, request));
}

store::beside_step recorded(audit_entry entry) {
  return [entry = std::move(entry)](store::connection& db, std::string_view id) {
    auto row = entry;
    if (!id.empty()) row.target = std::string(id);
    return insert_audit(db, row);
  };
}

void bind_audit(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  routes.add_all({{http_method::get, "/api/audit", bound(list), reads_consoles}});
}

}  // namespace son1k::api
