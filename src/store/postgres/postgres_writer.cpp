#include "store/postgres/postgres_writer.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "store/postgres/postgres_error.hpp"

namespace son1k::store {
namespace {

// Whoever has waited for a lock must see what was written meanwhile.
const statement sql_begin{"BEGIN ISOLATION LEVEL READ COMMITTED"};
const statement sql_rollback{"ROLLBACK"};
const statement sql_savepoint{"SAVEPOINT apart"};
const statement sql_release{"RELEASE SAVEPOINT apart"};
const statement sql_undo{"ROLLBACK TO SAVEPOINT apart"};
const statement sql_flushed{"SET LOCAL synchronous_commit = on"};
const statement sql_unflushed{"SET LOCAL synchronous_commit = off"};

// Deadlocks and the like: each time others had their turn.
constexpr int again_max = 5;
// Of a group whose connections go, one after the other, before its COMMIT.
constexpr int lost_max = 20;

error unknown_outcome(const error& why) {
  return {errc::unavailable, why.field,
          text("The connection to PostgreSQL was lost during the commit: it is not known whether "
               "it took effect. Look before you repeat it.",
               "Se perdió la conexión con PostgreSQL durante la confirmación: no se sabe si tuvo "
               "efecto. Compruébalo antes de repetirlo.")};
}

}  // namespace

postgres_writer::postgres_writer(std::unique_ptr<postgres_link> link, bounds b,
                                 postgres_figures& figures)
    : group_writer(b, "pg-writer"), link_(std::move(link)), figures_(figures) {
  start();
}

postgres_writer::~postgres_writer() {
  stop();
}

void postgres_writer::commit_group(group g) {
  for (int again = 0, lost = 0;;) {
    auto connection = link_->get();
    if (!connection) return refuse(g, connection.error());
    postgres_connection& c = **connection;
    last_time_ = again == again_max - 1;
    const attempt outcome = run_group(g, c);
    if (outcome == attempt::finished) {
      if (link_->connected()) c.let_go();
      figures_.group_size.observe(static_cast<double>(g.size()));
      return;
    }
    figures_.groups_again.fetch_add(1);
    const error why = c.lost() ? *c.lost() : c.failed()->why;
    const bool enough = outcome == attempt::lost ? ++lost == lost_max : ++again == again_max;
    if (outcome == attempt::lost) {
      link_->drop();
    } else {
      c.recover(sql_rollback);
      c.let_go();
    }
    if (enough) return refuse(g, why);
  }
}

postgres_writer::attempt postgres_writer::run_group(group g, postgres_connection& c) {
  for (entry& e : g) e.verdict = {};
  c.guard(false);
  return hopeful() && !last_time_ ? run_together(g, c) : run_apart(g, c);
}

void postgres_writer::begin(group g, postgres_connection& c, bool together) {
  c.begin(sql_begin, together);
  auto wants_power = [](const entry& e) { return e.tx.promise() == durability::power; };
  if (std::ranges::none_of(g, wants_power)) {
    c.say(sql_unflushed);
  } else if (c.weak()) {
    c.say(sql_flushed);
  }
}

// Without savepoints, in the hope that nothing fails.
postgres_writer::attempt postgres_writer::run_together(group g, postgres_connection& c) {
  begin(g, c, true);
  const bool alone = g.size() == 1;
  for (entry& e : g) {
    c.watch();
    const auto ran = run_steps(e, c);
    if (c.lost()) return attempt::lost;
    if (ran && !c.failed()) continue;
    const part outcome = alone ? judge(e, ran, c) : part::overlooked;
    if (outcome == part::again) return attempt::again;
    c.recover(sql_rollback);
    if (outcome == part::failed) return attempt::finished;
    be_careful();
    return run_apart(g, c);
  }
  // What was joined may be refused for a reason that only the step itself can tell.
  const bool told = alone && !c.has_joined();
  if (const auto wrote = c.write_joined(); wrote) return end(g, c, told);
  if (c.lost()) return attempt::lost;
  c.recover(sql_rollback);
  be_careful();
  return run_apart(g, c);
}

postgres_writer::attempt postgres_writer::end(group g, postgres_connection& c, bool alone) {
  switch (c.commit()) {
    case postgres_connection::ending::committed:
      return attempt::finished;
    case postgres_connection::ending::unknown:
      figures_.unknown_outcomes.fetch_add(g.size());
      log::error("store.outcome_unknown",
                 {{"transactions", g.size()}, {"why", c.lost()->message.en}});
      refuse_rest(g, unknown_outcome(*c.lost()));
      link_->drop();
      return attempt::finished;
    case postgres_connection::ending::refused:
      break;
  }
  if (c.lost()) return attempt::lost;
  if (worth_again(c.failed()->state)) return attempt::again;
  const error why = c.failed()->why;
  c.recover(sql_rollback);
  if (!alone) {
    be_careful();
    return run_apart(g, c);
  }
  refuse_rest(g, why);
  return attempt::finished;
}

// Each transaction under a savepoint, so that only those that fail are undone.
postgres_writer::attempt postgres_writer::run_apart(group g, postgres_connection& c) {
  for (entry& e : g) e.verdict = {};
  begin(g, c, false);
  for (entry& e : g) {
    if (e.tx.empty()) continue;
    c.say(sql_savepoint);
    part outcome = run_part(e, c);
    if (outcome == part::overlooked) outcome = run_guarded(e, c);
    if (outcome == part::lost) return attempt::lost;
    if (outcome == part::again) return attempt::again;
    if (outcome == part::failed) {
      be_careful();
      c.recover(sql_undo);
    }
    c.say(sql_release);
  }
  return end(g, c, true);
}

postgres_writer::part postgres_writer::run_part(entry& e, postgres_connection& c) {
  c.watch();
  const auto ran = run_steps(e, c);
  if (!c.failed()) c.settle();
  return judge(e, ran, c);
}

// Its steps went on after a statement had failed, or hold no failure against it: once more, each
// statement under a savepoint of its own.
postgres_writer::part postgres_writer::run_guarded(entry& e, postgres_connection& c) {
  c.recover(sql_undo);
  c.guard(true);
  part outcome = run_part(e, c);
  c.guard(false);
  if (outcome != part::overlooked) return outcome;
  e.verdict = c.failed()->why;
  return part::failed;
}

postgres_writer::part postgres_writer::judge(entry& e, const result<void>& ran,
                                             const postgres_connection& c) {
  if (c.lost()) return part::lost;
  if (c.failed() && worth_again(c.failed()->state) && !last_time_) return part::again;
  if (!c.failed()) {
    e.verdict = ran;
    return ran ? part::good : part::failed;
  }
  if (c.failed()->sent) {
    e.verdict = c.failed()->why;
    return part::failed;
  }
  if (ran || c.overlooked()) return part::overlooked;
  e.verdict = ran;
  return part::failed;
}

}  // namespace son1k::store
