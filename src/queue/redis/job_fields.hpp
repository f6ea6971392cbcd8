// Jobs between the port's values and their fields in Redis: BullMQ's own, and ours, whose names
// begin with x.
#pragma once
#include <string>
#include <vector>

#include "net/redis/redis_value.hpp"
#include "queue/job.hpp"
#include "queue/redis/words.hpp"

namespace son1k::queue::redis {

// A tree as the script "add" takes it, children before their parents. Ids are made where missing;
// `made`: nobody can know the root's id yet, and this is called once. How many jobs it has;
// `shapes`: where theirs stand among the words.
std::size_t add_tree(words& to, job_spec spec, bool made, std::vector<std::size_t>& shapes);

// The options of a job as a worker of BullMQ reads them.
std::string stock_options(const job_spec& spec);

// What is known of a job from its hash (a flat list of names and values); state and the rest are
// the caller's to say.
struct stored_job {
  job_view view;
  std::string checkpoint;
  std::int64_t ready_at_ms = 0;
  std::optional<job_error> verdict;
};
stored_job read_job(const std::string& queue, const std::string& id,
                    const net::redis_value& fields);
// Of a job that starts for the first time, as the script "claim" replies it: id, start, name, data,
// time of the add, priority, user and options.
stored_job read_fresh_job(const std::string& queue, const net::redis_value& one);
job_state state_of(std::string_view name);

std::string to_json(const job_error& e);
std::optional<job_error> read_error(std::string_view json);
// As `progress` holds it: a number, or an object when there is a message.
std::string to_json(const progress_value& p);
progress_value read_progress(std::string_view json);
std::string_view policy_name(child_failure f);

}  // namespace son1k::queue::redis
