#include "queue/query.hpp"

#include <boost/json.hpp>

#include "queue/json_leaves.hpp"
#include "queue/policy.hpp"

namespace son1k::queue {
namespace json = boost::json;
namespace {

bool compares(std::int64_t actual, const query_term& term) {
  switch (term.op) {
    case query_op::below:
      return actual < term.number;
    case query_op::above:
      return actual > term.number;
    default:
      return actual == term.number;
  }
}

bool data_holds(const json::value& data, const query_term& term) {
  bool found = false;
  const auto other = term.op == query_op::is ? one_spelling(term.value) : std::string();
  for_each_leaf(data, [&](std::string_view path, std::string_view text) {
    if (path != term.path) return true;
    found = term.op == query_op::is ? text == term.value || text == other
                                    : fold_case(text).find(term.value) != std::string::npos;
    return !found;
  });
  return found;
}

bool error_holds(const job_view& job, const query_term& term) {
  if (!job.error) return false;
  if (term.op == query_op::is) return job.error->code == term.value;
  return fold_case(job.error->message).find(term.value) != std::string::npos;
}

// A time or a span that is not known compares with nothing.
bool span_holds(const query_term& term, std::int64_t from_ms, std::int64_t to_ms) {
  return from_ms != 0 && to_ms != 0 && compares(std::max<std::int64_t>(to_ms - from_ms, 0), term);
}
bool moment_holds(const query_term& term, std::int64_t at_ms) {
  return at_ms != 0 && compares(at_ms, term);
}

// The payload is parsed once, and only if a term asks for it.
class payload {
 public:
  explicit payload(const std::string& text) : text_(text) {}
  bool holds(const query_term& term) {
    if (!parsed_) {
      boost::system::error_code ec;
      value_ = json::parse(text_, ec);
      if (ec) value_ = nullptr;
      parsed_ = true;
    }
    return data_holds(value_, term);
  }

 private:
  const std::string& text_;
  json::value value_;
  bool parsed_ = false;
};

bool holds(const query_term& term, const job_view& job, const past_facts& facts, payload& data) {
  switch (term.field) {
    case query_field::state:
      return shown_state(job) == term.value;
    case query_field::kind:
      return job.kind == term.value;
    case query_field::queue:
      return job.queue == term.value;
    case query_field::id:
      return job.id == term.value;
    case query_field::user:
      return job.user == term.value;
    case query_field::group:
      return job.options.group == term.value;
    case query_field::worker:
      return job.worker == term.value;
    case query_field::fingerprint:
      return facts.fingerprint == term.value;
    case query_field::error:
      return error_holds(job, term);
    case query_field::data:
      return data.holds(term);
    case query_field::priority:
      return compares(job.options.priority, term);
    case query_field::attempts:
      return compares(job.attempts_made, term);
    case query_field::stalls:
      return compares(job.stalls, term);
    case query_field::duration:
      return span_holds(term, job.started_at_ms, job.finished_at_ms);
    case query_field::wait:
      return span_holds(term, facts.ready_at_ms != 0 ? facts.ready_at_ms : job.added_at_ms,
                        job.started_at_ms);
    case query_field::created:
      return moment_holds(term, job.added_at_ms);
    case query_field::started:
      return moment_holds(term, job.started_at_ms);
    case query_field::finished:
      return moment_holds(term, job.finished_at_ms);
  }
  return false;
}

}  // namespace

const std::string* job_query::wanted(query_field field) const {
  for (const auto& term : terms) {
    if (term.field == field && term.op == query_op::is && !term.negated) return &term.value;
  }
  return nullptr;
}

std::string_view shown_state(const job_view& job) {
  const bool cancelled =
      job.state == job_state::failed && job.error && job.error->code == state_cancelled;
  return cancelled ? state_cancelled : name_of(job.state);
}

bool matches(const job_query& query, const job_view& job, const past_facts& facts) {
  payload data(job.data);
  for (const auto& term : query.terms) {
    if (holds(term, job, facts, data) == term.negated) return false;
  }
  return true;
}

std::string fold_case(std::string_view utf8) {
  std::string out(utf8);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    if (c >= 'A' && c <= 'Z') {
      out[i] = static_cast<char>(c + 32);
    } else if (c == 0xC3 && i + 1 < out.size()) {
      // U+00C0 to U+00DE, but for the multiplication sign.
      const auto next = static_cast<unsigned char>(out[i + 1]);
      if (next >= 0x80 && next <= 0x9E && next != 0x97) out[i + 1] = static_cast<char>(next + 32);
      ++i;
    }
  }
  return out;
}

}  // namespace son1k::queue
