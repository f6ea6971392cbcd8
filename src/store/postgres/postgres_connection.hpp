// One connection to PostgreSQL in libpq's pipeline mode: what is sent goes out together with what
// asks for a reply. Statements are prepared once, on their way, unless a pooler stands in between.
//
// A failed statement ends PostgreSQL's transaction, so nothing more is sent after it: every later
// call returns the same failure until recover(). Owned and used by one thread at a time.
#pragma once
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/database.hpp"
#include "store/joint_list.hpp"
#include "store/postgres/postgres_params.hpp"
#include "store/postgres/postgres_place.hpp"
#include "store/postgres/postgres_rows.hpp"

struct pg_result;

namespace son1k::store {

struct postgres_reply_closer {
  void operator()(pg_result* r) const;
};
using postgres_reply = std::unique_ptr<pg_result, postgres_reply_closer>;

class postgres_connection final : public connection {
 public:
  struct settings {
    std::chrono::milliseconds connect_max;
    std::chrono::milliseconds statement_max;
    std::chrono::milliseconds idle_max;  // within a transaction, between two statements
    bool prepare = true;                 // false: never keep a prepared statement
  };
  struct failure {
    std::string state;  // SQLSTATE
    error why;
    bool sent = false;  // of send(): nobody has been told yet
  };
  enum class ending {
    committed,
    refused,  // rolled back; failed() says why
    unknown,  // the connection went after the word was sent
  };

  // See postgres_place::connect() for the errors.
  static result<std::unique_ptr<postgres_connection>> open(const postgres_place& place, settings s);
  ~postgres_connection() override;
  postgres_connection(const postgres_connection&) = delete;
  postgres_connection& operator=(const postgres_connection&) = delete;

  using connection::execute;
  using connection::query;
  using connection::send;
  result<std::int64_t> execute(const statement& sql, std::span<const value> params) override;
  result<void> query(const statement& sql, std::span<const value> params,
                     const std::function<bool(const row&)>& on_row) override;
  result<void> send(const statement& sql, std::span<const value> params) override;
  result<void> run_script(std::string_view sql) override;
  result<void> lock(std::string_view name) override;
  joint_write* joined(const void* key) override;
  bool join(const void* key, std::shared_ptr<joint_write> what) override;

  // Begins a transaction with this word; sent with what follows. `together`: its steps may join
  // what they write.
  void begin(const statement& words, bool together = false);
  bool has_joined() const { return !joined_.empty(); }
  // Writes what has been joined since.
  result<void> write_joined();
  // A word of transactions, sent with what follows.
  void say(const statement& words);
  // Sends what is waiting and reads every reply; false: failed() or lost().
  bool settle();
  // COMMIT together with what is waiting, and the replies to all of it.
  ending commit();
  // The end of a transaction that only read.
  void leave(const statement& words);
  // Sends what is waiting; the replies are read before what comes next.
  void let_go();
  // Takes the transaction back as far as `words` say, and forgets the failure.
  void recover(const statement& words);

  // A failure is told of the statements since the last note; both are of the writer's bookkeeping.
  void watch() { overlooked_ = false; }
  // A statement was given after one had failed.
  bool overlooked() const { return overlooked_; }
  const std::optional<failure>& failed() const { return failure_; }
  // Each execute() and query() is taken back alone if it fails, at the price of two words.
  void guard(bool on) { guarded_ = on; }

  // Why the connection is of no more use.
  const std::optional<error>& lost() const { return lost_; }
  // Looks whether the server has gone meanwhile; only between transactions.
  bool alive();
  // A pooler stands in between: nothing may be left in the session.
  bool pooled() const { return pooled_; }
  // The server's default would acknowledge before the log is on its disk.
  bool weak() const { return weak_; }
  // For statements that take their time (migrations), until the next begin().
  void allow(std::chrono::milliseconds statement_max) { statement_max_ = statement_max; }

 private:
  struct prepared {
    enum class state { absent, under_way, ready };
    std::string name;
    std::vector<postgres_params::type> types;
    state now = state::absent;
  };
  struct known_statement {
    std::optional<std::size_t> places;
    std::vector<std::unique_ptr<prepared>> variants;  // by the types of their parameters
  };
  enum class kind { prepare, word, sent, asked, sync };
  struct expected {
    kind what;
    prepared* statement = nullptr;
  };

  postgres_connection(postgres_place place, postgres_handle handle, settings s);
  result<void> meet();
  result<void> bind(const statement& sql, std::span<const value> params);
  prepared* variant_of(const statement& sql);
  void dispatch(const statement& sql, kind what);
  void dispatch_rows();
  result<postgres_reply> ask(const statement& sql, std::span<const value> params);
  void finish_pipeline();
  bool drain();
  bool take_reply(const expected& next);
  void note(const expected& of, const pg_result* reply);
  pg_result* next_result();
  bool wait_for_server();
  void lose(std::string_view state, std::string_view detail);
  result<void> run_simply(const std::string& sql);

  const postgres_place place_;
  const settings settings_;
  const std::string statement_text_, idle_text_;  // the limits of these names, as words
  const postgres_handle handle_;
  std::chrono::milliseconds statement_max_;
  bool plain_ = true;  // no prepared statements
  bool pooled_ = false;
  bool weak_ = false;
  bool misplaced_ = false;  // leads to a server that only reads: the next may lead to another
  bool guarded_ = false;
  bool overlooked_ = false;
  std::optional<error> lost_;
  bool undone_ = false;  // lost, and its transaction with it
  std::optional<failure> failure_;
  std::deque<expected> expected_;            // replies under way, in order
  std::vector<known_statement> statements_;  // by statement::id()
  postgres_params params_;
  joint_list joined_;
  postgres_rows rows_;     // sent, and not given to libpq yet
  postgres_reply reply_;   // of the last asked
  std::string last_word_;  // what the server said of the last word: "COMMIT"
};

}  // namespace son1k::store
