#include "api/generation_plan.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "accounts/quota/ledger.hpp"
#include "music/brief/brief.hpp"
#include "store/async.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

constexpr std::int64_t longest_of_all = 600;  // seconds; what any piece may last

error too_long(const accounts::tier& plan, std::string field) {
  const auto most = plan.longest_seconds;
  error out(errc::validation, std::move(field),
            text(fmt::format("pieces of the tier {} last up to {} s", plan.name, most),
                 fmt::format("las piezas del nivel {} duran hasta {} s", plan.name, most)));
  out.details["tier"] = plan.name;
  out.details["longestSeconds"] = most;
  return out;
}

error of_a_higher_tier(const accounts::tier& plan) {
  const auto known = fmt::format("{}", fmt::join(plan.qualities, ", "));
  error out(errc::forbidden, "quality",
            text(fmt::format("the tier {} has: {}", plan.name, known),
                 fmt::format("el nivel {} tiene: {}", plan.name, known)));
  out.details["tier"] = plan.name;
  json::array qualities;
  for (const auto& one : plan.qualities) qualities.emplace_back(one);
  out.details["qualities"] = std::move(qualities);
  return out;
}

}  // namespace

result<void> fit_to_plan(const accounts::tier& plan, generation_request& request) {
  auto& piece = request.piece;
  const auto grade = music::quality_names[static_cast<std::size_t>(piece.grade)];
  if (!plan.allows(grade)) return of_a_higher_tier(plan);
  if (plan.longest_seconds == 0 || plan.longest_seconds >= longest_of_all) return {};
  if (piece.duration_seconds) {
    if (*piece.duration_seconds > plan.longest_seconds) return too_long(plan, "duration");
    return {};
  }
  // What is not understood fails later, with its own reason.
  const auto understood = music::understand(piece);
  if (!understood || understood->duration_seconds <= plan.longest_seconds) return {};
  if (understood->duration_from == music::origin::prompt) return too_long(plan, "prompt");
  piece.duration_seconds = static_cast<int>(plan.longest_seconds);
  return {};
}

boost::asio::awaitable<result<void>> check_quota(const services& with, std::string account,
                                                 const accounts::tier& plan) {
  const auto now = with.clock.now_ms();
  const accounts::quota_limits limits{plan.day, plan.month};
  if (limits.day == 0 && limits.month == 0) co_return result<void>();
  if (!with.refusals->has(account, now)) co_return result<void>();
  auto work = [account, now](store::connection& db) {
    return accounts::read_use(db, account, now);
  };
  auto used = co_await store::async_read(with.database, std::move(work));
  if (!used) co_return used.error();
  co_return accounts::check_use(*used, limits, now);
}

}  // namespace son1k::api
