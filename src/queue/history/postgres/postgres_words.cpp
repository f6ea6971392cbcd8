#include "queue/history/postgres/postgres_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "queue/history/fingerprint.hpp"
#include "queue/history/history_rows.hpp"
#include "queue/history/places.hpp"

namespace son1k::queue {
namespace {

using store::connection;
using store::row;
using store::statement;

// Payloads come along, so a page of rows is small at first.
constexpr std::size_t page_rows_min = 128;
constexpr std::size_t page_rows_max = 512;
constexpr std::size_t spans_at_once_max = 8;

const statement sql_spans{"SELECT first_seq, last_seq FROM history_part ORDER BY first_seq DESC"};
// The sum keeps the index over spans out of it, which would find all words of a span.
const statement sql_where{
    "SELECT word, first_seq FROM history_word "
    "WHERE word = ANY(CAST($1 AS BIGINT[])) AND first_seq + 0 < $2"};
const statement sql_lists{
    "SELECT word, first_seq, places FROM history_word "
    "WHERE word = ANY(CAST($1 AS BIGINT[])) AND first_seq + 0 >= $2 AND first_seq + 0 <= $3"};

const statement& sql_between() {
  static const statement sql(fmt::format(
      "SELECT {} FROM history h WHERE h.seq > $1 AND h.seq < $2 ORDER BY h.seq DESC LIMIT $3",
      history_columns));
  return sql;
}
const statement& sql_at() {
  static const statement sql(
      fmt::format("SELECT {} FROM history h WHERE h.seq = ANY(CAST($1 AS BIGINT[])) "
                  "ORDER BY h.seq DESC",
                  history_columns));
  return sql;
}
const statement& sql_of_id() {
  static const statement sql(
      fmt::format("SELECT {} FROM history h WHERE h.job_key = $1 AND h.seq < $2 "
                  "ORDER BY h.seq DESC",
                  history_columns));
  return sql;
}

using keys = std::vector<std::int64_t>;

// The span in which a place is; spans stand from the newest.
const index_part* span_of(std::span<const index_part> spans, std::int64_t seq) {
  const auto found = std::ranges::lower_bound(spans, seq, std::greater<>(), &index_part::first_seq);
  return found != spans.end() && seq <= found->last_seq ? &*found : nullptr;
}

class search {
 public:
  search(connection& c, const word_query& words, std::int64_t before_seq,
         const std::function<bool(const row&)>& on_row)
      : c_(c), before_seq_(before_seq), on_row_(on_row) {
    for (const auto& part : words.all) {
      keys any;
      for (const auto& word : part) {
        any.push_back(word_key(word));
        if (const auto id = id_hash_in(word)) id_key_ = static_cast<std::int64_t>(*id);
      }
      all_.push_back(std::move(any));
    }
    for (const auto& word : words.none) {
      if (!id_hash_in(word)) none_.push_back(word_key(word));
    }
  }

  result<void> run() {
    if (auto ok = plan_by_index(c_); !ok) return ok;
    if (id_key_) return c_.query(sql_of_id(), {*id_key_, before_seq_}, on_row_);
    auto spans = spans_of_words(c_);
    if (!spans) return spans.error();
    auto ok = visit_rest(spans->empty() ? 0 : spans->front().last_seq);
    if (!ok || over_) return ok;
    auto promising = spans_with_words(std::move(*spans));
    if (!promising) return promising.error();
    std::size_t width = 1;
    for (std::size_t at = 0; at < promising->size() && !over_; at += width) {
      if (at != 0) width = std::min(width * 2, spans_at_once_max);
      const auto count = std::min(width, promising->size() - at);
      ok = visit_spans(std::span(*promising).subspan(at, count));
      if (!ok) return ok;
      width = count;
    }
    return {};
  }

 private:
  // Rows that no span covers.
  result<void> visit_rest(std::int64_t indexed) {
    auto before = before_seq_;
    for (auto page = page_rows_min; before > indexed + 1 && !over_;) {
      std::size_t count = 0;
      const auto limit = static_cast<std::int64_t>(page);
      auto ok = c_.query(sql_between(), {indexed, before, limit}, [&](const row& r) {
        ++count;
        before = r.integer(0);
        over_ = !on_row_(r);
        return !over_;
      });
      if (!ok || count < page) return ok;
      page = std::min(page * 2, page_rows_max);
    }
    return {};
  }

  // The spans in which each part of the question has a word, from the newest.
  result<std::vector<index_part>> spans_with_words(std::vector<index_part> spans) {
    keys asked;
    for (const auto& any : all_) asked.insert(asked.end(), any.begin(), any.end());
    std::map<std::int64_t, std::set<std::int64_t>> words_of_span;
    const auto list = list_of(asked);
    auto ok = c_.query(sql_where, {std::string_view(list), before_seq_}, [&](const row& r) {
      if (const auto* span = span_of(spans, r.integer(1)))
        words_of_span[span->first_seq].insert(r.integer(0));
      return true;
    });
    if (!ok) return ok.error();
    std::erase_if(spans, [&](const index_part& span) {
      const auto found = words_of_span.find(span.first_seq);
      if (found == words_of_span.end()) return true;
      return !std::ranges::all_of(all_, [&](const keys& any) {
        return std::ranges::any_of(any,
                                   [&](std::int64_t word) { return found->second.contains(word); });
      });
    });
    return spans;
  }

  result<void> visit_spans(std::span<const index_part> spans) {
    keys asked = none_;
    for (const auto& any : all_) asked.insert(asked.end(), any.begin(), any.end());
    const auto list = list_of(asked);
    // By span and word: where the lists of one are joined just now, a word has several.
    std::map<std::pair<std::int64_t, std::int64_t>, std::string> lists;
    auto ok = c_.query(sql_lists,
                       {std::string_view(list), spans.back().first_seq, spans.front().last_seq},
                       [&](const row& r) {
                         if (const auto* span = span_of(spans, r.integer(1)))
                           lists[{span->first_seq, r.integer(0)}] += r.text(2);
                         return true;
                       });
    if (!ok) return ok;
    for (const auto& span : spans) {
      const auto of_words = [&](const keys& any) {
        place_set out(span.first_seq, span.last_seq);
        for (const auto word : any) {
          if (const auto found = lists.find({span.first_seq, word}); found != lists.end())
            out.add(found->second);
        }
        return out;
      };
      auto places = of_words(all_.front());
      for (std::size_t i = 1; i < all_.size() && !places.empty(); ++i)
        places.keep(of_words(all_[i]));
      if (!none_.empty()) places.remove(of_words(none_));
      ok = visit_places(places);
      if (!ok || over_) return ok;
    }
    return {};
  }

  result<void> visit_places(const place_set& places) {
    auto before = before_seq_;
    for (auto page = page_rows_min; !over_; page = std::min(page * 2, page_rows_max)) {
      const auto some = places.below(before, page);
      if (some.empty()) return {};
      before = some.back();
      const auto list = list_of(some);
      auto ok = c_.query(sql_at(), {std::string_view(list)}, [&](const row& r) {
        over_ = !on_row_(r);
        return !over_;
      });
      if (!ok) return ok;
    }
    return {};
  }

  connection& c_;
  const std::int64_t before_seq_;
  const std::function<bool(const row&)>& on_row_;
  std::vector<keys> all_;
  keys none_;
  std::optional<std::int64_t> id_key_;
  bool over_ = false;
};

}  // namespace

result<void> plan_by_index(connection& c) {
  // A young table has no statistics yet, and a plan made then may be kept; to compile a plan takes
  // longer than any of these.
  static const statement sql(
      "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)");
  return c.query(sql, {}, [](const row&) { return false; });
}

std::int64_t word_key(std::string_view word) {
  return static_cast<std::int64_t>(hash_of(word));
}

std::string list_of(std::span<const std::int64_t> numbers) {
  return fmt::format("{{{}}}", fmt::join(numbers, ","));
}

result<std::vector<index_part>> spans_of_words(connection& c) {
  std::vector<index_part> out;
  auto looked = c.query(sql_spans, {}, [&](const row& r) {
    out.push_back({r.integer(0), r.integer(1)});
    return true;
  });
  if (!looked) return looked.error();
  return out;
}

result<void> visit_by_words(connection& c, const word_query& words, std::int64_t before_seq,
                            const std::function<bool(const row&)>& on_row) {
  return search(c, words, before_seq, on_row).run();
}

}  // namespace son1k::queue
