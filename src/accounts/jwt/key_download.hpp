// Fetches a key set over HTTPS, each time on a thread that ends with it: it happens every few
// minutes, and looking up names and trusting certificates would hold up a reactor.
//
// Threads: fetch() may be called from any thread, also while another one is under way.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "net/text_fetch.hpp"

namespace son1k::accounts {

class key_download {
 public:
  key_download(net::web_address from, net::fetch_bounds bounds);
  // Waits for what is under way as long as it may take by its bounds; a name that is still being
  // looked up is left to itself.
  ~key_download();
  key_download(const key_download&) = delete;
  key_download& operator=(const key_download&) = delete;

  // `done` is called once, on the thread of this fetch, or here if there can be none (unavailable).
  void fetch(std::function<void(result<std::string>)> done);

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace son1k::accounts
