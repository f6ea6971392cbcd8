// From the queue's events to what clients are told, and what one of them has missed. Every process
// hears all events of the queue, so each tells its own clients and no other's: nothing is said
// twice, whichever process made the thing. Who is told what is decided here, for all outlets: news
// are said in rooms, and rooms_of() says in which of them a caller may listen.
//
// Not thread-safe: it belongs to the newsroom's thread. It calls `outlet` and owners on it.
#pragma once
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "accounts/identity/identity.hpp"
#include "api/client_event.hpp"
#include "queue/reader.hpp"
#include "realtime/rooms/pacer.hpp"

namespace son1k::api {

// A kind of things that clients follow.
struct news_source {
  std::string topic;  // "generation": its topics and rooms are "generation:<id>"
  std::string queue;
  std::function<std::optional<client_event>(const queue::job_event&)> show;
  // Blocks. not_found: there is none of that id.
  std::function<result<std::string>(const std::string& id)> owner_of;
};

struct news_item {
  std::string name;
  std::string topic;
  std::string data;      // JSON
  std::uint64_t id = 0;  // of the queue's event
  bool latest = false;   // gives way to a later one of its topic
};

// Where clients of this process listen. What is told first arrives first. All but anybody() is
// called on the newsroom's thread.
class news_outlet {
 public:
  virtual ~news_outlet() = default;
  virtual bool anybody() const = 0;  // any thread
  // To the clients that are in any of the rooms, each once: progress only so often.
  virtual void tell(std::vector<std::string> rooms, const news_item& item) = 0;
  // The same news before they are thinned out, each of them in the order of the ids.
  virtual void tell_each(const std::vector<std::string>& /*rooms*/, const news_item& /*item*/) {}
  // Something may have been said to nobody: clients must ask how things stand.
  virtual void tell_of_hole() {}
  // Each second, while anybody is there.
  virtual void second() {}
};

// How far the sources were told, in their order.
using news_mark = std::vector<std::uint64_t>;

// Who listens, to what. Without topics: to what is its own, or with `all` to everything.
struct listening {
  std::string user;
  bool sees_all = false;            // may listen to what is others'
  bool all = false;                 // and wants to
  std::vector<std::string> topics;  // "generation:<id>"
};

struct follow_request {
  std::string topic;
  std::string id;
  std::string user;
  bool sees_all = false;               // an operator
  std::optional<std::uint64_t> since;  // the last event the client has
  news_mark entered;                   // since when this client hears what is its user's
};
struct followed {
  std::vector<news_item> missed;  // the oldest first
  bool gap = false;               // something of it is no longer kept
  std::uint64_t last = 0;         // told so far
};

inline constexpr std::int64_t news_period_ms = 250;
inline constexpr std::size_t news_topics_max = 10'000;
inline constexpr std::size_t replay_events_max = 10'000;

inline constexpr std::string_view all_news_room = "*";

std::string user_room(std::string_view user);
// Those who read the consoles may see what is others'; a key only if it is for that.
bool sees_everything(const accounts::identity& who);

class news_desk {
 public:
  // (since, limit), as queue_reader::events().
  using archive = std::function<queue::events_page(std::uint64_t, std::size_t)>;

  news_desk(std::vector<news_source> sources, archive kept, news_outlet& outlet);

  bool concerns(const queue::job_event& e) const { return source_of(e.queue) != nullptr; }
  const std::vector<news_source>& sources() const { return sources_; }
  // What happened before is not news, only for replay.
  void begin();
  void hear(const queue::job_event& e, std::int64_t now_ms);
  // Nobody is there to be told.
  void pass_over(const queue::job_event& e);
  void pass_over(const news_mark& until);
  // Any thread: as pass_over(), in a mark of the caller's.
  void pass_over_to(news_mark& mark, const queue::job_event& e) const;
  // Says what was held back.
  void tick(std::int64_t now_ms);
  std::optional<std::int64_t> next_ms() const { return pacer_.next_ms(); }

  news_mark mark() const { return told_; }
  // A client of the user hears by itself what follows this mark; what is held back is said before.
  news_mark enter(const std::string& user);
  // validation: an unknown topic · not_found: no such thing, or another's · unavailable. What is
  // missed ends where the client hears by itself: from `entered` on if the thing is its user's,
  // else from what is told next.
  result<followed> follow(const follow_request& request);
  // In which rooms it hears what it may. validation: an unknown topic · not_found: no such thing,
  // or another's · unavailable.
  result<std::vector<std::string>> rooms_of(const listening& who);
  // What one that hears each event missed after `since`; what is told from now on follows by
  // itself. Errors as of rooms_of(), which has been asked.
  followed replay(const listening& who, std::uint64_t since);
  // For one that came back: of each topic the last progress after `since`, or its end.
  followed catch_up(const std::string& user, const std::vector<std::string>& topics,
                    const news_mark& since);

 private:
  struct story {
    std::int64_t percent = 0;
    bool ended = false;
    std::string owner;
    std::uint64_t last = 0;
    std::list<std::string>::iterator age;
  };
  const news_source* source_of(std::string_view queue) const;
  std::size_t index_of(const news_source& one) const;
  story& story_of(const std::string& topic);
  void forget_stories();
  void say(const std::string& owner, news_item item);
  result<std::string> owner_of(const news_source& from, const std::string& id);
  const news_source* source_of_topic(std::string_view topic) const;
  // not_found: there is no such thing for this caller · unavailable. Else whose it is.
  result<std::string> seen_by(const news_source& from, const std::string& id,
                              const std::string& user, bool sees_all);
  void collect(const news_source& from, std::uint64_t since, std::uint64_t until, followed& out,
               const std::function<bool(const std::string& topic)>& wanted);

  const std::vector<news_source> sources_;
  const archive archive_;
  news_outlet& outlet_;
  news_mark told_;
  std::unordered_map<std::string, story> stories_;
  std::list<std::string> ages_;  // the longest untouched first
  struct held_item {
    std::string owner;
    news_item item;
  };
  realtime::pacer<held_item> pacer_{news_period_ms, news_topics_max};
};

}  // namespace son1k::api
