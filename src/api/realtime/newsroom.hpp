// The thread on which the news desk works, for all outlets of a process. The queue's thread only
// puts events into its inbox; if that overflows, the events are read again from the queue.
//
// Thread-safe. add(), start() and stop() belong to one owner. What it was given must outlive
// stop().
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "api/realtime/news_desk.hpp"
#include "base/clock.hpp"

namespace son1k::api {

inline constexpr std::size_t inbox_max = 20'000;
inline constexpr std::size_t errands_max = 10'000;

class newsroom {
 public:
  using subscribe =
      std::function<std::shared_ptr<void>(std::function<void(const queue::job_event&)> listener)>;
  using errand = std::function<void(news_desk&)>;

  newsroom(std::vector<news_source> sources, subscribe wire, news_desk::archive kept,
           const clock_port& clock);
  ~newsroom() { stop(); }
  // Before start().
  void add(news_outlet& one) { outlets_.add(one); }
  void start();
  // Errands that have not begun are dropped; their closures are destroyed. Repeatable.
  void stop();

  // Runs it on the thread, between two events. What it tells arrives after what was told before and
  // before what is told after. False: too many wait, or it is not running.
  bool run(errand what);
  // Where the telling was about a minute ago: what a client that is found gone may have missed.
  news_mark a_minute_ago() const;
  const std::vector<news_source>& sources() const { return desk_.sources(); }

 private:
  class all_outlets final : public news_outlet {
   public:
    void add(news_outlet& one) { those_.push_back(&one); }
    bool anybody() const override;
    void tell(std::vector<std::string> rooms, const news_item& item) override;
    void tell_each(const std::vector<std::string>& rooms, const news_item& item) override;
    void tell_of_hole() override;
    void second() override;

   private:
    std::vector<news_outlet*> those_;
  };
  void hear(const queue::job_event& e);
  void work();
  struct inbox {
    std::deque<queue::job_event> events;
    news_mark passed;  // came while nobody was there, before the events
    bool overflowed = false;
  };
  void step(inbox some, std::deque<errand> errands);
  void take(const queue::job_event& e);
  void read_again();
  void note_second(std::int64_t now_ms);

  const subscribe wire_;
  const news_desk::archive archive_;
  const clock_port& clock_;
  all_outlets outlets_;
  news_desk desk_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  inbox inbox_;
  std::deque<errand> errands_;
  std::deque<std::pair<std::int64_t, news_mark>> marks_;  // of the last minute
  bool working_ = false;
  bool running_ = false;
  bool stopping_ = false;

  std::int64_t next_second_ms_ = 0;  // of the thread
  std::shared_ptr<void> subscription_;
  std::thread thread_;
};

}  // namespace son1k::api
