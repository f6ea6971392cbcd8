#include "queue/redis/job_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "base/uuid.hpp"
#include "queue/options_codec.hpp"

namespace son1k::queue::redis {
namespace json = boost::json;

std::string stock_options(const job_spec& s) {
  const auto& o = s.options;
  json::object out;
  out["attempts"] = o.attempts;
  if (o.backoff.delay_ms > 0) {
    json::object backoff;
    backoff["type"] = o.backoff.kind == backoff_kind::fixed ? "fixed" : "exponential";
    backoff["delay"] = o.backoff.delay_ms;
    if (o.backoff.jitter > 0) backoff["jitter"] = o.backoff.jitter;
    out["backoff"] = std::move(backoff);
  }
  if (o.delay_ms > 0) out["delay"] = o.delay_ms;
  if (o.priority > 0) out["priority"] = o.priority;
  const auto keep = [](const retention& k) -> json::value {
    if (k.age_ms == 0 || k.count == 0) return true;
    return json::object{{"age", (k.age_ms + 999) / 1000}, {"count", k.count}};
  };
  out["removeOnComplete"] = keep(o.keep_completed);
  out["removeOnFail"] = keep(o.keep_failed);
  out["kl"] = o.keep_logs;
  if (!o.dedup.id.empty()) {
    json::object dedup{{"id", o.dedup.id}};
    if (o.dedup.ttl_ms > 0) dedup["ttl"] = o.dedup.ttl_ms;
    out["de"] = std::move(dedup);
  }
  if (s.parent) {
    if (o.on_failure == child_failure::fail) out["fpof"] = true;
    if (o.on_failure == child_failure::proceed) out["cpof"] = true;
    if (o.on_failure == child_failure::ignore) out["idof"] = true;
  }
  if (!o.traceparent.empty())
    out["tm"] = json::serialize(json::object{{"traceparent", o.traceparent}});
  return json::serialize(out);
}

namespace {

std::size_t add_node(words& to, job_spec& s, bool root, bool made,
                     std::vector<std::size_t>& shapes) {
  std::size_t jobs = 1;
  for (auto& child : s.children) {
    const bool child_made = child.id.empty();
    if (child_made) child.id = uuid_v7();
    child.parent = job_ref{s.queue, s.id};
    jobs += add_node(to, child, false, made && child_made, shapes);
  }
  const auto& o = s.options;
  const auto ours = encode_options(o);
  std::string marks;
  const auto mark = [&marks](bool is, char flag) {
    if (is) marks += flag;
  };
  mark(!s.user.empty(), 'u');
  mark(!o.group.empty(), 'g');
  mark(!ours.empty(), 'o');
  mark(!o.dedup.id.empty(), 'd');
  mark(o.dedup.extend, 'x');
  mark(o.dedup.replace, 'r');
  mark(s.parent.has_value(), 'p');
  mark(!o.traceparent.empty(), 't');
  mark(made, 'n');
  mark(marks.empty(), '-');
  to.add(s.id);
  shapes.push_back(to.all().size());
  to.add(fmt::format("{:d} {} {} {} {} {} {}\n{}\n{}\n{}", root, o.priority, o.delay_ms,
                     o.expires_in_ms, o.dedup.ttl_ms, marks, s.children.size(), s.queue, s.kind,
                     stock_options(s)));
  to.add(s.data);
  if (!s.user.empty()) to.add(s.user);
  if (!o.group.empty()) to.add(o.group);
  if (!ours.empty()) to.add(ours);
  if (!o.dedup.id.empty()) to.add(o.dedup.id);
  if (s.parent) to.add(s.parent->queue).add(s.parent->id).add(policy_name(o.on_failure));
  if (!o.traceparent.empty()) to.add(o.traceparent);
  for (const auto& child : s.children)
    to.add(child.queue).add(child.id).add(policy_name(child.options.on_failure));
  return jobs;
}

std::int64_t integer(const json::object& o, std::string_view name, std::int64_t otherwise) {
  const auto* v = o.if_contains(name);
  if (v == nullptr || !v->is_number()) return otherwise;
  boost::system::error_code ec;
  const auto n = v->to_number<double>(ec);
  return ec || std::abs(n) > 9e15 ? otherwise : static_cast<std::int64_t>(n);
}

constexpr std::int64_t for_ever = 1'000'000'000'000;

retention stock_retention(const json::object& o, std::string_view name) {
  retention all{for_ever, for_ever};
  const auto* v = o.if_contains(name);
  if (v == nullptr) return all;
  if (v->is_bool()) return v->get_bool() ? retention{0, 0} : all;
  if (v->is_number()) return {for_ever, integer(o, name, for_ever)};
  if (!v->is_object()) return all;
  const auto& keep = v->get_object();
  const auto age = integer(keep, "age", -1);
  return {age < 0 ? for_ever : age * 1000, integer(keep, "count", for_ever)};
}

// Options of a job that a client of BullMQ has added.
job_options read_stock_options(std::string_view text) {
  job_options o;
  o.attempts = 1;
  o.backoff.delay_ms = 0;
  o.keep_completed = o.keep_failed = {for_ever, for_ever};
  boost::system::error_code ec;
  const auto value = json::parse({text.data(), text.size()}, ec);
  if (ec || !value.is_object()) return o;
  const auto& in = value.get_object();
  o.attempts = static_cast<std::int32_t>(std::max<std::int64_t>(integer(in, "attempts", 1), 1));
  if (const auto* b = in.if_contains("backoff")) {
    if (b->is_number()) o.backoff = {backoff_kind::fixed, integer(in, "backoff", 0), 0};
    if (b->is_object()) {
      const auto& how = b->get_object();
      const auto* type = how.if_contains("type");
      const bool grows =
          type != nullptr && type->is_string() && type->get_string() == "exponential";
      o.backoff.kind = grows ? backoff_kind::exponential : backoff_kind::fixed;
      o.backoff.delay_ms = integer(how, "delay", 0);
      const auto* jitter = how.if_contains("jitter");
      if (jitter != nullptr && jitter->is_number()) o.backoff.jitter = jitter->to_number<double>();
    }
  }
  o.keep_completed = stock_retention(in, "removeOnComplete");
  o.keep_failed = stock_retention(in, "removeOnFail");
  if (const auto* dedup = in.if_contains("de"); dedup != nullptr && dedup->is_object())
    o.dedup.ttl_ms = integer(dedup->get_object(), "ttl", 0);
  o.keep_logs = static_cast<std::int32_t>(
      std::clamp<std::int64_t>(integer(in, "kl", log_lines_max), 0, log_lines_max));
  return o;
}

std::string text_of(const net::redis_value& fields, std::string_view name) {
  return std::string(fields.at(name).bytes());
}

}  // namespace

std::string_view policy_name(child_failure f) {
  switch (f) {
    case child_failure::fail:
      return "fail";
    case child_failure::proceed:
      return "proceed";
    case child_failure::ignore:
      return "ignore";
    case child_failure::hold:
      return "hold";
  }
  return "fail";
}

std::size_t add_tree(words& to, job_spec spec, bool made, std::vector<std::size_t>& shapes) {
  return add_node(to, spec, true, made, shapes);
}

job_state state_of(std::string_view name) {
  for (int n = 0; n <= static_cast<int>(job_state::failed); ++n) {
    const auto state = static_cast<job_state>(n);
    if (name_of(state) == name) return state;
  }
  return job_state::waiting;
}

std::string to_json(const job_error& e) {
  return json::serialize(
      json::object{{"code", e.code}, {"message", e.message}, {"retryable", e.retryable}});
}

std::optional<job_error> read_error(std::string_view text) {
  if (text.empty()) return std::nullopt;
  boost::system::error_code ec;
  const auto value = json::parse({text.data(), text.size()}, ec);
  if (ec || !value.is_object()) return std::nullopt;
  const auto& o = value.get_object();
  const auto part = [&](std::string_view name) {
    const auto* v = o.if_contains(name);
    return v != nullptr && v->is_string() ? std::string(v->get_string()) : std::string();
  };
  const auto* again = o.if_contains("retryable");
  return job_error{part("code"), part("message"),
                   again != nullptr && again->is_bool() && again->get_bool()};
}

std::string to_json(const progress_value& p) {
  if (p.message.empty()) return std::to_string(p.percent);
  return json::serialize(json::object{{"percent", p.percent}, {"message", p.message}});
}

progress_value read_progress(std::string_view text) {
  progress_value p;
  if (text.empty()) return p;
  boost::system::error_code ec;
  const auto value = json::parse({text.data(), text.size()}, ec);
  if (ec) return p;
  const auto percent = [](double v) {
    return static_cast<std::int32_t>(std::clamp(v, 0.0, 100.0));
  };
  if (value.is_number()) p.percent = percent(value.to_number<double>());
  if (!value.is_object()) return p;
  p.percent = percent(static_cast<double>(integer(value.get_object(), "percent", 0)));
  const auto* message = value.get_object().if_contains("message");
  if (message != nullptr && message->is_string()) p.message = std::string(message->get_string());
  return p;
}

stored_job read_fresh_job(const std::string& queue, const net::redis_value& one) {
  stored_job out;
  job_view& v = out.view;
  v.queue = queue;
  v.id = std::string(one[0].bytes());
  v.kind = std::string(one[2].bytes());
  v.data = std::string(one[3].bytes());
  v.options = decode_options(one[7].bytes());
  v.user = std::string(one[6].bytes());
  v.options.priority = static_cast<std::int32_t>(one[5].number_or(0));
  v.options.delay_ms = 0;
  v.starts = 1;
  v.added_at_ms = out.ready_at_ms = one[4].number_or(0);
  return out;
}

stored_job read_job(const std::string& queue, const std::string& id, const net::redis_value& f) {
  stored_job out;
  job_view& v = out.view;
  v.queue = queue;
  v.id = id;
  v.kind = text_of(f, "name");
  v.data = text_of(f, "data");
  v.result = text_of(f, "returnvalue");
  v.user = text_of(f, "xu");
  v.worker = text_of(f, "pb");
  const auto number = [&](std::string_view name) { return f.at(name).number_or(0); };
  v.options = f.at("xa").is_nil() ? read_stock_options(f.at("opts").bytes())
                                  : decode_options(f.at("xo").bytes());
  v.options.priority = static_cast<std::int32_t>(number("priority"));
  v.options.delay_ms = number("delay");
  v.options.group = text_of(f, "xg");
  v.options.dedup.id = text_of(f, "deid");
  v.options.traceparent = text_of(f, "xw");
  if (auto parent = text_of(f, "xk"); !parent.empty())
    v.parent = job_ref{text_of(f, "xq"), std::move(parent)};
  v.attempts_made = static_cast<std::int32_t>(number("atm"));
  v.starts = number("ats");
  v.stalls = static_cast<std::int32_t>(number("stc"));
  v.added_at_ms = number("timestamp");
  v.started_at_ms = number("processedOn");
  v.finished_at_ms = number("finishedOn");
  v.progress = read_progress(f.at("progress").bytes());
  // A worker of BullMQ writes the reason only.
  if (const auto& reason = f.at("failedReason"); !reason.is_nil()) {
    v.error = read_error(f.at("xe").bytes());
    if (!v.error || v.error->message != reason.bytes())
      v.error = job_error{"failed", std::string(reason.bytes()), false};
  }
  out.checkpoint = text_of(f, "xp");
  out.ready_at_ms = f.at("xr").number_or(v.added_at_ms);
  out.verdict = read_error(f.at("xv").bytes());
  if (!out.verdict && !f.at("defa").is_nil())
    out.verdict = job_error{"failed", text_of(f, "defa"), false};
  return out;
}

}  // namespace son1k::queue::redis
