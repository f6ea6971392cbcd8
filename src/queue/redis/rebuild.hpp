// Jobs that Redis has lost, made again from the rows of the domain that wait for them. A job is
// lost if its row waits, Redis does not know it, and nothing about it is on its way from the
// outbox. Before it is added again its fence goes beyond every start that is on record, in the row
// too, so that a run of it that still goes on somewhere can write no more. A row whose job cannot
// be made again, or has ended without it, is settled. Only a leader rebuilds; one coroutine at a
// time.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "queue/kind.hpp"
#include "queue/redis/link.hpp"
#include "queue/schedules/leader.hpp"
#include "store/database.hpp"

namespace son1k::queue::redis {

struct rebuild_tally {
  std::size_t looked = 0;   // rows that wait
  std::size_t added = 0;    // jobs made again
  std::size_t settled = 0;  // rows ended instead
  std::size_t put_off = 0;  // the outbox, or somebody else, has them: look again
};

class rebuild {
 public:
  // `slice`: rows that are looked at, and jobs that are added, in one go.
  rebuild(store::database& db, std::shared_ptr<link> to, std::int64_t slice)
      : db_(db), link_(std::move(to)), slice_(slice) {}

  // Looks at the next slice of the rows of `kind` beyond `after` and repairs what is lost; where
  // the next begins, empty after the last. lease_lost: another leads. Safe to call again.
  boost::asio::awaitable<result<std::string>> next(const leader& office,
                                                   std::shared_ptr<job_kind> kind,
                                                   std::string after, rebuild_tally& tally);

 private:
  struct portion;
  using portion_ptr = std::shared_ptr<portion>;
  boost::asio::awaitable<result<void>> find_lost(portion_ptr of, std::vector<owed_job> rows);
  boost::asio::awaitable<result<void>> take(const leader& office, portion_ptr of);
  boost::asio::awaitable<result<void>> push(portion_ptr of);

  store::database& db_;
  const std::shared_ptr<link> link_;
  const std::int64_t slice_;
};

}  // namespace son1k::queue::redis
