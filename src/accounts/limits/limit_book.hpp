// What every limiter does around its store: the sum of one step over several limits. Pure.
#pragma once
#include <span>
#include <vector>

#include "accounts/limits/gcra.hpp"
#include "accounts/limits/limiter.hpp"

namespace son1k::accounts {

// The verdict of limits whose buckets will be empty at `empty_at_us` as they were found.
limit_verdict judge(std::span<const limit> limits, std::span<const std::int64_t> empty_at_us,
                    std::int64_t now_us);
// When the bucket is empty once the cost of `one` has been taken.
std::int64_t emptied_after(const limit& one, std::int64_t empty_at_us, std::int64_t now_us);

}  // namespace son1k::accounts
