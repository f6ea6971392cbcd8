#include "api/docs_page.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <memory>
#include <mutex>

#include "accounts/identity/secrets.hpp"
#include "api/openapi.hpp"
#include "api/web_page.hpp"
#include "api_docs_files.hpp"
#include "base/log.hpp"
#include "net/compression.hpp"

namespace son1k::api {
namespace {

struct file_row {
  std::string_view file;     // in src/api/docs; the icon is the studio's
  std::string_view pattern;  // of its route
  std::string_view content_type;
};
constexpr std::string_view script = "text/javascript; charset=utf-8";
constexpr std::array<file_row, 9> files{{
    {"page.html", "/api/docs", "text/html; charset=utf-8"},
    {"page.css", "/api/docs/page.css", "text/css; charset=utf-8"},
    {"icon.svg", "/api/docs/icon.svg", "image/svg+xml"},
    {"boot.js", "/api/docs/boot.js", script},
    {"page.js", "/api/docs/page.js", script},
    {"elements.js", "/api/docs/elements.js", script},
    {"words.js", "/api/docs/words.js", script},
    {"schema.js", "/api/docs/schema.js", script},
    {"trial.js", "/api/docs/trial.js", script},
}};

std::string hash_of(std::string_view bytes) {
  return std::string(accounts::digest_of(bytes).substr(0, 16));
}

std::string_view text_of(std::string_view file) {
  for (const auto& one : pages::api_docs_files()) {
    if (one.name == file) return one.text;
  }
  return {};
}

// Compressed at first use and kept for the program's life, as a web_asset asks.
const std::vector<web_asset>& page_assets() {
  static const auto made = [] {
    static std::array<std::string, files.size()> packed;
    static std::array<std::string, files.size()> hashes;
    std::vector<web_asset> out;
    for (std::size_t n = 0; n < files.size(); ++n) {
      const auto text = text_of(files[n].file);
      packed[n] = net::gzip(text);
      hashes[n] = hash_of(text);
      out.push_back({files[n].pattern, files[n].content_type, text, packed[n], hashes[n], false});
    }
    return out;
  }();
  return made;
}

// The document as it is sent; made once.
class published {
 public:
  published(const endpoint_table& table, std::string version)
      : table_(table), version_(std::move(version)) {}

  net::http_response serve(const net::http_request& request) {
    std::call_once(made_, [this] { make(); });
    const auto known = request.header("if-none-match");
    const bool unchanged = !known.empty() && known.find(hash_) != std::string_view::npos;
    net::http_response out(unchanged ? 304 : 200);
    out.headers.add("ETag", "W/\"" + hash_ + "\"");
    out.headers.add("Cache-Control", "no-cache");
    out.headers.add("Vary", "Accept-Encoding");
    out.headers.add("X-Content-Type-Options", "nosniff");
    if (unchanged) return out;
    out.content_type = net::json_type;
    const bool packed = !gzipped_->empty() && net::accepts_gzip(request.header("accept-encoding"));
    if (packed) out.headers.add("Content-Encoding", "gzip");
    out.body = packed ? gzipped_ : plain_;
    return out;
  }

 private:
  void make() {
    const auto written = written_descriptions();
    const auto about = describe(table_, written, version_);
    for (const auto& row : about.missing) log::warn("openapi.not_described", {{"row", row}});
    for (const auto& row : about.left_over) log::warn("openapi.no_such_row", {{"row", row}});
    for (const auto& what : about.wrong) log::warn("openapi.wrong", {{"what", what}});
    plain_ = std::make_shared<const std::string>(boost::json::serialize(about.document));
    gzipped_ = std::make_shared<const std::string>(net::gzip(*plain_));
    hash_ = hash_of(*plain_);
  }

  const endpoint_table& table_;
  const std::string version_;
  std::once_flag made_;
  std::shared_ptr<const std::string> plain_;
  std::shared_ptr<const std::string> gzipped_;
  std::string hash_;
};

}  // namespace

void bind_docs(endpoint_table& table, net::router& routes, std::string version) {
  auto document = std::make_shared<published>(table, std::move(version));
  const auto send = [document](net::http_request& r) { return document->serve(r); };
  net::route_options as_it_is;
  as_it_is.compress = false;
  const auto& assets = page_assets();
  table.add_all({
      {net::http_method::get, "/api/openapi.json", net::sync_handler(send), open_by_address,
       as_it_is},
      {net::http_method::get, std::string(assets[0].pattern), serving(assets[0]), open_to_all,
       as_it_is},
  });
  bind_web_page(routes, std::span(assets).subspan(1));
}

}  // namespace son1k::api
