// The limits of queues and groups in the file: JSON in job_queue.limits and job_group. Free
// functions over a connection, as in job_table.hpp.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "queue/control.hpp"
#include "store/database.hpp"

namespace son1k::queue::embedded {

std::string encode_limits(const queue_limits& limits);
std::string encode_limits(const group_limits& limits);

result<void> save_limits(store::connection& c, std::string_view queue, std::string_view limits);
// Nothing: the group has none of its own any more.
result<void> save_group_limits(store::connection& c, std::string_view queue, std::string_view group,
                               const std::optional<std::string>& limits);

// What cannot be read counts as no limit.
result<void> scan_limits(
    store::connection& c,
    const std::function<void(std::string_view queue, const queue_limits&)>& visit);
result<void> scan_group_limits(
    store::connection& c,
    const std::function<void(std::string_view queue, std::string_view group, const group_limits&)>&
        visit);

}  // namespace son1k::queue::embedded
