#include "store/postgres/postgres_connection.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <charconv>

#include "store/postgres/postgres_error.hpp"
#include "store/postgres/postgres_row.hpp"

namespace son1k::store {
namespace {

using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

const statement sql_commit{"COMMIT"};
const statement sql_one{"SAVEPOINT one_statement"};
const statement sql_one_kept{"RELEASE SAVEPOINT one_statement"};
const statement sql_one_undone{"ROLLBACK TO SAVEPOINT one_statement"};
const statement sql_script{"SAVEPOINT whole_script"};
const statement sql_script_kept{"RELEASE SAVEPOINT whole_script"};

// The server stops a statement by itself; beyond this it is the connection that is silent.
constexpr milliseconds silence_max{5'000};
// Replies that the server holds for us; beyond it they are read, so that neither side fills up.
constexpr std::size_t under_way_max = 512;
// Of one statement, by the types of its parameters; more are not kept.
constexpr std::size_t variants_max = 8;

error wrong_sql(std::string_view sql, const std::string& what) {
  return {errc::internal, text(fmt::format("{} in: {}", what, sql))};
}

bool fits(std::span<const postgres_params::type> given,
          std::span<const postgres_params::type> kept) {
  // A NULL fits every type.
  return std::ranges::equal(given, kept, [](auto g, auto k) { return g == k || g == 0; });
}

}  // namespace

void postgres_reply_closer::operator()(pg_result* r) const {
  PQclear(r);
}

void postgres_connection::say(const statement& words) {
  dispatch_rows();
  if (lost_ || !bind(words, {})) return;
  dispatch(words, kind::word);
}

bool postgres_connection::settle() {
  finish_pipeline();
  return drain() && !failure_;
}

postgres_connection::ending postgres_connection::commit() {
  if (lost_) return ending::refused;
  say(sql_commit);
  last_word_.clear();
  // From here on the server may have it.
  const bool settled = settle();
  if (lost_) return failure_ || undone_ ? ending::refused : ending::unknown;
  if (settled && last_word_ == "COMMIT") return ending::committed;
  if (!failure_) failure_ = failure{"25P02", postgres_failure("25P02", last_word_, place_.name())};
  return ending::refused;
}

void postgres_connection::finish_pipeline() {
  dispatch_rows();
  if (lost_ || expected_.empty() || expected_.back().what == kind::sync) return;
  if (PQpipelineSync(handle_.get()) != 1) return lose({}, PQerrorMessage(handle_.get()));
  expected_.push_back({kind::sync});
}

void postgres_connection::leave(const statement& words) {
  say(words);
  let_go();
}

void postgres_connection::let_go() {
  finish_pipeline();
  if (!lost_ && PQflush(handle_.get()) < 0) lose({}, PQerrorMessage(handle_.get()));
}

void postgres_connection::recover(const statement& words) {
  settle();
  failure_.reset();
  overlooked_ = false;
  say(words);
}

bool postgres_connection::alive() {
  settle();
  if (misplaced_) return false;
  for (int look = 0; look < 8 && !lost_; ++look) {
    pollfd one{PQsocket(handle_.get()), POLLIN, 0};
    if (poll(&one, 1, 0) <= 0) return true;
    if (PQconsumeInput(handle_.get()) == 0) lose("57P01", {});
  }
  return !lost_;
}

result<void> postgres_connection::bind(const statement& sql, std::span<const value> params) {
  if (sql.id() >= statements_.size()) statements_.resize(sql.id() + 1);
  auto& places = statements_[sql.id()].places;
  if (!places) places = count_places(sql.sql());
  if (*places != params.size()) {
    return wrong_sql(sql.sql(), fmt::format("{} parameters for {} places", params.size(), *places));
  }
  return params_.set(params);
}

// The statement as it was prepared for parameters of these types; null: it is not kept.
postgres_connection::prepared* postgres_connection::variant_of(const statement& sql) {
  if (plain_) return nullptr;
  auto& variants = statements_[sql.id()].variants;
  for (auto& one : variants)
    if (fits(params_.types(), one->types)) return one.get();
  if (variants.size() >= variants_max) return nullptr;
  auto types = params_.types();
  variants.push_back(std::make_unique<prepared>(prepared{
      fmt::format("son1k_{}_{}", sql.id(), variants.size()), {types.begin(), types.end()}}));
  return variants.back().get();
}

// Hands what is in `params_` to libpq.
void postgres_connection::dispatch(const statement& sql, kind what) {
  if (expected_.size() >= under_way_max) {
    settle();
    if (lost_ || failure_) return;
  }
  PGconn* c = handle_.get();
  const char* text = sql.sql().data();  // kept whole, so it ends with a zero
  prepared* kept = variant_of(sql);
  int sent = 1;
  if (kept == nullptr) {
    sent = PQsendQueryParams(c, text, params_.count(), params_.types().data(), params_.values(),
                             params_.lengths(), params_.formats(), 0);
  } else {
    if (kept->now == prepared::state::absent) {
      sent = PQsendPrepare(c, kept->name.c_str(), text, params_.count(), kept->types.data());
      kept->now = prepared::state::under_way;
      expected_.push_back({kind::prepare, kept});
    }
    if (sent == 1) {
      sent = PQsendQueryPrepared(c, kept->name.c_str(), params_.count(), params_.values(),
                                 params_.lengths(), params_.formats(), 0);
    }
  }
  if (sent != 1) return lose({}, PQerrorMessage(c));
  expected_.push_back({what});
}

void postgres_connection::dispatch_rows() {
  if (rows_.empty()) return;
  if (lost_ || failure_) return rows_.clear();
  rows_.take([this](const statement& sql, std::span<const value> params) {
    if (!lost_ && !failure_ && bind(sql, params)) dispatch(sql, kind::sent);
  });
}

bool postgres_connection::drain() {
  while (!lost_ && !expected_.empty()) {
    const expected next = expected_.front();
    if (take_reply(next) && !lost_) expected_.pop_front();
  }
  return !lost_;
}

bool postgres_connection::take_reply(const expected& next) {
  postgres_reply reply(next_result());
  if (lost_) return false;
  if (!reply) return lose({}, "the replies are out of step"), false;
  note(next, reply.get());
  if (lost_) return false;
  if (next.what == kind::asked) reply_ = std::move(reply);
  if (next.what == kind::sync) return true;
  // Nothing stands between the replies to two statements.
  while (postgres_reply more{next_result()}) {
    if (lost_) return false;
  }
  return !lost_;
}

void postgres_connection::note(const expected& of, const pg_result* reply) {
  switch (PQresultStatus(reply)) {
    case PGRES_COMMAND_OK:
      if (of.what == kind::prepare) of.statement->now = prepared::state::ready;
      if (of.what == kind::word) last_word_ = PQcmdStatus(const_cast<PGresult*>(reply));
      return;
    case PGRES_TUPLES_OK:
    case PGRES_PIPELINE_SYNC:
    case PGRES_EMPTY_QUERY:
      return;
    case PGRES_PIPELINE_ABORTED:
      if (of.what == kind::prepare) of.statement->now = prepared::state::absent;
      return;
    default:
      break;
  }
  if (of.what == kind::prepare) of.statement->now = prepared::state::absent;
  const char* code = PQresultErrorField(reply, PG_DIAG_SQLSTATE);
  const char* words = PQresultErrorField(reply, PG_DIAG_MESSAGE_PRIMARY);
  const std::string state = code != nullptr ? code : "";
  const std::string said = place_.clean(words != nullptr ? words : PQresultErrorMessage(reply));
  // A server always says how severe it is. A pooler's own words do not, and it speaks of its own
  // when it has lost the server, so what became of the statements is not known.
  const char* severity = PQresultErrorField(reply, PG_DIAG_SEVERITY_NONLOCALIZED);
  const bool fatal = severity == nullptr || std::string_view(severity) != "ERROR";
  if (fatal || state.empty() || ends_connection(state)) return lose(state, said);
  if (lost_statement(state)) plain_ = true;
  if (state == "25006") misplaced_ = true;
  if (failure_) return;
  failure_ = failure{state, postgres_failure(state, said, place_.name()), of.what == kind::sent};
}

// The next result of the reply under way, null at its end.
pg_result* postgres_connection::next_result() {
  PGconn* c = handle_.get();
  // Only what is waited for goes out at once; the rest fills the buffer.
  while (PQisBusy(c) == 1) {
    if (!wait_for_server()) return nullptr;
  }
  return PQgetResult(c);
}

bool postgres_connection::wait_for_server() {
  PGconn* c = handle_.get();
  const auto until = clock::now() + statement_max_ + silence_max;
  for (;;) {
    const int unsent = PQflush(c);
    if (unsent < 0) return lose({}, PQerrorMessage(c)), false;
    const auto left = std::chrono::ceil<milliseconds>(until - clock::now()).count();
    if (left <= 0) return lose({}, "the server does not answer"), false;
    const auto events = static_cast<short>(POLLIN | (unsent > 0 ? POLLOUT : 0));
    pollfd one{PQsocket(c), events, 0};
    const int ready = poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready <= 0) continue;
    if ((one.revents & ~POLLOUT) == 0) continue;
    // What the server said before it went is still there to be read.
    if (PQconsumeInput(c) == 0 && PQisBusy(c) == 1) {
      return lose({}, PQerrorMessage(c)), false;
    }
    return true;
  }
}

void postgres_connection::lose(std::string_view state, std::string_view detail) {
  if (lost_) return;
  const std::string said = place_.clean(detail.substr(0, detail.find('\n')));
  // A pooler says 08P01 of whatever happened to the server behind it.
  const bool unnamed = state.empty() || state == "08P01";
  // Said of an idle session, so before it had read what came next.
  undone_ = state == "25P03";
  lost_ = postgres_failure(unnamed ? "08006" : state, said, place_.name());
  expected_.clear();
}

// Sends a statement and reads all replies up to its own.
result<postgres_reply> postgres_connection::ask(const statement& sql,
                                                std::span<const value> params) {
  if (lost_) return *lost_;
  if (failure_) {
    overlooked_ = true;
    return failure_->why;
  }
  dispatch_rows();
  if (auto bound = bind(sql, params); !bound) return bound.error();
  if (guarded_) {
    say(sql_one);
    if (auto bound = bind(sql, params); !bound) return bound.error();
  }
  reply_.reset();
  dispatch(sql, kind::asked);
  settle();
  if (lost_) return *lost_;
  if (failure_) {
    error why = failure_->why;
    if (guarded_ && !failure_->sent) {
      recover(sql_one_undone);
      say(sql_one_kept);
    }
    return why;
  }
  if (guarded_) say(sql_one_kept);
  return std::move(reply_);
}

result<std::int64_t> postgres_connection::execute(const statement& sql,
                                                  std::span<const value> params) {
  auto reply = ask(sql, params);
  if (!reply) return reply.error();
  std::int64_t changed = 0;
  if (PQnfields(reply->get()) > 0 &&
      std::string_view(PQcmdStatus(reply->get())).starts_with("SELECT")) {
    return changed;
  }
  const std::string_view count = PQcmdTuples(reply->get());
  std::from_chars(count.data(), count.data() + count.size(), changed);
  return changed;
}

result<void> postgres_connection::query(const statement& sql, std::span<const value> params,
                                        const std::function<bool(const row&)>& on_row) {
  auto reply = ask(sql, params);
  if (!reply) return reply.error();
  postgres_row current(reply->get());
  while (current.next() && on_row(current)) {
  }
  return {};
}

result<void> postgres_connection::send(const statement& sql, std::span<const value> params) {
  if (lost_) return *lost_;
  if (failure_) {
    overlooked_ = true;
    return failure_->why;
  }
  if (auto bound = bind(sql, params); !bound) return bound.error();
  if (rows_.keep(sql, params, params_.types())) {
    if (rows_.full()) dispatch_rows();
  } else {
    // Its turn comes after theirs.
    if (!rows_.empty()) {
      dispatch_rows();
      if (auto bound = bind(sql, params); !bound) return bound.error();
    }
    dispatch(sql, kind::sent);
  }
  if (lost_) return *lost_;
  return {};
}

result<void> postgres_connection::run_script(std::string_view sql) {
  if (lost_) return *lost_;
  if (!failure_) {
    say(sql_script);
    settle();
  }
  if (lost_) return *lost_;
  if (failure_) return failure_->why;
  if (auto ran = run_simply(std::string(sql)); !ran) return ran;
  say(sql_script_kept);
  if (settle()) return {};
  if (lost_) return *lost_;
  // The savepoint is gone, so the script has ended the transaction.
  failure_->why = wrong_sql(sql.substr(0, 80), "A word of transactions stands");
  return failure_->why;
}

// Many statements at once go by another protocol, outside the pipeline.
result<void> postgres_connection::run_simply(const std::string& sql) {
  PGconn* c = handle_.get();
  if (PQexitPipelineMode(c) != 1 || PQsendQuery(c, sql.c_str()) != 1) {
    lose({}, PQerrorMessage(c));
    return *lost_;
  }
  while (postgres_reply reply{next_result()}) note({kind::asked}, reply.get());
  if (!lost_ && PQenterPipelineMode(c) != 1) lose({}, PQerrorMessage(c));
  if (lost_) return *lost_;
  if (failure_) return failure_->why;
  return {};
}

}  // namespace son1k::store
