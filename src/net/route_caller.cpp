#include "net/route_caller.hpp"

#include <boost/asio/co_spawn.hpp>

#include "base/log.hpp"
#include "base/uuid.hpp"

namespace son1k::net {

route_caller::route_caller(const router& routes, error_renderer renderer)
    : routes_(routes), renderer_(std::move(renderer)), loop_(1) {}

http_response route_caller::refuse(errc code, int status, text why,
                                   const http_request& request) const {
  return renderer_(error(code, std::move(why)), status, request);
}

http_response route_caller::run(const route& row, http_request& request) {
  if (const auto* at_once = std::get_if<sync_handler>(&row.run)) return (*at_once)(request);
  std::optional<http_response> out;
  std::exception_ptr escaped;
  auto task = std::get<handler>(row.run)(request);
  auto done = [&](std::exception_ptr e, http_response reply) {
    escaped = e;
    if (!e) out = std::move(reply);
  };
  boost::asio::co_spawn(loop_, std::move(task), std::move(done));
  // Waits of the handler are on other threads; the loop must not end for want of work meanwhile.
  auto busy = boost::asio::make_work_guard(loop_);
  loop_.restart();
  while (!out && !escaped) loop_.run_one();
  if (escaped) std::rethrow_exception(escaped);
  return std::move(*out);
}

result<client_reply> route_caller::call(const client_request& what) {
  const auto id = uuid_v7();
  http_request request;
  request.method = what.method;
  request.target = what.target;
  const auto question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string_view::npos) request.raw_query = request.target.substr(question + 1);
  for (const auto& [name, value] : what.headers) request.fields.push_back({name, value});
  request.body = what.body;
  request.request_id = id;
  request.remote_address = "127.0.0.1";
  request.executor = loop_.get_executor();
  const auto match = routes_.find(request);
  http_response reply;
  if (match.found == nullptr && match.allowed.empty()) {
    reply = refuse(errc::not_found, 404, {"there is no such address", "no existe esa dirección"},
                   request);
  } else if (match.found == nullptr) {
    reply = refuse(errc::validation, 405,
                   {"this address does not take that method", "esa dirección no admite ese método"},
                   request);
  } else if (const auto most = match.found->options.body_bytes_max;
             most != 0 && request.body.size() > most) {
    const auto n = std::to_string(most);
    reply = refuse(
        errc::payload_too_large, 413,
        {"the body is larger than " + n + " bytes", "el cuerpo tiene más de " + n + " bytes"},
        request);
  } else {
    reply = run(*match.found, request);
  }
  if (auto* own = std::get_if<std::string>(&reply.body)) {
    return client_reply{reply.status, std::move(*own)};
  }
  if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&reply.body)) {
    return client_reply{reply.status, **shared};
  }
  return error(errc::internal,
               text("this reply needs a server", "esta respuesta necesita un servidor"));
}

}  // namespace son1k::net
