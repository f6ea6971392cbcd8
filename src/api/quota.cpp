#include "api/quota.hpp"

#include <boost/json.hpp>
#include <charconv>

#include "accounts/quota/ledger.hpp"
#include "api/envelope.hpp"
#include "api/parameters.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

constexpr std::int64_t page_usual = 20;
constexpr std::int64_t page_max = 100;

using context_ptr = std::shared_ptr<const services>;

// No limit is null.
json::value limit_of(std::int64_t n) {
  return n == 0 ? json::value() : json::value(n);
}

json::object view_of(const accounts::tier& plan) {
  json::array qualities;
  for (const auto& one : plan.qualities) qualities.emplace_back(one);
  return {{"tier", plan.name},
          {"requestsPerMinute", limit_of(plan.requests_per_minute)},
          {"piecesPerMonth", limit_of(plan.month)},
          {"piecesPerDay", limit_of(plan.day)},
          {"longestSeconds", limit_of(plan.longest_seconds)},
          {"qualities", std::move(qualities)},
          {"priority", plan.priority}};
}

json::object view_of(std::int64_t limit, std::int64_t used, std::int64_t resets_at_ms) {
  json::value left;
  if (limit > 0) left = std::max<std::int64_t>(limit - used, 0);
  return {{"limit", limit_of(limit)},
          {"used", used},
          {"remaining", std::move(left)},
          {"resetAt", iso_time(resets_at_ms).chars}};
}

std::string cursor_of(const accounts::ledger_entry& last) {
  return last.generation + "." + std::to_string(last.step);
}

result<accounts::ledger_cursor> read_cursor(const std::string& given) {
  accounts::ledger_cursor out;
  if (given.empty()) return out;
  const auto dot = given.find('.');
  out.generation = given.substr(0, dot);
  const auto number = dot == std::string::npos ? std::string() : given.substr(dot + 1);
  const auto end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, out.step);
  if (is_uuid(out.generation) && read.ec == std::errc() && read.ptr == end && out.step > 0)
    return out;
  return error(
      errc::validation, "cursor",
      text("must be the cursor of an earlier page", "debe ser el cursor de una página anterior"));
}

awaitable<http_response> tier(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  co_return reply(200, json::value(view_of(with->tiers.of(caller_of(request).tier))));
}

awaitable<http_response> limits(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto work = [owner = caller_of(request).user, now = with->clock.now_ms()](store::connection& db) {
    return accounts::read_use(db, owner, now);
  };
  auto used = co_await store::async_read(with->database, std::move(work));
  if (!used) co_return refuse(used.error(), request);
  const auto& plan = with->tiers.of(caller_of(request).tier);
  json::object out{{"tier", plan.name},
                   {"requestsPerMinute", limit_of(plan.requests_per_minute)},
                   {"day", view_of(plan.day, used->day, used->day_resets_at_ms)},
                   {"month", view_of(plan.month, used->month, used->month_resets_at_ms)}};
  co_return reply(200, json::value(std::move(out)));
}

awaitable<http_response> ledger(context_ptr with, http_request& request) {
  parameters in(request);
  const auto most = in.integer("limit", 1, page_max).value_or(page_usual);
  const auto given = in.text("cursor").value_or("");
  if (auto ok = in.finish(); !ok) co_return refuse(ok.error(), request);
  auto after = read_cursor(given);
  if (!after) co_return refuse(after.error(), request);
  auto work = [owner = caller_of(request).user, from = *after, most](store::connection& db) {
    return accounts::list_entries(db, owner, from, most);
  };
  auto entries = co_await store::async_read(with->database, std::move(work));
  if (!entries) co_return refuse(entries.error(), request);
  json::array items;
  for (const auto& one : *entries) {
    items.push_back(json::object{{"generationId", one.generation},
                                 {"step", one.step},
                                 {"kind", one.kind},
                                 {"units", one.units},
                                 {"day", one.day},
                                 {"at", iso_time(one.at_ms).chars}});
  }
  const bool full = static_cast<std::int64_t>(entries->size()) == most;
  json::object pagination{{"limit", most}};
  pagination["nextCursor"] = full ? json::value(cursor_of(entries->back())) : json::value();
  co_return reply_page(std::move(items), pagination);
}

}  // namespace

void bind_quota(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  routes.add_all({{http_method::get, "/api/auth/tier", bound(tier), reads_own},
                  {http_method::get, "/api/auth/limits", bound(limits), reads_own},
                  {http_method::get, "/api/user/ledger", bound(ledger), reads_own}});
}

}  // namespace son1k::api
