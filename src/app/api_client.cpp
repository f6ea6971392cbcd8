#include "app/api_client.hpp"

#include <CLI/App.hpp>
#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "accounts/identity/local_owner.hpp"
#include "api/bind.hpp"
#include "api/envelope.hpp"
#include "app/system.hpp"
#include "base/log.hpp"
#include "net/route_caller.hpp"

namespace son1k::app {
namespace json = boost::json;
namespace {

constexpr auto greeting_time = std::chrono::milliseconds(2'000);
constexpr std::size_t reply_depth_max = 128;  // a job's data may be 64 levels deep

class remote_client final : public api_client {
 public:
  remote_client(net::server_address to, std::string token)
      : to_(std::move(to)), token_(std::move(token)) {}
  bool local() const override { return false; }

 private:
  result<net::client_reply> send(const net::client_request& what) override {
    if (token_.empty()) return net::exchange(to_, what);
    auto known = what;
    known.headers.emplace_back("Authorization", "Bearer " + token_);
    return net::exchange(to_, known);
  }
  const net::server_address to_;
  const std::string token_;
};

class local_client final : public api_client {
 public:
  explicit local_client(std::unique_ptr<running_system> system)
      : system_(std::move(system)),
        owner_(accounts::make_local_owner(system_->services().owner)),
        resources_(system_->services(), *owner_),
        caller_(routes_, api::render_error) {
    resources_.bind(routes_);
  }
  ~local_client() override {
    resources_.close();
    system_->stop();
  }
  bool local() const override { return true; }

 private:
  result<net::client_reply> send(const net::client_request& what) override {
    return caller_.call(what);
  }
  std::unique_ptr<running_system> system_;
  const std::unique_ptr<accounts::identities> owner_;
  net::router routes_;
  api::resources resources_;
  net::route_caller caller_;
};

bool answers(const net::server_address& to) {
  net::client_request ping;
  ping.target = "/live";
  net::client_bounds bounds;
  bounds.time = greeting_time;
  const auto reply = net::exchange(to, ping, bounds);
  return reply && reply->status == 200;
}

result<std::unique_ptr<api_client>> open_folder(const settings& config, bool may_create) {
  const auto databases = all_databases(config);
  if (!databases) return databases.error();
  std::error_code ec;
  const auto& jobs = databases->front().file;
  if (!may_create && !jobs.empty() && !std::filesystem::exists(jobs, ec)) {
    const auto& folder = config.text("data_dir");
    return error(errc::unavailable, "data_dir",
                 text("no server runs for " + folder +
                          " and there is no database in it; start "
                          "one with son1k serve, or name one with --server",
                      "ningún servidor atiende " + folder +
                          " y no hay base de datos en ella; "
                          "inicie uno con son1k serve, o indíquelo con --server"));
  }
  // The command's own output is what counts; the parts tell only what goes wrong.
  log::settings logging;
  logging.minimum = log::level::warn;
  logging.json = false;
  log::configure(logging);
  auto system = running_system::open(config);
  if (!system) return system.error();
  return std::unique_ptr<api_client>(std::make_unique<local_client>(std::move(*system)));
}

// The refusal in an envelope, as the error it was on the other side.
error as_error(int status, const json::value& envelope) {
  error out(errc::internal, text("the server answered with status " + std::to_string(status),
                                 "el servidor respondió con el estado " + std::to_string(status)));
  const auto* object = envelope.if_object();
  const auto* told = object != nullptr ? object->if_contains("error") : nullptr;
  if (told == nullptr || !told->is_object()) return out;
  const auto& body = told->get_object();
  if (const auto* code = body.if_contains("code"); code != nullptr && code->is_string()) {
    out.code = api::code_of(status, code->get_string());
  }
  if (const auto* details = body.if_contains("details"); details && details->is_object()) {
    out.details = details->get_object();
    if (const auto* field = out.details.if_contains("field"); field && field->is_string()) {
      out.field = std::string(field->get_string());
      out.details.erase("field");
    }
  }
  if (const auto* message = body.if_contains("message"); message && message->is_string()) {
    std::string sentence(message->get_string());
    const auto prefix = out.field + ": ";
    if (!out.field.empty() && sentence.starts_with(prefix)) sentence.erase(0, prefix.size());
    out.message = text(std::move(sentence));
  }
  return out;
}

}  // namespace

void add_client_flags(CLI::App& command, client_flags& flags) {
  command
      .add_option("--server", flags.server,
                  "address of the server (default: the one that runs "
                  "for the data folder, else the folder itself)")
      ->envname("SON1K_SERVER");
  command
      .add_option("--token", flags.token,
                  "access token or API key (default: the local token of the data folder's server)")
      ->envname("SON1K_TOKEN");
  add_common_flags(command, flags.common, {"data_dir"});
}

std::optional<noted_server> running_server(const settings& config) {
  auto noted = read_noted_server(config.text("data_dir"));
  if (!noted) return std::nullopt;
  const auto to = net::parse_address(noted->address);
  if (!to || !answers(*to)) return std::nullopt;
  return noted;
}

result<std::unique_ptr<api_client>> api_client::open(const client_flags& flags, bool may_create) {
  auto config = flags.common.load();
  if (!config) return config.error();
  if (!flags.server.empty()) {
    auto to = net::parse_address(flags.server);
    if (!to) return to.error();
    return std::unique_ptr<api_client>(
        std::make_unique<remote_client>(std::move(*to), flags.token));
  }
  if (const auto noted = running_server(*config)) {
    auto to = net::parse_address(noted->address);
    const auto& token = flags.token.empty() ? noted->token : flags.token;
    if (to)
      return std::unique_ptr<api_client>(std::make_unique<remote_client>(std::move(*to), token));
  }
  return open_folder(*config, may_create);
}

result<api_reply> api_client::call(net::http_method method, std::string target,
                                   const json::value* body) {
  net::client_request what;
  what.method = method;
  what.target = std::move(target);
  what.headers.emplace_back("Accept-Language", spanish_terminal() ? "es" : "en");
  if (body != nullptr) {
    what.headers.emplace_back("Content-Type", "application/json");
    what.body = json::serialize(*body);
  }
  auto reply = send(what);
  if (!reply) return reply.error();
  boost::system::error_code ec;
  json::parse_options deep;
  deep.max_depth = reply_depth_max;
  auto envelope = json::parse(reply->body, ec, {}, deep);
  if (ec || !envelope.is_object()) {
    return error(errc::unavailable, "server",
                 text("answered with something that is not this API's",
                      "respondió con algo que no es de esta API"));
  }
  if (reply->status >= 400) return as_error(reply->status, envelope);
  api_reply out;
  out.status = reply->status;
  auto& object = envelope.get_object();
  if (auto* data = object.if_contains("data")) out.data = std::move(*data);
  if (auto* pages = object.if_contains("pagination"); pages && pages->is_object()) {
    out.pagination = std::move(pages->get_object());
  }
  return out;
}

std::string url_part(std::string_view text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

}  // namespace son1k::app
