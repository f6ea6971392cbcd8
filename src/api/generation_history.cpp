#include "api/generation_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "api/envelope.hpp"
#include "api/generation.hpp"
#include "api/generation_view.hpp"
#include "api/parameters.hpp"
#include "base/utf8.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

constexpr std::int64_t offset_max = 1'000'000;
constexpr std::size_t search_points_max = 200;
constexpr std::array<std::string_view, 5> statuses{"pending", "processing", "completed", "failed",
                                                   "cancelled"};
constexpr std::array<std::string_view, 2> truths{"false", "true"};

// The index among `known`, of a parameter that may be absent. validation.
result<std::optional<std::size_t>> choice(parameters& in, std::string_view name,
                                          std::span<const std::string_view> known) {
  const auto given = in.text(name);
  if (!given) return std::optional<std::size_t>();
  const auto at = std::find(known.begin(), known.end(), *given);
  if (at != known.end()) return std::optional(static_cast<std::size_t>(at - known.begin()));
  const auto list = fmt::format("{}", fmt::join(known, ", "));
  return error(errc::validation, std::string(name),
               text("must be one of: " + list, "debe ser uno de: " + list));
}

// Text of up to 200 characters; empty where it is absent. validation.
result<std::string> words(parameters& in, std::string_view name) {
  auto given = in.text(name).value_or("");
  const auto points = count_code_points(given);
  if (points && *points <= search_points_max) return given;
  return error(
      errc::validation, std::string(name),
      text("must be text of up to 200 characters", "debe ser un texto de hasta 200 caracteres"));
}

result<void> read_cursor(parameters& in, history_query& out) {
  const auto cursor = in.text("cursor");
  if (!cursor) return {};
  if (!is_uuid(*cursor)) {
    return error(
        errc::validation, "cursor",
        text("must be the cursor of an earlier page", "debe ser el cursor de una página anterior"));
  }
  if (out.order == history_order::title) {
    return error(errc::validation, "cursor",
                 text("pages in the order of titles go by offset",
                      "las páginas en orden de título van por offset"));
  }
  out.before = *cursor;
  return {};
}

struct history_page {
  std::vector<generation_record> rows;
  std::int64_t total = 0;
};

result<history_page> read_page(store::connection& db, const history_query& query) {
  auto rows = list_generations(db, query);
  if (!rows) return rows.error();
  auto total = count_generations(db, query);
  if (!total) return total.error();
  return history_page{std::move(*rows), *total};
}

awaitable<http_response> history(std::shared_ptr<const services> with, http_request& request) {
  auto query = read_history_query(request, caller_of(request).user);
  if (!query) co_return refuse(query.error(), request);
  auto work = [wanted = *query](store::connection& db) { return read_page(db, wanted); };
  auto found = co_await store::async_read(with->database, std::move(work));
  if (!found) co_return refuse(found.error(), request);
  json::array items;
  for (const auto& row : found->rows) {
    std::optional<queue::job_glance> live;
    if (!row.ended()) {
      auto job = co_await with->queue.glance(std::string(generation_queue), row.id);
      if (job) live = std::move(*job);
    }
    items.push_back(view_of(row, live ? &*live : nullptr));
  }
  json::object pagination{
      {"limit", query->limit}, {"offset", query->offset}, {"total", found->total}};
  const bool leads_on = query->order != history_order::title &&
                        found->rows.size() == static_cast<std::size_t>(query->limit);
  pagination["nextCursor"] = leads_on ? json::value(found->rows.back().id) : json::value();
  co_return reply_page(std::move(items), pagination);
}

}  // namespace

result<history_query> read_history_query(const http_request& request, std::string owner) {
  history_query out;
  out.owner = std::move(owner);
  parameters in(request);
  out.limit = static_cast<int>(in.integer("limit", 1, 100).value_or(out.limit));
  out.offset = in.integer("offset", 0, offset_max).value_or(0);
  auto status = choice(in, "status", statuses);
  if (!status) return status.error();
  if (*status) out.status = statuses[**status];
  auto order = choice(in, "sort", history_order_names);
  if (!order) return order.error();
  if (*order) out.order = static_cast<history_order>(**order);
  auto favourite = choice(in, "favourite", truths);
  if (!favourite) return favourite.error();
  out.favourites = *favourite == 1U;
  for (const auto& [name, to] :
       {std::pair("q", &out.search), std::pair("tag", &out.tag), std::pair("style", &out.style)}) {
    auto given = words(in, name);
    if (!given) return given.error();
    *to = std::move(*given);
  }
  if (auto ok = read_cursor(in, out); !ok) return ok.error();
  if (auto ok = in.finish(); !ok) return ok.error();
  return out;
}

void bind_generation_history(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  routes.add_all({{http_method::get, "/api/generation/history", bound(history), reads_own}});
}

}  // namespace son1k::api
