// The queue on Redis for the contract suite: one server for the whole program, a prefix of its own
// for each case. Changes of Redis can be lost on purpose.
#pragma once
#include <atomic>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "contract/queue/queue_contract.hpp"
#include "queue/redis/redis_queue.hpp"
#include "support/postgres_server.hpp"
#include "support/queue/database_place.hpp"
#include "support/queue/effects.hpp"
#include "support/redis_server.hpp"
#include "support/temp_folder.hpp"

namespace son1k::queue::test {

inline son1k::test::redis_server& server() {
  static son1k::test::redis_server one;
  return one;
}

struct redis_backend_kind {
  bool on_postgres = false;  // its SQL side in a database of its own of one PostgreSQL, or a file
  bool shared = false;       // its queues are shared with workers of BullMQ
};

class redis_backend final : public backend {
 public:
  explicit redis_backend(redis_backend_kind of = {}) : shared_(of.shared) {
    static int cases = 0;
    prefix_ = "case-" + std::to_string(++cases);
    if (of.on_postgres) postgres_url_ = new_database("queue_" + std::to_string(cases));
    auto settings = net::parse_redis_url(server().url());
    if (settings) settings->call_time = std::chrono::seconds(30);
    auto client = net::redis_client::make(std::move(*settings));
    client_ = std::move(*client);
    client_->start();
    open();
    son1k::test::make_effects(*db_);
  }
  ~redis_backend() override {
    close();
    client_->stop();
  }

  queue_port& port() override { return *queue_; }
  son1k::test::faulty_database& db() override { return *db_; }
  son1k::test::manual_clock& clock() override { return clock_; }
  void reopen() override {
    close();
    open();
  }
  // Whichever comes first, the commit or the change of Redis.
  void refuse_next(error why) override {
    db_->fail_commit(1, std::move(why));
    refusing_ = true;
  }
  // Scripts of this name do not reach Redis, as if the process had died before; empty: all do.
  void lose(std::string script) {
    std::lock_guard lock(lost_mutex_);
    lost_ = std::move(script);
  }
  net::redis_client& client() { return *client_; }
  const std::string& prefix() const { return prefix_; }
  bool keeps_events() const override { return true; }
  std::int64_t effects() override { return son1k::test::count_effects(*db_); }

 private:
  void open() {
    db_ = postgres_url_.empty() ? son1k::test::open_sqlite_place(folder_ / "q.db")
                                : son1k::test::open_postgres_place(postgres_url_);
    redis_queue_settings how;
    how.prefix = prefix_;
    how.shared = shared_;
    how.process = "the one";
    how.look_ms = 5;
    how.refusal = [this](std::string_view script) -> result<void> {
      {
        std::lock_guard lock(lost_mutex_);
        if (script == lost_) return error(errc::unavailable, "lost on purpose");
      }
      if (!refusing_.exchange(false)) return {};
      store::transaction nothing;
      nothing.stage([](store::connection&) { return result<void>{}; });
      return store::commit_and_wait(*db_, std::move(nothing));
    };
    queue_ = make_redis_queue(*client_, *db_, how, clock_);
  }
  void close() {
    queue_.reset();
    if (db_) db_->stop();
    db_.reset();
  }

  static std::string new_database(const std::string& name) {
    static son1k::test::postgres_server one;
    one.create_database(name);
    return one.url(name);
  }

  const bool shared_;
  std::string prefix_;
  std::string postgres_url_;
  son1k::test::temp_folder folder_;
  son1k::test::manual_clock clock_;
  std::atomic<bool> refusing_{false};
  std::mutex lost_mutex_;
  std::string lost_;
  std::unique_ptr<net::redis_client> client_;
  std::unique_ptr<son1k::test::faulty_database> db_;
  std::unique_ptr<queue_port> queue_;
};

inline std::unique_ptr<backend> make_redis_backend(redis_backend_kind of) {
  return std::make_unique<redis_backend>(of);
}

// For what speaks with SQL beside Redis.
inline std::vector<backend_entry> backends_over_each_database() {
  auto out = backends();
  const char* everything = std::getenv("CI");
  const bool must = everything != nullptr && std::string_view(everything) == "true";
  if (!out.empty() && (must || son1k::test::postgres_server::installed()))
    out.push_back({"redis_on_postgres", [] { return make_redis_backend({true, false}); }});
  return out;
}

}  // namespace son1k::queue::test
