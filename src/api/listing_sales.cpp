#include "api/listing_sales.hpp"

#include <boost/json.hpp>

#include "api/account_engines.hpp"
#include "api/edit_tags.hpp"
#include "api/envelope.hpp"
#include "api/idempotency.hpp"
#include "api/listing_request.hpp"
#include "api/listing_view.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using services_ptr = std::shared_ptr<const services>;
using stage_function = void (*)(store::transaction&, hand_over);

constexpr std::size_t body_bytes_max = 1'024;

// {} or nothing: a purchase needs no body.
result<void> check_empty(const http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok;
  if (request.body.empty()) return {};
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  return fields.finish();
}

awaitable<http_response> hand(services_ptr with, http_request& request, std::string to,
                              stage_function stage) {
  auto keyed = co_await read_keyed(*with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto version = expected_version(request);
  if (!version) co_return refuse_edit(version.error(), request);
  hand_over what;
  what.listing = request.param("id");
  what.by = caller_of(request).user;
  what.to = std::move(to);
  what.version = *version;
  what.now_ms = with->clock.now_ms();
  const json::object data{{"id", what.listing},
                          {"status", "sold"},
                          {"holderId", what.to},
                          {"soldAt", iso_time(what.now_ms).chars},
                          {"notice", notice_for(request)}};
  store::transaction tx;
  stage(tx, std::move(what));
  if (keyed.key) stage_reply(*with, tx, *keyed.key, 200, json::serialize(data));
  auto done = co_await store::async_commit(with->database, std::move(tx));
  if (done) co_return reply(200, json::value(data));
  const auto fault = done.error();
  if (keyed.key) {
    // The same request was faster; its listing is sold to the caller.
    auto earlier = co_await earlier_reply(*with, *keyed.key);
    if (earlier && *earlier) co_return std::move(**earlier);
  }
  co_return refuse_edit(fault, request);
}

awaitable<http_response> buy(services_ptr with, http_request& request) {
  if (auto ok = check_listing_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = check_empty(request); !ok) co_return refuse(ok.error(), request);
  std::string buyer = caller_of(request).user;
  auto out = co_await hand(with, request, std::move(buyer), stage_listing_sold);
  co_return out;
}

awaitable<http_response> transfer(services_ptr with, http_request& request) {
  if (auto ok = check_listing_id(request); !ok) co_return refuse(ok.error(), request);
  auto to = read_recipient(request);
  if (!to) co_return refuse(to.error(), request);
  error nobody(errc::validation, "to",
               text("must be the id of an account", "debe ser el id de una cuenta"));
  // By id alone: who has which e-mail is nobody's business.
  if (!is_uuid(*to) || with->accounts == nullptr) co_return refuse(nobody, request);
  auto account = co_await with->accounts->users.find(*to);
  if (!account || account->disabled_at_ms != 0) co_return refuse(nobody, request);
  std::string id = account->id;
  auto out = co_await hand(with, request, std::move(id), stage_listing_transferred);
  co_return out;
}

awaitable<http_response> ledger(services_ptr with, http_request& request) {
  if (auto ok = check_listing_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto work = [id = std::string(request.param("id"))](store::connection& db) {
    return list_listing_entries(db, id);
  };
  auto rows = co_await store::async_read(with->database, std::move(work));
  if (!rows) co_return refuse(rows.error(), request);
  if (rows->empty()) {
    error none(errc::not_found, "id",
               text("there is no listing with this id", "no hay ninguna publicación con este id"));
    co_return refuse(none, request);
  }
  json::array out;
  for (const auto& row : *rows) out.emplace_back(to_json(row));
  co_return reply(200, json::value(std::move(out)));
}

}  // namespace

void bind_listing_sales(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto small = json_body_of(body_bytes_max);
  routes.add_all({
      {http_method::post, "/api/nft/:id/buy", bound(buy), makes_own, small},
      {http_method::post, "/api/nft/:id/transfer", bound(transfer), makes_own, small},
      {http_method::get, "/api/nft/:id/ledger", bound(ledger), reads_own},
  });
}

}  // namespace son1k::api
