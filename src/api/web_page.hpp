// The web app over HTTP: embedded files, compressed beforehand, under a strict policy of what a
// page may load. Hashed names are kept by browsers for good, pages are asked for again.
#pragma once
#include <span>
#include <string_view>

#include "net/router.hpp"

namespace son1k::api {

// All views have static storage.
struct web_asset {
  std::string_view pattern;  // of its route: "/", "/pieces/:id", "/assets/app-1A2B3C4D.js"
  std::string_view content_type;
  std::string_view bytes;
  std::string_view gzipped;  // the same as a gzip member; empty: it does not pay
  std::string_view hash;     // of the bytes
  bool immutable = false;    // the name has the hash in it
};

// Sends it, with the policy; for a route that is not compressed.
net::sync_handler serving(const web_asset& asset);
// Binds a GET route for each. A pattern that is bound already is a programming error.
void bind_web_page(net::router& routes, std::span<const web_asset> assets);

}  // namespace son1k::api
