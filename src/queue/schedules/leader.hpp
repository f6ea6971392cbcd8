// One leader among many, by a row in their database. The leader lets the row's beat grow; who sees
// it stand still for the lease, by its own steady clock, takes over under a higher fence. Wall
// clocks play no part, so they may differ and jump. A leader that was away too long does not know
// it, so each of its writes stands on the fence and is refused under an old one.
//
// The database must outlive it. Not thread-safe: one coroutine at a time.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "store/database.hpp"

namespace son1k::queue {

class leader {
 public:
  // `name` is the office, `holder` who asks for it; a holder's name is used once.
  leader(store::database& db, const clock_port& clock, std::string name, std::string holder,
         std::int64_t lease_ms);

  // Renews the lease, or looks whether it is to be had. To be called at least every third of the
  // lease. True: leads. The errors of the database; it leads as before.
  boost::asio::awaitable<result<bool>> beat();
  // The first step of every write of a leader: lease_lost rolls the unit of work back.
  void stage_fence(store::transaction& tx) const;
  // A write was refused: somebody else leads.
  void lost() { fence_ = 0; }
  // Ends the lease at once, so that another need not wait for it.
  boost::asio::awaitable<void> give_up();

  bool leads() const { return fence_ != 0; }

 private:
  struct seat {
    std::string holder;
    std::int64_t fence = 0;
    std::int64_t beat = 0;
    bool operator==(const seat&) const = default;
  };
  boost::asio::awaitable<result<bool>> renew();
  boost::asio::awaitable<result<bool>> take(std::optional<seat> from);
  result<std::optional<seat>> look(store::connection& db) const;

  store::database& db_;
  const clock_port& clock_;
  const std::string name_;
  const std::string holder_;
  const std::int64_t lease_ms_;
  std::int64_t fence_ = 0;  // 0: does not lead
  seat seen_;
  std::int64_t seen_at_ms_ = 0;  // steady, when `seen_` was first seen like that
};

}  // namespace son1k::queue
