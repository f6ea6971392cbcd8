// Which verified identities hold no longer, told to whoever keeps some: caches, open sockets. The
// process that revokes tells its own listeners at once; the others find the row that stands in the
// same commit when they next look, once a second.
//
// Owns the thread that looks, once started. Listeners are called on the thread that tells or on
// that one; they must be short. All methods may be called from any thread but stop(), which belongs
// to the owner. The database must outlive it.
#pragma once
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "accounts/identity/identity.hpp"
#include "base/clock.hpp"
#include "store/database.hpp"

namespace son1k::accounts {

class revocations {
 public:
  // What a commit revokes; stage_revocation() fills it and tell() passes it on.
  struct notice {
    std::string id;
    revocation what;
  };
  using listener = std::function<void(const revocation&)>;

  revocations(store::database& db, const clock_port& clock);
  ~revocations();  // stop()
  revocations(const revocations&) = delete;
  revocations& operator=(const revocations&) = delete;

  // Writes the rows with the transaction. Tell them when it is committed.
  std::vector<notice> stage(store::transaction& tx, std::vector<revocation> what) const;
  void tell(const std::vector<notice>& done);

  // Ends with the handle; then no call is under way.
  std::shared_ptr<void> listen(listener told);
  // How many have been told; what was read from the database before a change may be out of date.
  std::uint64_t told() const;

  // Looks for rows of other processes and tells them. unavailable: the database is away. Blocking,
  // for threads of its own and tests.
  result<void> look();
  // What is there already is nobody's news. Errors as look().
  result<void> start();
  // Repeatable.
  void stop();

 private:
  struct audience;

  result<std::vector<notice>> unseen();
  void run();

  store::database& db_;
  const clock_port& clock_;
  const std::shared_ptr<audience> audience_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool stopping_ = false;
  std::map<std::string, std::int64_t> seen_;  // id, when: as long as a row is looked at
  std::thread thread_;
};

// Removes rows that every process has seen long since, at most `most`; how many.
result<std::int64_t> forget_revocations(store::connection& db, std::int64_t now_ms,
                                        std::int64_t most);

}  // namespace son1k::accounts
