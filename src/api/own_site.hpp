// Whether a page of this server makes a request. A browser sends cookies whoever's page asks, and a
// page may point a name of its own at the server's address (DNS rebinding): so a cookie counts only
// where the server was asked for by a name it knows, from a page of that address.
// Values; thread-safe once made.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace son1k::api {

// What a browser tells of the page; empty where it tells nothing.
struct page_facts {
  std::string_view host;    // Host: what was asked for
  std::string_view origin;  // Origin: the page
  std::string_view site;    // Sec-Fetch-Site: how the two are related
  bool reads = false;       // the request changes nothing; browsers then leave Origin out
};

class own_site {
 public:
  own_site() = default;  // known as localhost and by its numbers
  // `public_url` as "https://studio.example.org" or empty; `hosts` as "studio.lan, music" or empty.
  // validation: the fields "public_url" and "allowed_hosts".
  static result<own_site> make(std::string_view public_url, std::string_view hosts);

  // forbidden, field "Host": asked for by a name that is not this server's · field "Origin": not
  // from a page of this server.
  result<void> check_page(const page_facts& page) const;
  // By this name, with or without a port, browsers reach this server: localhost, any address in
  // numbers (nobody can point one elsewhere), the names it was made with.
  bool is_named(std::string_view host) const;
  // "https://studio.example.org"; empty: not said.
  const std::string& origin() const { return origin_; }

 private:
  std::string origin_;
  std::vector<std::string> hosts_;  // lower case, without ports
};

}  // namespace son1k::api
