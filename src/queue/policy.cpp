#include "queue/policy.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace son1k::queue {
namespace {

// Where a row of the table leads.
enum class target : std::uint8_t {
  ready,  // waiting or prioritized
  active,
  later,  // delayed until facts.run_at_ms
  retry,  // the retry decision
  completed,
  cancelled,  // failed, for good
  removed,
  children,  // waiting_children
};

struct rule {
  job_state from;
  job_trigger trigger;
  target to;
};

using s = job_state;
using t = job_trigger;

constexpr std::array rules{
    rule{s::waiting, t::claimed, target::active},
    rule{s::prioritized, t::claimed, target::active},
    rule{s::delayed, t::promoted, target::ready},
    rule{s::waiting, t::cancelled, target::removed},
    rule{s::prioritized, t::cancelled, target::removed},
    rule{s::delayed, t::cancelled, target::removed},
    rule{s::waiting_children, t::cancelled, target::removed},
    rule{s::active, t::completed, target::completed},
    rule{s::active, t::failed, target::retry},
    rule{s::active, t::cancelled, target::cancelled},
    rule{s::active, t::delayed, target::later},
    rule{s::active, t::released, target::ready},
    rule{s::active, t::stalled, target::ready},
    rule{s::active, t::waits, target::children},
    rule{s::waiting_children, t::unblocked, target::later},
    // Its next claim ends it, so that the kind can settle.
    rule{s::waiting_children, t::condemned, target::ready},
    rule{s::completed, t::retried, target::ready},
    rule{s::failed, t::retried, target::ready},
};

// A run ends for good once its cancel was asked for, also one that completes: the domain may have
// said so to its users with the commit of the cancel. A stalled one goes back all the same: its
// next claim ends it, so that the kind can settle.
bool cancel_wins(const job_facts& job, job_trigger trigger) {
  return job.cancel_requested &&
         (trigger == t::completed || trigger == t::failed || trigger == t::delayed ||
          trigger == t::released || trigger == t::waits);
}

// The run has come to an end of its own, so its process does not die under it. One that was cut
// short and handed back shows nothing.
bool disproves_stalls(job_trigger trigger) {
  return trigger == t::failed || trigger == t::delayed || trigger == t::waits;
}

void decide_retry(transition& to, const trigger_facts& facts, const job_options& options,
                  std::int32_t priority) {
  ++to.attempts_made;
  if (!facts.retryable || to.attempts_made >= options.attempts) {
    to.to = s::failed;
    to.ended = true;
    to.exhausted = facts.retryable;
    return;
  }
  const auto wait = backoff_ms(options.backoff, to.attempts_made, facts.random);
  to.to = wait > 0 ? s::delayed : ready_state(priority);
  to.run_at_ms = wait > 0 ? facts.now_ms + wait : 0;
}

}  // namespace

std::optional<transition> next(const job_facts& job, job_trigger trigger,
                               const trigger_facts& facts, const job_options& options) {
  const auto row = std::find_if(rules.begin(), rules.end(), [&](const rule& r) {
    return r.from == job.state && r.trigger == trigger;
  });
  if (row == rules.end()) return std::nullopt;

  transition to;
  to.attempts_made = job.attempts_made;
  to.stalls = job.stalls + (trigger == t::stalled ? 1 : 0);
  to.starts = job.starts + (trigger == t::claimed ? 1 : 0);
  switch (cancel_wins(job, trigger) ? target::cancelled : row->to) {
    case target::ready:
      to.to = ready_state(job.priority);
      break;
    case target::active:
      to.to = s::active;
      break;
    case target::later:
      to.to = facts.run_at_ms > facts.now_ms ? s::delayed : ready_state(job.priority);
      to.run_at_ms = to.to == s::delayed ? facts.run_at_ms : 0;
      break;
    case target::retry:
      decide_retry(to, facts, options, job.priority);
      break;
    case target::completed:
      to.to = s::completed;
      to.ended = true;
      ++to.attempts_made;
      break;
    case target::cancelled:
      to.to = s::failed;
      to.ended = to.cancelled = true;
      break;
    case target::removed:
      to.removed = true;
      break;
    case target::children:
      to.to = s::waiting_children;
      break;
  }
  if (trigger == t::retried) to.attempts_made = to.stalls = 0;
  if (disproves_stalls(trigger) && !to.ended) to.stalls = 0;
  return to;
}

job_trigger trigger_of(outcome::what kind) {
  switch (kind) {
    case outcome::what::completed:
      return job_trigger::completed;
    case outcome::what::failed:
      return job_trigger::failed;
    case outcome::what::cancelled:
      return job_trigger::cancelled;
    case outcome::what::delayed:
      return job_trigger::delayed;
    case outcome::what::released:
      return job_trigger::released;
    case outcome::what::waits:
      return job_trigger::waits;
  }
  return job_trigger::failed;
}

std::int64_t backoff_ms(const backoff_policy& policy, std::int32_t attempts_made, double random) {
  if (policy.delay_ms <= 0 || attempts_made <= 0) return 0;
  auto wait = std::min(static_cast<double>(policy.delay_ms), static_cast<double>(backoff_ms_max));
  if (policy.kind == backoff_kind::exponential) {
    // Beyond 2^40 every wait is at its bound already.
    wait = std::min(std::ldexp(wait, std::min(attempts_made - 1, 40)),
                    static_cast<double>(backoff_ms_max));
  }
  const auto share = std::clamp(policy.jitter, 0.0, 1.0) * std::clamp(random, 0.0, 1.0);
  return static_cast<std::int64_t>(std::llround(wait * (1.0 - share)));
}

keep_rule keep_of(const retention& keep, std::int64_t now_ms) {
  return {std::max<std::int64_t>(keep.count, 0), now_ms - std::max<std::int64_t>(keep.age_ms, 0)};
}

}  // namespace son1k::queue
