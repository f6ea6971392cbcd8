// The rows of a reply of PostgreSQL, one after another. Does not own the reply. Not thread-safe.
#pragma once
#include <string>
#include <vector>

#include "store/database.hpp"

struct pg_result;

namespace son1k::store {

class postgres_row final : public row {
 public:
  explicit postgres_row(const pg_result* reply) : reply_(reply) {}
  // Goes on to the next row, the first at first; false: there is none.
  bool next();

  bool is_null(int column) const override;
  std::int64_t integer(int column) const override;
  double real(int column) const override;
  std::string_view text(int column) const override;

 private:
  const pg_result* const reply_;
  int at_ = -1;
  mutable std::vector<std::string> bytes_;  // of columns whose text is written otherwise
};

}  // namespace son1k::store
