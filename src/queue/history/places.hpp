// Lists of places in a history, as the index of words over PostgreSQL keeps them: three bytes a
// place, the low ones of `seq`, ascending. A span of places is shorter than 2^24, so its beginning
// makes them whole again, and lists of adjacent spans are joined by writing one behind the other.
// Pure; thread-safe.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace son1k::queue {

inline constexpr std::int64_t place_span_max = 1 << 24;

void append_place(std::string& list, std::int64_t seq);

// Which places of a span are in question.
class place_set {
 public:
  // Of first..last, none; the span is at most place_span_max long.
  place_set(std::int64_t first, std::int64_t last);

  // Places outside the span are passed over.
  void add(std::string_view list);
  // Those that the other set of the same span has too, or has not.
  void keep(const place_set& other);
  void remove(const place_set& other);
  bool empty() const;
  // At most `max` places below `before`, from the highest.
  std::vector<std::int64_t> below(std::int64_t before, std::size_t max) const;

 private:
  std::int64_t first_;
  std::int64_t size_;
  std::vector<std::uint64_t> bits_;
};

}  // namespace son1k::queue
