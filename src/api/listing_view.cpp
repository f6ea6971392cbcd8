#include "api/listing_view.hpp"

#include <array>
#include <boost/json.hpp>

#include "api/endpoint.hpp"
#include "api/envelope.hpp"
#include "base/clock.hpp"
#include "base/uuid.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

json::value time_or_null(std::int64_t ms) {
  return ms == 0 ? json::value() : json::value(iso_time(ms).chars);
}

json::value parsed(const std::string& text) {
  boost::system::error_code ec;
  auto v = json::parse(text, ec);
  return ec ? json::value() : v;
}

json::object trait(std::string_view name, json::value v) {
  return {{"trait_type", name}, {"value", std::move(v)}};
}

}  // namespace

json::object to_json(const listing& row, std::string_view reader) {
  const std::string base = "/api/nft/" + row.id;
  json::object out{{"id", row.id},
                   {"status", row.status},
                   {"title", row.title},
                   {"description", row.description},
                   {"priceMinor", row.price_minor},
                   {"currency", row.currency},
                   {"style", row.style},
                   {"sellerId", row.seller},
                   {"music", parsed(row.facts)},
                   {"certificateUrl", base + "/certificate"},
                   {"metadataUrl", base + "/metadata"},
                   {"version", row.version},
                   {"createdAt", time_or_null(row.created_at_ms)},
                   {"updatedAt", time_or_null(row.updated_at_ms)},
                   {"soldAt", time_or_null(row.sold_at_ms)}};
  if (reader == row.seller || reader == row.holder) {
    out["holderId"] = row.holder;
    out["audioUrl"] = base + "/audio";
  }
  if (reader == row.seller) out["generationId"] = row.piece;
  return out;
}

json::object to_json(const listing_entry& row) {
  const auto account = [](const std::string& id) {
    return id.empty() ? json::value() : json::value(id);
  };
  return {{"step", row.step},
          {"kind", row.kind},
          {"from", account(row.from)},
          {"to", account(row.to)},
          {"priceMinor", row.price_minor},
          {"currency", row.currency},
          {"at", time_or_null(row.at_ms)}};
}

json::object metadata_of(const listing& row) {
  json::array traits;
  if (!row.style.empty()) traits.push_back(trait("Style", json::value(row.style)));
  const auto facts = parsed(row.facts);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> known{
      {{"key", "Key"}, {"tempo", "Tempo"}, {"metre", "Metre"}, {"duration", "Seconds"}}};
  for (const auto& [name, shown] : known) {
    const auto* fact = facts.is_object() ? facts.get_object().if_contains(name) : nullptr;
    if (fact != nullptr) traits.push_back(trait(shown, *fact));
  }
  const auto document = parsed(row.certificate);
  boost::system::error_code ec;
  const auto* digest = document.find_pointer("/certificate/audioSha256", ec);
  json::object out{{"name", row.title},
                   {"description", row.description},
                   {"external_url", "/api/nft/" + row.id},
                   {"attributes", std::move(traits)},
                   {"certificate", document}};
  if (digest != nullptr) out["audio_sha256"] = *digest;
  return out;
}

json::string notice_for(const net::http_request& request) {
  const text what(
      "A listing records a price and who holds the piece. It moves no money and mints on no chain.",
      "Una publicación registra un precio y quién tiene la pieza. No mueve dinero ni acuña en "
      "ninguna cadena.");
  return json::string(what.in(prefers_spanish(request.header("accept-language"))));
}

net::http_response reply_listing(int status, const listing& row, const net::http_request& request) {
  auto view = to_json(row, caller_of(request).user);
  view["notice"] = notice_for(request);
  auto out = reply(status, json::value(std::move(view)));
  out.headers.add("ETag", "\"" + std::to_string(row.version) + "\"");
  return out;
}

result<void> check_listing_id(const net::http_request& request) {
  if (is_uuid(request.param("id"))) return {};
  return error(errc::not_found, "id",
               text("there is no listing with this id", "no hay ninguna publicación con este id"));
}

}  // namespace son1k::api
