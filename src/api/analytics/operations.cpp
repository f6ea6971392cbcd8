#include "api/analytics/operations.hpp"

#include <boost/json.hpp>
#include <filesystem>

#include "api/analytics/figures_json.hpp"
#include "api/envelope.hpp"
#include "api/parameters.hpp"
#include "api/queue_names.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using context_ptr = std::shared_ptr<const services>;

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t five_minutes_ms = 300'000;

result<json::object> queues_of(const services& with, std::int64_t now_ms) {
  auto names = known_queues(with);
  if (!names) return names.error();
  json::object out;
  for (const auto& name : *names) {
    auto counts = with.queue.counts(name);
    if (!counts) return counts.error();
    const auto oldest = counts->oldest_ready_at_ms;
    out[name] = {{"ready", counts->waiting + counts->prioritized},
                 {"delayed", counts->delayed},
                 {"active", counts->active},
                 {"paused", counts->paused},
                 {"oldestReadyMs", oldest == 0 ? 0 : std::max<std::int64_t>(now_ms - oldest, 0)}};
  }
  return out;
}

json::object workers_of(const services& with) {
  std::int64_t slots = 0, busy = 0, memory = 0;
  const auto all = with.queue.workers();
  for (const auto& one : all) {
    slots += one.slots;
    busy += one.busy;
    memory += one.rss_bytes;
  }
  return {{"count", all.size()}, {"slots", slots}, {"busy", busy}, {"rssBytes", memory}};
}

result<json::object> count_lately(store::connection& db, std::int64_t now_ms) {
  const time_range hour{now_ms + 1 - hour_ms, now_ms + 1};
  const time_range moment{now_ms + 1 - five_minutes_ms, now_ms + 1};
  json::object out;
  const std::pair<const char*, const time_range*> spans[] = {{"lastFiveMinutes", &moment},
                                                             {"lastHour", &hour}};
  for (const auto& [name, when] : spans) {
    const piece_scope all{{}, *when};
    auto pieces = tally_pieces(db, all, piece_trait::quality);
    if (!pieces) return pieces.error();
    auto times = spread_pieces(db, all, spread_trait::none);
    if (!times) return times.error();
    auto active = count_owners(db, *when);
    if (!active) return active.error();
    auto events = count_reports(db, {}, *when);
    if (!events) return events.error();
    out[name] = {{"pieces", sum_of(*pieces)},
                 {"activeAccounts", *active},
                 {"times", to_json(times->empty() ? piece_spreads() : times->front())},
                 {"events", to_json(*events, "event", "count")}};
  }
  return out;
}

awaitable<http_response> realtime(context_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto now = with->clock.now_ms();
  auto work = [now](store::connection& db) { return count_lately(db, now); };
  auto out = co_await store::async_read(with->database, std::move(work));
  if (!out) co_return refuse(out.error(), request);
  auto queues = queues_of(*with, now);
  if (!queues) co_return refuse(queues.error(), request);
  (*out)["at"] = iso_time(now).chars;
  (*out)["queues"] = std::move(*queues);
  (*out)["workers"] = workers_of(*with);
  co_return reply(200, json::value(std::move(*out)));
}

// Null where the folder cannot be looked at.
json::value disk_of(const std::filesystem::path& folder) {
  std::error_code ec;
  const auto space = std::filesystem::space(folder, ec);
  if (ec) return {};
  return json::object{{"totalBytes", space.capacity}, {"freeBytes", space.available}};
}

awaitable<http_response> system_state(context_ptr with, std::int64_t started_ms,
                                      http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto now = with->clock.now_ms();
  auto work = [now](store::connection& db) {
    return count_accounts(db, {now + 1 - hour_ms, now + 1});
  };
  auto known = co_await store::async_read(with->database, std::move(work));
  if (!known) co_return refuse(known.error(), request);
  auto queues = queues_of(*with, now);
  if (!queues) co_return refuse(queues.error(), request);
  json::object out{{"at", iso_time(now).chars},
                   {"version", with->version},
                   {"uptimeSeconds", (with->clock.steady_ms() - started_ms) / 1'000},
                   {"accounts", known->total},
                   {"disabledAccounts", known->disabled},
                   {"apiKeys", known->keys},
                   {"queues", std::move(*queues)},
                   {"workers", workers_of(*with)},
                   {"disk", disk_of(with->artifacts)}};
  co_return reply(200, json::value(std::move(out)));
}

}  // namespace

void bind_operations(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto started = with.clock.steady_ms();
  routes.add_all(
      {{http_method::get, "/api/analytics/realtime",
        net::handler([self](http_request& r) { return realtime(self, r); }), reads_consoles},
       {http_method::get, "/api/analytics/admin/system",
        net::handler([self, started](http_request& r) { return system_state(self, started, r); }),
        reads_consoles}});
}

}  // namespace son1k::api
