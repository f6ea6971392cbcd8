#include "queue/history/dead_letters.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <chrono>
#include <limits>
#include <map>

#include "queue/history/cursor.hpp"
#include "queue/history/lasting_history.hpp"
#include "store/async.hpp"

namespace son1k::queue {
namespace asio = boost::asio;
namespace {

constexpr std::int64_t newest = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t looks_max = 20'000;  // rows that one call reads and compares
constexpr std::string_view replay_duty = "replay";
constexpr std::int64_t replay_ms_max = 30'000;  // then whoever was at it is taken for dead
constexpr auto replay_pause = std::chrono::milliseconds(50);
constexpr int replay_tries_max = 700;

error bad_limit(std::size_t max) {
  const auto shown = std::to_string(max);
  return {errc::validation, "limit",
          text("must be a whole number from 1 to " + shown,
               "debe ser un número entero de 1 a " + shown)};
}

error no_group() {
  return {errc::not_found, "fingerprint",
          text("there are no dead letters with this fingerprint",
               "no hay cartas muertas con esta huella")};
}

result<std::int64_t> seq_of(std::string_view purpose, const std::string& cursor) {
  if (cursor.empty()) return newest;
  auto fields = read_cursor(purpose, cursor, 1);
  if (!fields) return fields.error();
  std::int64_t seq = 0;
  const auto& text = fields->front();
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (read.ec != std::errc() || seq <= 0) return bad_cursor();
  return seq;
}

// The job as it was added, but for what made sense only then: its delay, its place in a flow, and
// the id that kept its like away.
job_spec spec_of(const found_job& letter) {
  job_spec spec;
  spec.queue = letter.job.queue;
  spec.kind = letter.job.kind;
  spec.id = letter.job.id;
  spec.data = letter.job.data.empty() ? "{}" : letter.job.data;
  spec.user = letter.job.user;
  spec.options = letter.job.options;
  spec.options.delay_ms = 0;
  spec.options.dedup = {};
  return spec;
}

}  // namespace

asio::awaitable<result<dead_groups_page>> lasting_history::groups(std::string cursor,
                                                                  std::size_t limit) {
  constexpr std::string_view purpose = "dead groups";
  if (limit == 0 || limit > search_jobs_max) co_return bad_limit(search_jobs_max);
  auto before = seq_of(purpose, cursor);
  if (!before) co_return before.error();
  co_await recorder_.flush();
  auto work = [before = *before, limit](store::connection& c) {
    return read_groups(c, before, limit + 1);
  };
  auto found = co_await store::async_read(db_, std::move(work));
  if (!found) co_return found.error();
  dead_groups_page page;
  page.groups = std::move(*found);
  if (page.groups.size() > limit) {
    page.groups.pop_back();
    page.next = make_cursor(purpose, {std::to_string(page.groups.back().last_seq)});
  }
  co_return page;
}

asio::awaitable<result<dead_group>> lasting_history::group(std::string fingerprint) {
  tables_.clean(fingerprint);
  co_await recorder_.flush();
  auto work = [fingerprint](store::connection& c) { return read_group(c, fingerprint); };
  auto found = co_await store::async_read(db_, std::move(work));
  if (!found) co_return found.error();
  if (!*found) co_return no_group();
  co_return std::move(**found);
}

asio::awaitable<result<search_page>> lasting_history::letters(std::string fingerprint,
                                                              std::string cursor,
                                                              std::size_t limit) {
  if (limit == 0 || limit > search_jobs_max) co_return bad_limit(search_jobs_max);
  auto before = seq_of(fingerprint, cursor);
  if (!before) co_return before.error();
  tables_.clean(fingerprint);
  co_await recorder_.flush();
  auto work = [fingerprint, before = *before, limit](store::connection& c) {
    return read_letters(c, fingerprint, before, limit + 1);
  };
  auto found = co_await store::async_read(db_, std::move(work));
  if (!found) co_return found.error();
  if (found->empty() && cursor.empty()) co_return no_group();
  search_page page;
  page.jobs = std::move(*found);
  if (page.jobs.size() > limit) {
    page.jobs.pop_back();
    page.next = make_cursor(fingerprint, {std::to_string(page.jobs.back().seq)});
  }
  co_return page;
}

// The next letters of those wanted; `before_seq` of the reply is 0 when there are no more.
asio::awaitable<result<lasting_history::slice>> lasting_history::wanted_slice(letters_wanted which,
                                                                              std::size_t max) {
  const auto before = which.before_seq == 0 ? newest : which.before_seq;
  for (auto* text : {&which.fingerprint, &which.queue, &which.id}) tables_.clean(*text);
  if (which.fingerprint.empty() && which.id.empty()) {
    co_return co_await past_slice(std::move(which.query), before, max, looks_max, true);
  }
  auto work = [which, before, max](store::connection& c) -> result<slice> {
    slice out;
    if (!which.id.empty()) {
      auto row = find_row(c, which.queue, which.id);
      if (!row) return row.error();
      const bool wanted = *row && (*row)->dead_letter &&
                          (which.fingerprint.empty() || (*row)->fingerprint == which.fingerprint);
      if (wanted) out.jobs.push_back(std::move(**row));
      return out;
    }
    auto rows = read_letters(c, which.fingerprint, before, max);
    if (!rows) return rows.error();
    out.jobs = std::move(*rows);
    if (out.jobs.size() == max) out.before_seq = out.jobs.back().seq;
    return out;
  };
  co_return co_await store::async_read(db_, std::move(work));
}

asio::awaitable<result<letters_done>> lasting_history::replay(letters_wanted which,
                                                              std::size_t max) {
  if (max == 0 || max > letters_max) co_return bad_limit(letters_max);
  const auto own_turn = co_await replays_.take();
  auto ours = co_await take_replay();
  if (!ours) co_return ours.error();
  auto done = co_await replay_wanted(std::move(which), max);
  co_await give_replay();
  co_return done;
}

// Other programs may be at the same letters, and a job that was started twice runs twice.
asio::awaitable<result<void>> lasting_history::take_replay() {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer pause(executor);
  for (int tries = 0; tries < replay_tries_max; ++tries) {
    const auto ours = std::make_shared<bool>(false);
    store::transaction tx(store::durability::process);
    const auto now_ms = clock_.now_ms();
    tx.stage([this, ours, now_ms](store::connection& c) -> result<void> {
      auto claimed = tables_.claim_duty(c, replay_duty, now_ms, replay_ms_max);
      if (!claimed) return claimed.error();
      *ours = *claimed;
      return {};
    });
    auto asked = co_await store::async_commit(db_, std::move(tx));
    if (!asked || *ours) co_return asked;
    pause.expires_after(replay_pause);
    co_await pause.async_wait(asio::use_awaitable);
  }
  co_return error(errc::unavailable, "replay",
                  text("another replay is under way; try again later",
                       "hay otra repetición en curso; inténtelo más tarde"));
}

asio::awaitable<void> lasting_history::give_replay() {
  store::transaction tx(store::durability::process);
  tx.stage([this](store::connection& c) { return tables_.release_duty(c, replay_duty); });
  // Where this fails, the claim runs out.
  (void)co_await store::async_commit(db_, std::move(tx));
}

asio::awaitable<result<letters_done>> lasting_history::replay_wanted(letters_wanted which,
                                                                     std::size_t max) {
  co_await recorder_.flush();
  auto wanted = co_await wanted_slice(std::move(which), max);
  if (!wanted) co_return wanted.error();
  letters_done done;
  done.next_seq = wanted->before_seq;
  std::map<std::string, std::vector<const found_job*>> by_queue;
  for (const auto& letter : wanted->jobs) by_queue[letter.job.queue].push_back(&letter);
  std::vector<std::int64_t> buried;
  result<void> outcome;
  for (auto& [name, letters] : by_queue) {
    outcome = co_await retry_in(name, letters, done, buried);
    if (!outcome) break;
  }
  // What is ready again is a letter no more, also when a later queue refused.
  auto noted = co_await bury_all(std::move(buried));
  if (!outcome) co_return outcome.error();
  if (!noted) co_return noted.error();
  co_return done;
}

asio::awaitable<result<void>> lasting_history::retry_in(std::string queue,
                                                        std::vector<const found_job*> letters,
                                                        letters_done& done,
                                                        std::vector<std::int64_t>& buried) {
  std::vector<std::string> ids;
  for (const auto* letter : letters) ids.push_back(letter->job.id);
  job_edit how;
  how.kind = job_edit::what::retry;
  how.settle = settle_;
  auto edited = co_await jobs_.edit(queue, std::move(ids), std::move(how));
  if (!edited) co_return edited.error();
  std::vector<const found_job*> forgotten;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const auto& one = (*edited)[i];
    if (!one && one.error().code == errc::not_found) {
      forgotten.push_back(letters[i]);
      continue;
    }
    if (!one && one.error().code != errc::conflict) co_return one.error();
    ++(one ? done.retried : done.passed_over);
    buried.push_back(letters[i]->seq);
  }
  co_return co_await add_again(std::move(forgotten), done, buried);
}

asio::awaitable<result<void>> lasting_history::add_again(std::vector<const found_job*> letters,
                                                         letters_done& done,
                                                         std::vector<std::int64_t>& buried) {
  if (letters.empty()) co_return result<void>();
  store::transaction tx;
  std::vector<std::int64_t> ready;
  letters_done staged;
  for (const auto* letter : letters) {
    auto added = jobs_.stage(tx, spec_of(*letter));
    if (!added) {
      ++staged.refused;
      continue;
    }
    ++(added->duplicate ? staged.passed_over : staged.added);
    ready.push_back(letter->seq);
    if (added->duplicate || !settle_) continue;
    job_view again = letter->job;
    again.state = job_state::waiting;
    again.error.reset();
    settle_(again, tx);
  }
  auto committed = co_await store::async_commit(domain_, std::move(tx));
  if (!committed) co_return committed.error();
  done.added += staged.added;
  done.passed_over += staged.passed_over;
  done.refused += staged.refused;
  buried.insert(buried.end(), ready.begin(), ready.end());
  co_return result<void>();
}

asio::awaitable<result<letters_done>> lasting_history::purge(letters_wanted which,
                                                             std::size_t max) {
  if (max == 0 || max > letters_max) co_return bad_limit(letters_max);
  const auto own_turn = co_await replays_.take();
  co_await recorder_.flush();
  auto wanted = co_await wanted_slice(std::move(which), max);
  if (!wanted) co_return wanted.error();
  std::vector<std::int64_t> seqs;
  for (const auto& letter : wanted->jobs) seqs.push_back(letter.seq);
  letters_done done;
  done.purged = static_cast<std::int64_t>(seqs.size());
  done.next_seq = wanted->before_seq;
  auto noted = co_await bury_all(std::move(seqs));
  if (!noted) co_return noted.error();
  co_return done;
}

asio::awaitable<result<void>> lasting_history::bury_all(std::vector<std::int64_t> seqs) {
  if (seqs.empty()) co_return result<void>();
  store::transaction tx;  // synced: a letter that is purged does not come back
  tx.stage([this, seqs = std::move(seqs)](store::connection& c) { return bury(tables_, c, seqs); });
  co_return co_await store::async_commit(db_, std::move(tx));
}

}  // namespace son1k::queue
