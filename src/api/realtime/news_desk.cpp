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

void news_desk::pass_over(const news_mark& until) {
  for (std::size_t i = 0; i < until.size(); ++i) told_[i] = std::max(told_[i], until[i]);
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
  return from.owner_of(id);
}

void news_desk::say(const std::string& owner, news_item item) {
  std::vector<std::string> rooms{item.topic};
  if (!owner.empty()) rooms.push_back(user_room(owner));
  outlet_.tell(std::move(rooms), item);
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
    if (auto owner = from->owner_of(e.job_id)) now.owner = std::move(*owner);
  }
  const bool ends = shown->kind == client_event::what::ends;
  auto item = item_of(std::move(*shown), e.id);
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
  for (std::size_t seen = 0; first || (at < until && seen < replay_events_max);) {
    const auto page = archive_(at, page_max);
    if (std::exchange(first, false)) out.gap = out.gap || page.gap;
    for (const auto& e : page.events) {
      at = std::max(at, e.id);
      if (e.queue != from.queue || e.id > until) continue;
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
  auto owner = owner_of(*from, request.id);
  if (!owner) {
    const auto fault = owner.error();
    return fault.code == errc::not_found ? not_there() : fault;
  }
  const bool own = *owner == request.user;
  if (!own && !request.sees_all) return not_there();
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
