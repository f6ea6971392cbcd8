#include "api/listings.hpp"

#include <boost/json.hpp>

#include "accounts/signing/signing_keys.hpp"
#include "api/account_engines.hpp"
#include "api/certificate.hpp"
#include "api/edit_tags.hpp"
#include "api/envelope.hpp"
#include "api/generation_view.hpp"
#include "api/idempotency.hpp"
#include "api/listing_papers.hpp"
#include "api/listing_request.hpp"
#include "api/listing_sales.hpp"
#include "api/listing_view.hpp"
#include "api/offload.hpp"
#include "api/parameters.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace fs = std::filesystem;
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using services_ptr = std::shared_ptr<const services>;

constexpr std::size_t body_bytes_max = 32'768;

struct audio_facts {
  std::string path;  // below the artifacts folder
  std::string format;
};

// The file that the piece was asked as. conflict: the piece is not finished.
result<audio_facts> audio_of(const generation_record& row, const json::value& facts) {
  boost::system::error_code ec;
  const auto* path = facts.find_pointer("/files/0/path", ec);
  const auto* format = facts.find_pointer("/files/0/name", ec);
  if (row.status == "completed" && path != nullptr && format != nullptr && path->is_string() &&
      format->is_string()) {
    return audio_facts{std::string(path->get_string()), std::string(format->get_string())};
  }
  return error(
      errc::conflict, "generationId",
      text("only a finished piece can be listed; this one is " + row.status,
           "solo se puede publicar una pieza terminada; esta está en estado " + row.status));
}

// What strangers may know of the music.
std::string shown_facts(const json::value& facts) {
  json::object out;
  for (const auto* name : {"key", "tempo", "metre", "form", "instruments", "duration"}) {
    if (const auto* fact = facts.get_object().if_contains(name)) out[name] = *fact;
  }
  return json::serialize(out);
}

awaitable<std::string> author_name(services_ptr with, std::string id) {
  if (with->accounts == nullptr) co_return std::string();
  auto row = co_await with->accounts->users.find(std::move(id));
  co_return row ? row->name : std::string();
}

// The listing with its certificate; nothing is written yet.
awaitable<result<listing>> prepare(services_ptr with, new_listing wanted, std::string seller) {
  if (!is_uuid(wanted.generation)) co_return no_such_piece();
  auto row = co_await find_piece_row(*with, seller, wanted.generation);
  if (!row) co_return row.error();
  const auto facts = parsed_or_null(row->result);
  auto audio = audio_of(*row, facts);
  if (!audio) co_return audio.error();
  std::function<result<std::string>()> hash = [file = with->artifacts / audio->path] {
    return sha256_of_file(file);
  };
  auto digest = co_await offloaded(with, std::move(hash));
  if (!digest) co_return digest.error();
  accounts::signing_keys keys(with->database, with->clock);
  auto key = co_await keys.current();
  if (!key) co_return key.error();
  const auto author = co_await author_name(with, seller);
  const certified what{*row, author, *digest, audio->format, with->clock.now_ms()};
  auto document = make_certificate(what, *key);
  if (!document) co_return document.error();
  listing out;
  out.id = uuid_v7();
  out.piece = row->id;
  out.seller = out.holder = seller;
  out.status = "listed";
  out.title = wanted.title.empty() ? row->title : wanted.title;
  out.description = std::move(wanted.description);
  out.price_minor = wanted.price_minor;
  out.currency = std::move(wanted.currency);
  out.style = row->style;
  out.facts = shown_facts(facts);
  out.audio = std::move(audio->path);
  out.certificate = std::move(*document);
  out.created_at_ms = out.updated_at_ms = what.issued_at_ms;
  co_return out;
}

awaitable<http_response> create(services_ptr with, http_request& request) {
  auto keyed = co_await read_keyed(*with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto wanted = read_new_listing(request);
  if (!wanted) co_return refuse(wanted.error(), request);
  auto made = co_await prepare(with, std::move(*wanted), caller_of(request).user);
  if (!made) co_return refuse(made.error(), request);
  auto view = to_json(*made, caller_of(request).user);
  view["notice"] = notice_for(request);
  store::transaction tx;
  stage_listing(tx, std::move(*made));
  auto out = co_await commit_and_reply(*with, std::move(tx), std::move(keyed.key), 201,
                                       json::serialize(view), request);
  if (out.status == 201) out.headers.add("ETag", "\"1\"");
  co_return out;
}

awaitable<http_response> search(services_ptr with, http_request& request) {
  const std::string reader = caller_of(request).user;
  auto query = read_listing_query(request, reader);
  if (!query) co_return refuse(query.error(), request);
  auto work = [wanted = *query](store::connection& db) { return list_listings(db, wanted); };
  auto rows = co_await store::async_read(with->database, std::move(work));
  if (!rows) co_return refuse(rows.error(), request);
  json::array items;
  for (const auto& row : *rows) items.emplace_back(to_json(row, reader));
  json::object pagination{{"limit", query->limit}, {"notice", notice_for(request)}};
  const bool full = rows->size() == static_cast<std::size_t>(query->limit);
  pagination["nextCursor"] = full ? json::value(cursor_of(rows->back())) : json::value();
  co_return reply_page(std::move(items), pagination);
}

awaitable<http_response> show(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto row = co_await listing_of_request(with, request);
  if (!row) co_return refuse(row.error(), request);
  co_return reply_listing(200, *row, request);
}

awaitable<http_response> edit(services_ptr with, http_request& request) {
  if (auto ok = check_listing_id(request); !ok) co_return refuse(ok.error(), request);
  auto to = read_listing_edit(request);
  if (!to) co_return refuse(to.error(), request);
  auto version = expected_version(request);
  if (!version) co_return refuse_edit(version.error(), request);
  const std::string id(request.param("id"));
  store::transaction tx;
  stage_listing_edit(tx, id, caller_of(request).user, *version, std::move(*to),
                     with->clock.now_ms());
  auto done = co_await store::async_commit(with->database, std::move(tx));
  if (!done) co_return refuse_edit(done.error(), request);
  auto row = co_await listing_of_request(with, request);
  if (!row) co_return refuse(row.error(), request);
  co_return reply_listing(200, *row, request);
}

awaitable<http_response> withdraw(services_ptr with, http_request& request) {
  if (auto ok = check_listing_id(request); !ok) co_return refuse(ok.error(), request);
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const std::string id(request.param("id"));
  store::transaction tx;
  stage_listing_withdrawn(tx, id, caller_of(request).user, with->clock.now_ms());
  auto done = co_await store::async_commit(with->database, std::move(tx));
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"id", id}, {"withdrawn", true}});
}

}  // namespace

awaitable<result<listing>> listing_of_request(std::shared_ptr<const services> with,
                                              http_request& request) {
  if (auto ok = check_listing_id(request); !ok) co_return ok.error();
  auto work = [id = std::string(request.param("id"))](store::connection& db) {
    return find_listing(db, id);
  };
  auto row = co_await store::async_read(with->database, std::move(work));
  co_return row;
}

void bind_listings(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto json_body = json_body_of(body_bytes_max);
  routes.add_all({
      {http_method::post, "/api/nft", bound(create), makes_own, json_body},
      {http_method::get, "/api/nft", bound(search), reads_own},
      {http_method::get, "/api/nft/:id", bound(show), reads_own},
      {http_method::put, "/api/nft/:id", bound(edit), makes_own, json_body},
      {http_method::remove, "/api/nft/:id", bound(withdraw), makes_own},
  });
  bind_listing_sales(routes, with);
  bind_listing_papers(routes, with);
}

}  // namespace son1k::api
