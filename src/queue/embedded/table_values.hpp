// What the tables of the embedded queue share: values as they stand in columns.
#pragma once
#include <string_view>

#include "base/error.hpp"
#include "queue/job.hpp"
#include "store/database.hpp"

namespace son1k::queue::embedded {

inline store::value text_or_null(std::string_view text) {
  return text.empty() ? store::value(std::monostate{}) : store::value(text);
}
inline store::value number(std::int64_t n) {
  return n;
}
inline store::value number(job_state state) {
  return static_cast<std::int64_t>(state);
}
inline store::value number_or_null(std::int64_t n) {
  return n == 0 ? store::value(std::monostate{}) : store::value(n);
}

// A statement of which only the success matters.
inline result<void> done(const result<std::int64_t>& rows) {
  if (!rows) return rows.error();
  return {};
}

}  // namespace son1k::queue::embedded
