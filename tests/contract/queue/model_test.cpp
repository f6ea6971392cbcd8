// Random operations on the embedded queue and on the memory queue, which is the model: after each
// step both say the same. SON1K_MODEL_SEEDS=<n> tries more histories, SON1K_MODEL_SEED=<n> one.
#include <random>
#include <thread>

#include "contract/queue/queue_contract.hpp"

namespace son1k::queue::test {
namespace {

constexpr int steps = 150;
constexpr int ids = 30;

int number_from(const char* name, int usual) {
  const char* text = std::getenv(name);
  return text == nullptr ? usual : std::atoi(text);
}

struct side {
  explicit side(const backend_entry& entry) : made(entry.make()) {}
  queue_port& q() { return made->port(); }
  template <class T>
  T run(boost::asio::awaitable<T> work) {
    auto& loop = loops.emplace_back();
    auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
    loop.run();
    return future.get();
  }
  std::deque<boost::asio::io_context> loops;  // outlive the threads that post to them
  std::unique_ptr<backend> made;
};

std::string text_of(const queue_counts& n) {
  return "waiting " + std::to_string(n.waiting) + " prioritized " + std::to_string(n.prioritized) +
         " delayed " + std::to_string(n.delayed) + " active " + std::to_string(n.active) +
         " children " + std::to_string(n.waiting_children) + " completed " +
         std::to_string(n.completed) + " failed " + std::to_string(n.failed) +
         (n.paused ? " paused" : "");
}

std::string text_of(const result<job_view>& got) {
  if (!got) return std::string(name_of(got.error().code));
  const job_view& v = *got;
  std::string out(name_of(v.state));
  out += " p" + std::to_string(v.options.priority) + " attempts " +
         std::to_string(v.attempts_made) + " starts " + std::to_string(v.starts) + " stalls " +
         std::to_string(v.stalls) + " run at " + std::to_string(v.run_at_ms) + " data " + v.data +
         " result " + v.result + " left " + std::to_string(v.children_left);
  if (v.error) out += " error " + v.error->code;
  if (v.state == job_state::active) out += " progress " + std::to_string(v.progress.percent);
  return out;
}

std::string text_of(const std::vector<claimed_job>& jobs) {
  std::string out;
  for (const auto& job : jobs) {
    out += job.held.id + "/" + std::to_string(job.held.fence) + "/" +
           std::to_string(job.attempts_made) + " " + job.data + " " + job.checkpoint;
    out += job.verdict ? " verdict " + job.verdict->code + "; " : "; ";
  }
  return out;
}

std::string text_of(const job_spec& s) {
  const auto& o = s.options;
  std::string out = s.id + " p" + std::to_string(o.priority);
  if (!o.group.empty()) out += " group " + o.group;
  if (o.delay_ms > 0) out += " delay " + std::to_string(o.delay_ms);
  if (o.expires_in_ms > 0) out += " expires " + std::to_string(o.expires_in_ms);
  if (!o.dedup.id.empty())
    out += " dedup " + o.dedup.id + ' ' + std::to_string(o.dedup.ttl_ms) +
           (o.dedup.extend ? " extend" : "") + (o.dedup.replace ? " replace" : "");
  return out;
}

class history {
 public:
  explicit history(unsigned seed)
      : random_(seed), model_(backends().front()), real_(backends().back()) {
    reopens_ = seed % 2 == 0;
    keep_ = 2 + pick(6);
  }

  void run() {
    for (int n = 0; n < steps && !testing::Test::HasFailure(); ++n) {
      done_.push_back(step());
      compare_counts();
      if (n % 5 == 0) compare_jobs();
    }
    compare_jobs();
    if (!testing::Test::HasFailure()) return;
    for (std::size_t n = 0; n < done_.size(); ++n)
      std::cout << "step " << n << ": " << done_[n] << '\n';
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  template <class T>
  T one_of(std::initializer_list<T> all) {
    return *(all.begin() + pick(static_cast<int>(all.size())));
  }
  std::string some_id() { return "job-" + std::to_string(pick(ids)); }
  // The same on both; their answers.
  template <class Act>
  auto both(Act act) {
    auto first = act(model_);
    auto second = act(real_);
    return std::pair(std::move(first), std::move(second));
  }

  std::string step() {
    const int n = pick(100);
    if (n < 28) return add();
    if (n < 52) return claim();
    if (n < 72) return finish();
    if (n < 76) return cancel();
    if (n < 80) return write();
    if (n < 83) return pause();
    if (n < 86) return limit();
    if (n < 90) return edit();
    if (n < 97) return advance();
    return reopens_ ? reopen() : advance();
  }

  job_spec some_job() {
    job_spec s;
    s.queue = "songs";
    s.kind = "probe";
    s.id = some_id();
    s.data = std::to_string(pick(1'000));
    auto& o = s.options;
    o.priority = one_of({0, 0, 1, 5, 9});
    o.delay_ms = one_of({0, 0, 0, 500, 3'000});
    o.attempts = one_of({1, 2, 3});
    o.backoff = {backoff_kind::fixed, one_of<std::int64_t>({0, 700}), 0.0};
    o.group = one_of<const char*>({"", "a", "b"});
    o.keep_completed.count = o.keep_failed.count = keep_;
    o.expires_in_ms = one_of({0, 0, 0, 2'000});
    if (pick(5) == 0)
      o.dedup = {one_of<const char*>({"x", "y"}), one_of<std::int64_t>({0, 1'500}), pick(2) == 0,
                 pick(2) == 0};
    return s;
  }

  std::string add() {
    std::vector<job_spec> specs;
    for (int n = 1 + pick(3); n > 0; --n) specs.push_back(some_job());
    const auto [expected, got] = both([&](side& s) { return s.run(s.q().add(specs)); });
    EXPECT_EQ(expected.has_value(), got.has_value());
    std::string what = "add";
    for (std::size_t n = 0; expected && got && n < specs.size(); ++n) {
      EXPECT_EQ((*expected)[n].id, (*got)[n].id);
      EXPECT_EQ((*expected)[n].duplicate, (*got)[n].duplicate);
      what += " " + text_of(specs[n]) + ((*got)[n].duplicate ? " is " + (*got)[n].id : "") + ';';
    }
    return what;
  }

  std::string claim() {
    claim_request r;
    r.queue = "songs";
    r.worker = "w";
    r.max = static_cast<std::size_t>(1 + pick(4));
    r.lease_ms = one_of({1'000, 30'000});
    const auto [expected, got] = both([&](side& s) { return s.run(s.q().claim(r)); });
    EXPECT_TRUE(expected && got);
    if (!expected || !got) return "claim";
    EXPECT_EQ(text_of(*expected), text_of(*got));
    for (const auto& job : *got) held_.push_back({job.held, job.verdict});
    return "claim " + std::to_string(r.max) + ": " + text_of(*got);
  }

  outcome some_end(const std::optional<job_error>& verdict) {
    if (verdict) return outcome::fail(*verdict);
    switch (pick(8)) {
      case 0:
        return outcome::fail({"upstream", "it broke", true});
      case 1:
        return outcome::fail({"fatal", "it broke", false});
      case 2:
        return outcome::release();
      case 3:
        return outcome::delay_until(model_.made->clock().now_ms() + one_of({0, 400, 2'000}));
      case 4:
        return outcome::cancel();
      default:
        return outcome::complete(std::to_string(pick(1'000)));
    }
  }

  // Also of leases that were lost long ago.
  std::string finish() {
    if (held_.empty()) return "nothing to finish";
    const auto at = static_cast<std::size_t>(pick(static_cast<int>(held_.size())));
    const auto [lease, verdict] = held_[at];
    if (pick(4) > 0) held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(at));
    // Of jobs that end in one millisecond a restart may keep others.
    if (reopens_) pass(1);
    const auto how = some_end(verdict);
    const auto [expected, got] = both([&](side& s) {
      std::vector<finish_request> one(1);
      one[0].held = lease;
      one[0].how = how;
      return s.run(s.q().finish(std::move(one))).front();
    });
    EXPECT_EQ(expected.has_value(), got.has_value()) << lease.id;
    if (expected && got) {
      EXPECT_EQ(expected->state, got->state) << lease.id;
      EXPECT_EQ(expected->run_at_ms, got->run_at_ms) << lease.id;
    }
    return "finish " + lease.id + " as " + std::to_string(static_cast<int>(how.kind));
  }

  std::string cancel() {
    const auto id = some_id();
    const auto [expected, got] = both([&](side& s) {
      store::transaction tx;
      const auto staged = s.q().stage_cancel(tx, "songs", id, nullptr);
      if (!staged) return false;
      EXPECT_TRUE(store::commit_and_wait(s.made->db(), std::move(tx)));
      return true;
    });
    EXPECT_EQ(expected, got);
    return "cancel " + id;
  }

  std::string write() {
    if (held_.empty()) return "nothing to write";
    const auto lease = held_[static_cast<std::size_t>(pick(static_cast<int>(held_.size())))].first;
    const int percent = pick(100);
    const auto [expected, got] = both([&](side& s) {
      const bool told = s.q().progress(lease, {percent, "on"}).has_value();
      const auto saved = s.run(s.q().checkpoint(lease, std::to_string(percent)));
      return std::pair(told, saved.has_value());
    });
    EXPECT_EQ(expected, got);
    return "progress and checkpoint of " + lease.id;
  }

  std::string pause() {
    const bool on = pick(3) == 0;
    both([&](side& s) { return s.run(s.q().pause("songs", on)).has_value(); });
    return on ? "pause" : "resume";
  }

  std::string limit() {
    queue_limits limits;
    limits.concurrency = one_of<std::int64_t>({0, 0, 1, 4});
    limits.each_group.concurrency = one_of<std::int64_t>({0, 0, 1, 2});
    if (pick(3) == 0) limits.rate = rate_limit{3, 1'000};
    if (pick(3) == 0) limits.each_group.rate = rate_limit{2, 1'000};
    // Since when a job is ready is not kept over a restart.
    limits.ageing_ms = reopens_ ? 0 : one_of<std::int64_t>({0, 2'000, 600'000});
    const auto [expected, got] =
        both([&](side& s) { return s.run(s.q().set_limits("songs", limits)).has_value(); });
    EXPECT_EQ(expected, got);
    return "limits";
  }

  std::string edit() {
    job_edit how;
    how.kind = static_cast<job_edit::what>(pick(6));
    how.priority = one_of({0, 1, 5});
    const std::vector<std::string> one{some_id()};
    const auto [expected, got] =
        both([&](side& s) { return s.run(s.q().edit("songs", one, how)); });
    EXPECT_TRUE(expected && got);
    if (expected && got) {
      EXPECT_EQ((*expected)[0].has_value(), (*got)[0].has_value());
    }
    return "edit " + one[0] + " " + std::to_string(static_cast<int>(how.kind));
  }

  // Both look at the clock; the real one also does so by itself, on a thread of its own.
  std::string advance() {
    const auto ms = one_of<std::int64_t>({1, 300, 1'000, 2'500});
    pass(ms);
    return "advance " + std::to_string(ms);
  }
  void pass(std::int64_t ms) {
    both([&](side& s) {
      s.made->clock().advance(ms);
      return s.run(s.q().recover_stalled("songs")).has_value();
    });
    wait_for_the_same();
  }

  std::string reopen() {
    both([&](side& s) {
      s.made->reopen();
      return true;
    });
    wait_for_the_same();
    return "reopen";
  }

  void wait_for_the_same() {
    for (int n = 0; n < 200'000 && counts_differ(); ++n) std::this_thread::yield();
  }
  bool counts_differ() {
    return text_of(*model_.q().counts("songs")) != text_of(*real_.q().counts("songs"));
  }
  void compare_counts() {
    EXPECT_EQ(text_of(*model_.q().counts("songs")), text_of(*real_.q().counts("songs")));
  }
  void compare_jobs() {
    for (int n = 0; n < ids; ++n) {
      const auto id = "job-" + std::to_string(n);
      const auto [expected, got] =
          both([&](side& s) { return text_of(s.run(s.q().get("songs", id))); });
      EXPECT_EQ(expected, got) << id;
    }
  }

  std::mt19937 random_;
  side model_;
  side real_;
  bool reopens_ = false;
  std::int64_t keep_ = 0;
  std::vector<std::pair<lease, std::optional<job_error>>> held_;
  std::vector<std::string> done_;
};

TEST(queue_model, the_embedded_queue_does_what_the_model_does) {
  const int only = number_from("SON1K_MODEL_SEED", -1);
  const int seeds = only >= 0 ? 1 : number_from("SON1K_MODEL_SEEDS", 24);
  for (int n = 0; n < seeds && !HasFailure(); ++n) {
    const auto seed = static_cast<unsigned>(only >= 0 ? only : n);
    SCOPED_TRACE("SON1K_MODEL_SEED=" + std::to_string(seed));
    history(seed).run();
  }
}

}  // namespace
}  // namespace son1k::queue::test
