#include "queue/schedules/schedules.hpp"

#include <fmt/format.h>

#include "queue/schedules/schedule_table.hpp"
#include "store/async.hpp"

namespace son1k::queue {
using boost::asio::awaitable;
namespace {

constexpr int tries_max = 8;  // against a scheduler that advances the schedule meanwhile

error moved() {
  return {errc::conflict, "version",
          text("the schedule has been changed meanwhile; read it again",
               "el horario ha cambiado entretanto; léalo de nuevo")};
}

store::transaction inserting(const schedule& row, std::shared_ptr<bool> made,
                             store::beside_step beside) {
  store::transaction tx;
  tx.stage([row, made, beside = std::move(beside)](store::connection& db) -> result<void> {
    auto inserted = insert_schedule(db, row);
    if (!inserted) return inserted.error();
    *made = *inserted;
    return *made && beside ? beside(db, row.spec.id) : result<void>();
  });
  return tx;
}

}  // namespace

schedules::schedules(store::database& db, job_intake& jobs, const clock_port& clock,
                     std::function<void()> changed)
    : db_(db), jobs_(jobs), clock_(clock), changed_(std::move(changed)) {}

void schedules::changed() const {
  if (changed_) changed_();
}

awaitable<result<std::vector<schedule>>> schedules::list(std::string after, std::size_t limit) {
  if (limit == 0 || limit > list_schedules_max) {
    co_return error(errc::validation, "limit",
                    text(fmt::format("must be in 1..{}", list_schedules_max),
                         fmt::format("debe estar en 1..{}", list_schedules_max)));
  }
  auto work = [after = std::move(after), limit](store::connection& db) {
    return list_schedules(db, after, static_cast<std::int64_t>(limit));
  };
  co_return co_await store::async_read(db_, std::move(work));
}

awaitable<result<schedule>> schedules::get(std::string id) {
  auto work = [id = std::move(id)](store::connection& db) { return find_schedule(db, id); };
  co_return co_await store::async_read(db_, std::move(work));
}

result<schedule> schedules::fresh(schedule_spec spec) const {
  const auto when = check(spec);
  if (!when) return when.error();
  schedule out;
  out.created_at_ms = out.updated_at_ms = clock_.now_ms();
  out.next_run_ms = run_after(spec, *when, out.created_at_ms, 0);
  if (out.ended()) {
    return error(errc::validation, "endAt",
                 text("no run falls before it", "ninguna ejecución cae antes"));
  }
  out.spec = std::move(spec);
  return out;
}

awaitable<result<schedule>> schedules::create(schedule_spec spec,
                                              store::beside_making<schedule> beside) {
  auto row = fresh(std::move(spec));
  if (!row) co_return row.error();
  auto made = std::make_shared<bool>(false);
  auto tx = inserting(*row, made, beside ? beside(*row) : store::beside_step());
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  if (!*made) {
    co_return error(errc::conflict, "id",
                    text("there is a schedule with this id", "ya hay un horario con este id"));
  }
  changed();
  co_return std::move(*row);
}

result<void> schedules::ensure(schedule_spec spec) {
  auto row = fresh(std::move(spec));
  if (!row) return row.error();
  row->system = true;
  auto done = store::commit_and_wait(db_, inserting(*row, std::make_shared<bool>(false), {}));
  if (!done) return done.error();
  changed();
  return {};
}

// Reads, changes and writes under the version and the counters that were read.
awaitable<result<schedule>> schedules::rewrite(std::string id,
                                               std::function<result<void>(schedule&)> change,
                                               store::beside_step beside) {
  for (int tries = 0; tries < tries_max; ++tries) {
    auto read = co_await get(id);
    if (!read) co_return read.error();
    schedule row = std::move(*read);
    if (auto ok = change(row); !ok) co_return ok.error();
    const auto when = check(row.spec);
    if (!when) co_return when.error();
    const auto now = clock_.now_ms();
    // What has run may be ahead of a clock that was set back; it must not run again.
    row.next_run_ms = run_after(row.spec, *when, std::max(now, row.last_run_ms), row.runs);
    row.updated_at_ms = now;
    ++row.version;
    auto written = std::make_shared<bool>(false);
    store::transaction tx;
    tx.stage([row, written, beside](store::connection& db) -> result<void> {
      auto updated = update_schedule(db, row);
      if (!updated) return updated.error();
      *written = *updated;
      return *written && beside ? beside(db, row.spec.id) : result<void>();
    });
    auto done = co_await store::async_commit(db_, std::move(tx));
    if (!done) co_return done.error();
    if (!*written) continue;
    changed();
    co_return row;
  }
  co_return moved();
}

awaitable<result<schedule>> schedules::replace(schedule_spec spec,
                                               std::optional<std::int64_t> version,
                                               store::beside_step beside) {
  auto id = spec.id;
  std::function<result<void>(schedule&)> change = [spec = std::move(spec),
                                                   version](schedule& row) -> result<void> {
    if (version && row.version != *version) return moved();
    row.spec = spec;
    return {};
  };
  co_return co_await rewrite(std::move(id), std::move(change), std::move(beside));
}

awaitable<result<schedule>> schedules::pause(std::string id, bool paused,
                                             store::beside_step beside) {
  auto now = co_await get(id);
  if (!now || now->spec.paused == paused) co_return now;
  std::function<result<void>(schedule&)> change = [paused](schedule& row) -> result<void> {
    row.spec.paused = paused;
    return {};
  };
  co_return co_await rewrite(std::move(id), std::move(change), std::move(beside));
}

awaitable<result<void>> schedules::remove(std::string id, store::beside_step beside) {
  store::transaction tx;
  tx.stage([id](store::connection& db) -> result<void> {
    const auto row = find_schedule(db, id);
    if (!row) return row.error();
    if (row->system) {
      return error(errc::forbidden, "id",
                   text("this schedule is the program's own; it can be paused, not removed",
                        "este horario es del propio programa; se puede pausar, no borrar"));
    }
    auto gone = delete_schedule(db, id);
    if (!gone) return gone.error();
    return {};
  });
  tx.stage_beside(std::move(beside), std::move(id));
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (done) changed();
  co_return done;
}

awaitable<result<hand_run>> schedules::run_now(std::string id,
                                               store::beside_making<hand_run> beside) {
  auto row = co_await get(id);
  if (!row) co_return row.error();
  auto job = job_of(row->spec, clock_.now_ms());
  job.id.replace(0, std::string_view("repeat").size(), "run");
  hand_run out;
  out.job.queue = job.queue;
  store::transaction tx;
  auto added = jobs_.stage(tx, std::move(job));
  if (!added) co_return added.error();
  out.job.id = added->id;
  out.duplicate = added->duplicate;
  tx.stage([id, ref = out.job](store::connection& db) { return note_job(db, id, ref); });
  if (beside) tx.stage_beside(beside(out), id);
  auto done = co_await store::async_commit(db_, std::move(tx));
  if (!done) co_return done.error();
  co_return out;
}

result<std::vector<std::int64_t>> schedules::preview(const schedule_spec& spec,
                                                     std::size_t count) const {
  const auto when = check(spec);
  if (!when) return when.error();
  return queue::preview(spec, *when, clock_.now_ms(), 0, count);
}

awaitable<result<std::vector<std::int64_t>>> schedules::preview(std::string id, std::size_t count) {
  auto row = co_await get(std::move(id));
  if (!row) co_return row.error();
  const auto when = check(row->spec);
  if (!when) co_return when.error();
  const auto after = std::max(clock_.now_ms(), row->last_run_ms);
  co_return queue::preview(row->spec, *when, after, row->runs, count);
}

}  // namespace son1k::queue
