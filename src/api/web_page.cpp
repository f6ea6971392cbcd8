#include "api/web_page.hpp"

#include <memory>
#include <string>

#include "net/compression.hpp"

namespace son1k::api {
namespace {

// Everything comes from the server itself; sockets of the same origin are 'self' too.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

// What is sent, made once: the replies share it.
struct prepared {
  explicit prepared(const web_asset& from)
      : about(from),
        etag("W/\"" + std::string(from.hash) + "\""),
        plain(std::make_shared<const std::string>(from.bytes)),
        gzipped(from.gzipped.empty() ? nullptr
                                     : std::make_shared<const std::string>(from.gzipped)) {}

  web_asset about;
  std::string etag;  // weak: the same for both codings
  std::shared_ptr<const std::string> plain;
  std::shared_ptr<const std::string> gzipped;
};

net::http_response serve(const prepared& asset, const net::http_request& request) {
  const auto known = request.header("if-none-match");
  const bool unchanged = !known.empty() && known.find(asset.about.hash) != std::string_view::npos;
  net::http_response out(unchanged ? 304 : 200);
  out.headers.add("ETag", asset.etag);
  out.headers.add("Cache-Control",
                  asset.about.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (asset.gzipped) out.headers.add("Vary", "Accept-Encoding");
  out.headers.add("X-Content-Type-Options", "nosniff");
  out.headers.add("Content-Security-Policy", policy);
  out.headers.add("Referrer-Policy", "no-referrer");
  out.headers.add("X-Frame-Options", "DENY");
  out.headers.add("Cross-Origin-Opener-Policy", "same-origin");
  out.headers.add("Cross-Origin-Resource-Policy", "same-origin");
  if (unchanged) return out;
  out.content_type = asset.about.content_type;
  if (asset.gzipped && net::accepts_gzip(request.header("accept-encoding"))) {
    out.headers.add("Content-Encoding", "gzip");
    out.body = asset.gzipped;
  } else {
    out.body = asset.plain;
  }
  return out;
}

}  // namespace

net::sync_handler serving(const web_asset& asset) {
  auto ready = std::make_shared<const prepared>(asset);
  return [ready](net::http_request& r) { return serve(*ready, r); };
}

void bind_web_page(net::router& routes, std::span<const web_asset> assets) {
  net::route_options as_it_is;
  as_it_is.compress = false;
  for (const auto& asset : assets) {
    routes.add_all({{net::http_method::get, std::string(asset.pattern), serving(asset), as_it_is}});
  }
}

}  // namespace son1k::api
