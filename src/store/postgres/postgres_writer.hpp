// The writer of a PostgreSQL database: each group is one transaction, sent as one pipeline with its
// COMMIT where no step asks for a reply.
//
// A group whose connection went before its COMMIT was sent is run again on the next; after that its
// outcome is unknown, and its callers are told so. Threads: see group_writer.
#pragma once
#include "store/group_writer.hpp"
#include "store/postgres/postgres_link.hpp"

namespace son1k::store {

class postgres_writer final : public group_writer {
 public:
  postgres_writer(std::unique_ptr<postgres_link> link, bounds b, postgres_figures& figures);
  ~postgres_writer() override;

 private:
  // What became of an attempt to run a group.
  enum class attempt { finished, again, lost };
  enum class part { good, failed, overlooked, again, lost };

  void commit_group(group g) override;
  attempt run_group(group g, postgres_connection& c);
  attempt run_together(group g, postgres_connection& c);
  attempt run_apart(group g, postgres_connection& c);
  attempt end(group g, postgres_connection& c, bool alone);
  part run_part(entry& e, postgres_connection& c);
  part judge(entry& e, const result<void>& ran, const postgres_connection& c);
  part run_guarded(entry& e, postgres_connection& c);
  void begin(group g, postgres_connection& c, bool together);

  const std::unique_ptr<postgres_link> link_;
  postgres_figures& figures_;
  bool last_time_ = false;  // what chance refuses now is refused for good, alone
};

}  // namespace son1k::store
