#include "realtime/bus/redis/stream_bus.hpp"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/log.hpp"
#include "base/thread_name.hpp"
#include "realtime/bus/bus_listeners.hpp"

namespace son1k::realtime {
namespace {

using boost::asio::awaitable;
using net::redis_command;

constexpr std::chrono::milliseconds block{1'000};
constexpr std::chrono::milliseconds rest{250};  // while Redis is away
constexpr std::int64_t page_max = 500;

// An id of a stream: milliseconds and a number.
struct entry_id {
  std::uint64_t ms = 0, n = 0;
  auto operator<=>(const entry_id&) const = default;
};

std::optional<entry_id> parse_id(std::string_view text) {
  entry_id id;
  const char* const end = text.data() + text.size();
  const auto ms = std::from_chars(text.data(), end, id.ms);
  if (ms.ec != std::errc() || ms.ptr == end || *ms.ptr != '-') return std::nullopt;
  const auto n = std::from_chars(ms.ptr + 1, end, id.n);
  if (n.ec != std::errc() || n.ptr != end) return std::nullopt;
  return id;
}

// Nothing: an entry that others wrote there, or one that is too large.
std::optional<bus_message> message_of(const net::redis_value& entry) {
  const auto& fields = entry[1];
  const auto type = fields.at("type").number_or(0);
  bus_message out;
  out.node = fields.at("uid").bytes();
  out.space = fields.at("nsp").bytes();
  out.data = fields.at("data").bytes();
  out.offset = entry[0].bytes();
  out.mark = static_cast<std::uint64_t>(fields.at("mark").number_or(0));
  if (out.node.empty() || type < 1 || type > static_cast<std::int64_t>(bus_type::close))
    return std::nullopt;
  out.type = static_cast<bus_type>(type);
  if (!check(out)) return std::nullopt;
  return out;
}

class stream_bus final : public bus {
 public:
  stream_bus(net::redis_client& redis, stream_bus_settings settings)
      : redis_(redis), settings_(std::move(settings)) {}
  ~stream_bus() override {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    if (!thread_.joinable()) return;
    wire_->interrupt();
    thread_.join();
  }

  result<void> start() {
    auto newest = redis_.call_and_wait({"XREVRANGE", settings_.stream, "+", "-", "COUNT", 1});
    if (!newest) {
      const error why = newest.error();
      const auto* code = why.details.if_contains("code");
      if (code == nullptr || *code != "WRONGTYPE") return why;
      return error(errc::conflict, settings_.stream,
                   {"this key of Redis is not a stream", "esa clave de Redis no es un stream"});
    }
    last_ = newest->size() == 0 ? "0-0" : std::string((*newest)[0][0].bytes());
    wire_ = redis_.dedicated("son1k:bus");
    thread_ = std::thread([this] {
      name_thread("bus");
      run();
    });
    return {};
  }

  const std::string& node() const override { return node_; }

  awaitable<result<std::string>> publish(bus_message message) override {
    if (auto ok = check(message); !ok) co_return ok.error();
    auto add = stream_entry(settings_, node_, message);
    auto added = co_await redis_.call(std::move(add));
    if (!added) co_return added.error();
    co_return added->take_bytes();
  }

  bus_listening listen(bus_listener listener) override {
    return listeners_.add(std::move(listener));
  }

  awaitable<result<std::vector<bus_message>>> since(std::string offset) override {
    if (!parse_id(offset)) co_return no_such_offset();
    auto found = co_await redis_.call(
        redis_command("XRANGE", settings_.stream, offset, "+", "COUNT", bus_page_max + 1));
    if (!found) co_return found.error();
    if (found->size() == 0 || (*found)[0][0].bytes() != offset) co_return no_such_offset();
    std::vector<bus_message> out;
    for (std::size_t n = 1; n < found->size(); ++n)
      if (auto message = message_of((*found)[n]); message) out.push_back(std::move(*message));
    co_return out;
  }

  awaitable<result<void>> keep_session(std::string pid, std::string state,
                                       std::int64_t ms) override {
    if (auto ok = check_session(pid, state, ms); !ok) co_return ok;
    auto kept =
        co_await redis_.call(redis_command("SET", settings_.sessions + pid, state, "PX", ms));
    if (!kept) co_return kept.error();
    co_return result<void>();
  }

  awaitable<result<std::string>> take_session(std::string pid) override {
    auto taken = co_await redis_.call(redis_command("GETDEL", settings_.sessions + pid));
    if (!taken) co_return taken.error();
    if (taken->is_nil()) co_return no_such_session();
    co_return taken->take_bytes();
  }

 private:
  void run() {
    bool was_away = false;  // the stream may be another, and wait for ever for what comes after
    std::uint64_t connection = 0;
    while (!stopped()) {
      if (was_away && !look_for_gap()) continue;
      net::redis_call_options options;
      options.block = block;
      const auto got = wire_->call_and_wait(
          {"XREAD", "COUNT", page_, "BLOCK", block.count(), "STREAMS", settings_.stream, last_},
          options);
      if (!got) {
        pause(got.error());
        was_away = true;
        continue;
      }
      away_ = false;
      // It broke between two reads: what was read now may stand behind what is gone.
      if (const auto now = wire_->times_connected(); now != connection) {
        connection = now;
        was_away = true;
        continue;
      }
      const auto& entries = (*got)[0][1].items();
      was_away = false;
      // Who was so far behind that entries were dropped unread finds a full page.
      if (entries.size() == page_ && !look_for_gap()) {
        was_away = true;
        continue;
      }
      for (const auto& entry : entries) hear(entry);
    }
  }

  void hear(const net::redis_value& entry) {
    last_ = entry[0].bytes();
    const auto message = message_of(entry);
    if (!message)
      listeners_.tell_passed_over(last_);
    else if (message->node == node_)
      listeners_.tell_own(*message);
    else
      listeners_.tell(*message);
  }

  // False: Redis did not say.
  bool look_for_gap() {
    const auto first = wire_->call_and_wait({"XRANGE", settings_.stream, "-", "+", "COUNT", 1});
    if (!first) return pause(first.error()), false;
    const auto read = parse_id(last_);
    const auto kept = first->size() == 0 ? std::nullopt : parse_id((*first)[0][0].bytes());
    // An empty stream that was not empty has been deleted, and what was in it.
    const bool lost = kept ? *read < *kept : *read != entry_id{};
    if (lost && *read != entry_id{}) {
      log::warn("bus.gap", {{"stream", settings_.stream}, {"read", last_}});
      last_ = "0-0";
      listeners_.tell_gap();
    }
    return true;
  }

  void pause(const error& why) {
    if (stopped()) return;
    // A client that was stopped is not away.
    if (why.code != errc::cancelled && !std::exchange(away_, true))
      log::warn("bus.away", {{"stream", settings_.stream}, {"error", why.what()}});
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, rest, [this] { return stopped_; });
  }

  bool stopped() {
    const std::lock_guard lock(mutex_);
    return stopped_;
  }

  net::redis_client& redis_;
  const stream_bus_settings settings_;
  const std::size_t page_ =
      static_cast<std::size_t>(std::clamp<std::int64_t>(settings_.messages_max, 1, page_max));
  const std::string node_ = new_node_name();
  bus_listeners listeners_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;

  // The thread's own:
  std::string last_;  // read
  bool away_ = false;
  std::unique_ptr<net::redis_dedicated> wire_;
  std::thread thread_;
};

}  // namespace

redis_command stream_entry(const stream_bus_settings& settings, std::string_view node,
                           const bus_message& message) {
  redis_command add("XADD", settings.stream, "MAXLEN", "~", settings.messages_max, "*");
  add.add("uid").add(node).add("nsp").add(message.space);
  add.add("type").add(static_cast<int>(message.type));
  if (!message.data.empty()) add.add("data").add(message.data);
  if (message.mark != 0) add.add("mark").add(static_cast<std::int64_t>(message.mark));
  return add;
}

result<std::unique_ptr<bus>> make_stream_bus(net::redis_client& redis,
                                             stream_bus_settings settings) {
  auto made = std::make_unique<stream_bus>(redis, std::move(settings));
  if (auto ok = made->start(); !ok) return ok.error();
  return std::unique_ptr<bus>(std::move(made));
}

}  // namespace son1k::realtime
