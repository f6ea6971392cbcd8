#include "kinds/generation/owed_pieces.hpp"

#include <map>

#include "queue/options_codec.hpp"

namespace son1k::kinds {
using store::statement;

result<std::vector<queue::owed_job>> owed_pieces(store::connection& db, const std::string& after,
                                                 std::int64_t most) {
  static const statement sql(
      "select id, owner, request, fence, job_priority, job_group, job_options from generation "
      "where id > $1 and status in ('pending', 'processing') order by id limit $2");
  std::vector<queue::owed_job> out;
  auto done = db.query(sql, {std::string_view(after), most}, [&](const store::row& r) {
    queue::owed_job one;
    one.spec.queue = "generation";
    one.spec.kind = "generation";
    one.spec.id = r.text(0);
    one.spec.user = r.text(1);
    one.spec.data = r.text(2);
    one.fence = r.integer(3);
    one.spec.options = queue::decode_options(r.text(6));
    one.spec.options.priority = static_cast<std::int32_t>(r.integer(4));
    one.spec.options.group = r.text(5);
    out.push_back(std::move(one));
    return true;
  });
  if (!done) return done.error();
  return out;
}

result<std::vector<std::string>> take_over_pieces(store::connection& db,
                                                  std::span<const queue::owed_job> jobs) {
  static const statement raise(
      "update generation set fence = $3 "
      "where id = $1 and owner = $2 and status in ('pending', 'processing') and fence < $3");
  static const statement look(
      "select id, fence from generation "
      "where id >= $1 and id <= $2 and status in ('pending', 'processing')");
  std::vector<std::string> taken;
  if (jobs.empty()) return taken;
  std::map<std::string_view, std::int64_t> fences;
  for (const auto& job : jobs) {
    const std::string_view id(job.spec.id);
    fences.emplace(id, job.fence);
    if (auto sent = db.send(raise, {id, std::string_view(job.spec.user), job.fence}); !sent)
      return sent.error();
  }
  const std::string_view first(jobs.front().spec.id), last(jobs.back().spec.id);
  auto done = db.query(look, {first, last}, [&](const store::row& r) {
    const auto at = fences.find(r.text(0));
    if (at != fences.end() && at->second == r.integer(1)) taken.emplace_back(r.text(0));
    return true;
  });
  if (!done) return done.error();
  return taken;
}

}  // namespace son1k::kinds
