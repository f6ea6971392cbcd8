#include "accounts/identity/revocations.hpp"

#include <chrono>

#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "base/uuid.hpp"
#include "store/async.hpp"

namespace son1k::accounts {
using store::statement;
namespace {

// Processes may differ by that much in their clocks, and a commit may take that long.
constexpr std::int64_t looked_back_ms = 120'000;
constexpr std::int64_t kept_ms = 3'600'000;
constexpr std::int64_t page_rows = 1'000;
constexpr std::chrono::milliseconds between_looks{1'000};

}  // namespace

struct revocations::audience {
  std::mutex mutex;
  std::list<listener> listeners;
  std::uint64_t told = 0;
};

revocations::revocations(store::database& db, const clock_port& clock)
    : db_(db), clock_(clock), audience_(std::make_shared<audience>()) {}

revocations::~revocations() {
  stop();
}

std::vector<revocations::notice> revocations::stage(store::transaction& tx,
                                                    std::vector<revocation> what) const {
  static const statement insert(
      "INSERT INTO revocation (id, account, session, at_ms) VALUES ($1, $2, $3, $4)");
  auto notices = std::make_shared<std::vector<notice>>();
  for (auto& one : what) notices->push_back({uuid_v7(), std::move(one)});
  tx.stage([notices, now = clock_.now_ms()](store::connection& db) -> result<void> {
    for (const auto& one : *notices) {
      auto sent = db.send(insert, {std::string_view(one.id), std::string_view(one.what.user),
                                   std::string_view(one.what.session), now});
      if (!sent) return sent;
    }
    return {};
  });
  return *notices;
}

void revocations::tell(const std::vector<notice>& done) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& one : done) seen_.emplace(one.id, clock_.now_ms());
  }
  const std::lock_guard lock(audience_->mutex);
  audience_->told += done.size();
  for (const auto& one : done) {
    for (const auto& told : audience_->listeners) told(one.what);
  }
}

std::shared_ptr<void> revocations::listen(listener told) {
  const std::lock_guard lock(audience_->mutex);
  auto at = audience_->listeners.insert(audience_->listeners.end(), std::move(told));
  return {audience_.get(), [all = audience_, at](void*) {
            const std::lock_guard ending(all->mutex);
            all->listeners.erase(at);
          }};
}

std::uint64_t revocations::told() const {
  const std::lock_guard lock(audience_->mutex);
  return audience_->told;
}

result<std::vector<revocations::notice>> revocations::unseen() {
  static const statement select(
      "SELECT id, account, session FROM revocation WHERE at_ms >= $1 AND id > $2 "
      "ORDER BY id LIMIT $3");
  const auto now = clock_.now_ms();
  std::vector<notice> out;
  std::string last;
  for (bool more = true; more;) {
    auto page = store::read_and_wait(
        db_,
        [&last,
         since = now - looked_back_ms](store::connection& db) -> result<std::vector<notice>> {
          std::vector<notice> rows;
          auto read = db.query(
              select, {since, std::string_view(last), page_rows}, [&](const store::row& r) {
                rows.push_back(
                    {std::string(r.text(0)), {std::string(r.text(1)), std::string(r.text(2))}});
                return true;
              });
          if (!read) return read.error();
          return rows;
        });
    if (!page) return page.error();
    more = static_cast<std::int64_t>(page->size()) == page_rows;
    if (!page->empty()) last = page->back().id;
    const std::lock_guard lock(mutex_);
    for (auto& one : *page)
      if (!seen_.contains(one.id)) out.push_back(std::move(one));
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(seen_, [&](const auto& one) { return one.second < now - 2 * looked_back_ms; });
  return out;
}

result<void> revocations::look() {
  auto news = unseen();
  if (!news) return news.error();
  if (!news->empty()) tell(*news);
  return {};
}

result<void> revocations::start() {
  auto known = unseen();
  if (!known) return known.error();
  const std::lock_guard lock(mutex_);
  for (const auto& one : *known) seen_.emplace(one.id, clock_.now_ms());
  stopping_ = false;
  thread_ = std::thread([this] { run(); });
  return {};
}

void revocations::run() {
  name_thread("revocations");
  bool away = false;
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, between_looks, [this] { return stopping_; })) {
    lock.unlock();
    const auto looked = look();
    if (!looked && !away) log::warn("revocations.away", {{"error", looked.error().what()}});
    away = !looked;
    lock.lock();
  }
}

void revocations::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ended_.notify_all();
  if (thread_.joinable()) thread_.join();
}

result<std::int64_t> forget_revocations(store::connection& db, std::int64_t now_ms,
                                        std::int64_t most) {
  static const statement forget(
      "DELETE FROM revocation WHERE id IN "
      "(SELECT id FROM revocation WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)");
  return db.execute(forget, {now_ms - kept_ms, most});
}

}  // namespace son1k::accounts
