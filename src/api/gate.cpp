#include "api/gate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "api/client_address.hpp"
#include "api/credentials.hpp"
#include "api/envelope.hpp"

namespace son1k::api {
namespace asio = boost::asio;
using accounts::identity;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t unlimited = 999'999'999;  // as replies tell it

// How the tightest limit of a request stands; what the fields of its reply say.
struct standing {
  std::int64_t count = 0;  // 0: there is no limit
  std::int64_t remaining = 0;
  std::int64_t reset_s = 0;
};

constexpr std::int64_t seconds_rounded_up(std::int64_t ms) {
  return (ms + 999) / 1'000;
}

void tell(const standing& how, net::header_lines& out) {
  const bool any = how.count != 0;
  const auto count = any ? how.count : unlimited;
  const auto left = any ? how.remaining : unlimited;
  out.add("X-RateLimit-Limit", std::to_string(count));
  out.add("X-RateLimit-Remaining", std::to_string(left));
  out.add("X-RateLimit-Reset", std::to_string(how.reset_s));
  out.add("RateLimit-Policy", fmt::format("\"minute\";q={};w=60", count));
  out.add("RateLimit", fmt::format("\"minute\";r={};t={}", left, how.reset_s));
}

// A page reads at the pace of whoever looks at it; what it makes and changes counts as anybody's.
charge counts_of_page(const admission& wanted) {
  return wanted.scope == "read" && wanted.counts == charge::request ? charge::watch : wanted.counts;
}

error not_known() {
  return {errc::unauthenticated, text("log in, or show a valid token or API key",
                                      "inicie sesión, o muestre un token o clave de API válidos")};
}

error not_allowed(const admission& wanted) {
  const std::string role(wanted.least);
  return {errc::forbidden, text("needs the role " + role, "requiere el rol " + role)};
}

error beyond_scope(const admission& wanted) {
  const std::string scope(wanted.scope);
  return {errc::forbidden,
          text("this API key does not allow " + scope, "esta clave de API no permite " + scope)};
}

error too_often(std::int64_t wait_s) {
  const auto s = std::to_string(wait_s);
  error out(errc::rate_limited, text("too many requests; try again in " + s + " s",
                                     "demasiadas peticiones; reintente en " + s + " s"));
  out.details["retryAfterSeconds"] = wait_s;
  return out;
}

}  // namespace

struct gate::admitted final : net::request_note {
  identity who;
  std::string address;
  standing limits;
  bool limited = false;
};

namespace {

class note_scope {
 public:
  note_scope(http_request& request, const net::request_note& note) : request_(request) {
    request.note = &note;
  }
  ~note_scope() { request_.note = nullptr; }
  note_scope(const note_scope&) = delete;
  note_scope& operator=(const note_scope&) = delete;

 private:
  http_request& request_;
};

// What net carries is what the gate put there.
template <class Note>
const Note* note_of(const http_request& request) {
  return static_cast<const Note*>(request.note);
}

}  // namespace

net::handler gate::guard(const endpoint& one) const {
  return [this, one](http_request& request) { return pass(one, request); };
}

asio::awaitable<http_response> gate::pass(const endpoint& one, http_request& request) const {
  admitted caller;
  auto may = co_await admit(one.who, request, caller);
  http_response out;
  if (!may) {
    const auto fault = may.error();
    out = refuse(fault, request);
    if (fault.code == errc::unauthenticated || fault.code == errc::token_expired)
      out.headers.add("WWW-Authenticate", "Bearer");
  } else {
    const note_scope known(request, caller);
    if (const auto* quick = std::get_if<net::sync_handler>(&one.row.run)) {
      out = (*quick)(request);
    } else {
      out = co_await std::get<net::handler>(one.row.run)(request);
    }
  }
  if (caller.limited) tell(caller.limits, out.headers);
  co_return out;
}

asio::awaitable<result<void>> gate::admit(const admission& wanted, const http_request& request,
                                          admitted& caller) const {
  caller.address =
      with_.client_address ? with_.client_address(request) : std::string(request.remote_address);
  if (wanted.least.empty()) {
    auto room = co_await charge_for(wanted.counts, caller);
    co_return room;
  }
  auto shown = credential_of(request);
  if (!shown) {
    auto room = co_await charge_for(charge::login, caller);
    if (!room) co_return room;
    caller.limited = false;
    co_return shown.error();
  }
  accounts::caller_facts from{caller.address, std::string(request.header("origin")),
                              std::string(request.header("host"))};
  auto who = co_await with_.identities.verify(std::move(from), std::move(shown->token));
  if (!who) {
    const auto fault = who.error();
    if (fault.code != errc::unauthenticated && fault.code != errc::token_expired) co_return fault;
    // Those who guess are slowed down; a browser that shows an old token is not yet one of them.
    auto room = co_await charge_for(charge::login, caller);
    if (!room) co_return room;
    caller.limited = false;
    if (fault.code == errc::token_expired) co_return fault;
    co_return not_known();
  }
  caller.who = std::move(*who);
  if (with_.key_uses != nullptr && caller.who.shown == accounts::credential::api_key)
    with_.key_uses->count(caller.who.user, caller.who.session);
  if (shown->from_cookie) {
    if (auto ok = check_page(request, with_.site); !ok) co_return ok;
  }
  // The limit first: whoever asks for what they may not is limited too.
  const auto counts = shown->from_cookie ? counts_of_page(wanted) : wanted.counts;
  auto room = co_await charge_for(counts, caller);
  if (!room) co_return room;
  if (!caller.who.has(wanted.least)) co_return not_allowed(wanted);
  if (!caller.who.may(wanted.scope)) co_return beyond_scope(wanted);
  co_return result<void>();
}

asio::awaitable<result<void>> gate::charge_for(charge counts, admitted& caller) const {
  caller.limited = counts != charge::none;
  std::string key;
  std::int64_t count = 0;
  switch (counts) {
    case charge::none:
      break;
    case charge::address:
      count = settings_.anonymous_requests;
      key = "address:" + limit_key_of(caller.address);
      break;
    case charge::login:
      count = settings_.login_requests;
      key = "login:" + limit_key_of(caller.address);
      break;
    case charge::request:
      count = with_.tiers.of(caller.who.tier).requests_per_minute;
      key = "user:" + caller.who.user;
      break;
    case charge::watch:
      count = with_.tiers.of(caller.who.tier).requests_per_minute;
      count = std::min(count * settings_.watch_factor, accounts::limit_count_max);
      key = "watch:" + caller.who.user;
      break;
  }
  if (count == 0 || with_.limiter == nullptr) co_return result<void>();
  auto room = co_await take(std::move(key), count, caller);
  co_return room;
}

asio::awaitable<result<void>> gate::take(std::string key, std::int64_t count,
                                         admitted& caller) const {
  std::vector<accounts::limit> limits(1);
  limits[0].key = std::move(key);
  limits[0].count = count;
  limits[0].period_ms = minute_ms;
  auto taken = co_await with_.limiter->take(std::move(limits));
  if (!taken) co_return taken.error();
  const auto& state = taken->states.front();
  caller.limits = {count, state.remaining, seconds_rounded_up(state.reset_after_ms)};
  if (taken->allowed) co_return result<void>();
  co_return too_often(std::max<std::int64_t>(1, seconds_rounded_up(state.retry_after_ms)));
}

const identity& caller_of(const http_request& request) {
  static const identity nobody;
  const auto* note = note_of<gate::admitted>(request);
  return note != nullptr ? note->who : nobody;
}

std::string_view address_of(const http_request& request) {
  const auto* note = note_of<gate::admitted>(request);
  return note != nullptr ? std::string_view(note->address) : request.remote_address;
}

}  // namespace son1k::api
