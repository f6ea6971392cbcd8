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
  const auto words = words_of(*query);
  const auto check = [](const std::vector<std::string>& some) {
    for (const auto& word : some) {
      for (const char c : word) {
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'))) std::abort();
      }
    }
  };
  if (words.all.empty()) std::abort();
  for (const auto& any : words.all) check(any);
  check(words.none);
  job_view job;
  job.data = R"({"prompt":"lofi","n":3,"deep":{"list":["a",2.5,null]}})";
  job.error = job_error{"timeout", "timed out", true};
  (void)matches(*query, job);
  return 0;
}
