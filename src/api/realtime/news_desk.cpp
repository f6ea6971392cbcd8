#include "api/realtime/news_desk.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

namespace son1k::api {
namespace {

constexpr std::size_t page_max = 500;

// Progress never goes back, also when a run begins again; an end is said once.
bool admit(client_event& e, std::int64_t& percent, bool& ended) {
  if (e.kind == client_event::what::begins) {
    percent = 0;
    ended = false;
  }
  if (ended) return false;
  if (e.kind == client_event::what::ends) {
    ended = true;
    return true;
  }
  auto* now = e.data.if_contains("progress");
  if (now == nullptr || !now->is_number()) return true;
  percent = std::max(percent, now->to_number<std::int64_t>());
  *now = percent;
  return true;
}

news_item item_of(client_event&& e, std::uint64_t id) {
  news_item out;
  out.latest = e.kind != client_event::what::ends;
  out.name = std::move(e.name);
  out.topic = std::move(e.topic);
  out.data = boost::json::serialize(e.data);
  out.id = id;
  return out;
}

std::vector<std::string> rooms_for(const std::string& topic, const std::string& owner) {
  std::vector<std::string> rooms{topic};
  if (!owner.empty()) rooms.push_back(user_room(owner));
  return rooms;
}

error unknown_topic() {
  return {errc::validation, "topic",
          text("there is no such topic to follow", "no hay ningún tema así que seguir")};
}

error not_there() {
  return {errc::not_found, "id", text("there is nothing with this id", "no hay nada con este id")};
}

}  // namespace

std::string user_room(std::string_view user) {
  return "user:" + std::string(user);
}

bool sees_everything(const accounts::identity& who) {
  return who.has(accounts::viewer_role) && who.may("operate");
}

news_desk::news_desk(std::vector<news_source> sources, archive kept, news_outlet& outlet)
    : sources_(std::move(sources)),
      archive_(std::move(kept)),
      outlet_(outlet),
      told_(sources_.size(), 0) {}

const news_source* news_desk::source_of(std::string_view queue) const {
  for (const auto& one : sources_)
    if (one.queue == queue) return &one;
  return nullptr;
}

std::size_t news_desk::index_of(const news_source& one) const {
  return static_cast<std::size_t>(&one - sources_.data());
}

void news_desk::begin() {
  for (const auto& e : archive_(0, replay_events_max).events)
    if (concerns(e)) pass_over(e);
}

void news_desk::pass_over_to(news_mark& mark, const queue::job_event& e) const {
  const auto* from = source_of(e.queue);
  if (from == nullptr) return;
  mark.resize(sources_.size());
  auto& told = mark[index_of(*from)];
  told = std::max(told, e.id);
}

void news_desk::pass_over(const queue::job_event& e) {
  pass_over_to(told_, e);
  forget_stories();
}

void news_desk::pass_over(const news_mark& until) {
  for (std::size_t i = 0; i < until.size(); ++i) {
    if (until[i] <= told_[i]) continue;
    told_[i] = until[i];
    forget_stories();
  }
}

// What was told of a thing may hold no longer: it may have begun anew meanwhile.
void news_desk::forget_stories() {
  stories_.clear();
  ages_.clear();
}

news_desk::story& news_desk::story_of(const std::string& topic) {
  if (const auto found = stories_.find(topic); found != stories_.end()) {
    ages_.splice(ages_.end(), ages_, found->second.age);
    return found->second;
  }
  if (stories_.size() >= news_topics_max) {
    stories_.erase(ages_.front());
    ages_.pop_front();
  }
  auto& out = stories_[topic];
  out.age = ages_.insert(ages_.end(), topic);
  return out;
}

result<std::string> news_desk::owner_of(const news_source& from, const std::string& id) {
  const auto topic = from.topic + ":" + id;
  if (const auto found = stories_.find(topic);
      found != stories_.end() && !found->second.owner.empty())
    return found->second.owner;
  auto owner = from.owner_of(id);
  if (owner) story_of(topic).owner = *owner;
  return owner;
}

result<std::string> news_desk::seen_by(const news_source& from, const std::string& id,
                                       const std::string& user, bool sees_all) {
  auto owner = owner_of(from, id);
  if (!owner) {
    const auto fault = owner.error();
    return fault.code == errc::not_found ? not_there() : fault;
  }
  if (*owner != user && !sees_all) return not_there();
  return owner;
}

void news_desk::say(const std::string& owner, news_item item) {
  outlet_.tell(rooms_for(item.topic, owner), item);
}

void news_desk::hear(const queue::job_event& e, std::int64_t now_ms) {
  const auto* from = source_of(e.queue);
  if (from == nullptr || e.id <= told_[index_of(*from)]) return;
  told_[index_of(*from)] = e.id;
  auto shown = from->show(e);
  if (!shown) return;
  auto& now = story_of(shown->topic);
  if (!admit(*shown, now.percent, now.ended)) return;
  now.last = e.id;
  if (now.owner.empty()) {
    // Whoever follows the thing itself is told, also while nobody knows whose it is.
    auto owner = from->owner_of(e.job_id);
    if (owner) now.owner = std::move(*owner);
    if (!owner && owner.error().code != errc::not_found) outlet_.tell_of_hole();
  }
  const bool ends = shown->kind == client_event::what::ends;
  auto item = item_of(std::move(*shown), e.id);
  auto rooms = rooms_for(item.topic, now.owner);
  rooms.emplace_back(all_news_room);
  outlet_.tell_each(rooms, item);
  if (ends) {
    pacer_.take(item.topic);
    say(now.owner, std::move(item));
    return;
  }
  const auto key = item.topic;
  if (auto free = pacer_.offer(key, {now.owner, std::move(item)}, now_ms))
    say(free->owner, std::move(free->item));
}

void news_desk::tick(std::int64_t now_ms) {
  for (auto& one : pacer_.due(now_ms)) say(one.owner, std::move(one.item));
}

news_mark news_desk::enter(const std::string& user) {
  const auto held = pacer_.take_early([&](const held_item& one) { return one.owner == user; });
  for (const auto& one : held) say(one.owner, one.item);
  return told_;
}

void news_desk::collect(const news_source& from, std::uint64_t since, std::uint64_t until,
                        followed& out,
                        const std::function<bool(const std::string& topic)>& wanted) {
  struct tale {
    std::int64_t percent = 0;
    bool ended = false;
  };
  std::unordered_map<std::string, tale> tales;
  auto at = since;
  // The first page is asked for in any case: it tells of a gap.
  bool first = true;
  for (std::size_t seen = 0; first || at < until;) {
    if (seen >= replay_events_max) {
      out.gap = true;
      return;
    }
    const auto page = archive_(at, page_max);
    if (std::exchange(first, false)) out.gap = out.gap || page.gap;
    for (const auto& e : page.events) {
      at = std::max(at, e.id);
      if (e.queue != from.queue || e.id > until || e.id <= since) continue;
      auto shown = from.show(e);
      if (!shown || !wanted(shown->topic)) continue;
      auto& tale = tales[shown->topic];
      if (admit(*shown, tale.percent, tale.ended))
        out.missed.push_back(item_of(std::move(*shown), e.id));
    }
    seen += page.events.size();
    if (page.events.size() < page_max) break;
  }
}

result<followed> news_desk::follow(const follow_request& request) {
  const auto from = std::find_if(sources_.begin(), sources_.end(),
                                 [&](const auto& one) { return one.topic == request.topic; });
  if (from == sources_.end()) return unknown_topic();
  const auto owner = seen_by(*from, request.id, request.user, request.sees_all);
  if (!owner) return owner.error();
  const bool own = *owner == request.user;
  const auto topic = request.topic + ":" + request.id;
  // What is held back is told now, so that what is missed and what follows do not overlap.
  if (auto held = pacer_.take(topic)) say(held->owner, std::move(held->item));
  followed out;
  const auto index = index_of(*from);
  out.last = told_[index];
  if (!request.since) return out;
  auto until = told_[index];
  if (own && index < request.entered.size()) until = std::min(until, request.entered[index]);
  collect(*from, *request.since, until, out, [&](const auto& one) { return one == topic; });
  const auto known = stories_.find(topic);
  if (known != stories_.end() && known->second.last > until && until < told_[index]) {
    // The client has heard later things by itself: older progress would go back.
    std::erase_if(out.missed, [](const auto& one) { return one.latest; });
  }
  return out;
}

const news_source* news_desk::source_of_topic(std::string_view topic) const {
  for (const auto& one : sources_) {
    const auto& kind = one.topic;
    if (topic.size() > kind.size() + 1 && topic.starts_with(kind) && topic[kind.size()] == ':')
      return &one;
  }
  return nullptr;
}

result<std::vector<std::string>> news_desk::rooms_of(const listening& who) {
  if (who.topics.empty()) {
    const bool everything = who.all && who.sees_all;
    return std::vector<std::string>{everything ? std::string(all_news_room) : user_room(who.user)};
  }
  for (const auto& topic : who.topics) {
    const auto* from = source_of_topic(topic);
    if (from == nullptr) return unknown_topic();
    const auto seen = seen_by(*from, topic.substr(from->topic.size() + 1), who.user, who.sees_all);
    if (!seen) return seen.error();
  }
  return who.topics;
}

followed news_desk::replay(const listening& who, std::uint64_t since) {
  followed out;
  for (std::size_t n = 0; n < sources_.size(); ++n) {
    const auto& from = sources_[n];
    const auto wanted = [&](const std::string& topic) {
      if (!who.topics.empty())
        return std::find(who.topics.begin(), who.topics.end(), topic) != who.topics.end();
      if (who.all && who.sees_all) return true;
      const auto owner = owner_of(from, topic.substr(from.topic.size() + 1));
      if (!owner && owner.error().code != errc::not_found) out.gap = true;
      return owner && *owner == who.user;
    };
    collect(from, since, told_[n], out, wanted);
    out.last = std::max(out.last, told_[n]);
  }
  const auto earlier = [](const auto& a, const auto& b) { return a.id < b.id; };
  std::stable_sort(out.missed.begin(), out.missed.end(), earlier);
  return out;
}

followed news_desk::catch_up(const std::string& user, const std::vector<std::string>& topics,
                             const news_mark& since) {
  followed out;
  for (std::size_t n = 0; n < sources_.size() && n < since.size(); ++n) {
    const auto& from = sources_[n];
    std::unordered_map<std::string, bool> asked;
    for (const auto& topic : topics) asked[topic] = true;
    const auto wanted = [&](const std::string& topic) {
      const auto [found, fresh] = asked.try_emplace(topic, false);
      if (fresh) {
        const auto owner = owner_of(from, topic.substr(from.topic.size() + 1));
        found->second = owner && *owner == user;
      }
      return found->second;
    };
    collect(from, since[n], told_[n], out, wanted);
  }
  std::unordered_map<std::string, std::uint64_t> newest;
  for (const auto& one : out.missed) newest[one.topic] = one.id;
  std::erase_if(out.missed, [&](const auto& one) { return newest[one.topic] != one.id; });
  return out;
}

}  // namespace son1k::api
