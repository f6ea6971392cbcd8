#include "store/postgres/postgres_reader.hpp"

namespace son1k::store {
namespace {

const statement sql_begin_snapshot{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
const statement sql_end{"COMMIT"};
const statement sql_drop_snapshot{"ROLLBACK"};

// A connection that died unnoticed, and one that died just after.
constexpr int attempts_max = 3;

}  // namespace

postgres_reader::postgres_reader(std::unique_ptr<postgres_link> link, bool keeps,
                                 postgres_figures& figures)
    : link_(std::move(link)), keeps_(keeps), figures_(figures) {}

void postgres_reader::serve(std::span<database::read_work> works) {
  figures_.reading.fetch_add(1);
  for (auto& work : works) {
    looked_ = false;
    broken_.reset();
    work(*this);
    // What failed in one read is not seen by the next.
    if (open_ != nullptr && (open_->failed() || open_->lost())) end_snapshot();
  }
  end_snapshot();
  figures_.reading.fetch_sub(1);
}

void postgres_reader::rest() {
  if (!keeps_) link_->drop();
}

void postgres_reader::end_snapshot() {
  if (open_ == nullptr) return;
  postgres_connection& c = *std::exchange(open_, nullptr);
  if (c.lost()) return link_->drop();
  if (c.failed()) {
    c.recover(sql_drop_snapshot);
    c.settle();
  } else {
    c.leave(sql_end);
  }
}

result<postgres_connection*> postgres_reader::in_snapshot() {
  if (open_ != nullptr) return open_;
  auto got = link_->get();
  if (!got) return got.error();
  open_ = *got;
  open_->begin(sql_begin_snapshot);
  return open_;
}

template <class Ask>
auto postgres_reader::ask(Ask one) -> std::invoke_result_t<Ask&, postgres_connection&> {
  if (broken_) return *broken_;
  // Inside the callback of a query, so what that gave has been seen.
  if (depth_ > 0) looked_ = true;
  for (int n = 1;; ++n) {
    auto got = in_snapshot();
    if (!got) return got.error();
    ++depth_;
    auto answer = one(**got);
    --depth_;
    if (!(*got)->lost()) {
      looked_ = true;
      return answer;
    }
    const error why = *(*got)->lost();
    if (looked_) {
      broken_ = why;
      return why;
    }
    end_snapshot();
    if (n == attempts_max) return why;
  }
}

result<std::int64_t> postgres_reader::execute(const statement& sql, std::span<const value> params) {
  return ask([&](postgres_connection& c) { return c.execute(sql, params); });
}

result<void> postgres_reader::query(const statement& sql, std::span<const value> params,
                                    const std::function<bool(const row&)>& on_row) {
  return ask([&](postgres_connection& c) { return c.query(sql, params, on_row); });
}

result<void> postgres_reader::run_script(std::string_view) {
  return error(errc::forbidden, text("A read runs no scripts.", "Una lectura no ejecuta guiones."));
}

}  // namespace son1k::store
