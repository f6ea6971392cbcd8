// What the tier of an account allows of the pieces it asks for.
#pragma once
#include <boost/asio/awaitable.hpp>

#include "accounts/tiers/tier_table.hpp"
#include "api/generation_request.hpp"
#include "api/services.hpp"

namespace son1k::api {

// A piece that nobody gave a length gets one that the tier allows. validation: longer than the
// tier's pieces, whether the field or the prompt says so · forbidden: the quality is of a higher
// tier. `details` has the tier and what it allows.
result<void> fit_to_plan(const accounts::tier& plan, generation_request& request);

// quota_exceeded, of an account that was lately refused and still would be. Not the decision: that
// falls in the commit.
boost::asio::awaitable<result<void>> check_quota(const services& with, std::string account,
                                                 const accounts::tier& plan);

}  // namespace son1k::api
