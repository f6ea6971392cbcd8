// Jobs that waited longer than they may: they get a verdict, and their next claim ends them.
#include "queue/embedded/core.hpp"

namespace son1k::queue::embedded {
namespace {

constexpr std::int64_t look_again_ms = 20;

const job_error& expired_error() {
  static const job_error e{"expired", "it waited longer than it may", false};
  return e;
}

}  // namespace

void core::watch_expiry(entry_index i) {
  auto& e = schedule_[i];
  const auto expires_in = (e.options ? *e.options : default_options()).expires_in_ms;
  if (expires_in == 0 || e.starts > 0 || is_ended(e.state)) return;
  e.expires = true;
  expiries_.watch(i, clock_.steady_ms() + (e.added_at_ms + expires_in - clock_.now_ms()));
}

void core::unwatch_expiry(entry_index i) {
  auto& e = schedule_[i];
  if (!e.expires) return;
  e.expires = false;
  expiries_.forget(i);
}

void core::expire(entry_index i, std::int64_t now) {
  unwatch_expiry(i);
  condemn(i, expired_error(), now);
}

// Of a job that a commit has just let go of: its time may have come meanwhile.
void core::expire_if_over(entry_index i, std::int64_t now) {
  const auto& e = schedule_[i];
  const bool waits = !is_ended(e.state) && e.state != job_state::waiting_children;
  if (e.expires && waits && expiries_.is_over(i, clock_.steady_ms())) expire(i, now);
}

void core::expire_due(std::int64_t now, std::int64_t steady, std::size_t most) {
  for (; most > 0; --most) {
    const auto i = expiries_.take(steady);
    if (!i) return;
    const auto state = schedule_[*i].state;
    // While it waits for its children it is left alone; look_at_children() asks again.
    if (state == job_state::waiting_children) continue;
    if (schedule_[*i].in_flight != commit_in_flight::none)
      expiries_.tell_again(*i, steady + look_again_ms);
    else
      expire(*i, now);
  }
}

}  // namespace son1k::queue::embedded
