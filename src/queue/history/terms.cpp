#include "queue/history/terms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <iterator>
#include <optional>
#include <vector>

#include "queue/history/fingerprint.hpp"
#include "queue/json_leaves.hpp"

namespace son1k::queue {
namespace json = boost::json;
namespace {

// One word that every job has: an expression of exclusions alone needs something to exclude from.
const std::string every_job = "all";
const std::string no_job = "none";
constexpr std::int64_t moment_unit_ms = 65'536;
constexpr int places_max = 8;
constexpr std::int64_t number_max = (1LL << (4 * places_max)) - 1;

// A letter a field; two fields never share one.
char letter_of(query_field field) {
  return static_cast<char>('a' + static_cast<int>(field));
}
static_assert(static_cast<int>(query_field::finished) < 24);
constexpr char trigram_letter = 'y';
constexpr std::size_t asked_windows_max = 4;  // of a text to be contained

std::string exact_word(query_field field, std::string_view value) {
  return fmt::format("{}{:016x}", letter_of(field), hash_of(value));
}
std::string member_word(std::string_view path, std::string_view value) {
  constexpr std::string_view mark("\0", 1);
  return fmt::format("{}{:016x}", letter_of(query_field::data),
                     hash_of(value, hash_of(mark, hash_of(path))));
}

// The words of a text's three-byte windows. `path` keeps those of different members apart.
void append_trigrams(std::string& out, std::string_view path, std::string_view folded) {
  const auto place = static_cast<std::uint16_t>(hash_of(path));
  for (std::size_t i = 0; i + 3 <= folded.size(); ++i) {
    const auto byte = [&](std::size_t n) { return static_cast<unsigned char>(folded[i + n]); };
    fmt::format_to(std::back_inserter(out), " {}{:04x}{:02x}{:02x}{:02x}", trigram_letter, place,
                   byte(0), byte(1), byte(2));
  }
}
constexpr std::string_view error_path = "\nerror";  // no payload has such a path

// Word of the numbers whose hexadecimal form, without its last `place` digits, is `prefix`. Only
// numbers of at most place + 1 digits stand under a prefix of 0, and under the smallest place
// alone.
std::string number_word(query_field field, int place, std::int64_t prefix) {
  return fmt::format("{}{}{:x}", letter_of(field), static_cast<char>('g' + place), prefix);
}

void append_number(std::string& out, query_field field, std::int64_t v) {
  v = std::clamp<std::int64_t>(v, 0, number_max);
  for (int place = 0; place <= places_max; ++place) {
    const std::int64_t prefix = v >> (4 * place);
    out += ' ';
    out += number_word(field, place, prefix);
    if (prefix == 0) return;
  }
}

bool is_moment(query_field field) {
  return field == query_field::created || field == query_field::started ||
         field == query_field::finished;
}

void append_words_of_numbers(std::string& out, const found_job& ended) {
  const auto& job = ended.job;
  append_number(out, query_field::priority, job.options.priority);
  append_number(out, query_field::attempts, job.attempts_made);
  append_number(out, query_field::stalls, job.stalls);
  const auto span = [&](query_field field, std::int64_t from, std::int64_t to) {
    if (from != 0 && to != 0) append_number(out, field, to - from);
  };
  span(query_field::duration, job.started_at_ms, job.finished_at_ms);
  span(query_field::wait, ended.ready_at_ms != 0 ? ended.ready_at_ms : job.added_at_ms,
       job.started_at_ms);
  const auto moment = [&](query_field field, std::int64_t at) {
    if (at != 0) append_number(out, field, at / moment_unit_ms);
  };
  moment(query_field::created, job.added_at_ms);
  moment(query_field::started, job.started_at_ms);
  moment(query_field::finished, job.finished_at_ms);
}

void append_words_of_data(std::string& out, const std::string& data) {
  if (data.size() <= 2) return;
  boost::system::error_code ec;
  json::monotonic_resource memory;
  const auto v = json::parse(data, ec, &memory);
  if (ec) return;
  std::size_t members = 0;
  std::size_t room = indexed_text_bytes_max;
  for_each_leaf(v, [&](std::string_view path, std::string_view text) {
    out += ' ';
    out += member_word(path, text);
    const auto indexed = text.substr(0, room);
    append_trigrams(out, path, fold_case(indexed));
    room -= indexed.size();
    return ++members < indexed_members_max;
  });
}

// Words of which a number in first..last has exactly one.
void append_range(std::vector<std::string>& out, query_field field, std::int64_t first,
                  std::int64_t last) {
  const auto take = [&](int place, std::int64_t prefix) {
    // A number under prefix 0 of this place stands under the smallest place that makes it 0.
    const int from = prefix == 0 ? 0 : place;
    for (int p = from; p <= place; ++p) out.push_back(number_word(field, p, prefix));
  };
  for (int place = 0;; ++place) {
    if (place == places_max) {
      for (auto prefix = first; prefix <= last; ++prefix) take(place, prefix);
      return;
    }
    for (; first <= last && (first & 15) != 0; ++first) take(place, first);
    for (; first <= last && (last & 15) != 15; --last) take(place, last);
    if (first > last) return;
    first >>= 4;
    last >>= 4;
  }
}

// Nothing: no number can match. `loose` asks for whole units around the bound.
std::optional<std::vector<std::string>> number_words(const query_term& term, bool loose) {
  std::int64_t first = 0;
  std::int64_t last = number_max;
  if (term.op == query_op::below) last = term.number - 1;
  if (term.op == query_op::above) first = term.number + 1;
  if (term.op == query_op::is) first = last = term.number;
  if (loose) {
    first = std::max<std::int64_t>(first, 0) / moment_unit_ms;
    if (term.op == query_op::below) last = last < 0 ? -1 : last / moment_unit_ms;
  }
  first = std::clamp<std::int64_t>(first, 0, number_max);
  last = std::min(last, number_max);
  if (first > last) return {};
  std::vector<std::string> words;
  append_range(words, term.field, first, last);
  return words;
}

// How seldom a byte is in what people write, roughly.
int rarity(char c) {
  constexpr std::string_view frequent = " etaoinsrlud";
  constexpr std::string_view seldom = "zqxjkwvy0123456789";
  if (frequent.find(c) != std::string_view::npos) return 0;
  return seldom.find(c) != std::string_view::npos || static_cast<unsigned char>(c) >= 0x80 ? 3 : 1;
}

// A few windows find almost what all of them do, and each more is a long list to walk.
std::vector<std::string> contained_words(const query_term& term) {
  const std::string_view text = term.value;
  std::vector<std::pair<int, std::string_view>> windows;
  for (std::size_t i = 0; i + 3 <= text.size(); ++i) {
    const int score = rarity(text[i]) + rarity(text[i + 1]) + rarity(text[i + 2]);
    windows.emplace_back(-score, text.substr(i, 3));
  }
  std::stable_sort(windows.begin(), windows.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto path = term.field == query_field::error ? error_path : std::string_view(term.path);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < std::min(windows.size(), asked_windows_max); ++i) {
    std::string word;
    append_trigrams(word, path, windows[i].second);
    out.push_back(word.substr(1));
  }
  return out;
}

// The index walks the first list and leaps through the others, so the shortest goes first.
int order_of(const query_term& term) {
  constexpr std::array shortest_first{
      query_field::id,       query_field::fingerprint, query_field::user,    query_field::worker,
      query_field::attempts, query_field::stalls,      query_field::data,    query_field::error,
      query_field::duration, query_field::wait,        query_field::started, query_field::created,
      query_field::finished, query_field::priority,    query_field::group,   query_field::kind,
      query_field::queue,    query_field::state};
  const auto* at = std::find(shortest_first.begin(), shortest_first.end(), term.field);
  return static_cast<int>(at - shortest_first.begin());
}

std::vector<std::string> equal_words(const query_term& term) {
  if (term.field != query_field::data) return {exact_word(term.field, term.value)};
  const auto other = one_spelling(term.value);
  if (other == term.value) return {member_word(term.path, term.value)};
  return {member_word(term.path, term.value), member_word(term.path, other)};
}

}  // namespace

std::string index_words(const found_job& ended) {
  const auto& job = ended.job;
  std::string out(every_job);
  const auto exact = [&](query_field field, std::string_view value) {
    out += ' ';
    out += exact_word(field, value);
  };
  exact(query_field::state, shown_state(job));
  exact(query_field::kind, job.kind);
  exact(query_field::queue, job.queue);
  exact(query_field::id, job.id);
  exact(query_field::user, job.user);
  exact(query_field::group, job.options.group);
  exact(query_field::worker, job.worker);
  exact(query_field::fingerprint, ended.fingerprint);
  if (job.error) {
    exact(query_field::error, job.error->code);
    const auto indexed = std::string_view(job.error->message).substr(0, indexed_text_bytes_max);
    append_trigrams(out, error_path, fold_case(indexed));
  }
  append_words_of_numbers(out, ended);
  append_words_of_data(out, job.data);
  return out;
}

word_query words_of(const job_query& query) {
  std::vector<std::pair<int, std::vector<std::string>>> with;
  word_query out;
  for (const auto& term : query.terms) {
    const bool numeric = term.field >= query_field::priority;
    if (term.negated) {
      // Only what the index knows exactly may be excluded; the rest is for who reads the rows.
      const bool exact = !numeric && term.field != query_field::data && term.op == query_op::is;
      if (exact) out.none.push_back(exact_word(term.field, term.value));
      continue;
    }
    if (numeric) {
      auto words = number_words(term, is_moment(term.field));
      with.emplace_back(order_of(term), words ? std::move(*words) : std::vector{no_job});
    } else if (term.op == query_op::is) {
      with.emplace_back(order_of(term), equal_words(term));
    } else {
      for (auto& word : contained_words(term)) {
        with.emplace_back(order_of(term), std::vector{std::move(word)});
      }
    }
  }
  if (with.empty()) with.emplace_back(0, std::vector{every_job});
  std::stable_sort(with.begin(), with.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [order, words] : with) out.all.push_back(std::move(words));
  return out;
}

std::optional<std::uint64_t> id_hash_in(std::string_view word) {
  if (word.size() != 17 || word[0] != letter_of(query_field::id)) return {};
  std::uint64_t hash = 0;
  const auto read = std::from_chars(word.data() + 1, word.data() + word.size(), hash, 16);
  if (read.ec != std::errc() || read.ptr != word.data() + word.size()) return {};
  return hash;
}

}  // namespace son1k::queue
