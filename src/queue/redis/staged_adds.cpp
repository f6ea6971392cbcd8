#include "queue/redis/staged_adds.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "base/uuid.hpp"
#include "queue/options_codec.hpp"
#include "queue/redis/job_fields.hpp"
#include "queue/redis/outlook.hpp"

namespace son1k::queue::redis {
namespace {

auto facts_of(const job_options& o) {
  return std::tie(o.priority, o.attempts, o.backoff.kind, o.backoff.delay_ms, o.backoff.jitter,
                  o.timeout_ms, o.keep_completed.age_ms, o.keep_completed.count,
                  o.keep_failed.age_ms, o.keep_failed.count, o.keep_logs, o.on_failure);
}

// Jobs with the same options come in a row, so their texts are written once.
struct written_options {
  job_options of;
  std::string stock, more;
};

const written_options& texts_of(const job_spec& spec) {
  thread_local written_options last;
  if (last.stock.empty() || facts_of(last.of) != facts_of(spec.options))
    last = {spec.options, stock_options(spec), encode_options(spec.options)};
  return last;
}

}  // namespace

staged_adds::staged_adds(std::string queue, std::int64_t now_ms)
    : row_(uuid_v7()), queue_(std::move(queue)), at_ms_(now_ms) {}

bool staged_adds::takes(const job_spec& spec) {
  const auto& o = spec.options;
  return spec.id_is_new && !spec.parent && spec.children.empty() &&
         o.priority <= outlook::priority_max && o.delay_ms == 0 && o.expires_in_ms == 0 &&
         o.group.empty() && o.dedup.id.empty() && o.traceparent.empty();
}

staged_add staged_adds::prepare(const job_spec& spec) {
  const auto& texts = texts_of(spec);
  return {spec.queue,            spec.kind, texts.stock, texts.more,
          spec.options.priority, spec.id,   spec.user,   spec.data};
}

void staged_adds::add(const staged_add& job) {
  const auto alike = [&](const shape& s) {
    return s.name == job.name && s.options == job.options && s.more == job.more;
  };
  auto at = std::find_if(shapes_.begin(), shapes_.end(), alike);
  if (at == shapes_.end())
    at = shapes_.insert(shapes_.end(), {job.name, job.options, job.more, job.priority, 0});
  ++at->jobs;
  each_.add(at - shapes_.begin() + 1).add(job.id).add(job.user).add(job.data);
  bytes_ += job.id.size() + job.user.size() + job.data.size();
  if (jobs_ == 0 || job.id < first_) first_ = job.id;
  if (jobs_ == 0 || job.id > last_) last_ = job.id;
  ++jobs_;
}

words staged_adds::args() const {
  words all;
  all.add(queue_).add(shapes_.size());
  for (const auto& s : shapes_) all.add(s.name).add(s.options).add(s.more);
  return all.add(jobs_);
}

result<void> staged_adds::write(store::connection& db) {
  static const store::statement sql(
      "INSERT INTO queue_outbox (id, script, words, queue, job, job_last, at_ms)"
      " VALUES ($1, 'push', $2, $3, $4, $5, $6)");
  const std::string text = args().append(words(each_)).packed();
  return db.send(sql, {std::string_view(row_), std::string_view(text), std::string_view(queue_),
                       std::string_view(first_), std::string_view(last_), at_ms_});
}

bool staged_adds::take(words& into) {
  if (std::exchange(taken_, true)) return false;
  into = args().append(std::move(each_));
  return true;
}

std::vector<std::string> staged_adds::ids_of(const words& args) {
  const auto& all = args.all();
  std::vector<std::string> ids;
  std::size_t shapes = 0;
  if (all.size() > 1) std::from_chars(all[1].data(), all[1].data() + all[1].size(), shapes);
  for (std::size_t at = 3 + 3 * shapes + 1; at < all.size(); at += 4) ids.push_back(all[at]);
  return ids;
}

}  // namespace son1k::queue::redis
