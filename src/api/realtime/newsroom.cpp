#include "api/realtime/newsroom.hpp"

#include <algorithm>
#include <chrono>

#include "base/log.hpp"
#include "base/thread_name.hpp"

namespace son1k::api {
namespace {

constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::size_t archive_page = 500;

}  // namespace

bool newsroom::all_outlets::anybody() const {
  return std::any_of(those_.begin(), those_.end(), [](const auto* one) { return one->anybody(); });
}

void newsroom::all_outlets::tell(std::vector<std::string> rooms, const news_item& item) {
  for (auto* one : those_)
    if (one->anybody()) one->tell(rooms, item);
}

void newsroom::all_outlets::tell_each(const std::vector<std::string>& rooms,
                                      const news_item& item) {
  for (auto* one : those_)
    if (one->anybody()) one->tell_each(rooms, item);
}

void newsroom::all_outlets::tell_of_hole() {
  for (auto* one : those_)
    if (one->anybody()) one->tell_of_hole();
}

void newsroom::all_outlets::second() {
  for (auto* one : those_)
    if (one->anybody()) one->second();
}

newsroom::newsroom(std::vector<news_source> sources, subscribe wire, news_desk::archive kept,
                   const clock_port& clock)
    : wire_(std::move(wire)),
      archive_(kept),
      clock_(clock),
      desk_(std::move(sources), std::move(kept), outlets_) {}

void newsroom::start() {
  if (thread_.joinable()) return;
  {
    const std::scoped_lock hold(mutex_);
    running_ = true;
  }
  subscription_ = wire_([this](const queue::job_event& e) { hear(e); });
  thread_ = std::thread([this] { work(); });
}

void newsroom::stop() {
  subscription_.reset();
  {
    const std::scoped_lock hold(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::deque<errand> dropped;
  const std::scoped_lock hold(mutex_);
  dropped.swap(errands_);
}

void newsroom::hear(const queue::job_event& e) {
  if (!desk_.concerns(e)) return;
  const std::scoped_lock hold(mutex_);
  // With the lock: who is counted before an errand is given hears all that its errand does not.
  const bool nobody = !outlets_.anybody();
  auto& events = inbox_.events;
  if (nobody && events.empty()) return desk_.pass_over_to(inbox_.passed, e);
  if (events.size() >= inbox_max) {
    events.clear();
    inbox_.overflowed = true;
  }
  if (inbox_.overflowed || stopping_) return;
  events.push_back(e);
  if (!working_ && (events.size() == 1 || events.size() == inbox_max / 2)) changed_.notify_one();
}

bool newsroom::run(errand what) {
  {
    const std::scoped_lock hold(mutex_);
    if (!running_ || stopping_ || errands_.size() >= errands_max) return false;
    errands_.push_back(std::move(what));
  }
  changed_.notify_one();
  return true;
}

news_mark newsroom::a_minute_ago() const {
  const std::scoped_lock hold(mutex_);
  return marks_.empty() ? news_mark() : marks_.front().second;
}

void newsroom::note_second(std::int64_t now_ms) {
  if (now_ms < next_second_ms_) return;
  next_second_ms_ = now_ms + second_ms;
  {
    const std::scoped_lock hold(mutex_);
    marks_.emplace_back(now_ms, desk_.mark());
    while (marks_.size() > 1 && marks_[1].first <= now_ms - minute_ms) marks_.pop_front();
  }
  outlets_.second();
}

void newsroom::work() {
  name_thread("newsroom");
  desk_.begin();
  note_second(clock_.steady_ms());
  for (;;) {
    inbox some;
    std::deque<errand> errands;
    {
      std::unique_lock lock(mutex_);
      working_ = false;
      const auto now = clock_.steady_ms();
      auto until = std::max(next_second_ms_, now);
      if (const auto next = desk_.next_ms()) until = std::min(until, std::max(*next, now));
      changed_.wait_for(lock, std::chrono::milliseconds(until - now), [this] {
        return stopping_ || inbox_.overflowed || !inbox_.events.empty() || !errands_.empty();
      });
      if (stopping_) return;
      working_ = true;
      some = std::exchange(inbox_, {});
      errands.swap(errands_);
    }
    try {
      step(std::move(some), std::move(errands));
    } catch (const std::exception& e) {
      log::error("newsroom.escaped", {{"what", e.what()}});
    }
  }
}

void newsroom::take(const queue::job_event& e) {
  if (outlets_.anybody()) return desk_.hear(e, clock_.steady_ms());
  desk_.pass_over(e);
}

void newsroom::read_again() {
  const auto since = desk_.mark();
  auto at = since.empty() ? 0 : *std::min_element(since.begin(), since.end());
  bool hole = false;
  for (std::size_t pages = 0;; ++pages) {
    if (pages > replay_events_max / archive_page) {
      hole = true;
      break;
    }
    const auto page = archive_(at, archive_page);
    hole = hole || page.gap;
    for (const auto& e : page.events) {
      take(e);
      at = std::max(at, e.id);
    }
    if (page.events.size() < archive_page) break;
  }
  if (hole) outlets_.tell_of_hole();
}

void newsroom::step(inbox some, std::deque<errand> errands) {
  desk_.pass_over(some.passed);
  for (const auto& e : some.events) take(e);
  if (some.overflowed) read_again();
  const auto now = clock_.steady_ms();
  desk_.tick(now);
  for (auto& one : errands) {
    one(desk_);
    one = nullptr;
  }
  note_second(now);
}

}  // namespace son1k::api
