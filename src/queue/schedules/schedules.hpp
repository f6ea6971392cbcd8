// The schedules, as people and the program itself handle them. What they do takes effect at once:
// a scheduler of this process is woken, those of others look within seconds. All methods may be
// called from any thread; coroutines resume on the executor they run on. Database, queue and clock
// must outlive it. What is given as `beside` is written with what a call changes, and not where it
// changes nothing.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "queue/intake.hpp"
#include "queue/schedules/schedule.hpp"
#include "store/database.hpp"

namespace son1k::queue {

inline constexpr std::size_t list_schedules_max = 100;

struct hand_run {
  job_ref job;
  bool duplicate = false;  // asked for twice within a millisecond
};

class schedules {
 public:
  // `changed` is called after each change, on a thread of the database or the caller's; it must be
  // short and may be empty.
  schedules(store::database& db, job_intake& jobs, const clock_port& clock,
            std::function<void()> changed = {});

  // By id, those after `after`; list_schedules_max at most. validation: a bad limit.
  boost::asio::awaitable<result<std::vector<schedule>>> list(std::string after, std::size_t limit);
  // not_found.
  boost::asio::awaitable<result<schedule>> get(std::string id);
  // validation: see check() · conflict: there is one of this id · unavailable: too many.
  boost::asio::awaitable<result<schedule>> create(schedule_spec spec,
                                                  store::beside_making<schedule> beside = {});
  // Writes a schedule anew; its runs go on being counted and none happens twice. With `version`
  // only that version is replaced. validation · not_found · conflict: it has another version.
  boost::asio::awaitable<result<schedule>> replace(schedule_spec spec,
                                                   std::optional<std::int64_t> version,
                                                   store::beside_step beside = {});
  // Runs that fall into a pause are left out. not_found. Safe to call again.
  boost::asio::awaitable<result<schedule>> pause(std::string id, bool paused,
                                                 store::beside_step beside = {});
  // Jobs that it has added stay. not_found · forbidden: it is the program's own.
  boost::asio::awaitable<result<void>> remove(std::string id, store::beside_step beside = {});
  // Adds its job now, besides the runs to come and whatever its rules say. not_found.
  boost::asio::awaitable<result<hand_run>> run_now(std::string id,
                                                   store::beside_making<hand_run> beside = {});

  // The next times of a schedule that is not stored, as it would run from now on. validation.
  result<std::vector<std::int64_t>> preview(const schedule_spec& spec, std::size_t count) const;
  // Those of one that is, paused or not. not_found.
  boost::asio::awaitable<result<std::vector<std::int64_t>>> preview(std::string id,
                                                                    std::size_t count);

  // A schedule of the program's own, created unless it is there. Blocks: for the start only.
  result<void> ensure(schedule_spec spec);

 private:
  boost::asio::awaitable<result<schedule>> rewrite(std::string id,
                                                   std::function<result<void>(schedule&)> change,
                                                   store::beside_step beside);
  result<schedule> fresh(schedule_spec spec) const;
  void changed() const;

  store::database& db_;
  job_intake& jobs_;
  const clock_port& clock_;
  const std::function<void()> changed_;
};

}  // namespace son1k::queue
