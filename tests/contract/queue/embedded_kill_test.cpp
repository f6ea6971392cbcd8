// The embedded queue under kill -9: a child adds, claims and finishes jobs through the queue on a
// file and says on a pipe what was acknowledged; it is killed at a random moment, many times over
// the same file. Afterwards every acknowledged add is there and ends exactly once.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <map>
#include <random>
#include <set>

#include "queue/embedded/embedded_queue.hpp"
#include "store/async.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "support/temp_folder.hpp"

namespace son1k::queue {
namespace {

namespace asio = boost::asio;

constexpr int rounds = 25;

struct house {
  explicit house(const std::filesystem::path& file) {
    store::sqlite_settings settings;
    settings.file = file;
    auto opened = store::open_sqlite(settings);
    if (!opened) {
      ADD_FAILURE() << opened.error().what();
      std::abort();
    }
    db = std::move(*opened);
    if (!db->migrate()) std::abort();
    store::transaction tx;
    tx.stage([](store::connection& c) -> result<void> {
      static const store::statement sql("CREATE TABLE IF NOT EXISTS effect (id TEXT NOT NULL)");
      auto made = c.execute(sql, {});
      if (!made) return made.error();
      return {};
    });
    if (!store::commit_and_wait(*db, std::move(tx))) std::abort();
    queue = make_embedded_queue(*db, {}, system_clock());
  }
  ~house() {
    queue.reset();
    db->stop();
  }
  std::unique_ptr<store::database> db;
  std::unique_ptr<queue_port> queue;
};

void say(int pipe, char what, const std::string& id) {
  const auto line = what + id + '\n';
  // Shorter than PIPE_BUF, so whole lines or nothing.
  [[maybe_unused]] const auto written = ::write(pipe, line.data(), line.size());
}

job_spec job_named(const std::string& id) {
  job_spec s;
  s.queue = "kill";
  s.kind = "probe";
  s.id = id;
  s.options.backoff.delay_ms = 0;
  s.options.attempts = 1'000;
  s.options.keep_completed = {86'400'000, 1'000'000};
  return s;
}

asio::awaitable<void> keep_adding(queue_port& q, std::string prefix, int pipe) {
  for (int n = 0; n < 1'000'000; n += 3) {
    std::vector<job_spec> specs;
    for (int i = n; i < n + 3; ++i) specs.push_back(job_named(prefix + std::to_string(i)));
    const auto added = co_await q.add(std::move(specs));
    if (!added) co_return;
    for (const auto& job : *added) say(pipe, 'a', job.id);
  }
}

finish_request ending(const claimed_job& job) {
  finish_request end;
  end.held = job.held;
  const bool fails = job.held.fence == 1 && std::hash<std::string>{}(job.held.id) % 5 == 0;
  end.how = fails ? outcome::fail({"x", "once more", true}) : outcome::complete("1");
  end.settle = [](const job_view& v, store::transaction& tx) {
    tx.stage([id = v.id](store::connection& c) -> result<void> {
      static const store::statement sql("INSERT INTO effect (id) VALUES ($1)");
      auto ok = c.execute(sql, {store::value(std::string_view(id))});
      if (!ok) return ok.error();
      return {};
    });
  };
  return end;
}

// Until the queue is empty, or for ever when `wait_ms` is not 0.
asio::awaitable<void> keep_running(queue_port& q, std::int64_t wait_ms, int pipe) {
  for (;;) {
    claim_request request;
    request.queue = "kill";
    request.max = 5;
    request.wait_ms = wait_ms;
    auto jobs = co_await q.claim(std::move(request));
    if (!jobs || (jobs->empty() && wait_ms == 0)) co_return;
    std::vector<finish_request> ends;
    for (const auto& job : *jobs) {
      say(pipe, 'c', job.held.id);
      ends.push_back(ending(job));
    }
    const auto replies = co_await q.finish(std::move(ends));
    for (std::size_t n = 0; n < replies.size(); ++n)
      if (replies[n] && replies[n]->state == job_state::completed)
        say(pipe, 'f', (*jobs)[n].held.id);
  }
}

[[noreturn]] void child(const std::filesystem::path& file, int round, int pipe) {
  house h(file);
  asio::io_context loop(1);
  for (int lane = 0; lane < 3; ++lane) {
    const auto prefix = "r" + std::to_string(round) + "-" + std::to_string(lane) + "-";
    asio::co_spawn(loop, keep_adding(*h.queue, prefix, pipe), asio::detached);
    asio::co_spawn(loop, keep_running(*h.queue, 1'000, pipe), asio::detached);
  }
  loop.run();
  _exit(1);
}

struct record {
  std::set<std::string> added, finished;
  std::vector<std::string> run_after_end;
  std::size_t runs = 0;

  void take(const std::string& line) {
    const auto id = line.substr(1);
    if (line[0] == 'a') added.insert(id);
    if (line[0] == 'f') finished.insert(id);
    if (line[0] == 'c') {
      ++runs;
      if (finished.count(id) > 0) run_after_end.push_back(id);
    }
  }
};

// Reads what the child says, kills it after `lines` of it, and takes what it had said by then.
void hear_and_kill(pid_t pid, int pipe, std::size_t lines, record& into) {
  std::string rest;
  char chunk[4'096];
  std::size_t heard = 0;
  bool killed = false;
  for (ssize_t n; (n = ::read(pipe, chunk, sizeof chunk)) > 0;) {
    rest.append(chunk, static_cast<std::size_t>(n));
    for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
      into.take(rest.substr(0, end));
      rest.erase(0, end + 1);
      ++heard;
    }
    if (!killed && heard >= lines) {
      ::kill(pid, SIGKILL);
      killed = true;
    }
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
}

std::map<std::string, int> effects_of(store::database& db) {
  auto rows =
      store::read_and_wait(db, [](store::connection& c) -> result<std::map<std::string, int>> {
        static const store::statement sql("SELECT id FROM effect");
        std::map<std::string, int> out;
        auto ok = c.query(sql, {}, [&](const store::row& r) {
          ++out[std::string(r.text(0))];
          return true;
        });
        if (!ok) return ok.error();
        return out;
      });
  EXPECT_TRUE(rows);
  return rows ? *rows : std::map<std::string, int>{};
}

TEST(embedded_queue, kill_9_loses_no_acknowledged_job_and_ends_each_once) {
  son1k::test::temp_folder folder;
  const auto file = folder / "q.db";
  const auto seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937 random(seed);
  record seen;
  for (int round = 0; round < rounds; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const auto pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      child(file, round, ends[1]);
    }
    ASSERT_GT(pid, 0);
    ::close(ends[1]);
    hear_and_kill(pid, ends[0], std::uniform_int_distribution<std::size_t>(0, 400)(random), seen);
    ::close(ends[0]);
  }
  EXPECT_GT(seen.added.size(), 100u) << "seed " << seed;
  EXPECT_GT(seen.finished.size(), 100u);
  EXPECT_TRUE(seen.run_after_end.empty()) << seen.run_after_end.front() << " seed " << seed;

  asio::io_context loop(1);  // outlives the threads that post to it
  house last(file);
  const int nobody = -1;
  asio::co_spawn(loop, keep_running(*last.queue, 0, nobody), asio::detached);
  loop.run();
  const auto effects = effects_of(*last.db);
  for (const auto& id : seen.added) {
    const auto found = effects.find(id);
    ASSERT_TRUE(found != effects.end()) << id << " was lost, seed " << seed;
    EXPECT_EQ(found->second, 1) << id << " seed " << seed;
  }
  for (const auto& [id, times] : effects) EXPECT_EQ(times, 1) << id << " seed " << seed;
  const auto n = *last.queue->counts("kill");
  EXPECT_EQ(n.waiting + n.prioritized + n.delayed + n.active + n.failed, 0);
  EXPECT_EQ(n.completed, static_cast<std::int64_t>(effects.size()));
}

}  // namespace
}  // namespace son1k::queue
