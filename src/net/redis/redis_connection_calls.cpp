// What becomes of a connection's calls: replies, refusals that are waited out, time limits, loss.
#include <algorithm>
#include <charconv>

#include "base/completion.hpp"
#include "base/log.hpp"
#include "net/redis/redis_connection.hpp"

namespace son1k::net {
using std::chrono::milliseconds;
namespace {

constexpr int redirects_max = 5;
constexpr milliseconds hold_min{50};
constexpr milliseconds hold_max{500};

// "MOVED 3999 127.0.0.1:6381"; an empty host is the one that answered.
std::optional<redis_address> moved_to(std::string_view said, const redis_address& present) {
  const auto gap = said.rfind(' ');
  const auto colon = said.rfind(':');
  if (gap == std::string_view::npos || colon == std::string_view::npos || colon < gap) {
    return std::nullopt;
  }
  redis_address out{std::string(said.substr(gap + 1, colon - gap - 1)), 0};
  if (out.host.empty() || out.host == "?") out.host = present.host;
  const auto digits = said.substr(colon + 1);
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (read.ec != std::errc() || out.port == 0) return std::nullopt;
  return out;
}

error lost(const redis_address& at, const error& why) {
  const auto where = to_text(at);
  return redis_error(errc::unavailable,
                     {"the connection to Redis at " + where + " broke (" + why.message.en +
                          ") after the call was sent: it may have run",
                      "la conexión con Redis en " + where + " se cortó (" + why.message.in(true) +
                          ") tras enviar la llamada: puede haberse ejecutado"},
                     call_outcome::unknown);
}

}  // namespace

result<void> redis_connection::take_replies() {
  // One post for all coroutines of an executor that this chunk resumes.
  completion_batch gathered;
  for (;;) {
    auto reply = link_.reader->next();
    if (!reply) return reply.error();
    if (!*reply) return {};
    if (hooks_.push) {
      hooks_.push(std::move(**reply));
    } else if (written_.empty()) {
      return redis_error(errc::malformed, {"a reply to nothing", "una respuesta a nada"},
                         call_outcome::unknown);
    } else {
      on_reply(std::move(**reply));
    }
  }
}

void redis_connection::on_reply(redis_value value) {
  redis_call call = std::move(written_.front());
  written_.pop_front();
  if (call.own) {
    if (value.is_error())
      log::warn("redis.refused", {{"what", refused_error(value.bytes()).what()}});
    return;
  }
  if (call.ended) return release(call);
  if (!value.is_error()) {
    hold_ = milliseconds(0);
    served_ = true;
    release(call);
    return end(call, std::move(value));
  }
  if (held(call, value)) return;
  release(call);
  end(call, refused_error(value.bytes()));
}

bool redis_connection::held(redis_call& call, const redis_value& refusal_text) {
  const auto said = refusal_text.bytes();
  const auto what = refusal_of(said);
  if (what == refusal::final || (what == refusal::no_script && !call.script)) return false;
  const bool counted = what != refusal::wait && what != refusal::reconnect;
  if (counted && ++call.redirects > redirects_max) return false;
  if (what == refusal::no_script) {
    load_script(call);
  } else {
    holding_ = true;
    redialling_ = redialling_ || what != refusal::wait;
    refused_ = refused_ || what == refusal::reconnect;
  }
  if (what == refusal::moved) {
    auto node = moved_to(said, link_.at);
    if (!node) return false;
    dialler_.prefer(std::move(*node));
  }
  call.refused = std::make_unique<error>(refused_error(said));
  again_.push_back(std::move(call));
  return true;
}

// Once for all calls that were written before the script was there.
void redis_connection::load_script(const redis_call& call) {
  const auto& script = *call.script;
  const auto known = loads_.find(script.sha1());
  if (known != loads_.end() && call.sequence <= known->second) return;
  loads_[script.sha1()] = sequence_;
  add_own({"SCRIPT", "LOAD", script.lua()}, again_);
}

// After the last reply that was due: another place, or the same one a little later.
void redis_connection::settle_refusals() {
  if (!holding_ || !written_.empty()) return;
  if (redialling_) {
    if (!again_.empty() && again_.back().refused) lost_why_ = *again_.back().refused;
    link_.stream->close();
    return;
  }
  hold_ = std::clamp(hold_ * 2, hold_min, hold_max);
  hold_timer_.expires_after(hold_);
  hold_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
    if (ec) return;
    self->holding_ = false;
    self->pump();
  });
}

void redis_connection::on_link_lost(const error& why) {
  const bool asked_for = std::exchange(interrupted_, false) || closed_;
  if (!asked_for) {
    core_.figures.lost.fetch_add(1, std::memory_order_relaxed);
    away_since_ = clock::now().time_since_epoch().count();
  }
  const error shown = lost_why_ ? *lost_why_ : why;
  lost_why_.reset();
  if (!asked_for) {
    log::warn(
        "redis.lost",
        {{"server", to_text(link_.at)}, {"why", shown.message.en}, {"in_flight", written_.size()}});
  }
  completion_batch gathered;
  const error broken = lost(link_.at, shown);
  for (auto& call : written_) {
    if (call.own) continue;
    if (!call.ended && call.end > flushed_) {
      again_.push_back(std::move(call));
      continue;
    }
    release(call);
    if (!call.ended) end(call, broken);
  }
  written_.clear();
  const auto own = [](const redis_call& call) { return call.own; };
  std::erase_if(again_, own);
  std::erase_if(waiting_, own);
  due_since_.reset();
  holding_ = redialling_ = false;
  hold_timer_.cancel();
}

void redis_connection::fail_waiting(const error& why) {
  completion_batch gathered;
  for (auto* list : {&again_, &waiting_}) {
    for (auto& call : *list) {
      if (call.own) continue;
      release(call);
      end(call, why);
    }
    list->clear();
  }
}

void redis_connection::end(redis_call& call, result<redis_value> outcome) {
  auto& figures = core_.figures;
  figures.calls.fetch_add(1, std::memory_order_relaxed);
  if (outcome) {
    const std::chrono::duration<double> took = clock::now() - call.begun;
    figures.seconds.observe(took.count());
  } else {
    figures.failed.fetch_add(1, std::memory_order_relaxed);
    if (outcome_unknown(outcome.error())) figures.unknown.fetch_add(1, std::memory_order_relaxed);
  }
  if (!call.done) return;
  try {
    call.done(std::move(outcome));
  } catch (const std::exception& fault) {
    log::error("redis.escaped", {{"what", fault.what()}});
  }
}

void redis_connection::release(const redis_call& call) {
  calls_.fetch_sub(1, std::memory_order_relaxed);
  bytes_.fetch_sub(call.command.size(), std::memory_order_relaxed);
  core_.figures.in_flight.fetch_sub(1, std::memory_order_relaxed);
}

void redis_connection::arm(clock::time_point at) {
  if (closed_ || at >= armed_) return;
  armed_ = at;
  sweep_timer_.expires_at(at);
  sweep_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
    if (!ec) self->sweep();
  });
}

void redis_connection::sweep() {
  const auto now = clock::now();
  armed_ = clock::time_point::max();
  if (next_deadline_ <= now) expire(now);
  arm(next_deadline_);
  if (!up()) return;
  check_silence(now);
  const bool idle = written_.empty() && waiting_.empty() && again_.empty() && !due_since_;
  if (idle && now - heard_ >= core_.settings.ping_every) {
    add_own({"PING"}, waiting_);
    pump();
  }
  if (idle) arm(std::max(heard_, now) + core_.settings.ping_every);
}

void redis_connection::expire(clock::time_point now) {
  completion_batch gathered;
  next_deadline_ = clock::time_point::max();
  for (auto* list : {&again_, &waiting_}) {
    std::erase_if(*list, [&](redis_call& call) {
      const bool over = call.deadline <= now;
      if (over) {
        release(call);
        end(call, late(call, false));
      } else {
        next_deadline_ = std::min(next_deadline_, call.deadline);
      }
      return over;
    });
  }
  for (auto& call : written_) {
    if (call.ended) continue;
    if (call.deadline <= now) {
      end(call, late(call, true));
      call.ended = true;
    } else {
      next_deadline_ = std::min(next_deadline_, call.deadline);
    }
  }
}

void redis_connection::check_silence(clock::time_point now) {
  if (!due_since_) return arm(now + core_.settings.ping_every);
  const auto allowed =
      core_.settings.silence_time + (written_.empty() ? milliseconds(0) : written_.front().block);
  if (now - *due_since_ < allowed) return arm(*due_since_ + allowed);
  lost_why_ = redis_error(errc::timeout, {"it was silent", "no decía nada"}, call_outcome::unknown);
  link_.stream->close();
}

error redis_connection::late(const redis_call& call, bool written) const {
  if (written) {
    const auto where = to_text(link_.at);
    return redis_error(
        errc::timeout,
        {"Redis at " + where + " did not answer in time: the call may have run",
         "Redis en " + where + " no respondió a tiempo: la llamada puede haberse ejecutado"},
        call_outcome::unknown);
  }
  if (call.refused) return *call.refused;
  if (dial_error_) return *dial_error_;
  return redis_error(errc::timeout,
                     {"the call could not be sent to Redis in time",
                      "no se pudo enviar la llamada a Redis a tiempo"},
                     call_outcome::not_sent);
}

}  // namespace son1k::net
