#include "api/listing_papers.hpp"

#include <boost/json.hpp>

#include "accounts/signing/signing_keys.hpp"
#include "api/envelope.hpp"
#include "api/listing_sales.hpp"
#include "api/listing_view.hpp"
#include "api/parameters.hpp"
#include "base/base64.hpp"
#include "net/files.hpp"

namespace son1k::api {
namespace fs = std::filesystem;
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using services_ptr = std::shared_ptr<const services>;

json::object to_json(const accounts::signing_key& key) {
  std::string open;
  append_base64url(open, key.public_key);
  const bool current = key.retired_at_ms == 0;
  return {{"keyId", key.id},
          {"algorithm", "Ed25519"},
          {"publicKey", open},
          {"current", current},
          {"createdAt", iso_time(key.created_at_ms).chars},
          {"retiredAt", current ? json::value() : json::value(iso_time(key.retired_at_ms).chars)}};
}

awaitable<http_response> certificate(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto row = co_await listing_of_request(with, request);
  if (!row) co_return refuse(row.error(), request);
  co_return reply_serialized(200, row->certificate);
}

// As the standard has it, so without the envelope of other replies.
awaitable<http_response> metadata(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto row = co_await listing_of_request(with, request);
  if (!row) co_return refuse(row.error(), request);
  auto out = metadata_of(*row);
  out["notice"] = notice_for(request);
  co_return net::json_response(200, json::value(std::move(out)));
}

awaitable<http_response> list_keys(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  accounts::signing_keys keys(with->database, with->clock);
  auto now = co_await keys.current();
  if (!now) co_return refuse(now.error(), request);
  auto all = co_await keys.list();
  if (!all) co_return refuse(all.error(), request);
  json::array out;
  for (const auto& one : *all) out.emplace_back(to_json(one));
  co_return reply(200, json::value{{"current", now->id}, {"keys", std::move(out)}});
}

awaitable<http_response> rotate(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  accounts::signing_keys keys(with->database, with->clock);
  auto now = co_await keys.rotate();
  if (!now) co_return refuse(now.error(), request);
  co_return reply(200, json::value(to_json(*now)));
}

std::string_view type_of(const fs::path& file) {
  const auto ending = file.extension().string();
  if (ending == ".mp3") return "audio/mpeg";
  if (ending == ".ogg") return "audio/ogg";
  if (ending == ".flac") return "audio/flac";
  return ending == ".wav" ? "audio/wav" : "application/octet-stream";
}

awaitable<http_response> audio(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto row = co_await listing_of_request(with, request);
  if (!row) co_return refuse(row.error(), request);
  const auto& reader = caller_of(request).user;
  if (reader != row->seller && reader != row->holder) {
    error none(errc::not_found, "id",
               text("only who holds it hears it here", "aquí solo lo oye quien lo tiene"));
    co_return refuse(none, request);
  }
  auto opened = net::open_file::open(with->artifacts / row->audio);
  if (!opened) co_return refuse(opened.error(), request);
  net::file_facts about;
  about.content_type = type_of(row->audio);
  about.etag = "\"" + row->id + "-" + std::to_string((*opened)->size()) + "\"";
  about.cache_control = "private, no-cache";
  co_return net::file_response(request, std::move(*opened), about);
}

}  // namespace

void bind_listing_papers(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  routes.add_all({
      {http_method::get, "/api/nft/key", bound(list_keys), open_by_address},
      {http_method::post, "/api/nft/key/rotate", bound(rotate), administers},
      {http_method::get, "/api/nft/:id/certificate", bound(certificate), open_by_address},
      {http_method::get, "/api/nft/:id/metadata", bound(metadata), open_by_address},
      {http_method::get, "/api/nft/:id/audio", bound(audio), watches_own},
  });
}

}  // namespace son1k::api
