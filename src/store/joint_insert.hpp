// An insert of one row that goes out together with those of the other transactions of a group: one
// statement for many rows costs a database far less than a statement for each. Make it a static
// constant; it is kept for the life of the program. Thread-safe.
#pragma once
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "store/database.hpp"

namespace son1k::store {

class joint_insert {
 public:
  // "insert into t (a, b)" and how many columns that names. `tail` stands behind the rows.
  joint_insert(std::string_view head, std::size_t columns, std::string_view tail = {});

  // Within a step. The views in `row` live as long as the step. Until it is written, steps of the
  // same group do not see the row; errors as for connection::send().
  result<void> add(connection& db, std::initializer_list<value> row) const;
  // Within a step that reads the table: writes what the group has gathered so far.
  result<void> flush(connection& db) const;
  // Writes rows, one behind the other, at once: for what gathers them by itself.
  result<void> send(connection& db, std::span<const value> rows) const;

 private:
  class gathered;

  std::size_t columns_;
  std::vector<statement> by_doublings_;  // of 1, 2, 4, … rows
};

}  // namespace son1k::store
