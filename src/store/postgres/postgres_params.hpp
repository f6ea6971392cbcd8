// Bound parameters as libpq wants them: every value in PostgreSQL's binary form under a type of its
// own, so that a text means the same whatever stands around its $n. Not thread-safe.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "store/database.hpp"

namespace son1k::store {

class postgres_params {
 public:
  using type = unsigned int;  // an OID of PostgreSQL; 0: a NULL, of whatever type fits

  // Views of `params` are kept, not copied. validation: a text with a zero byte, which PostgreSQL
  // does not store.
  result<void> set(std::span<const value> params);

  int count() const { return static_cast<int>(types_.size()); }
  std::span<const type> types() const { return types_; }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  friend struct postgres_binder;
  void add(type t, const char* bytes, std::size_t size);
  void add_number(type t, std::uint64_t bits);

  std::vector<type> types_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<std::uint64_t> numbers_;  // in the byte order of the network
};

// The highest $n of a text, leaving out what stands in quotes.
std::size_t count_places(std::string_view sql);

}  // namespace son1k::store
