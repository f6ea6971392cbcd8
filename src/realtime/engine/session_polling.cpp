// What a session does over polling.
#include <utility>

#include "base/base64.hpp"
#include "realtime/engine/packet.hpp"
#include "realtime/engine/session.hpp"

namespace son1k::realtime {
namespace {

constexpr std::size_t packets_a_post_max = 16'384;
constexpr std::size_t stamp_bytes_max = 32;
// The stock client's stamp is its millisecond and three characters by chance: within that time a
// poll of the same stamp may be another one.
constexpr std::int64_t stamp_us = 2'000;

}  // namespace

std::string engine_session::take_payload() {
  std::string out;
  for (; !ring_.empty(); ring_.pop()) {
    const auto& one = *ring_[0];
    if (!out.empty()) out += '\x1e';
    if (one.binary()) {
      out += 'b';
      append_base64(out, one.body());
    } else {
      out += one.body();
    }
    ++host_.counts().packets_out;
  }
  host_.counts().bytes_out += out.size();
  return out;
}

void engine_session::answer_poll(poll_reply reply) {
  if (const auto poll = std::exchange(poll_, nullptr)) poll->answer(std::move(reply));
}

bool engine_session::is_asked_again(std::string_view stamp) const {
  return last_poll_ && stamps_change_ && last_poll_->stamp == stamp &&
         host_.now_us() - last_poll_->asked_us >= stamp_us;
}

void engine_session::note_stamp(std::string_view stamp) {
  stamps_change_ = stamps_change_ || (last_poll_ && last_poll_->stamp != stamp);
  last_poll_.reset();
  if (stamp.empty() || stamp.size() > stamp_bytes_max) return;
  last_poll_.reset(new stamped_poll{std::string(stamp), {}, host_.now_us()});
}

void engine_session::give_poll(std::string payload) {
  if (last_poll_) last_poll_->answer = payload;
  answer_poll({200, std::move(payload)});
}

void engine_session::on_poll(std::shared_ptr<waiting_poll> poll, std::string_view stamp) {
  if (state_ == state::leaving) {
    poll->answer({200, take_payload()});
    state_ = state::ended;
    return host_.bury(*this);
  }
  if (state_ != state::open || socket_ != nullptr) return poll->answer({400, {}});
  const bool again = is_asked_again(stamp);
  if (poll_ && !again) {
    poll->answer({400, {}});
    return end(close_reason::transport_error, write_packet(engine_type::close));
  }
  if (again && !poll_) return poll->answer({200, last_poll_->answer});
  answer_poll({400, {}});
  poll_ = std::move(poll);
  note_stamp(stamp);
  if (!ring_.empty()) {
    give_poll(take_payload());
  } else if (probed_) {
    give_poll(write_packet(engine_type::noop));
  }
}

void engine_session::on_poll_gone(const waiting_poll* poll) {
  if (state_ != state::open || poll_.get() != poll) return;
  end(close_reason::transport_close, {});
}

bool engine_session::begin_post(const void* post) {
  if (state_ != state::open || socket_ != nullptr) return true;
  if (posting_ == nullptr) {
    posting_ = post;
    return true;
  }
  end(close_reason::transport_error, write_packet(engine_type::close));
  return false;
}

void engine_session::on_post_gone(const void* post) {
  if (state_ != state::open || posting_ != post) return;
  posting_ = nullptr;
  if (socket_ == nullptr) end(close_reason::transport_error, write_packet(engine_type::close));
}

void engine_session::forget_post(const void* post) {
  if (posting_ == post) posting_ = nullptr;
}

int engine_session::on_post(std::string_view body, bool octets, const void* post) {
  if (state_ != state::open || socket_ != nullptr) return 400;
  if (posting_ != post) {
    end(close_reason::transport_error, write_packet(engine_type::close));
    return 400;
  }
  posting_ = nullptr;
  host_.counts().bytes_in += body.size();
  auto packets = octets ? std::nullopt : read_payload(body, packets_a_post_max);
  if (!packets) {
    end(octets ? close_reason::transport_error : close_reason::parse_error,
        write_packet(engine_type::close));
    return 400;
  }
  for (const auto& packet : *packets) {
    if (state_ != state::open) break;
    ++host_.counts().packets_in;
    if (packet.type == engine_type::message) {
      take_message(packet.data, packet.binary);
    } else if (packet.type == engine_type::pong) {
      take_pong();
    } else if (packet.type == engine_type::close) {
      // The poll that goes with it may come after it, on another connection.
      if (!poll_ && candidate_ == nullptr) {
        ring_.clear();
        linger(close_reason::transport_close, engine_type::noop);
      } else {
        end(close_reason::transport_close, write_packet(engine_type::noop));
      }
    } else if (packet.type == engine_type::ping) {
      end(close_reason::transport_error, write_packet(engine_type::close));
      return 400;
    }
  }
  return 200;
}

}  // namespace son1k::realtime
