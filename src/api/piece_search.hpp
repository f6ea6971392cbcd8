// Searching the pieces of one owner. Statements only; calls run inside a read of the database.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "api/generation_records.hpp"

namespace son1k::api {

enum class history_order : std::uint8_t { newest, oldest, title };
// As the parameter `sort` spells them, in the order of the enumerators.
inline constexpr std::array<std::string_view, 3> history_order_names{"newest", "oldest", "title"};

struct history_query {
  std::string owner;
  std::string before;  // id of the last row of the page before; empty: the first page. Not by title
  std::string status;  // empty: any
  std::string search;  // part of the prompt, the title or a tag, whatever its case; empty: any
  std::string tag;     // whole, whatever its case; empty: any
  std::string style;   // that was played, whatever its case; empty: any
  bool favourites = false;  // only these
  history_order order = history_order::newest;
  std::int64_t offset = 0;
  int limit = 20;
};

result<std::vector<generation_record>> list_generations(store::connection& db,
                                                        const history_query& query);
result<std::int64_t> count_generations(store::connection& db, const history_query& query);

}  // namespace son1k::api
