#include "queue/options_codec.hpp"

#include <boost/json.hpp>

namespace son1k::queue {
namespace {

namespace json = boost::json;

void put(json::object& out, const char* name, std::int64_t value, std::int64_t usual) {
  if (value != usual) out[name] = value;
}

std::int64_t integer(const json::object& in, const char* name, std::int64_t usual) {
  const auto* found = in.if_contains(name);
  return found != nullptr && found->is_int64() ? found->get_int64() : usual;
}

double real(const json::object& in, const char* name, double usual) {
  const auto* found = in.if_contains(name);
  if (found == nullptr) return usual;
  if (found->is_double()) return found->get_double();
  return found->is_int64() ? static_cast<double>(found->get_int64()) : usual;
}

bool same(const retention& a, const retention& b) {
  return a.age_ms == b.age_ms && a.count == b.count;
}

bool usual(const job_options& o) {
  const auto& d = default_options();
  return o.attempts == d.attempts && o.backoff.kind == d.backoff.kind &&
         o.backoff.delay_ms == d.backoff.delay_ms && o.backoff.jitter == d.backoff.jitter &&
         o.timeout_ms == d.timeout_ms && o.expires_in_ms == d.expires_in_ms &&
         same(o.keep_completed, d.keep_completed) && same(o.keep_failed, d.keep_failed) &&
         o.keep_logs == d.keep_logs && o.on_failure == d.on_failure &&
         o.dedup.ttl_ms == d.dedup.ttl_ms && o.dedup.extend == d.dedup.extend &&
         o.dedup.replace == d.dedup.replace;
}

}  // namespace

child_failure child_failure_of(std::int64_t stored) {
  return stored >= 0 && stored <= static_cast<std::int64_t>(child_failure::hold)
             ? static_cast<child_failure>(stored)
             : child_failure::fail;
}

const job_options& default_options() {
  static const job_options usual;
  return usual;
}

std::string encode_options(const job_options& o) {
  if (usual(o)) return {};
  const auto& d = default_options();
  json::object out;
  put(out, "attempts", o.attempts, d.attempts);
  put(out, "fixed", o.backoff.kind == backoff_kind::fixed ? 1 : 0, 0);
  put(out, "wait", o.backoff.delay_ms, d.backoff.delay_ms);
  if (o.backoff.jitter != d.backoff.jitter) out["jitter"] = o.backoff.jitter;
  put(out, "timeout", o.timeout_ms, d.timeout_ms);
  put(out, "expires", o.expires_in_ms, d.expires_in_ms);
  put(out, "kca", o.keep_completed.age_ms, d.keep_completed.age_ms);
  put(out, "kcc", o.keep_completed.count, d.keep_completed.count);
  put(out, "kfa", o.keep_failed.age_ms, d.keep_failed.age_ms);
  put(out, "kfc", o.keep_failed.count, d.keep_failed.count);
  put(out, "logs", o.keep_logs, d.keep_logs);
  put(out, "child", static_cast<int>(o.on_failure), static_cast<int>(d.on_failure));
  put(out, "ttl", o.dedup.ttl_ms, d.dedup.ttl_ms);
  put(out, "extend", o.dedup.extend ? 1 : 0, 0);
  put(out, "replace", o.dedup.replace ? 1 : 0, 0);
  return json::serialize(out);
}

job_options decode_options(std::string_view text) {
  job_options o;
  if (text.empty()) return o;
  boost::system::error_code ec;
  const auto value = json::parse({text.data(), text.size()}, ec);
  if (ec || !value.is_object()) return o;
  const auto& in = value.get_object();
  o.attempts = static_cast<std::int32_t>(integer(in, "attempts", o.attempts));
  if (integer(in, "fixed", 0) == 1) o.backoff.kind = backoff_kind::fixed;
  o.backoff.delay_ms = integer(in, "wait", o.backoff.delay_ms);
  o.backoff.jitter = real(in, "jitter", o.backoff.jitter);
  o.timeout_ms = integer(in, "timeout", o.timeout_ms);
  o.expires_in_ms = integer(in, "expires", o.expires_in_ms);
  o.keep_completed.age_ms = integer(in, "kca", o.keep_completed.age_ms);
  o.keep_completed.count = integer(in, "kcc", o.keep_completed.count);
  o.keep_failed.age_ms = integer(in, "kfa", o.keep_failed.age_ms);
  o.keep_failed.count = integer(in, "kfc", o.keep_failed.count);
  o.keep_logs = static_cast<std::int32_t>(integer(in, "logs", o.keep_logs));
  o.on_failure = child_failure_of(integer(in, "child", 0));
  o.dedup.ttl_ms = integer(in, "ttl", o.dedup.ttl_ms);
  o.dedup.extend = integer(in, "extend", 0) == 1;
  o.dedup.replace = integer(in, "replace", 0) == 1;
  return o;
}

std::shared_ptr<const job_options> shared_options::of(std::string_view text) {
  if (text.empty()) return nullptr;
  auto& known = known_[std::string(text)];
  auto options = known.lock();
  if (!options) {
    options = std::make_shared<const job_options>(decode_options(text));
    known = options;
    if (known_.size() >= purge_at_) forget_unused();
  }
  return options;
}

void shared_options::forget_unused() {
  std::erase_if(known_, [](const auto& item) { return item.second.expired(); });
  purge_at_ = std::max<std::size_t>(1024, 2 * known_.size());
}

}  // namespace son1k::queue
