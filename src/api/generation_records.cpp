#include "api/generation_records.hpp"

#include <memory>

#include "accounts/quota/ledger.hpp"
#include "base/uuid.hpp"
#include "store/joint_insert.hpp"
#include "webhooks/generation_events.hpp"

namespace son1k::api {
namespace {

using store::statement;
using store::value;

constexpr std::string_view columns =
    "id, owner, status, prompt, request, error_code, error_message, result, created_at_ms, "
    "started_at_ms, finished_at_ms";

generation_record read_record(const store::row& r) {
  generation_record out;
  out.id = r.text(0);
  out.owner = r.text(1);
  out.status = r.text(2);
  out.prompt = r.text(3);
  out.request = r.text(4);
  out.error_code = r.text(5);
  out.error_message = r.text(6);
  out.result = r.text(7);
  out.created_at_ms = r.integer(8);
  out.started_at_ms = r.integer(9);
  out.finished_at_ms = r.integer(10);
  return out;
}

// The pattern of LIKE that finds `part` anywhere; its own signs stand for themselves.
std::string pattern_of(std::string_view part) {
  if (part.empty()) return {};
  std::string out = "%";
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out + "%";
}

error no_piece() {
  return {errc::not_found, "id",
          text("there is no piece with this id", "no hay ninguna pieza con este id")};
}

}  // namespace

void stage_generation(store::transaction& tx, generation_record row) {
  static const store::joint_insert insert(
      "insert into generation (id, owner, prompt, request, created_at_ms, job_priority, job_group, "
      "job_options)",
      8);
  // Shared, because a staged step is copied and may run again.
  auto kept = std::make_shared<const generation_record>(std::move(row));
  tx.stage([kept](store::connection& db) {
    const auto or_null = [](const std::string& text) {
      return text.empty() ? value() : value(std::string_view(text));
    };
    return insert.add(db, {std::string_view(kept->id), std::string_view(kept->owner),
                           std::string_view(kept->prompt), std::string_view(kept->request),
                           kept->created_at_ms, kept->job_priority, or_null(kept->job_group),
                           or_null(kept->job_options)});
  });
}

void stage_generation_cancel(store::transaction& tx, std::string owner, std::string id,
                             std::int64_t now_ms) {
  static const statement cancel(
      "update generation set status = 'cancelled', finished_at_ms = $2 "
      "where id = $1 and owner = $3 and status in ('pending', 'processing')");
  tx.stage([owner = std::move(owner), id = std::move(id), now_ms,
            told = uuid_v7()](store::connection& db) -> result<void> {
    auto changed = db.execute(cancel, {std::string_view(id), now_ms, std::string_view(owner)});
    if (!changed) return changed.error();
    if (*changed == 0) {
      return error(errc::conflict, "id",
                   text("this piece has already ended and cannot be cancelled",
                        "esta pieza ya terminó y no se puede cancelar"));
    }
    if (auto ok = accounts::refund_reserved(db, owner, id, now_ms); !ok) return ok;
    return webhooks::announce(db, webhooks::cancelled_piece(owner, id, now_ms, told));
  });
}

result<generation_record> find_generation(store::connection& db, std::string_view owner,
                                          std::string_view id) {
  static const statement select("select " + std::string(columns) +
                                " from generation where id = $1 and owner = $2");
  std::optional<generation_record> found;
  auto done = db.query(select, {id, owner}, [&](const store::row& r) {
    found = read_record(r);
    return false;
  });
  if (!done) return done.error();
  if (!found) return no_piece();
  return std::move(*found);
}

result<std::string> owner_of_generation(store::connection& db, std::string_view id) {
  static const statement select("select owner from generation where id = $1");
  std::optional<std::string> found;
  auto done = db.query(select, {id}, [&](const store::row& r) {
    found = r.text(0);
    return false;
  });
  if (!done) return done.error();
  if (!found) return no_piece();
  return std::move(*found);
}

result<std::vector<generation_record>> list_generations(store::connection& db,
                                                        const history_query& query) {
  static const statement select(
      "select " + std::string(columns) +
      " from generation where owner = $1 and ($2 = '' or id < $2) and ($3 = '' or status = $3) "
      "and ($6 = '' or lower(prompt) like lower($6) escape '\\') "
      "order by id desc limit $4 offset $5");
  const auto pattern = pattern_of(query.search);
  std::vector<generation_record> out;
  auto done = db.query(select,
                       {std::string_view(query.owner), std::string_view(query.before),
                        std::string_view(query.status), static_cast<std::int64_t>(query.limit),
                        query.offset, std::string_view(pattern)},
                       [&](const store::row& r) {
                         out.push_back(read_record(r));
                         return true;
                       });
  if (!done) return done.error();
  return out;
}

result<std::int64_t> count_generations(store::connection& db, const history_query& query) {
  static const statement select(
      "select count(*) from generation where owner = $1 and ($2 = '' or status = $2) "
      "and ($3 = '' or lower(prompt) like lower($3) escape '\\')");
  const auto pattern = pattern_of(query.search);
  std::int64_t count = 0;
  auto done = db.query(
      select,
      {std::string_view(query.owner), std::string_view(query.status), std::string_view(pattern)},
      [&](const store::row& r) {
        count = r.integer(0);
        return false;
      });
  if (!done) return done.error();
  return count;
}

}  // namespace son1k::api
