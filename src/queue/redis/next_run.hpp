// The next run of a job scheduler of BullMQ, which whoever starts one has to make. Pure.
#pragma once
#include <optional>
#include <string>

#include "base/error.hpp"
#include "net/redis/redis_value.hpp"
#include "queue/redis/words.hpp"

namespace son1k::queue::redis {

// Of the run `id` of this queue, from what the script "next_run" told: the words that add the next
// one. Nothing: there is none, or it has been made. validation: a pattern that is not understood.
result<std::optional<words>> next_run(const std::string& queue, const std::string& id,
                                      const net::redis_value& told, std::int64_t now_ms);

}  // namespace son1k::queue::redis
