// Our side of the tests with BullMQ: does what it is told with the queue on Redis and prints one
// line of JSON. Usage: queue_driver <redis url> <database file> <fleet: 5|6> <command> …
//   add QUEUE ID KIND DATA PRIORITY DELAY-MS ATTEMPTS [DEDUP]   one job (ID "-": a new one)
//   flow QUEUE PARENT CHILD                             a parent with one child
//   work QUEUE COUNT fail|complete RESULT|MESSAGE [SLEEP-MS [WAIT-MS]]
//                                                       runs jobs until COUNT have been claimed
//   bench QUEUE COUNT                                   jobs a second, added and run, one progress
//   serve QUEUE SLOTS LEASE-MS FILE                     a worker that runs the kind "probe" until
//   it
//                                                       is killed; FILE has a line for each start
//   clean QUEUE STATE · edit QUEUE ID WHAT PRIORITY · limits QUEUE CONCURRENCY
//   each counts QUEUE · get QUEUE ID · pause QUEUE 0|1 · cancel QUEUE ID · obliterate QUEUE
//   metrics QUEUE MINUTES                               a worker that counts ends by minute is
//   there
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <thread>

#include "base/clock.hpp"
#include "kinds/probe/probe.hpp"
#include "queue/redis/redis_queue.hpp"
#include "queue/worker.hpp"
#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace {

using namespace son1k;
using namespace son1k::queue;
namespace json = boost::json;

template <class T>
T must(result<T> got) {
  if (!got) throw std::runtime_error(got.error().what());
  return std::move(*got);
}
void must(result<void> done) {
  if (!done) throw std::runtime_error(done.error().what());
}

template <class T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context loop;
  auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
  loop.run();
  return future.get();
}

job_spec spec_of(const std::vector<std::string>& w) {
  job_spec s;
  s.queue = w.at(1);
  s.id = w.at(2) == "-" ? "" : w.at(2);
  s.kind = w.at(3);
  s.data = w.at(4);
  s.options.priority = std::stoi(w.at(5));
  s.options.delay_ms = std::stoll(w.at(6));
  s.options.attempts = std::stoi(w.at(7));
  s.options.backoff.delay_ms = 0;
  if (w.size() > 8) s.options.dedup.id = w[8];
  return s;
}

json::value flow(queue_port& q, const std::vector<std::string>& w) {
  job_spec parent, child;
  parent.queue = child.queue = w.at(1);
  parent.kind = child.kind = "probe";
  parent.id = w.at(2);
  child.id = w.at(3);
  parent.children.push_back(std::move(child));
  std::vector<job_spec> one;
  one.push_back(std::move(parent));
  return json::string(must(run(q.add(std::move(one)))).at(0).id);
}

json::value work(queue_port& q, const std::vector<std::string>& w) {
  const int count = std::stoi(w.at(2));
  json::array done;
  while (static_cast<int>(done.size()) < count) {
    claim_request r;
    r.queue = w.at(1);
    r.worker = "driver";
    r.wait_ms = w.size() > 6 ? std::stoi(w[6]) : 10'000;
    auto got = must(run(q.claim(r)));
    if (got.empty()) break;
    if (w.size() > 5) std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(w[5])));
    std::vector<finish_request> ends(1);
    ends[0].held = got[0].held;
    const bool fails = w.at(3) == "fail" || got[0].verdict;
    ends[0].how = fails ? outcome::fail({"upstream", w.at(4), true}) : outcome::complete(w.at(4));
    if (got[0].verdict) ends[0].how = outcome::fail(*got[0].verdict);
    (void)q.progress(got[0].held, {50, ""});
    (void)q.log(got[0].held, "from the driver");
    auto reply = must(std::move(run(q.finish(std::move(ends))).front()));
    done.push_back(json::object{{"id", got[0].held.id},
                                {"kind", got[0].kind},
                                {"data", got[0].data},
                                {"attempts", got[0].options.attempts},
                                {"state", std::string(name_of(reply.state))}});
  }
  return done;
}

double per_s(int count, std::chrono::steady_clock::time_point since) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - since;
  return count / took.count();
}

boost::asio::awaitable<void> add_some(queue_port& q, std::string queue, int& left) {
  while (left-- > 0) {
    std::vector<job_spec> one(1);
    one[0].queue = queue;
    one[0].kind = "probe";
    auto added = co_await q.add(std::move(one));
    must(std::move(added));
  }
}

boost::asio::awaitable<void> run_some(queue_port& q, claim_request next, int& left) {
  std::vector<finish_request> ends;
  while (left > 0) {
    auto reply = co_await q.finish_and_claim(std::move(ends), next);
    auto jobs = must(std::move(reply.claimed));
    ends.clear();
    if (jobs.empty()) co_return;
    for (auto& job : jobs) {
      must(q.progress(job.held, {50, ""}));
      ends.emplace_back();
      ends.back().held = job.held;
      ends.back().how = outcome::complete("1");
    }
    left -= static_cast<int>(jobs.size());
  }
  if (!ends.empty()) (void)co_await q.finish(std::move(ends));
}

json::value bench(queue_port& q, const std::vector<std::string>& w) {
  const int count = std::stoi(w.at(2));
  boost::asio::io_context loop;
  int left = count;
  auto since = std::chrono::steady_clock::now();
  for (int n = 0; n < 100; ++n)
    boost::asio::co_spawn(loop, add_some(q, w.at(1), left), boost::asio::detached);
  loop.run();
  const double added = per_s(count, since);
  loop.restart();
  left = count;
  since = std::chrono::steady_clock::now();
  claim_request r;
  r.queue = w.at(1);
  r.worker = "bench";
  r.max = 25;
  for (int n = 0; n < 2; ++n)
    boost::asio::co_spawn(loop, run_some(q, r, left), boost::asio::detached);
  loop.run();
  return json::object{{"add_per_s", added}, {"process_per_s", per_s(count, since)}};
}

json::value counts(queue_port& q, const std::vector<std::string>& w) {
  const auto n = must(q.counts(w.at(1)));
  return json::object{{"waiting", n.waiting},           {"prioritized", n.prioritized},
                      {"delayed", n.delayed},           {"active", n.active},
                      {"completed", n.completed},       {"failed", n.failed},
                      {"children", n.waiting_children}, {"paused", n.paused}};
}

json::value get(queue_port& q, const std::vector<std::string>& w) {
  const auto v = must(run(q.get(w.at(1), w.at(2))));
  return json::object{{"state", std::string(name_of(v.state))},
                      {"result", v.result},
                      {"error", v.error ? v.error->message : ""},
                      {"attempts", v.attempts_made},
                      {"percent", v.progress.percent},
                      {"logs", v.logs.size()}};
}

json::value edit(queue_port& q, const std::vector<std::string>& w) {
  using what = job_edit::what;
  static const std::map<std::string, what> names{
      {"retry", what::retry},       {"promote", what::promote}, {"priority", what::priority},
      {"to_front", what::to_front}, {"to_back", what::to_back}, {"remove", what::remove}};
  job_edit how;
  how.kind = names.at(w.at(3));
  how.priority = std::stoi(w.at(4));
  std::vector<std::string> ids{w.at(2)};
  must(must(run(q.edit(w.at(1), ids, how))).at(0));
  return true;
}

json::value clean(queue_port& q, const std::vector<std::string>& w) {
  clean_request r;
  r.queue = w.at(1);
  for (int n = 0; n <= static_cast<int>(job_state::failed); ++n)
    if (name_of(static_cast<job_state>(n)) == w.at(2)) r.states = {static_cast<job_state>(n)};
  return must(run(q.clean(std::move(r))));
}

// The probe kind; each start is told to a file first.
class counted_probe final : public job_kind {
 public:
  explicit counted_probe(const std::string& file) : runs_(file, std::ios::app) {}
  std::string_view name() const override { return "probe"; }
  boost::asio::awaitable<outcome> run(job_context& context) override {
    runs_ << context.job().held.id << std::endl;
    auto end = co_await probe_->run(context);
    co_return end;
  }
  void settle(const job_view&, store::transaction&) override {}
  bool settles() const override { return false; }

 private:
  std::ofstream runs_;
  const std::shared_ptr<job_kind> probe_ = kinds::make_probe_kind();
};

json::value serve_queue(queue_port& q, store::database& db, const std::vector<std::string>& w) {
  worker_settings how;
  how.queues = {w.at(1)};
  how.concurrency = std::stoul(w.at(2));
  how.lease_ms = std::stoll(w.at(3));
  how.recover_every_ms = 200;
  how.claim_ahead_ms = 0;
  std::vector<std::shared_ptr<job_kind>> kinds{std::make_shared<counted_probe>(w.at(4))};
  worker runs(q, db, kinds, how);
  must(runs.start());
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

json::value cancel(queue_port& q, store::database& db, const std::vector<std::string>& w) {
  store::transaction tx;
  must(q.stage_cancel(tx, w.at(1), w.at(2), nullptr));
  must(store::commit_and_wait(db, std::move(tx)));
  return true;
}

json::value obey(queue_port& q, store::database& db, const std::vector<std::string>& w) {
  const auto& what = w.at(0);
  if (what == "add") {
    std::vector<job_spec> one;
    one.push_back(spec_of(w));
    return json::string(must(run(q.add(std::move(one)))).at(0).id);
  }
  if (what == "flow") return flow(q, w);
  if (what == "work") return work(q, w);
  if (what == "bench") return bench(q, w);
  if (what == "counts") return counts(q, w);
  if (what == "get") return get(q, w);
  if (what == "edit") return edit(q, w);
  if (what == "clean") return clean(q, w);
  if (what == "serve") return serve_queue(q, db, w);
  if (what == "limits") {
    queue_limits l;
    l.concurrency = std::stoll(w.at(2));
    must(run(q.set_limits(w.at(1), l)));
    return true;
  }
  if (what == "obliterate") {
    must(run(q.obliterate(w.at(1), true, nullptr)));
    return true;
  }
  if (what == "metrics") {
    claim_request look;
    look.queue = w.at(1);
    look.worker = "driver";
    look.wait_ms = 50;
    must(run(q.claim(look)));
    return true;
  }
  if (what == "cancel") return cancel(q, db, w);
  if (what == "pause") {
    must(run(q.pause(w.at(1), w.at(2) == "1")));
    return true;
  }
  throw std::runtime_error("no such command: " + what);
}

int serve(const std::string& url, const std::string& file, bullmq_fleet fleet,
          const std::vector<std::string>& w) {
  store::sqlite_settings place;
  place.file = file;
  auto db = must(store::open_sqlite(place));
  must(db->migrate());
  auto client = must(net::redis_client::make(must(net::parse_redis_url(url))));
  client->start();
  redis_queue_settings settings;
  settings.shared = true;
  settings.fleet = fleet;
  if (w.at(0) == "metrics") settings.metrics_minutes = std::stoi(w.at(2));
  auto q = make_redis_queue(*client, *db, settings, system_clock());
  std::cout << json::serialize(obey(*q, *db, w)) << "\n";
  q.reset();
  db->stop();
  client->stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  try {
    const std::vector<std::string> rest(words.begin() + 3, words.end());
    const auto fleet = words.at(2) == "5" ? bullmq_fleet::v5 : bullmq_fleet::v6;
    return serve(words.at(0), words.at(1), fleet, rest);
  } catch (const std::exception& e) {
    std::cerr << e.what() << "\n";
    return 1;
  }
}
