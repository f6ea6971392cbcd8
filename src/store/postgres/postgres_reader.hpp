// One reader of a PostgreSQL database: the reads of a batch share a transaction, hence a snapshot.
// It begins with the first query; where the connection turns out to be gone by then, on another.
//
// Threads: see read_pool.
#pragma once
#include "store/postgres/postgres_link.hpp"
#include "store/read_pool.hpp"

namespace son1k::store {

class postgres_reader final : public reader, private connection {
 public:
  // `keeps`: stays connected while it rests.
  postgres_reader(std::unique_ptr<postgres_link> link, bool keeps, postgres_figures& figures);

  void serve(std::span<database::read_work> works) override;
  void rest() override;

 private:
  result<std::int64_t> execute(const statement& sql, std::span<const value> params) override;
  result<void> query(const statement& sql, std::span<const value> params,
                     const std::function<bool(const row&)>& on_row) override;
  result<void> run_script(std::string_view sql) override;

  template <class Ask>
  auto ask(Ask one) -> std::invoke_result_t<Ask&, postgres_connection&>;
  result<postgres_connection*> in_snapshot();
  void end_snapshot();

  const std::unique_ptr<postgres_link> link_;
  const bool keeps_;
  postgres_figures& figures_;
  postgres_connection* open_ = nullptr;  // in a transaction
  int depth_ = 0;                        // of queries inside the callbacks of queries
  bool looked_ = false;                  // the work under way has seen something of its snapshot
  std::optional<error> broken_;          // why the work under way sees no more
};

}  // namespace son1k::store
