// Figures as replies tell them. Spans are milliseconds, sound is seconds. Pure functions.
#pragma once
#include <boost/json.hpp>
#include <span>

#include "api/analytics/piece_figures.hpp"
#include "api/analytics/use_figures.hpp"

namespace son1k::api {

// The tally of all; `successRate` is that of pieces that completed or failed, null without any.
boost::json::object sum_of(std::span<const piece_tally> all);
// Each with its label under `name`.
boost::json::array to_json(std::span<const piece_tally> all, std::string_view name);
// {"wait","run","whole"}; a span that no piece has is null.
boost::json::object to_json(const piece_spreads& of);
boost::json::array to_json(std::span<const piece_spreads> all, std::string_view name);
boost::json::array to_json(std::span<const labelled_count> all, std::string_view name,
                           std::string_view count);
boost::json::array to_json(std::span<const key_use> all, bool with_account);
std::int64_t total_of(std::span<const labelled_count> all);

}  // namespace son1k::api
