#include "api/admin_users.hpp"

#include <boost/json.hpp>

#include "api/account_engines.hpp"
#include "api/account_json.hpp"
#include "api/audit.hpp"
#include "api/envelope.hpp"
#include "api/idempotency.hpp"
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

constexpr std::size_t admin_body_bytes_max = 8'192;
constexpr std::int64_t page_max = 100;

awaitable<http_response> list_users(services_ptr with, http_request& request) {
  parameters in(request);
  accounts::account_query query;
  query.before = in.text("cursor").value_or("");
  query.search = in.text("search").value_or("");
  query.limit = static_cast<int>(in.integer("limit", 1, page_max).value_or(50));
  if (auto ok = in.finish(); !ok) co_return refuse(ok.error(), request);
  const auto limit = query.limit;
  auto rows = co_await with->accounts->users.list(std::move(query));
  if (!rows) co_return refuse(rows.error(), request);
  json::array items;
  for (const auto& row : *rows) items.emplace_back(to_json(row));
  const bool full = items.size() == static_cast<std::size_t>(limit);
  json::object pagination{{"limit", limit}};
  pagination["nextCursor"] = full ? json::value(rows->back().id) : json::value();
  co_return reply_page(std::move(items), pagination);
}

// By id or e-mail.
awaitable<http_response> show_user(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto row = co_await with->accounts->users.find(std::move(id));
  if (!row) co_return refuse(row.error(), request);
  co_return reply(200, json::value(to_json(*row)));
}

struct wanted_user {
  accounts::new_account account;
  bool with_key = false;
};

result<wanted_user> read_new_user(const http_request& request) {
  if (auto ok = no_parameters(request); !ok) return ok.error();
  const auto body = parse_json(request.body);
  if (!body) return body.error();
  object_reader fields(*body);
  wanted_user out;
  fields.require("email");
  out.account.email = fields.utf8("email", {1, 320, false}).value_or("");
  out.account.name = fields.utf8("name", {1, 100, false}).value_or("");
  out.account.password = fields.utf8("password", {1, 1'000, true}).value_or("");
  out.account.role = fields.utf8("role", {1, 20, false}).value_or("user");
  out.account.tier = fields.utf8("tier", {1, 40, false}).value_or("FREE");
  out.with_key = fields.boolean("apiKey").value_or(false);
  if (auto ok = fields.finish(); !ok) return ok.error();
  return out;
}

store::beside_step first_key(const accounts::made_api_key& made, store::beside_step then) {
  return [made, then = std::move(then)](store::connection& db, std::string_view id) {
    auto inserted = accounts::insert_key(db, made);
    return inserted ? then(db, id) : inserted;
  };
}

awaitable<http_response> make_user(services_ptr with, http_request& request) {
  auto keyed = co_await read_keyed(*with, request, keeping::sealed);
  if (keyed.reply) co_return std::move(*keyed.reply);
  auto wanted = read_new_user(request);
  if (!wanted) co_return refuse(wanted.error(), request);
  std::string data;
  auto beside = [&, with_key = wanted->with_key](const accounts::account& made) {
    auto shown = to_json(made);
    auto note = recorded(*with, request);
    if (with_key) {
      auto key = with->accounts->keys.fresh({made.id, "first", {}, 0, false}).value();
      shown["apiKey"] = key.secret;
      note = first_key(key, std::move(note));
    }
    data = json::serialize(shown);
    return reply_beside(*with, keyed.key, 201, data, std::move(note));
  };
  auto made = co_await with->accounts->users.create(std::move(wanted->account), std::move(beside));
  if (!made) {
    auto refused = refuse_keyed(*with, std::move(keyed.key), made.error(), request);
    co_return co_await std::move(refused);
  }
  auto out = reply_serialized(201, data);
  out.headers.add("Location", "/api/admin/users/" + made->id);
  co_return out;
}

awaitable<http_response> create_user(services_ptr with, http_request& request) {
  auto out = co_await make_user(std::move(with), request);
  out.headers.add("Cache-Control", "no-store");
  co_return out;
}

awaitable<http_response> change_user(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto body = parse_json(request.body);
  if (!body) co_return refuse(body.error(), request);
  object_reader fields(*body);
  accounts::account_change to;
  to.name = fields.utf8("name", {1, 100, false});
  to.role = fields.utf8("role", {1, 20, false});
  to.tier = fields.utf8("tier", {1, 40, false});
  to.disabled = fields.boolean("disabled");
  if (auto ok = fields.finish(); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto row = co_await with->accounts->users.find(std::move(id));
  if (!row) co_return refuse(row.error(), request);
  auto note = recorded(*with, request);
  auto changed =
      co_await with->accounts->users.change(std::move(row->id), std::move(to), std::move(note));
  if (!changed) co_return refuse(changed.error(), request);
  co_return reply(200, json::value(to_json(*changed)));
}

awaitable<http_response> reset_password(services_ptr with, http_request& request) {
  if (auto ok = no_parameters(request); !ok) co_return refuse(ok.error(), request);
  const auto body = parse_json(request.body);
  if (!body) co_return refuse(body.error(), request);
  object_reader fields(*body);
  fields.require("password");
  auto next = fields.utf8("password", {0, 1'000, true}).value_or("");
  if (auto ok = fields.finish(); !ok) co_return refuse(ok.error(), request);
  std::string id(request.param("id"));
  auto note = recorded(*with, request);
  auto done = co_await with->accounts->users.reset_password(std::move(id), std::move(next),
                                                            std::move(note));
  if (!done) co_return refuse(done.error(), request);
  co_return reply(200, json::value{{"changed", true}});
}

}  // namespace

void bind_admin_users(endpoint_table& routes, const services& with) {
  if (with.accounts == nullptr) return;
  auto self = std::make_shared<const services>(with);
  const auto bound = bound_to(self);
  const auto small = json_body_of(admin_body_bytes_max);
  constexpr auto records = recorded_within(administers);
  routes.add_all({
      {http_method::get, "/api/admin/users", bound(list_users), administers},
      {http_method::post, "/api/admin/users", bound(create_user), records, small},
      {http_method::get, "/api/admin/users/:id", bound(show_user), administers},
      {http_method::put, "/api/admin/users/:id", bound(change_user), records, small},
      {http_method::post, "/api/admin/users/:id/password", bound(reset_password), records, small},
  });
}

}  // namespace son1k::api
