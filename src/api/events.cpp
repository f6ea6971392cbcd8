#include "api/events.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "api/credentials.hpp"
#include "api/envelope.hpp"
#include "api/parameters.hpp"
#include "base/completion.hpp"
#include "net/event_stream.hpp"

namespace son1k::api {
using boost::asio::awaitable;
using net::http_request;
using net::http_response;
namespace {

constexpr std::size_t topics_max = 100;
constexpr std::size_t topic_bytes_max = 80;

// One client. The connection owns the stream: one that is never written (HEAD, a client that left
// at once) must not keep its place here.
struct listener {
  std::weak_ptr<net::event_stream> stream;
  accounts::identity who;
  listening to;
  std::optional<std::uint64_t> since;
  // Of the newsroom's thread.
  std::uint64_t sent = 0;
};
using listener_ptr = std::shared_ptr<listener>;

// What the newsroom says of a client that wants to listen.
struct opening {
  result<void> may = result<void>();
  bool ran = false;
};

// Resumes the waiter when the errand that holds it is done, or is dropped.
struct resumed_at_end {
  explicit resumed_at_end(std::shared_ptr<waiting> one) : waiter(std::move(one)) {}
  ~resumed_at_end() { resume_soon(std::move(waiter)); }
  resumed_at_end(const resumed_at_end&) = delete;
  resumed_at_end& operator=(const resumed_at_end&) = delete;
  std::shared_ptr<waiting> waiter;
};

result<std::vector<std::string>> read_topics(std::string_view list) {
  std::vector<std::string> out;
  for (std::string_view rest = list; !rest.empty();) {
    const auto comma = rest.find(',');
    if (comma != 0) out.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  const auto longest = std::max_element(
      out.begin(), out.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (!out.empty() && out.size() <= topics_max && longest->size() <= topic_bytes_max) return out;
  return error(errc::validation, "topics",
               text("must be up to 100 topics like generation:<id>",
                    "debe tener hasta 100 temas como generation:<id>"));
}

result<std::optional<std::uint64_t>> read_since(const http_request& request) {
  const auto last = request.header("last-event-id");
  if (last.empty()) return std::optional<std::uint64_t>();
  std::uint64_t since = 0;
  const auto read = std::from_chars(last.data(), last.data() + last.size(), since);
  if (read.ec == std::errc() && read.ptr == last.data() + last.size()) return std::optional(since);
  return error(errc::validation, "Last-Event-ID",
               text("must be the id of an event", "debe ser el id de un evento"));
}

result<listener_ptr> read_listener(const http_request& request) {
  parameters given(request);
  const auto topics = given.text("topics");
  const auto all = given.text("all");
  if (auto ok = given.finish(); !ok) return ok.error();
  const auto since = read_since(request);
  if (!since) return since.error();
  auto out = std::make_shared<listener>();
  out->who = caller_of(request);
  out->since = *since;
  out->to.user = out->who.user;
  out->to.sees_all = sees_everything(out->who);
  out->to.all = all == "true";
  if (all && all != "true" && all != "false") {
    return error(errc::validation, "all", text("must be true or false", "debe ser true o false"));
  }
  if (out->to.all && !out->to.sees_all) {
    return error(errc::forbidden, "all",
                 text("only those who read the consoles may hear everybody's events",
                      "solo quienes leen las consolas pueden oír los eventos de todos"));
  }
  if (!topics) return out;
  auto read = read_topics(*topics);
  if (!read) return read.error();
  out->to.topics = std::move(*read);
  return out;
}

void send(net::event_stream& to, const news_item& item) {
  to.send(std::to_string(item.id), item.name, item.data);
}

void send_hole(net::event_stream& to) {
  to.send("", "gap", R"({"message":"refetch"})");
}

error too_many(std::string_view whose) {
  if (whose.empty()) {
    return {errc::unavailable,
            text("too many event streams are open", "hay demasiados flujos de eventos abiertos")};
  }
  return {errc::rate_limited, text("too many event streams of this account are open; close one",
                                   "esta cuenta tiene demasiados flujos de eventos abiertos; "
                                   "cierre uno")};
}

error overloaded() {
  return {errc::unavailable,
          text("too much is asked for at the moment", "hay demasiadas peticiones en este momento")};
}

}  // namespace

class event_hub::state final : public news_outlet, public std::enable_shared_from_this<state> {
 public:
  state(newsroom& news, accounts::identities& identities, const clock_port& clock)
      : news_(news), identities_(identities), clock_(clock) {}

  void watch() {
    revocations_ = identities_.on_revoked([self = weak_from_this()](const auto& what) {
      if (const auto s = self.lock())
        s->end_those([&what](const listener& one) { return what.concerns(one.who); });
    });
  }

  bool anybody() const override { return count_.load() != 0; }
  void tell(std::vector<std::string>, const news_item&) override {}

  // A listener is in one of the rooms at most: those of its topics, its user's, or that of all.
  void tell_each(const std::vector<std::string>& rooms, const news_item& item) override {
    for (const auto& who : in(rooms)) {
      if (item.id <= who->sent) continue;
      who->sent = item.id;
      if (const auto stream = who->stream.lock()) send(*stream, item);
    }
  }

  void tell_of_hole() override {
    for (const auto& who : everybody())
      if (const auto stream = who->stream.lock()) send_hole(*stream);
  }

  void second() override {
    const auto now = clock_.now_ms();
    end_those([now](const listener& one) {
      return one.who.expires_at_ms != 0 && one.who.expires_at_ms <= now;
    });
  }

  static awaitable<http_response> open(std::shared_ptr<state> self, http_request& request) {
    auto read = read_listener(request);
    if (!read) co_return refuse(read.error(), request);
    const listener_ptr who = *read;
    const auto stream = net::event_stream::make();
    who->stream = stream;
    if (auto ok = self->take_place(who); !ok) co_return refuse(ok.error(), request);
    auto asked = self->still_known(request);
    const auto known = co_await std::move(asked);
    if (!known) {
      self->remove(who.get());
      co_return refuse(known.error(), request);
    }
    auto entering = self->enter(who);
    const auto entered = co_await std::move(entering);
    if (!entered) {
      self->remove(who.get());
      co_return refuse(entered.error(), request);
    }
    stream->on_close([weak = self->weak_from_this(), raw = who.get()] {
      if (const auto s = weak.lock()) s->remove(raw);
    });
    co_return net::event_stream_response(stream);
  }

  void close() {
    revocations_.reset();
    {
      const std::scoped_lock hold(mutex_);
      closed_ = true;
    }
    end_those([](const listener&) { return true; });
  }

 private:
  using listeners = std::vector<listener_ptr>;

  result<void> take_place(const listener_ptr& who) {
    const std::scoped_lock hold(mutex_);
    if (closed_ || all_.size() >= event_streams_max) return too_many("");
    auto& own = of_user_[who->who.user];
    if (own >= event_streams_per_user_max) return too_many(who->who.user);
    ++own;
    all_.push_back(who);
    count_ = all_.size();
    return {};
  }

  // Whoever was revoked before this listener could be told of it has been let in too late.
  awaitable<result<void>> still_known(const http_request& request) {
    auto shown = credential_of(request);
    if (!shown) co_return shown.error();
    accounts::caller_facts from{std::string(address_of(request)),
                                std::string(request.header("origin")),
                                std::string(request.header("host"))};
    auto asked = identities_.verify(std::move(from), std::move(shown->token));
    const auto again = co_await std::move(asked);
    if (!again) co_return again.error();
    co_return result<void>();
  }

  // Between two events of the newsroom, so that it hears each event from then on, and what it
  // missed before them.
  awaitable<result<void>> enter(listener_ptr who) {
    const auto how = std::make_shared<opening>();
    auto start = [self = shared_from_this(), who, how](std::shared_ptr<waiting> waiter) {
      const auto last = std::make_shared<resumed_at_end>(std::move(waiter));
      self->news_.run([self, who, how, last](news_desk& desk) {
        how->may = self->begin(desk, who);
        how->ran = true;
      });
    };
    co_await suspend_until_resumed(std::move(start));
    if (!how->ran) co_return overloaded();
    co_return how->may;
  }

  // On the newsroom's thread.
  result<void> begin(news_desk& desk, const listener_ptr& who) {
    auto rooms = desk.rooms_of(who->to);
    if (!rooms) {
      auto fault = rooms.error();
      if (!fault.field.empty()) fault.field = "topics";
      return fault;
    }
    const auto stream = who->stream.lock();
    if (stream && who->since) {
      const auto missed = desk.replay(who->to, *who->since);
      if (missed.gap) send_hole(*stream);
      for (const auto& one : missed.missed) send(*stream, one);
      // Another server may have told it more than was told here.
      who->sent = missed.gap ? missed.last : std::max(*who->since, missed.last);
    }
    const std::scoped_lock hold(mutex_);
    if (!has(who.get())) return {};  // ended meanwhile
    for (auto& room : *rooms) in_room_[std::move(room)].push_back(who);
    return {};
  }

  bool has(const listener* who) const {
    return std::any_of(all_.begin(), all_.end(),
                       [who](const auto& one) { return one.get() == who; });
  }

  void remove(const listener* who) {
    const auto same = [who](const auto& one) { return one.get() == who; };
    listeners dropped;  // outlives the lock
    const std::scoped_lock hold(mutex_);
    const auto found = std::find_if(all_.begin(), all_.end(), same);
    if (found == all_.end()) return;
    dropped.push_back(*found);
    if (const auto own = of_user_.find(who->who.user); --own->second == 0) of_user_.erase(own);
    all_.erase(found);
    count_ = all_.size();
    for (auto at = in_room_.begin(); at != in_room_.end();) {
      std::erase_if(at->second, same);
      at = at->second.empty() ? in_room_.erase(at) : std::next(at);
    }
  }

  listeners in(const std::vector<std::string>& rooms) const {
    listeners out;
    const std::scoped_lock hold(mutex_);
    for (const auto& room : rooms)
      if (const auto found = in_room_.find(room); found != in_room_.end())
        out.insert(out.end(), found->second.begin(), found->second.end());
    return out;
  }

  listeners everybody() const {
    const std::scoped_lock hold(mutex_);
    return all_;
  }

  template <class Chosen>
  void end_those(Chosen chosen) {
    for (const auto& one : everybody()) {
      if (!chosen(*one)) continue;
      if (const auto stream = one->stream.lock()) stream->close();
    }
  }

  newsroom& news_;
  accounts::identities& identities_;
  const clock_port& clock_;
  mutable std::mutex mutex_;
  bool closed_ = false;
  listeners all_;  // also those who are about to enter
  std::unordered_map<std::string, listeners> in_room_;
  std::unordered_map<std::string, std::size_t> of_user_;
  std::atomic<std::size_t> count_{0};
  std::shared_ptr<void> revocations_;
};

event_hub::event_hub(newsroom& news, accounts::identities& identities, const clock_port& clock)
    : state_(std::make_shared<state>(news, identities, clock)) {
  news.add(*state_);
  state_->watch();
}

event_hub::~event_hub() {
  close();
}

void event_hub::bind(endpoint_table& routes) {
  net::handler run = [self = state_](http_request& r) { return state::open(self, r); };
  routes.add_all({{net::http_method::get, "/api/events", std::move(run), watches_own}});
}

void event_hub::close() {
  state_->close();
}

}  // namespace son1k::api
