#include <cstdlib>

#include "contract/queue/queue_contract.hpp"
#include "queue/embedded/embedded_queue.hpp"
#include "support/queue/database_place.hpp"
#include "support/queue/effects.hpp"
#include "support/queue/memory_database.hpp"
#include "support/queue/memory_queue.hpp"
#include "support/temp_folder.hpp"

namespace son1k::queue::test {
namespace {

// SON1K_QUEUE_FAULT=<name> breaks the memory queue on purpose: the suite must fail then.
son1k::test::memory_fault chosen_fault() {
  const char* name = std::getenv("SON1K_QUEUE_FAULT");
  if (name == nullptr) return son1k::test::memory_fault::none;
  const auto fault = son1k::test::fault_of(name);
  if (!fault) throw std::invalid_argument(std::string("no such fault: ") + name);
  return *fault;
}

class embedded_backend final : public backend {
 public:
  embedded_backend() {
    open();
    const auto effect = store::read_and_wait(*db_, [](store::connection& c) -> result<void> {
      static const store::statement sql("SELECT 1 FROM job LIMIT 1");
      return c.query(sql, {}, [](const store::row&) { return true; });
    });
    if (!effect) ADD_FAILURE() << effect.error().what();
    son1k::test::make_effects(*db_);
  }
  ~embedded_backend() override { close(); }

  queue_port& port() override { return *queue_; }
  son1k::test::faulty_database& db() override { return *db_; }
  son1k::test::manual_clock& clock() override { return clock_; }
  void reopen() override {
    close();
    open();
  }
  std::int64_t effects() override { return son1k::test::count_effects(*db_); }

 private:
  void open() {
    db_ = son1k::test::open_sqlite_place(folder_ / "q.db");
    queue_ = make_embedded_queue(*db_, {}, clock_);
  }
  void close() {
    queue_.reset();
    if (db_) db_->stop();
    db_.reset();
  }

  son1k::test::temp_folder folder_;
  son1k::test::manual_clock clock_;
  std::unique_ptr<son1k::test::faulty_database> db_;
  std::unique_ptr<queue_port> queue_;
};

// The model, over a place that outlives it as a file outlives a process.
class memory_backend final : public backend {
 public:
  memory_backend() { open(); }

  queue_port& port() override { return *queue_; }
  son1k::test::faulty_database& db() override { return db_; }
  son1k::test::manual_clock& clock() override { return clock_; }
  void reopen() override {
    queue_.reset();
    open();
  }
  std::int64_t effects() override { return effects_->executed(); }

 private:
  void open() {
    queue_ = std::make_unique<son1k::test::memory_queue>(db_, clock_, place_, chosen_fault());
  }

  son1k::test::manual_clock clock_;
  son1k::test::memory_database* effects_ = new son1k::test::memory_database;
  son1k::test::faulty_database db_{std::unique_ptr<store::database>(effects_)};
  std::shared_ptr<son1k::test::memory_place> place_ = std::make_shared<son1k::test::memory_place>();
  std::unique_ptr<queue_port> queue_;
};

}  // namespace

std::vector<backend_entry> backends() {
  return {
      {"memory", [] { return std::make_unique<memory_backend>(); }},
      {"embedded", [] { return std::make_unique<embedded_backend>(); }},
  };
}

}  // namespace son1k::queue::test
