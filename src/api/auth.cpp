#include "api/auth.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "accounts/identity/secrets.hpp"
#include "api/account_engines.hpp"
#include "api/account_json.hpp"
#include "api/audit.hpp"
#include "api/credentials.hpp"
#include "api/envelope.hpp"
#include "api/gate.hpp"
#include "api/parameters.hpp"
#include "base/json.hpp"

namespace son1k::api {
namespace json = boost::json;
using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
namespace {

using services_ptr = std::shared_ptr<const services>;

constexpr std::size_t auth_body_bytes_max = 8'192;

// What a client sends to get in; which of it must be there depends on the way.
struct way_in {
  std::string email, password, name, secret;
  bool cookie = false;  // a page: tokens in cookies
};

enum class entry { registers, logs_in, sets_up };

result<way_in> read_way_in(const services& with, const http_request& request, entry how) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  way_in out;
  fields.require("email");
  fields.require("password");
  out.email = fields.utf8("email", {0, 320, true}).value_or("");
  out.password = fields.utf8("password", {0, 1'000, true}).value_or("");
  if (how == entry::registers) out.name = fields.utf8("name", {1, 100, false}).value_or("");
  if (how == entry::sets_up) {
    fields.require("token");
    out.secret = fields.utf8("token", {0, 200, true}).value_or("");
  }
  out.cookie = fields.boolean("cookie").value_or(false);
  if (auto ok = fields.finish(); !ok) return ok.error();
  // The browser sends and keeps cookies whoever's page asks.
  if (out.cookie) {
    if (auto ok = check_page(request, with.site); !ok) return ok.error();
  }
  return out;
}

void add_cookie(http_response& to, const http_request& request, std::string_view name,
                std::string_view value, std::string_view path, std::int64_t ms) {
  const bool over_tls = request.header("origin").starts_with("https://");
  to.headers.add("Set-Cookie",
                 fmt::format("{}={}; Path={}; Max-Age={}; HttpOnly; SameSite=Strict{}", name, value,
                             path, ms / 1'000, over_tls ? "; Secure" : ""));
}

void give_cookies(http_response& to, const http_request& request, std::string_view access,
                  std::string_view refresh) {
  add_cookie(to, request, access_cookie, access, "/", access.empty() ? 0 : access_ms);
  add_cookie(to, request, refresh_cookie, refresh, "/api/auth",
             refresh.empty() ? 0 : accounts::session_ms);
}

http_response reply_in(const services& with, const accounts::open_session& opened, bool cookie,
                       int status, const http_request& request) {
  accounts::claims what;
  what.subject = opened.who.id;
  what.session = opened.of.id;
  what.issued_at_ms = with.clock.now_ms();
  what.expires_at_ms = what.issued_at_ms + access_ms;
  const auto access = with.accounts->tokens.sign(what);
  json::object data{{"user", to_json(opened.who)},
                    {"sessionId", opened.of.id},
                    {"tokenType", "Bearer"},
                    {"expiresIn", access_ms / 1'000}};
  if (!cookie) {
    data["accessToken"] = access;
    data["refreshToken"] = opened.refresh_token;
  }
  auto out = reply(status, json::value(std::move(data)));
  if (cookie) give_cookies(out, request, access, opened.refresh_token);
  out.headers.add("Cache-Control", "no-store");
  return out;
}

awaitable<http_response> let_in(services_ptr with, accounts::account who, bool cookie, int status,
                                const http_request& request) {
  accounts::session_origin from{std::string(request.header("user-agent")),
                                std::string(address_of(request))};
  auto opened = co_await with->accounts->sessions.open(std::move(who), std::move(from));
  if (!opened) co_return refuse(opened.error(), request);
  co_return reply_in(*with, *opened, cookie, status, request);
}

http_response refuse_tries(std::int64_t wait_ms, const http_request& request) {
  const auto wait = std::to_string(std::max<std::int64_t>(1, (wait_ms + 999) / 1'000));
  auto out = refuse({errc::rate_limited,
                     text("too many log-ins of this account; try again in " + wait + " s",
                          "demasiados intentos con esta cuenta; reintente en " + wait + " s")},
                    request);
  out.headers.add("Retry-After", wait);
  return out;
}

awaitable<http_response> log_in(services_ptr with, http_request& request) {
  auto asked = read_way_in(*with, request, entry::logs_in);
  if (!asked) co_return refuse(asked.error(), request);
  if (with->limiter != nullptr) {
    // By a digest: what somebody typed must not become a key of any length.
    const auto whose = accounts::digest_of(accounts::login_of(asked->email)).substr(0, 32);
    std::vector<accounts::limit> limits(1);
    limits[0] = {"login:account:" + whose, tries_of_account, tries_ms, 1};
    auto room = co_await with->limiter->take(std::move(limits));
    if (!room) co_return refuse(room.error(), request);
    if (!room->allowed) co_return refuse_tries(room->states.front().retry_after_ms, request);
  }
  auto who =
      co_await with->accounts->users.log_in(std::move(asked->email), std::move(asked->password));
  if (!who) co_return refuse(who.error(), request);
  co_return co_await let_in(with, std::move(*who), asked->cookie, 200, request);
}

awaitable<http_response> register_account(services_ptr with, http_request& request) {
  auto asked = read_way_in(*with, request, entry::registers);
  if (!asked) co_return refuse(asked.error(), request);
  if (!with->accounts->registration) {
    co_return refuse({errc::forbidden, text("accounts of this server are made by its administrator",
                                            "las cuentas de este servidor las crea quien lo "
                                            "administra")},
                     request);
  }
  accounts::new_account wanted;
  wanted.email = std::move(asked->email);
  wanted.name = std::move(asked->name);
  wanted.password = std::move(asked->password);
  if (auto ok = accounts::check_password("password", wanted.password, wanted.email); !ok)
    co_return refuse(ok.error(), request);
  auto who = co_await with->accounts->users.create(std::move(wanted));
  if (!who) co_return refuse(who.error(), request);
  co_return co_await let_in(with, std::move(*who), asked->cookie, 201, request);
}

// What a page offers to whoever is not logged in.
awaitable<http_response> ways_in(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  auto open = co_await with->accounts->setup.is_open();
  if (!open) co_return refuse(open.error(), request);
  auto out =
      reply(200, json::value{{"open", *open}, {"registration", with->accounts->registration}});
  out.headers.add("Cache-Control", "no-store");
  co_return out;
}

awaitable<http_response> set_up(services_ptr with, http_request& request) {
  auto asked = read_way_in(*with, request, entry::sets_up);
  if (!asked) co_return refuse(asked.error(), request);
  // Nobody is known yet; whoever has the link becomes the account of this machine.
  auto entry = audit_entry_of(*with, request);
  entry.actor = accounts::local_account;
  entry.shown = "setup";
  entry.role = accounts::admin_role;
  auto note = recorded(std::move(entry));
  auto who = co_await with->accounts->setup.claim(std::move(asked->secret), std::move(asked->email),
                                                  std::move(asked->password), std::move(note));
  if (!who) co_return refuse(who.error(), request);
  if (with->accounts->on_setup_done) with->accounts->on_setup_done();
  co_return co_await let_in(with, std::move(*who), asked->cookie, 201, request);
}

// {"refreshToken"}, or nothing and the cookie.
awaitable<http_response> refresh(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string token;
  if (!request.body.empty()) {
    const auto body = parse_json(request.body);
    if (!body) co_return refuse(body.error(), request);
    object_reader fields(*body);
    token = fields.utf8("refreshToken", {1, 200, false}).value_or("");
    if (auto ok = fields.finish(); !ok) co_return refuse(ok.error(), request);
  }
  const bool cookie = token.empty();
  if (cookie) {
    token = cookie_of(request, refresh_cookie);
    if (auto ok = check_page(request, with->site); !ok && !token.empty())
      co_return refuse(ok.error(), request);
  }
  auto opened = co_await with->accounts->sessions.rotate(std::move(token));
  if (opened) co_return reply_in(*with, *opened, cookie, 200, request);
  auto out = refuse(opened.error(), request);
  if (cookie && opened.error().code == errc::unauthenticated) give_cookies(out, request, "", "");
  co_return out;
}

awaitable<http_response> log_out(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto& who = caller_of(request);
  if (who.shown != accounts::credential::session) {
    co_return refuse({errc::conflict, text("only a session that was logged in can log out",
                                           "solo una sesión iniciada se puede cerrar")},
                     request);
  }
  auto ended = co_await with->accounts->sessions.end(who.user, who.session);
  if (!ended && ended.error().code != errc::not_found) co_return refuse(ended.error(), request);
  auto out = reply(200, json::value{{"loggedOut", true}});
  give_cookies(out, request, "", "");
  co_return out;
}

}  // namespace

void bind_auth(endpoint_table& routes, const services& with) {
  if (with.accounts == nullptr) return;
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto small = json_body_of(auth_body_bytes_max);
  routes.add_all({
      {http_method::post, "/api/auth/register", bound(register_account), logs_in, small},
      {http_method::post, "/api/auth/login", bound(log_in), logs_in, small},
      {http_method::get, "/api/auth/setup", bound(ways_in), open_by_address},
      {http_method::post, "/api/auth/setup", bound(set_up), recorded_within(logs_in), small},
      {http_method::post, "/api/auth/refresh", bound(refresh), logs_in, small},
      {http_method::post, "/api/auth/logout", bound(log_out), reads_own, small},
  });
}

}  // namespace son1k::api
