// Rows for INSERTs whose replies nobody waits for: what the transactions of a group say one row at
// a time goes out as few statements of many rows. Owned and used by one thread at a time.
#pragma once
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/database.hpp"
#include "store/postgres/postgres_params.hpp"

namespace son1k::store {

class postgres_rows {
 public:
  // Keeps a row, whose values have these types. False: the statement is not of the form
  // "INSERT … VALUES ($1, …, $n)", so that others could stand beside its row.
  bool keep(const statement& sql, std::span<const value> params,
            std::span<const postgres_params::type> types);
  bool empty() const { return tables_.empty(); }
  // No more should be kept before these have gone.
  bool full() const { return rows_ >= rows_max || bytes_ >= bytes_max; }
  void clear();
  // Gives away all rows as statements with their parameters, those of a statement in the order they
  // came in, statements in the order they were first seen.
  void take(const std::function<void(const statement&, std::span<const value>)>& give);

 private:
  static constexpr std::size_t rows_max = 512;
  static constexpr std::size_t bytes_max = 1 << 20;
  static constexpr std::size_t rows_of_statement_max = 64;  // a power of two

  struct form {
    std::string head;  // up to the first row
    std::size_t places = 0;
    std::vector<statement> of_rows;  // 1, 2, 4, … rows; made when they are needed
  };
  struct table {
    std::size_t id = 0;  // of the statement
    std::vector<postgres_params::type> types;
    std::vector<value> values;  // views of kept_
    std::size_t rows = 0;
  };
  form* form_of(const statement& sql);
  static const statement& of_rows(form& f, std::size_t doublings);

  std::vector<std::optional<form>> forms_;  // by statement::id(); no places: another form
  std::vector<table> tables_;
  std::deque<std::string> kept_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace son1k::store
