// What of the queue lives in the database: changes of Redis that belong to a commit (they are sent
// once it is certain, and again if nobody answered), and fences of jobs that had stalled.
// Thread-safe.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "queue/redis/link.hpp"
#include "store/database.hpp"

namespace son1k::queue::redis {

struct outbox_entry {
  std::string id;
  std::string script;
  words args;
  std::vector<std::string> jobs;  // queue and id of each, where a caller needs them
  std::int64_t at_ms = 0;
};

class outbox : public std::enable_shared_from_this<outbox> {
 public:
  outbox(store::database& db, std::shared_ptr<link> to) : db_(db), link_(std::move(to)) {}

  // Stages the row of a change that the caller sends with the commit; done() then forgets it.
  std::string stage_row(store::transaction& tx, std::string script, const words& args,
                        const std::string& queue, const std::string& job);
  // Of a step that is under way; `row` is the caller's, so that a repeated step writes it again.
  static void stage_as(store::transaction& tx, std::string row, std::string script,
                       const words& args, const std::string& queue, const std::string& job,
                       std::int64_t now_ms);
  void done(std::string id);
  // As done(), of an end, with what Redis said to it. One that found a newer start is kept for a
  // while: the claim of that start has yet to look for it (end_of).
  void end_done(std::string id, const net::redis_value& reply, std::int64_t at_ms);

  // Of an end and a newer start of one job whichever comes first here is over before the other
  // looks. To be called before check_fence(), end_of() and jobs_between().
  static result<void> take_turn(store::connection& c, const std::string& queue,
                                const std::string& job);
  // Refuses the commit if a newer start of the job is on record.
  static result<void> check_fence(store::connection& c, const lease& held);
  static result<void> raise_fence(store::connection& c, const lease& held, std::int64_t now_ms);
  // Of these jobs of a queue, from the first id to the last, those that have a row.
  static result<std::set<std::string>> jobs_between(store::connection& c, const std::string& queue,
                                                    std::string_view first, std::string_view last);
  // Whether a cancel of the job is on its way to Redis.
  result<bool> cancel_of(store::connection& c, const lease& held);
  // The end of an earlier run of the job, if one is still on its way to Redis.
  static result<std::optional<outbox_entry>> end_of(store::connection& c, const lease& held);

  // Sends again what was committed at `before_ms` or earlier and not answered. Blocks.
  result<std::size_t> relay(std::int64_t before_ms);
  // Forgets what was answered. Blocks.
  void forget_answered();

 private:
  result<std::vector<outbox_entry>> unanswered(std::int64_t before_ms);
  result<void> send_together(std::span<const outbox_entry> some);

  store::database& db_;
  const std::shared_ptr<link> link_;
  std::mutex mutex_;
  std::vector<std::string> answered_;
};

}  // namespace son1k::queue::redis
