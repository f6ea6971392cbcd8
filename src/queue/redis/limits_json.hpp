// Limits of a group as the scripts read them.
#pragma once
#include <string>
#include <string_view>

#include "queue/control.hpp"

namespace son1k::queue::redis {

// Empty when there is no limit.
std::string to_json(const group_limits& limits);
group_limits read_group_limits(std::string_view json);

}  // namespace son1k::queue::redis
