// The history over its database: the recorder that fills it, and the searches that read it beside
// the living queue. `db` has the history's tables in the form that `tables` knows; databases, queue
// and clock must outlive it. Thread-safe.
#pragma once
#include "queue/history/dead_letters.hpp"
#include "queue/history/history.hpp"
#include "queue/history/recorder.hpp"
#include "queue/history/turns.hpp"
#include "queue/queue.hpp"

namespace son1k::queue {

class lasting_history final : public job_history, public dead_letters {
 public:
  // `domain` is the database of the jobs and of what their kinds write.
  lasting_history(store::database& db, const history_tables& tables, store::database& domain,
                  queue_port& jobs, const clock_port& clock, history_settings with,
                  settle_function settle);

  void start() { recorder_.start(); }
  // Writes what waits. Repeatable; before the queue and the database stop.
  void stop() { recorder_.stop(); }

  boost::asio::awaitable<result<search_page>> search(job_query query, std::string cursor,
                                                     std::size_t limit) override;
  boost::asio::awaitable<result<job_count>> count(job_query query, std::int64_t count_max) override;
  boost::asio::awaitable<result<job_story>> show(std::string queue, std::string id) override;

  boost::asio::awaitable<result<trim_step>> trim() override { return recorder_.trim(); }
  history_figures figures() const override { return recorder_.figures(); }

  boost::asio::awaitable<result<dead_groups_page>> groups(std::string cursor,
                                                          std::size_t limit) override;
  boost::asio::awaitable<result<dead_group>> group(std::string fingerprint) override;
  boost::asio::awaitable<result<search_page>> letters(std::string fingerprint, std::string cursor,
                                                      std::size_t limit) override;
  boost::asio::awaitable<result<letters_done>> replay(letters_wanted which,
                                                      std::size_t max) override;
  boost::asio::awaitable<result<letters_done>> purge(letters_wanted which,
                                                     std::size_t max) override;

 private:
  struct slice {
    std::vector<found_job> jobs;
    std::int64_t before_seq = 0;  // where the next one begins; 0: that was the last
  };
  boost::asio::awaitable<result<slice>> past_slice(job_query query, std::int64_t before_seq,
                                                   std::size_t limit, std::size_t look_max,
                                                   bool dead_only);
  boost::asio::awaitable<result<slice>> wanted_slice(letters_wanted which, std::size_t max);
  boost::asio::awaitable<result<void>> retry_in(std::string queue,
                                                std::vector<const found_job*> letters,
                                                letters_done& done,
                                                std::vector<std::int64_t>& buried);
  boost::asio::awaitable<result<void>> add_again(std::vector<const found_job*> letters,
                                                 letters_done& done,
                                                 std::vector<std::int64_t>& buried);
  boost::asio::awaitable<result<letters_done>> replay_wanted(letters_wanted which, std::size_t max);
  boost::asio::awaitable<result<void>> take_replay();
  boost::asio::awaitable<void> give_replay();
  boost::asio::awaitable<result<void>> bury_all(std::vector<std::int64_t> seqs);

  store::database& db_;
  const history_tables& tables_;
  store::database& domain_;
  queue_port& jobs_;
  const clock_port& clock_;
  const settle_function settle_;
  turns replays_;  // one at a time, so that two of the same letters start no job twice
  history_recorder recorder_;
};

}  // namespace son1k::queue
