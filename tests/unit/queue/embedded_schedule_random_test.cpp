// The schedule of the embedded queue against a plain model: jobs in a vector, every rule looked up
// by walking all of it. Random operations, the same start each time; the seed is printed.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "queue/embedded/core.hpp"
#include "queue/embedded/schedule.hpp"

namespace son1k::queue::embedded {
namespace {

struct plain_job {
  std::string id, group;
  std::int32_t priority = 0, stalls = 0;
  std::int64_t seq = 0, turn = 0, at_ms = 0;
  bool active = false, condemned = false;

  bool apart() const { return condemned || is_suspect(stalls); }
};

class plain_model {
 public:
  void ready(plain_job& j) {
    if (is_poison(j.stalls)) j.condemned = true;
  }
  std::size_t running(const std::string* group = nullptr) const {
    std::size_t n = 0;
    for (const auto& [id, j] : jobs)
      n += j.active && !j.condemned && (group == nullptr || j.group == *group) ? 1 : 0;
    return n;
  }
  const group_limits& limits_of(const std::string& group) const {
    const auto own = own_limits.find(group);
    return own == own_limits.end() ? limits.each_group : own->second;
  }
  static bool spent(const std::vector<std::int64_t>& starts, const std::optional<rate_limit>& rate,
                    std::int64_t now) {
    if (!rate) return false;
    std::int64_t n = 0;
    for (const auto at : starts) n += at > now - rate->per_ms ? 1 : 0;
    return n >= rate->max;
  }
  bool held_back(const std::string& group, std::int64_t now) {
    const auto& l = limits_of(group);
    if (l.concurrency > 0 && running(&group) >= static_cast<std::size_t>(l.concurrency))
      return true;
    return spent(group_starts[group], l.rate, now);
  }
  // By priority, the group's turn, the job's turn; with ageing among the heads.
  plain_job* next_ordinary(std::int64_t now) {
    std::map<std::pair<std::string, std::int32_t>, plain_job*> heads;
    for (auto& [id, j] : jobs) {
      if (j.active || j.apart() || held_back(j.group, now)) continue;
      auto& head = heads[{j.group, j.priority}];
      if (head == nullptr || j.turn < head->turn) head = &j;
    }
    plain_job* turn = nullptr;
    plain_job* oldest = nullptr;
    for (const auto& [key, j] : heads) {
      const auto rank = [&](plain_job* a) {
        const auto turn_of = a->turn < 0 ? a->turn : std::max(a->turn, last_starts[a->group]);
        return std::pair(a->priority, turn_of);
      };
      const auto age = [](plain_job* a) { return std::pair(a->at_ms, a->turn); };
      if (turn == nullptr || rank(j) < rank(turn)) turn = j;
      if (oldest == nullptr || age(j) < age(oldest)) oldest = j;
    }
    if (turn == nullptr) return nullptr;
    return goes_first_by_age(oldest->at_ms, turn->at_ms, limits.ageing_ms) ? oldest : turn;
  }
  plain_job* next(std::int64_t now) {
    plain_job* condemned = nullptr;
    plain_job* suspect = nullptr;
    bool suspects_wait = false;
    bool alone = false;
    for (auto& [id, j] : jobs) {
      alone = alone || (j.active && !j.condemned && is_suspect(j.stalls));
      if (j.active || !j.apart()) continue;
      if (j.condemned) {
        if (condemned == nullptr || j.seq < condemned->seq) condemned = &j;
        continue;
      }
      suspects_wait = true;
      if (held_back(j.group, now)) continue;
      if (suspect == nullptr ||
          std::pair(j.stalls, j.turn) < std::pair(suspect->stalls, suspect->turn))
        suspect = &j;
    }
    if (condemned != nullptr) return condemned;
    if (alone || spent(starts, limits.rate, now)) return nullptr;
    if (limits.concurrency > 0 && running() >= static_cast<std::size_t>(limits.concurrency))
      return nullptr;
    auto* ordinary = next_ordinary(now);
    turns.look(now, suspects_wait, running() == 0);
    if (running() == 0 && suspect != nullptr && turns.suspects_may_start(ordinary != nullptr))
      return suspect;
    return turns.ordinary_may_start() ? ordinary : nullptr;
  }
  void start(plain_job& j, std::int64_t now) {
    if (!j.condemned && is_suspect(j.stalls)) turns.used();
    j.active = true;
    if (j.condemned) return;
    last_starts[j.group] = ++last_turn;
    starts.push_back(now);
    group_starts[j.group].push_back(now);
  }

  std::map<std::string, plain_job> jobs;
  std::map<std::string, std::int64_t> last_starts;
  std::map<std::string, std::vector<std::int64_t>> group_starts;
  std::map<std::string, group_limits> own_limits;
  std::vector<std::int64_t> starts;
  queue_limits limits;
  lone_turns turns;
  std::int64_t last_turn = 0;
  std::int64_t first_turn = 0;
};

class pair_of_both {
 public:
  explicit pair_of_both(std::uint32_t seed) : random_(seed) { room_ = *real_.open_room("songs"); }

  void step() {
    const auto what = pick(100);
    if (what < 30) {
      add();
    } else if (what < 60) {
      start();
    } else if (what < 72) {
      if (auto* j = any(true)) {
        real_.forget(at(*j));
        model_.jobs.erase(j->id);
      }
    } else if (what < 82) {
      put_back(pick(2) == 0);
    } else if (what < 87) {
      now_ += pick(8) == 0 ? pick(6'000) : pick(50);
    } else if (what < 90) {
      set_limits();
    } else {
      edit();
    }
    if (pick(50) == 0) real_.in(room_).lanes.forget_idle(now_);
    check_sizes();
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }
  room& r() { return real_.in(room_); }
  entry_index at(const plain_job& j) { return real_.find(room_, j.id); }
  // A job that runs, or one that waits; null: there is none.
  plain_job* any(bool active) {
    std::vector<plain_job*> some;
    for (auto& [id, j] : model_.jobs)
      if (j.active == active) some.push_back(&j);
    return some.empty() ? nullptr : some[pick(some.size())];
  }

  void add() {
    plain_job j;
    j.seq = ++last_id_;
    j.id = "j" + std::to_string(j.seq);
    if (pick(4) != 0) j.group = std::string(1, static_cast<char>('a' + pick(6)));
    j.priority = static_cast<std::int32_t>(pick(3) == 0 ? 0 : pick(4) * 5);
    if (pick(12) == 0) j.stalls = 2;
    j.turn = ++model_.last_turn;
    j.at_ms = now_;
    job_entry e;
    e.seq = j.seq;
    e.id = id_text(j.id);
    e.room = room_;
    e.group = r().lanes.open(j.group);
    e.priority = j.priority;
    e.stalls = j.stalls;
    e.state = ready_state(j.priority);
    e.at_ms = now_;
    real_.insert(std::move(e));
    model_.ready(model_.jobs.emplace(j.id, j).first->second);
  }

  void start() {
    r().claimed_at = now_;
    for (auto n = 1 + pick(4); n > 0; --n) {
      const auto i = real_.next_start(r(), now_);
      auto* j = model_.next(now_);
      ASSERT_EQ(i == no_entry ? "none" : std::string(real_[i].id.view()), j ? j->id : "none");
      if (j == nullptr) return;
      real_.start(i, now_);
      model_.start(*j, now_);
    }
  }

  void put_back(bool stalled) {
    auto* j = any(true);
    if (j == nullptr) return;
    const auto i = at(*j);
    j->active = false;
    if (stalled)
      real_.stalled(i, ++j->stalls);
    else
      real_.put_back(i);
    model_.ready(*j);
  }

  void set_limits() {
    const auto rate = [&] {
      const auto max = static_cast<std::int64_t>(1 + pick(4));
      return pick(2) == 0 ? std::optional<rate_limit>() : rate_limit{max, 100};
    };
    const auto count = [&](std::size_t below) { return static_cast<std::int64_t>(pick(below)); };
    if (pick(2) == 0) {
      model_.limits = {count(8), rate(), {count(3), rate()}, count(3) * 60};
      real_.set_limits(r(), model_.limits, now_);
    } else {
      const std::string group(1, static_cast<char>('a' + pick(6)));
      std::optional<group_limits> own;
      if (pick(2) == 0) own = group_limits{count(3), rate()};
      if (own)
        model_.own_limits[group] = *own;
      else
        model_.own_limits.erase(group);
      r().lanes.set_own(group, own, now_);
    }
    // A rate that has just come to be counts from now on; one that goes forgets.
    recount();
  }
  // The model keeps all starts, the schedule only those that a rate has to know: both begin anew
  // whenever a rate appears, so that they can be compared.
  void recount() { now_ += 101; }

  void edit() {
    auto* j = any(false);
    if (j == nullptr) return;
    const auto i = at(*j);
    switch (pick(5)) {
      case 0:
        real_.condemn(i);
        j->condemned = true;
        break;
      case 1:
        j->priority = static_cast<std::int32_t>(pick(4) * 5);
        j->turn = ++model_.last_turn;
        real_.set_priority(i, j->priority);
        break;
      case 2:
        j->turn = ++model_.last_turn;
        real_.to_back(i);
        break;
      case 3:
        j->turn = --model_.first_turn;
        real_.to_front(i);
        break;
      default:
        real_.forget(i);
        model_.jobs.erase(j->id);
    }
  }

  void check_sizes() {
    std::size_t waiting = 0, prioritized = 0, active = 0;
    for (const auto& [id, j] : model_.jobs) {
      if (j.active) {
        ++active;
        continue;
      }
      ++(j.priority == 0 ? waiting : prioritized);
    }
    ASSERT_EQ(r().waiting(), waiting);
    ASSERT_EQ(r().prioritized(), prioritized);
    ASSERT_EQ(r().active.size(), active);
    std::size_t listed = 0;
    for (const auto state : {job_state::waiting, job_state::prioritized})
      for (auto i = real_.first_ready(r(), state); i != no_entry; i = real_.ready_after(r(), i))
        ++listed;
    ASSERT_EQ(listed, waiting + prioritized);
  }

  std::mt19937 random_;
  schedule real_{10};
  plain_model model_;
  std::uint16_t room_ = 0;
  std::int64_t now_ = 1'000'000;
  std::int64_t last_id_ = 0;
};

TEST(embedded_schedule, does_what_a_plain_model_does) {
  const auto first = std::random_device{}();
  for (std::uint32_t n = 0; n < 25; ++n) {
    SCOPED_TRACE("seed " + std::to_string(first + n));
    pair_of_both both(first + n);
    for (int i = 0; i < 1'500 && !testing::Test::HasFatalFailure(); ++i) both.step();
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace son1k::queue::embedded
