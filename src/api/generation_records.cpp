#include "api/generation_records.hpp"

#include <algorithm>
#include <memory>

#include "accounts/quota/ledger.hpp"
#include "base/uuid.hpp"
#include "store/joint_insert.hpp"
#include "webhooks/generation_events.hpp"

namespace son1k::api {
using store::statement;
using store::value;

generation_record read_generation(const store::row& r) {
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
  out.title = r.text(11);
  out.tags = unpacked_tags(r.text(12));
  out.style = r.text(13);
  out.favourite = r.integer(14) != 0;
  out.version = r.integer(15);
  return out;
}

std::string packed_tags(const std::vector<std::string>& tags) {
  if (tags.empty()) return {};
  std::string out = "\n";
  for (const auto& tag : tags) out += tag + "\n";
  return out;
}

std::vector<std::string> unpacked_tags(std::string_view packed) {
  std::vector<std::string> out;
  while (!packed.empty()) {
    const auto end = std::min(packed.find('\n'), packed.size());
    if (end > 0) out.emplace_back(packed.substr(0, end));
    packed.remove_prefix(std::min(end + 1, packed.size()));
  }
  return out;
}

error no_such_piece() {
  return {errc::not_found, "id",
          text("there is no piece with this id", "no hay ninguna pieza con este id")};
}

void stage_generation(store::transaction& tx, generation_record row) {
  static const store::joint_insert insert(
      "insert into generation (id, owner, prompt, request, created_at_ms, job_priority, job_group, "
      "job_options, tags)",
      9);
  // Shared, because a staged step is copied and may run again.
  auto kept = std::make_shared<const generation_record>(std::move(row));
  tx.stage([kept, tags = packed_tags(kept->tags)](store::connection& db) {
    const auto or_null = [](const std::string& text) {
      return text.empty() ? value() : value(std::string_view(text));
    };
    return insert.add(db, {std::string_view(kept->id), std::string_view(kept->owner),
                           std::string_view(kept->prompt), std::string_view(kept->request),
                           kept->created_at_ms, kept->job_priority, or_null(kept->job_group),
                           or_null(kept->job_options), or_null(tags)});
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
  static const statement select("select " + std::string(generation_columns) +
                                " from generation where id = $1 and owner = $2");
  std::optional<generation_record> found;
  auto done = db.query(select, {id, owner}, [&](const store::row& r) {
    found = read_generation(r);
    return false;
  });
  if (!done) return done.error();
  if (!found) return no_such_piece();
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
  if (!found) return no_such_piece();
  return std::move(*found);
}

}  // namespace son1k::api
