// One reader of an SQLite database: the reads of a batch share a transaction, hence a snapshot.
//
// Owns its connection. Threads: see read_pool.
#pragma once
#include <memory>

#include "store/read_pool.hpp"
#include "store/sqlite/sqlite_connection.hpp"

namespace son1k::store {

class sqlite_reader final : public reader {
 public:
  explicit sqlite_reader(std::unique_ptr<sqlite_connection> c) : connection_(std::move(c)) {}
  void serve(std::span<database::read_work> works) override;

 private:
  const std::unique_ptr<sqlite_connection> connection_;
};

}  // namespace son1k::store
