#include "accounts/jwt/key_download.hpp"

#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/thread_name.hpp"

namespace son1k::accounts {

struct key_download::state {
  state(net::web_address a, net::fetch_bounds b) : from(std::move(a)), bounds(std::move(b)) {}
  const net::web_address from;
  const net::fetch_bounds bounds;
  std::mutex lock;
  std::condition_variable ended;
  int under_way = 0;

  void left() {
    const std::lock_guard hold(lock);
    --under_way;
    ended.notify_all();
  }
};

key_download::key_download(net::web_address from, net::fetch_bounds bounds)
    : state_(std::make_shared<state>(std::move(from), std::move(bounds))) {}

key_download::~key_download() {
  std::unique_lock hold(state_->lock);
  const auto time = state_->bounds.time + std::chrono::seconds(1);
  state_->ended.wait_for(hold, time, [this] { return state_->under_way == 0; });
}

void key_download::fetch(std::function<void(result<std::string>)> done) {
  {
    const std::lock_guard hold(state_->lock);
    ++state_->under_way;
  }
  auto work = [kept = state_, done] {
    name_thread("token-keys");
    auto text = net::fetch_text(kept->from, kept->bounds);
    done(std::move(text));
    kept->left();
  };
  try {
    std::thread(std::move(work)).detach();
  } catch (const std::system_error&) {
    state_->left();
    done(error(errc::unavailable, {"there are too many threads", "hay demasiados hilos"}));
  }
}

}  // namespace son1k::accounts
