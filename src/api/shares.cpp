#include "api/shares.hpp"

#include <boost/json.hpp>

#include "accounts/identity/secrets.hpp"
#include "api/envelope.hpp"
#include "api/generation_files.hpp"
#include "api/generation_view.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "api/share_records.hpp"
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

constexpr std::size_t body_bytes_max = 1'024;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t days_max = 3'650;
constexpr std::size_t token_bytes_max = 64;  // of an address; ours are shorter

json::value time_or_null(std::int64_t ms) {
  return ms == 0 ? json::value() : json::value(iso_time(ms).chars);
}

json::object to_json(const share& link, std::int64_t now_ms) {
  return {{"id", link.id},
          {"generationId", link.piece},
          {"lastFour", link.ending},
          {"createdAt", time_or_null(link.created_at_ms)},
          {"expiresAt", time_or_null(link.expires_at_ms)},
          {"expired", link.expires_at_ms != 0 && link.expires_at_ms <= now_ms}};
}

// When the link expires, as the body asks; 0: never.
result<std::int64_t> read_expiry(const http_request& request, std::int64_t now_ms) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  if (request.body.empty()) return std::int64_t{0};
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  const auto days = fields.integer("expiresInDays", 1, days_max);
  if (auto ok = fields.finish(); !ok) return ok.error();
  return days ? now_ms + *days * day_ms : std::int64_t{0};
}

awaitable<http_response> make(services_ptr with, http_request& request) {
  if (auto ok = check_piece_id(request); !ok) co_return refuse(ok.error(), request);
  auto keyed = co_await read_keyed(*with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  const auto now = with->clock.now_ms();
  auto expires = read_expiry(request, now);
  if (!expires) co_return refuse(expires.error(), request);
  const auto token = accounts::new_secret("");
  share link;
  link.id = uuid_v7();
  link.owner = caller_of(request).user;
  link.piece = request.param("id");
  link.digest = accounts::digest_of(token);
  link.ending = token.substr(token.size() - 4);
  link.created_at_ms = now;
  link.expires_at_ms = *expires;
  auto data = to_json(link, now);
  data["token"] = token;
  data["url"] = "/api/shared/" + token;
  data["audioUrl"] = "/api/shared/" + token + "/audio";
  store::transaction tx;
  stage_share(tx, std::move(link));
  auto out = co_await commit_and_reply(*with, std::move(tx), std::move(keyed.key), 201,
                                       json::serialize(data), request);
  out.headers.add("Cache-Control", "no-store");
  co_return out;
}

awaitable<http_response> list(services_ptr with, http_request& request) {
  if (auto ok = check_piece_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const std::string id(request.param("id"));
  auto work = [owner = caller_of(request).user,
               id](store::connection& db) -> result<std::vector<share>> {
    auto piece = find_generation(db, owner, id);
    if (!piece) return piece.error();
    return list_shares(db, owner, id);
  };
  auto rows = co_await store::async_read(with->database, std::move(work));
  if (!rows) co_return refuse(rows.error(), request);
  json::array out;
  for (const auto& row : *rows) out.emplace_back(to_json(row, with->clock.now_ms()));
  co_return reply(200, json::value(std::move(out)));
}

awaitable<http_response> revoke(services_ptr with, http_request& request) {
  if (auto ok = check_piece_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const std::string id(request.param("share"));
  store::transaction tx;
  stage_share_revoked(tx, caller_of(request).user, std::string(request.param("id")), id);
  auto done = co_await store::async_commit(with->database, std::move(tx));
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"id", id}, {"revoked", true}});
}

awaitable<result<shared_piece>> find_by_token(services_ptr with, std::string token) {
  if (token.size() > token_bytes_max) token.clear();
  auto work = [digest = accounts::digest_of(token), now = with->clock.now_ms()](
                  store::connection& db) { return find_shared(db, digest, now); };
  auto found = co_await store::async_read(with->database, std::move(work));
  co_return found;
}

// What a stranger may know: the music, not who asked for it or how.
json::object view_of_shared(const shared_piece& found, std::string_view token) {
  json::object out{{"title", found.row.title},
                   {"createdAt", time_or_null(found.row.created_at_ms)},
                   {"expiresAt", time_or_null(found.link.expires_at_ms)},
                   {"audioUrl", "/api/shared/" + std::string(token) + "/audio"}};
  const auto facts = parsed_or_null(found.row.result);
  if (!facts.is_object()) return out;
  for (const auto* name :
       {"key", "tempo", "metre", "form", "instruments", "sections", "duration"}) {
    if (const auto* fact = facts.get_object().if_contains(name)) out[name] = *fact;
  }
  if (!found.row.style.empty()) out["style"] = found.row.style;
  return out;
}

awaitable<http_response> show(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const std::string token(request.param("token"));
  auto found = co_await find_by_token(with, token);
  if (!found) co_return refuse(found.error(), request);
  auto out = reply(200, json::value(view_of_shared(*found, token)));
  out.headers.add("Cache-Control", "no-store");
  out.headers.add("Referrer-Policy", "no-referrer");
  co_return out;
}

awaitable<http_response> audio(services_ptr with, http_request& request) {
  auto found = co_await find_by_token(with, std::string(request.param("token")));
  if (!found) co_return refuse(found.error(), request);
  // Short, because a link can be revoked.
  auto out = co_await send_piece_file(*with, request, std::move(found->row), "audio",
                                      "private, max-age=60");
  co_return out;
}

}  // namespace

void bind_shares(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto small = json_body_of(body_bytes_max);
  routes.add_all({
      {http_method::post, "/api/generation/:id/share", bound(make), makes_own, small},
      {http_method::get, "/api/generation/:id/share", bound(list), reads_own},
      {http_method::remove, "/api/generation/:id/share/:share", bound(revoke), makes_own},
      {http_method::get, "/api/shared/:token", bound(show), open_by_address},
      {http_method::get, "/api/shared/:token/audio", bound(audio), open_by_address},
  });
}

}  // namespace son1k::api
