#include "api/listing_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "api/parameters.hpp"
#include "base/base64.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"
#include "base/uuid.hpp"

namespace son1k::api {
namespace {

constexpr std::int64_t price_max = 1'000'000'000'000;
constexpr std::size_t search_points_max = 200;
constexpr std::array<std::string_view, 2> statuses{"listed", "sold"};
constexpr std::array<std::string_view, 2> own_sides{"selling", "holding"};

bool is_currency(std::string_view code) {
  return code.size() == 3 &&
         std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::optional<std::string> read_currency(object_reader& in) {
  auto code = in.utf8("currency", {1, 10, false});
  if (code && !is_currency(*code)) {
    in.fail("currency", {"must be three capital letters (ISO 4217), such as EUR",
                         "debe ser tres letras mayúsculas (ISO 4217), como EUR"});
  }
  return code;
}

std::optional<std::string> read_description(object_reader& in) {
  return in.utf8("description", {0, 2'000, true});
}

// One of `known`, by its index; nothing where it is absent. validation.
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

result<void> read_words(parameters& in, listing_query& out) {
  for (const auto& [name, to] : {std::pair("q", &out.search), std::pair("style", &out.style)}) {
    *to = in.text(name).value_or("");
    const auto points = count_code_points(*to);
    if (!points || *points > search_points_max) {
      return error(errc::validation, name,
                   text("must be text of up to 200 characters",
                        "debe ser un texto de hasta 200 caracteres"));
    }
  }
  out.currency = in.text("currency").value_or("");
  if (!out.currency.empty() && !is_currency(out.currency)) {
    return error(errc::validation, "currency",
                 text("must be three capital letters", "debe ser tres letras mayúsculas"));
  }
  return {};
}

result<void> read_cursor(parameters& in, listing_query& out) {
  const auto given = in.text("cursor");
  if (!given) return {};
  const auto plain = from_base64url(*given).value_or("");
  const auto colon = plain.find(':');
  if (colon != std::string::npos && is_uuid(std::string_view(plain).substr(colon + 1))) {
    const auto end = plain.data() + colon;
    const auto read = std::from_chars(plain.data(), end, out.after_price);
    if (read.ec == std::errc() && read.ptr == end && out.after_price >= 0) {
      out.after_id = plain.substr(colon + 1);
      return {};
    }
  }
  return error(
      errc::validation, "cursor",
      text("must be the cursor of an earlier page", "debe ser el cursor de una página anterior"));
}

}  // namespace

result<new_listing> read_new_listing(const net::http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader in(*body);
  new_listing out;
  in.require("generationId");
  in.require("priceMinor");
  in.require("currency");
  out.generation = in.utf8("generationId", {1, 64, false}).value_or("");
  out.title = in.utf8("title", {1, 200, false}).value_or("");
  out.description = read_description(in).value_or("");
  out.price_minor = in.integer("priceMinor", 0, price_max).value_or(0);
  out.currency = read_currency(in).value_or("");
  if (auto ok = in.finish(); !ok) return ok.error();
  return out;
}

result<listing_edit> read_listing_edit(const net::http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader in(*body);
  listing_edit out;
  out.title = in.utf8("title", {1, 200, false});
  out.description = read_description(in);
  out.price_minor = in.integer("priceMinor", 0, price_max);
  out.currency = read_currency(in);
  if (auto ok = in.finish(); !ok) return ok.error();
  if (!out.title && !out.description && !out.price_minor && !out.currency) {
    return error(errc::validation, "body",
                 text("must have title, description, priceMinor or currency",
                      "debe tener title, description, priceMinor o currency"));
  }
  return out;
}

result<std::string> read_recipient(const net::http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader in(*body);
  in.require("to");
  auto out = in.utf8("to", {1, 64, false}).value_or("");
  if (auto ok = in.finish(); !ok) return ok.error();
  return out;
}

result<listing_query> read_listing_query(const net::http_request& request,
                                         std::string_view caller) {
  listing_query out;
  parameters in(request);
  out.limit = static_cast<int>(in.integer("limit", 1, 100).value_or(out.limit));
  out.price_min = in.integer("priceMin", 0, price_max).value_or(0);
  out.price_max = in.integer("priceMax", 1, price_max).value_or(0);
  auto status = choice(in, "status", statuses);
  if (!status) return status.error();
  if (*status) out.status = statuses[**status];
  auto order = choice(in, "sort", listing_order_names);
  if (!order) return order.error();
  if (*order) out.order = static_cast<listing_order>(**order);
  auto mine = choice(in, "mine", own_sides);
  if (!mine) return mine.error();
  if (*mine == 0U) out.seller = caller;
  if (*mine == 1U) out.holder = caller;
  if (auto ok = read_words(in, out); !ok) return ok.error();
  if (auto ok = read_cursor(in, out); !ok) return ok.error();
  if (auto ok = in.finish(); !ok) return ok.error();
  return out;
}

std::string cursor_of(const listing& last) {
  std::string out;
  append_base64url(out, std::to_string(last.price_minor) + ":" + last.id);
  return out;
}

}  // namespace son1k::api
