// Validation of a job before it is added.
#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>

#include "base/utf8.hpp"
#include "queue/job.hpp"

namespace son1k::queue {
namespace {

constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t traceparent_bytes_max = 128;
constexpr std::size_t json_depth_max = 64;
constexpr std::int64_t delay_ms_max = 10LL * 366 * 86'400'000;
constexpr std::int64_t keep_count_max = 1'000'000;
constexpr std::int32_t attempts_max = 1'000;

error wrong(std::string field, text why) {
  return {errc::validation, std::move(field), std::move(why)};
}

result<void> in_range(const char* field, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return {};
  const auto bounds = std::to_string(low) + ".." + std::to_string(high);
  return wrong(field, {"must be in " + bounds, "debe estar en " + bounds});
}

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

result<void> check_queue(std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max || !std::all_of(name.begin(), name.end(), plain))
    return wrong("queue", {"must be 1 to 128 letters, digits, '.', '_' or '-'",
                           "debe tener de 1 a 128 letras, cifras, '.', '_' o '-'"});
  return {};
}

bool printable(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }) &&
         count_code_points(bytes).has_value();
}

result<void> check_kind(std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max || !printable(name) || is_blank(name))
    return wrong("kind", {"must be 1 to 128 bytes of printable text",
                          "debe tener de 1 a 128 bytes de texto imprimible"});
  return {};
}

bool is_integer(std::string_view id) {
  if (id.starts_with('-')) id.remove_prefix(1);
  return !id.empty() &&
         std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// BullMQ's rule for ids of the caller's own: its integers are the generated ones, and its keys are
// made of parts joined by colons.
result<void> check_id(std::string_view id) {
  if (id.empty()) return {};
  if (id.size() > name_bytes_max || !printable(id) || id.find(' ') != id.npos)
    return wrong("id", {"must be 1 to 128 bytes of printable text without spaces",
                        "debe tener de 1 a 128 bytes imprimibles sin espacios"});
  if (is_integer(id))
    return wrong("id", {"must not be an integer", "no debe ser un número entero"});
  if (id.starts_with("0:"))
    return wrong("id", {"must not begin with 0:", "no debe empezar por 0:"});
  const auto colons = std::count(id.begin(), id.end(), ':');
  if (colons != 0 && colons != 2)
    return wrong("id", {"must have no colon, or exactly three parts joined by colons",
                        "no debe llevar dos puntos, o exactamente tres partes unidas por ellos"});
  return {};
}

// Takes every token and keeps none: the parser alone decides whether the text is JSON.
struct json_sink {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);
  using ec = boost::system::error_code;
  using view = boost::json::string_view;
  bool on_document_begin(ec&) { return true; }
  bool on_document_end(ec&) { return true; }
  bool on_object_begin(ec&) { return true; }
  bool on_object_end(std::size_t, ec&) { return true; }
  bool on_array_begin(ec&) { return true; }
  bool on_array_end(std::size_t, ec&) { return true; }
  bool on_key_part(view, std::size_t, ec&) { return true; }
  bool on_key(view, std::size_t, ec&) { return true; }
  bool on_string_part(view, std::size_t, ec&) { return true; }
  bool on_string(view, std::size_t, ec&) { return true; }
  bool on_number_part(view, ec&) { return true; }
  bool on_int64(std::int64_t, view, ec&) { return true; }
  bool on_uint64(std::uint64_t, view, ec&) { return true; }
  bool on_double(double, view, ec&) { return true; }
  bool on_bool(bool, ec&) { return true; }
  bool on_null(ec&) { return true; }
  bool on_comment_part(view, ec&) { return true; }
  bool on_comment(view, ec&) { return true; }
};

bool is_json(std::string_view text) {
  if (text == "{}") return true;
  boost::json::parse_options options;
  options.max_depth = json_depth_max;
  boost::json::basic_parser<json_sink> parser(options);
  boost::system::error_code ec;
  const auto used = parser.write_some(false, text.data(), text.size(), ec);
  return !ec && used == text.size();
}

result<void> check_data(std::string_view data) {
  if (data.size() > data_bytes_max)
    return error(errc::payload_too_large, "data",
                 {"must be at most 1048576 bytes", "debe tener como mucho 1048576 bytes"});
  if (!is_json(data))
    return wrong("data", {"must be one JSON value at most 64 levels deep",
                          "debe ser un valor JSON de no más de 64 niveles"});
  return {};
}

bool short_text(std::string_view text) {
  return text.size() <= name_bytes_max && printable(text);
}

result<void> check_options(const job_options& o) {
  struct bound {
    const char* field;
    std::int64_t value, low, high;
  };
  const bound bounds[] = {
      {"options.priority", o.priority, 0, priority_max},
      {"options.delay", o.delay_ms, 0, delay_ms_max},
      {"options.attempts", o.attempts, 1, attempts_max},
      {"options.backoff.delay", o.backoff.delay_ms, 0, 86'400'000},
      {"options.timeout", o.timeout_ms, 0, delay_ms_max},
      {"options.expiresIn", o.expires_in_ms, 0, delay_ms_max},
      {"options.keepCompleted.age", o.keep_completed.age_ms, 0, delay_ms_max},
      {"options.keepCompleted.count", o.keep_completed.count, 0, keep_count_max},
      {"options.keepFailed.age", o.keep_failed.age_ms, 0, delay_ms_max},
      {"options.keepFailed.count", o.keep_failed.count, 0, keep_count_max},
      {"options.keepLogs", o.keep_logs, 0, static_cast<std::int64_t>(log_lines_max)},
      {"options.dedup.ttl", o.dedup.ttl_ms, 0, delay_ms_max},
  };
  for (const auto& b : bounds)
    if (auto ok = in_range(b.field, b.value, b.low, b.high); !ok) return ok;
  if (!(o.backoff.jitter >= 0.0 && o.backoff.jitter <= 1.0))
    return wrong("options.backoff.jitter", {"must be in 0..1", "debe estar en 0..1"});
  if (!short_text(o.group))
    return wrong("options.group", {"must be at most 128 bytes of printable text",
                                   "debe tener como mucho 128 bytes imprimibles"});
  if (!short_text(o.dedup.id))
    return wrong("options.dedup.id", {"must be at most 128 bytes of printable text",
                                      "debe tener como mucho 128 bytes imprimibles"});
  if (o.traceparent.size() > traceparent_bytes_max || !printable(o.traceparent))
    return wrong("options.traceparent", {"must be at most 128 bytes of printable text",
                                         "debe tener como mucho 128 bytes imprimibles"});
  return {};
}

result<void> check_alone(const job_spec& spec) {
  if (auto ok = check_queue(spec.queue); !ok) return ok;
  if (auto ok = check_kind(spec.kind); !ok) return ok;
  if (auto ok = check_id(spec.id); !ok) return ok;
  if (auto ok = check_data(spec.data); !ok) return ok;
  if (!short_text(spec.user))
    return wrong("user", {"must be at most 128 bytes of printable text",
                          "debe tener como mucho 128 bytes imprimibles"});
  return check_options(spec.options);
}

using ancestors = std::vector<const job_spec*>;

bool same_job(const job_spec& a, std::string_view queue, std::string_view id) {
  return !id.empty() && a.queue == queue && a.id == id;
}

// A job that waits for itself would wait for ever.
bool closes_a_circle(const job_spec& spec, const ancestors& above) {
  const auto is_this = [&](const job_spec* other) { return same_job(*other, spec.queue, spec.id); };
  if (std::any_of(above.begin(), above.end(), is_this)) return true;
  return spec.parent && same_job(spec, spec.parent->queue, spec.parent->id);
}

result<void> check_tree(const job_spec& spec, ancestors& above, std::size_t& jobs) {
  if (auto ok = check_alone(spec); !ok) return ok;
  if (closes_a_circle(spec, above))
    return wrong(above.empty() ? "parent" : "id",
                 {"the flow is circular: the job is its own ancestor",
                  "el flujo es circular: el trabajo es su propio antecesor"});
  if (!above.empty() && spec.parent)
    return wrong("parent", {"a job among the children of another has that one as its parent",
                            "un trabajo entre los hijos de otro tiene a ese como padre"});
  if (++jobs > flow_jobs_max || above.size() > flow_depth_max)
    return error(errc::payload_too_large, "children",
                 {"a flow has at most 10000 jobs in 32 levels",
                  "un flujo tiene como mucho 10000 trabajos en 32 niveles"});
  above.push_back(&spec);
  for (std::size_t n = 0; n < spec.children.size(); ++n) {
    auto ok = check_tree(spec.children[n], above, jobs);
    if (ok) continue;
    auto fault = ok.error();
    fault.field = "children[" + std::to_string(n) + "]." + fault.field;
    return fault;
  }
  above.pop_back();
  return {};
}

}  // namespace

result<void> check(const job_spec& spec) {
  ancestors above;
  std::size_t jobs = 0;
  return check_tree(spec, above, jobs);
}

}  // namespace son1k::queue
