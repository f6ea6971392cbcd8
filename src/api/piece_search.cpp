#include "api/piece_search.hpp"

namespace son1k::api {
using store::statement;
namespace {

// The pattern of LIKE that finds `part` anywhere; its own signs stand for themselves.
std::string pattern_of(std::string_view part) {
  if (part.empty()) return {};
  std::string out = "%";
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '\\') out += '\\';
    out += c;
  }
  return out + "%";
}

std::string pattern_of_tag(std::string_view tag) {
  if (tag.empty()) return {};
  return pattern_of("\n" + std::string(tag) + "\n");
}

// $1 owner, $2 status, $3 search, $4 tag, $5 style, $6 favourites
constexpr std::string_view matches =
    " from generation where owner = $1 and ($2 = '' or status = $2) "
    "and ($3 = '' or lower(prompt) like lower($3) escape '\\' "
    "or lower(title) like lower($3) escape '\\' or lower(tags) like lower($3) escape '\\') "
    "and ($4 = '' or lower(tags) like lower($4) escape '\\') "
    "and ($5 = '' or lower(style) = lower($5)) and favourite >= $6";

// $7 where the page begins, $8 limit, $9 offset
std::string page_sql(std::string_view begins, std::string_view order) {
  return "select " + std::string(generation_columns) + std::string(matches) + " and ($7 = '' or " +
         std::string(begins) + ") order by " + std::string(order) + " limit $8 offset $9";
}

const statement& page_of(history_order order) {
  static const statement newest(page_sql("id < $7", "id desc"));
  static const statement oldest(page_sql("id > $7", "id"));
  static const statement by_title(page_sql("id > $7", "lower(coalesce(title, '')), id"));
  switch (order) {
    case history_order::oldest:
      return oldest;
    case history_order::title:
      return by_title;
    default:
      return newest;
  }
}

}  // namespace

result<std::vector<generation_record>> list_generations(store::connection& db,
                                                        const history_query& query) {
  const auto pattern = pattern_of(query.search);
  const auto tag = pattern_of_tag(query.tag);
  std::vector<generation_record> out;
  auto done = db.query(
      page_of(query.order),
      {std::string_view(query.owner), std::string_view(query.status), std::string_view(pattern),
       std::string_view(tag), std::string_view(query.style), std::int64_t{query.favourites},
       std::string_view(query.before), static_cast<std::int64_t>(query.limit), query.offset},
      [&](const store::row& r) {
        out.push_back(read_generation(r));
        return true;
      });
  if (!done) return done.error();
  return out;
}

result<std::int64_t> count_generations(store::connection& db, const history_query& query) {
  static const statement select("select count(*)" + std::string(matches));
  const auto pattern = pattern_of(query.search);
  const auto tag = pattern_of_tag(query.tag);
  std::int64_t count = 0;
  auto done = db.query(
      select,
      {std::string_view(query.owner), std::string_view(query.status), std::string_view(pattern),
       std::string_view(tag), std::string_view(query.style), std::int64_t{query.favourites}},
      [&](const store::row& r) {
        count = r.integer(0);
        return false;
      });
  if (!done) return done.error();
  return count;
}

}  // namespace son1k::api
