#include "accounts/jwt/key_source.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <mutex>

#include "accounts/jwt/key_set.hpp"
#include "base/log.hpp"

namespace son1k::accounts {
namespace {

namespace asio = boost::asio;

error keys_away() {
  return {errc::unavailable,
          {"the keys of the issuer of this token cannot be had now; try again later",
           "las claves del emisor de este token no están disponibles; inténtelo más tarde"}};
}

// A caller that waits for the answer of the issuer, or for its own time to end.
struct key_waiter {
  key_waiter(asio::any_io_executor on, std::chrono::milliseconds time)
      : executor(on), timer(on, time) {}
  asio::any_io_executor executor;
  asio::steady_timer timer;
};

}  // namespace

class key_source::shelf : public std::enable_shared_from_this<shelf> {
 public:
  shelf(const clock_port& clock, key_fetch fetch, key_times times)
      : clock_(clock), fetch_(std::move(fetch)), times_(times) {}

  // What to do for one caller.
  struct step {
    enum class kind { give, wait, refuse } what = kind::refuse;
    keys set;
  };
  // `waited`: the caller has waited once and takes what there is.
  step look_for(const std::string& id, const std::shared_ptr<key_waiter>& waiter, bool waited);
  asio::awaitable<void> wait(std::shared_ptr<key_waiter> waiter);
  void close();
  const key_times& times() const { return times_; }
  std::uint64_t fetches() const {
    const std::lock_guard hold(lock_);
    return fetches_;
  }

 private:
  bool has(const std::string& id) const {
    return keys_ && std::any_of(keys_->begin(), keys_->end(),
                                [&](const token_key& key) { return key.id() == id; });
  }
  bool may_ask(std::int64_t now) const {
    return !asking_ && !closed_ && (fetches_ == 0 || now - asked_at_ >= times_.again_ms);
  }
  void ask();
  void answered(result<std::string> text);
  static void wake(std::vector<std::shared_ptr<key_waiter>> all);

  const clock_port& clock_;
  const key_fetch fetch_;
  const key_times times_;
  mutable std::mutex lock_;
  keys keys_;
  std::int64_t fetched_at_ = 0;  // steady; of keys_
  std::int64_t asked_at_ = 0;    // steady; of the last question
  std::uint64_t fetches_ = 0;
  bool asking_ = false;
  bool failed_ = false;  // the last question was not answered
  bool closed_ = false;
  std::vector<std::shared_ptr<key_waiter>> waiting_;
};

key_source::shelf::step key_source::shelf::look_for(const std::string& id,
                                                    const std::shared_ptr<key_waiter>& waiter,
                                                    bool waited) {
  using kind = step::kind;
  std::unique_lock hold(lock_);
  const auto now = clock_.steady_ms();
  const auto age = now - fetched_at_;
  const bool here = has(id) && age < times_.stale_ms;
  const bool asks = (!here || age >= times_.renew_ms) && may_ask(now);
  if (asks) {
    asking_ = true;
    asked_at_ = now;
    ++fetches_;
  }
  step out;
  // While the issuer is away, callers whose key is known do not wait for it again and again.
  if (here && (age < times_.fresh_ms || failed_ || !asking_ || waited)) {
    out = {kind::give, keys_};
  } else if (asking_ && !waited && waiting_.size() < key_waiters_max) {
    waiting_.push_back(waiter);
    out.what = kind::wait;
  } else if (here || (keys_ && age < times_.stale_ms && !failed_ && !asking_)) {
    out = {kind::give, keys_};  // without this key, if the issuer does not have it
  }
  hold.unlock();
  if (asks) ask();
  return out;
}

void key_source::shelf::ask() {
  fetch_([weak = weak_from_this()](result<std::string> text) {
    if (auto self = weak.lock()) self->answered(std::move(text));
  });
}

void key_source::shelf::answered(result<std::string> text) {
  auto set = text ? parse_key_set(*text) : result<std::vector<token_key>>(text.error());
  if (!set) {
    const error why = set.error();
    log::warn("token_keys.not_fetched", {{"reason", why.what()}});
  }
  std::unique_lock hold(lock_);
  if (closed_) return;
  asking_ = false;
  failed_ = !set;
  if (set) {
    keys_ = std::make_shared<const std::vector<token_key>>(std::move(*set));
    fetched_at_ = clock_.steady_ms();
  }
  auto all = std::exchange(waiting_, {});
  hold.unlock();
  wake(std::move(all));
}

void key_source::shelf::close() {
  std::unique_lock hold(lock_);
  closed_ = true;
  asking_ = false;
  failed_ = true;
  auto all = std::exchange(waiting_, {});
  hold.unlock();
  wake(std::move(all));
}

void key_source::shelf::wake(std::vector<std::shared_ptr<key_waiter>> all) {
  for (auto& one : all) {
    const auto executor = one->executor;
    asio::post(executor, [one = std::move(one)] { one->timer.cancel(); });
  }
}

asio::awaitable<void> key_source::shelf::wait(std::shared_ptr<key_waiter> waiter) {
  boost::system::error_code ended;
  auto token = asio::redirect_error(asio::use_awaitable, ended);
  co_await waiter->timer.async_wait(token);
  // Over its own time: nobody is to wake it any more.
  const std::lock_guard hold(lock_);
  std::erase(waiting_, waiter);
}

key_source::key_source(const clock_port& clock, key_fetch fetch, key_times times)
    : shelf_(std::make_shared<shelf>(clock, std::move(fetch), times)) {}

key_source::~key_source() {
  shelf_->close();
}

std::uint64_t key_source::fetches() const {
  return shelf_->fetches();
}

asio::awaitable<result<key_source::keys>> key_source::having(std::string id) {
  using kind = shelf::step::kind;
  auto kept = shelf_;
  auto executor = co_await asio::this_coro::executor;
  const std::chrono::milliseconds time(kept->times().wait_ms);
  auto waiter = std::make_shared<key_waiter>(executor, time);
  auto step = kept->look_for(id, waiter, false);
  if (step.what == kind::wait) {
    co_await kept->wait(waiter);
    step = kept->look_for(id, waiter, true);
  }
  if (step.what != kind::give) co_return keys_away();
  co_return step.set;
}

}  // namespace son1k::accounts
