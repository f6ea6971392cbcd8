#include "integration/simulation/world.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <cstdlib>

namespace son1k::simulation {
namespace asio = boost::asio;
using namespace queue;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t settle_steps_max = 200'000;

// SON1K_SIM_ALLOW holds words of a rule to leave out, to look behind a fault that is known.
bool allowed(const std::string& rule) {
  static const char* const words = std::getenv("SON1K_SIM_ALLOW");
  return words != nullptr && *words != 0 && rule.find(words) != std::string::npos;
}

}  // namespace

world::world(std::uint64_t seed) : random_(seed) {
  for (int n = 0; n < 3; ++n) workers_.push_back({fmt::format("w{}", n), {}, true, 0});
  open();
  store::transaction tx;
  tx.stage([](store::connection& c) -> result<void> {
    static const store::statement sql("CREATE TABLE effect (id TEXT NOT NULL, fence BIGINT)");
    auto made = c.execute(sql, {});
    if (!made) return made.error();
    return {};
  });
  if (auto ok = disk_.apply(tx); !ok) throw std::runtime_error(ok.error().what());
  auto work = [](world& w) -> asio::awaitable<void> {
    queue_limits limits;
    limits.concurrency = queue_runs_max;
    limits.each_group.concurrency = group_runs_max;
    std::string name = limited_queue;
    auto ok = co_await w.queue_->set_limits(std::move(name), limits);
    w.expect(ok.has_value(), "limits can be set");
  };
  go(work(*this));
  poll();
  while (db_->waiting() > 0) db_->step();
  poll();
}

world::~world() {
  close();
}

std::int64_t world::draw(std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
}

void world::expect(bool holds, const std::string& rule, const truth* job) {
  if (holds || allowed(rule)) return;
  std::string where = fmt::format("{} (life {}, steady {})", rule, life_, clock_.steady_ms());
  if (job != nullptr) {
    where += fmt::format(
        ": job {} of {}, fence {}, due {}, acknowledged {}, cancelled {}, ended {}", job->id,
        job->queue, job->fence, job->due, job->acknowledged, job->cancelled, job->ended);
  }
  throw broken_rule(where);
}

void world::open() {
  loop_ = std::make_unique<asio::io_context>(1);
  db_ = std::make_unique<simulated_database>(disk_);
  if (auto ok = db_->migrate(); !ok) throw std::runtime_error(ok.error().what());
  embedded_settings settings;
  settings.upkeep_by_hand = [this](std::function<void()> upkeep) { upkeep_ = std::move(upkeep); };
  queue_ = make_embedded_queue(*db_, std::move(settings), clock_);
  db_->by_hand();
}

// What waits in the database holds coroutines of the loop and parts of the queue.
void world::close() {
  upkeep_ = nullptr;
  queue_.reset();
  db_.reset();
  loop_.reset();
}

void world::poll() {
  loop_->restart();
  loop_->poll();
}

void world::go(asio::awaitable<void> work) {
  asio::co_spawn(*loop_, std::move(work), [](std::exception_ptr escaped) {
    if (escaped) std::rethrow_exception(escaped);
  });
}

void world::die(bool power) {
  db_->die(static_cast<std::size_t>(draw(0, static_cast<std::int64_t>(db_->waiting()))));
  if (power) disk_.power_cut();
  close();
  ++life_;
  disk_.full(disk_full_ = false);
  bool claims = false;
  for (auto& w : workers_) {
    claims = claims || w.claims > 0;
    for (auto& h : w.jobs)
      if (h.ending) h.job->due_known = false;
    w.jobs.clear();
    w.renews = true;
    w.claims = 0;
  }
  for (auto& [id, t] : jobs_) {
    t.adds = 0;
    // It may have been started without anybody's knowledge.
    t.touched = t.touched || claims;
    if (claims && t.due <= clock_.steady_ms()) t.due_known = false;
    if (power) t.fence = 0;  // a start that was not flushed is gone, and its number comes again
    // What is left of a wait goes by the wall clock from one process to the next.
    if (t.due_wall != 0) t.due = clock_.steady_ms() + t.due_wall - clock_.now_ms();
  }
  open();
  learn_from_disk();
}

void world::learn_from_disk() {
  for (auto& [id, t] : jobs_) {
    const int n = effects_of(id);
    expect(n <= 1, "a job ends once", &t);
    if (t.ended) expect(n == 1, "an acknowledged end survives the death of the process", &t);
    if (n == 1) t.ended = true;
  }
  for (const char* name : queue_names) paused_[name] = queue_->counts(name)->paused;
}

int world::effects_of(const std::string& id) {
  static const store::statement sql("SELECT count(*) FROM effect WHERE id = $1");
  int n = 0;
  auto ok = disk_.connection().query(sql, {std::string_view(id)}, [&](const store::row& r) {
    n = static_cast<int>(r.integer(0));
    return true;
  });
  expect(ok.has_value(), "effects can be read");
  return n;
}

void world::do_step() {
  struct row {
    int weight;
    op what;
  };
  static constexpr std::array rows{
      row{30, &world::commits_happen},  row{14, &world::claim_jobs},
      row{16, &world::finish_jobs},     row{8, &world::add_jobs},
      row{5, &world::report_on_jobs},   row{4, &world::write_domain_rows},
      row{5, &world::renew_leases},     row{2, &world::cancel_job},
      row{1, &world::pause_queue},      row{6, &world::look},
      row{2, &world::recover},          row{10, &world::time_passes},
      row{1, &world::wall_clock_jumps}, row{2, &world::worker_dies},
      row{1, &world::process_dies},     row{1, &world::power_fails},
      row{1, &world::disk_fills},
  };
  int all = 0;
  for (const row& r : rows) all += r.weight;
  auto at = draw(1, all);
  for (const row& r : rows) {
    at -= r.weight;
    if (at > 0) continue;
    (this->*r.what)();
    break;
  }
  poll();
}

void world::live(int steps) {
  for (int n = 0; n < steps; ++n) do_step();
  wind_down();
  add_up();
}

void world::commits_happen() {
  for (auto n = draw(1, 4); n > 0 && db_->waiting() > 0; --n) {
    db_->step();
    poll();
  }
}

void world::look() {
  upkeep_();
}

void world::time_passes() {
  static constexpr std::array<std::int64_t, 6> spans{1, 10, 200, 1'000, 5'000, 40'000};
  clock_.advance(spans[static_cast<std::size_t>(draw(0, 5))]);
}

void world::wall_clock_jumps() {
  ++jumps_;
  clock_.set_wall(clock_.now_ms() + draw(-hour_ms, hour_ms));
}

void world::worker_dies() {
  any_worker().jobs.clear();
}

void world::process_dies() {
  die(false);
}

void world::power_fails() {
  die(true);
}

void world::disk_fills() {
  disk_full_ = !disk_full_ && chance(50);
  disk_.full(disk_full_);
}

sim_worker& world::any_worker() {
  return workers_[static_cast<std::size_t>(
      draw(0, static_cast<std::int64_t>(workers_.size()) - 1))];
}

truth* world::any_job() {
  if (jobs_.empty()) return nullptr;
  auto at = jobs_.begin();
  std::advance(at, draw(0, static_cast<std::int64_t>(jobs_.size()) - 1));
  return &at->second;
}

void world::pause_queue() {
  const std::string name = queue_names[static_cast<std::size_t>(draw(0, 1))];
  const bool on = chance(40);
  set_paused(name, on);
}

void world::set_paused(const std::string& name, bool on) {
  auto work = [](world& w, std::string of, bool to) -> asio::awaitable<void> {
    auto ok = co_await w.queue_->pause(of, to);
    if (!ok) co_return;
    w.paused_[of] = to;
    ++w.pauses_;
  };
  go(work(*this, name, on));
}

// Everything works again, nothing new comes, all that waits is run to its end.
void world::wind_down() {
  ending_ = true;
  disk_.full(disk_full_ = false);
  const auto idle = [this] {
    for (const char* name : queue_names) {
      const auto n = *queue_->counts(name);
      if (n.waiting + n.prioritized + n.delayed + n.active + n.waiting_children > 0) return false;
    }
    return db_->waiting() == 0;
  };
  for (std::int64_t n = 0; n < settle_steps_max; ++n) {
    while (db_->waiting() > 0) {
      db_->step();
      poll();
    }
    if (idle()) return;
    for (const char* name : queue_names)
      if (queue_->counts(name)->paused) set_paused(name, false);
    look();
    claim_jobs();
    poll();
    finish_jobs();
    poll();
    if (n % 4 == 3) clock_.advance(5'000);
  }
  expect(false, "all work comes to an end");
}

void world::add_up() {
  std::map<std::string, std::int64_t> kept;
  for (auto& [id, t] : jobs_) {
    const int n = effects_of(id);
    expect(n <= 1, "a job ends once", &t);
    if (t.acknowledged && !t.cancel_asked) expect(n == 1, "an acknowledged job is not lost", &t);
    if (t.ended) expect(n == 1, "an acknowledged end has its effect", &t);
    effects_ += static_cast<std::uint64_t>(n);
    if (n == 1 && t.options.keep_completed.count > 0) ++kept[t.queue];
  }
  for (const char* name : queue_names) {
    const auto n = *queue_->counts(name);
    expect(n.completed + n.failed == kept[name],
           fmt::format("counts add up: {} completed, {} failed, {} ended and are kept", n.completed,
                       n.failed, kept[name]));
  }
}

}  // namespace son1k::simulation
