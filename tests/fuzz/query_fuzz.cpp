// Queries of people: any bytes give a query or an error that names a place, a query asks the index
// something that stands in hashed words only, and matching it against a job never fails.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "queue/history/terms.hpp"
#include "queue/query.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace son1k::queue;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr std::int64_t now_ms = 1'769'860'800'000;
  const auto query = parse_query(bytes, now_ms);
  if (!query) {
    if (query.error().field != "query" || query.error().message.es.empty()) std::abort();
    return 0;
  }
  if (query->terms.size() > query_terms_max) std::abort();
  for (const char c : index_expression(*query)) {
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!word && c != ' ' && c != '(' && c != ')') std::abort();
  }
  job_view job;
  job.data = R"({"prompt":"lofi","n":3,"deep":{"list":["a",2.5,null]}})";
  job.error = job_error{"timeout", "timed out", true};
  (void)matches(*query, job);
  return 0;
}
