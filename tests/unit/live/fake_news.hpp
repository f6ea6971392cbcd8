// A source of news that a test writes: events of the queue "generation", all of whose things are of
// the user "ana" unless their id says otherwise ("bob-1"); of "lost-1" it cannot be found out.
#pragma once
#include <mutex>

#include "api/generation_events.hpp"
#include "api/realtime/news_desk.hpp"

namespace son1k::test {

class fake_news {
 public:
  // Kept for replay and told to who listens.
  queue::job_event add(queue::event_type type, std::string id, int percent = 0,
                       std::string detail = "") {
    queue::job_event e;
    e.type = type;
    e.queue = "generation";
    e.job_id = std::move(id);
    e.progress = {percent, "working"};
    e.detail = std::move(detail);
    std::function<void(const queue::job_event&)> told;
    {
      const std::scoped_lock hold(lock_);
      e.id = ++last_;
      kept_.push_back(e);
      told = listener_;
    }
    if (told) told(e);
    return e;
  }
  queue::job_event progress(std::string id, int percent) {
    return add(queue::event_type::progress, std::move(id), percent);
  }
  void forget_until(std::uint64_t id) {
    const std::scoped_lock hold(lock_);
    std::erase_if(kept_, [id](const auto& e) { return e.id <= id; });
    floor_ = id;
  }

  queue::events_page page(std::uint64_t since, std::size_t limit) {
    const std::scoped_lock hold(lock_);
    queue::events_page out;
    out.gap = since != 0 && since < floor_;
    for (const auto& e : kept_)
      if (e.id > since && out.events.size() < limit) out.events.push_back(e);
    return out;
  }
  std::shared_ptr<void> subscribe(std::function<void(const queue::job_event&)> told) {
    const std::scoped_lock hold(lock_);
    listener_ = std::move(told);
    return std::shared_ptr<void>(this, [](fake_news* self) {
      const std::scoped_lock end(self->lock_);
      self->listener_ = nullptr;
    });
  }

  static std::vector<api::news_source> sources() {
    const auto owner = [](const std::string& id) -> result<std::string> {
      if (id.starts_with("none")) return error(errc::not_found, "id", text("none"));
      if (id.starts_with("lost")) return error(errc::unavailable, text("lost"));
      return std::string(id.starts_with("bob") ? "bob" : "ana");
    };
    return {{"generation", "generation", api::generation_event, owner}};
  }

 private:
  std::mutex lock_;
  std::uint64_t last_ = 0;
  std::uint64_t floor_ = 0;
  std::vector<queue::job_event> kept_;
  std::function<void(const queue::job_event&)> listener_;
};

}  // namespace son1k::test
