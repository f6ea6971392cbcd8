#include "api/analytics/report.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "api/analytics/use_figures.hpp"
#include "api/envelope.hpp"
#include "api/idempotency.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"
#include "base/uuid.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using context_ptr = std::shared_ptr<const services>;

constexpr std::size_t report_body_bytes_max = 8'192;
constexpr std::size_t event_name_max = 64;
constexpr std::size_t properties_bytes_max = 4'096;
constexpr std::size_t properties_max = 32;

bool is_event_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
  });
}

result<std::string> properties_text(const json::value* given) {
  if (given == nullptr || given->is_null()) return std::string("{}");
  const error wrong(errc::validation, "properties",
                    text("must be an object of up to 32 texts, numbers, true, false or null",
                         "debe ser un objeto de hasta 32 textos, números, true, false o null"));
  if (!given->is_object() || given->get_object().size() > properties_max) return wrong;
  for (const auto& member : given->get_object())
    if (member.value().is_structured()) return wrong;
  auto out = json::serialize(*given);
  if (out.size() > properties_bytes_max) {
    return error(errc::validation, "properties",
                 text("must have at most 4096 bytes as JSON", "debe tener 4096 bytes o menos"));
  }
  return out;
}

result<client_report> read_report(const http_request& request, std::int64_t now_ms) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  fields.require("event");
  client_report out;
  out.event = fields.utf8("event", {1, event_name_max, false}).value_or("");
  const auto* properties = fields.any("properties");
  if (!out.event.empty() && !is_event_name(out.event)) {
    fields.fail("event", {"must be letters, digits, '_', '-', '.' and ':'",
                          "debe tener letras, cifras, '_', '-', '.' y ':'"});
  }
  if (auto ok = fields.finish(); !ok) return ok.error();
  auto kept = properties_text(properties);
  if (!kept) return kept.error();
  out.properties = std::move(*kept);
  out.account = caller_of(request).user;
  out.id = uuid_v7();
  out.at_ms = now_ms;
  return out;
}

awaitable<http_response> track(context_ptr with, http_request& request) {
  auto keyed = co_await read_keyed(*with, request);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto wanted = read_report(request, with->clock.now_ms());
  if (!wanted) co_return refuse(wanted.error(), request);
  auto data = json::serialize(json::object{{"id", wanted->id}, {"event", wanted->event}});
  // A figure: it survives the program's death, not a power cut.
  store::transaction tx(keyed.key ? store::durability::power : store::durability::process);
  stage_report(tx, std::move(*wanted));
  auto out = co_await commit_and_reply(*with, std::move(tx), std::move(keyed.key), 202,
                                       std::move(data), request);
  co_return out;
}

}  // namespace

void bind_report(endpoint_table& routes, const services& with) {
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  routes.add_all({{http_method::post, "/api/analytics/track", bound(track), makes_own,
                   json_body_of(report_body_bytes_max)}});
}

}  // namespace son1k::api
