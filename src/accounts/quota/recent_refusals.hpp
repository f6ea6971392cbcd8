// Which accounts were lately refused for their quota, in this process: a hint, never an answer. A
// refusal costs the writer of the database more than a success, because it undoes what shares its
// commit; so those who were refused are looked at before they get there. Thread-safe.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace son1k::accounts {

class recent_refusals {
 public:
  static constexpr std::size_t accounts_max = 4'096;  // beyond it some are forgotten

  void note(std::string_view account, std::int64_t until_ms);
  bool has(std::string_view account, std::int64_t now_ms);

 private:
  std::mutex mutex_;
  std::map<std::string, std::int64_t, std::less<>> until_ms_;
};

}  // namespace son1k::accounts
