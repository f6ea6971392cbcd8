// The calls of operators and readers that take several slices or a read of the table, over the
// core. Coroutines; the core is kept alive by them.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>
#include <vector>

#include "queue/queue.hpp"

namespace son1k::queue::embedded {

class core;
using core_ptr = std::shared_ptr<core>;

boost::asio::awaitable<result<std::vector<result<void>>>> edit_jobs(core_ptr heart,
                                                                    std::string queue,
                                                                    std::vector<std::string> ids,
                                                                    job_edit how);
boost::asio::awaitable<result<std::size_t>> clean_jobs(core_ptr heart, clean_request request);
boost::asio::awaitable<result<void>> obliterate_queue(core_ptr heart, std::string queue, bool force,
                                                      settle_function settle);
boost::asio::awaitable<result<jobs_page>> list_jobs(core_ptr heart, list_request request);
boost::asio::awaitable<result<std::vector<child_view>>> children_of(core_ptr heart,
                                                                    std::string queue,
                                                                    std::string id);

}  // namespace son1k::queue::embedded
