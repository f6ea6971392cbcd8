#include "api/realtime/client_calls.hpp"

#include "api/envelope.hpp"

namespace son1k::api {
namespace json = boost::json;
namespace {

json::object fault_of(const error& fault, bool spanish) {
  json::object out{{"code", row_of(fault.code).public_code},
                   {"message", fault.message.in(spanish)}};
  if (!fault.field.empty()) out["field"] = fault.field;
  if (!fault.details.empty()) out["details"] = fault.details;
  return out;
}

error too_many() {
  return {errc::rate_limited,
          text("too many calls; wait a moment", "demasiadas llamadas; espere un momento")};
}

}  // namespace

json::object answer(const result<json::object>& given, bool spanish) {
  if (!given) {
    const auto fault = given.error();
    return {{"success", false}, {"error", fault_of(fault, spanish)}};
  }
  json::object out{{"success", true}};
  for (const auto& [name, v] : *given) out[name] = v;
  return out;
}

json::object refusal(const error& fault, bool spanish) {
  return fault_of(fault, spanish);
}

result<json::value> argument_of(realtime::io_event& event) {
  if (event.args.size() != 1 || !event.args[0].is_object() || !event.attachments.empty()) {
    return error(
        errc::validation, event.name,
        text("takes one object and no attachments", "requiere un objeto y ningún adjunto"));
  }
  return std::move(event.args[0]);
}

void call_binder::bind(std::string name, call what, std::int64_t cost) const {
  const auto* among = &clients;
  const auto* time = &clock;
  realtime::io_space::handler run = [among, time, cost, what = std::move(what)](
                                        const realtime::io_space::socket_ptr& socket,
                                        realtime::io_event& event, const realtime::io_ack& ack) {
    const auto client = among->find(socket->id());
    if (!client) return;
    auto given = [&]() -> result<json::object> {
      if (!client->calls.take(cost, time->steady_ms())) return too_many();
      const auto argument = argument_of(event);
      if (!argument) return argument.error();
      return what(client, *socket, *argument);
    }();
    if (ack) ack(json::array{answer(given, client->spanish)});
  };
  space.on(std::move(name), std::move(run));
}

void call_binder::bind_slow(std::string name, slow_call what, std::int64_t cost) const {
  const auto* among = &clients;
  const auto* time = &clock;
  realtime::io_space::async_handler run =
      [among, time, cost, what = std::move(what)](
          realtime::io_space::socket_ptr socket, realtime::io_event event,
          realtime::io_ack ack) -> boost::asio::awaitable<void> {
    const auto client = among->find(socket->id());
    if (!client) co_return;
    const bool allowed = client->calls.take(cost, time->steady_ms());
    auto argument = argument_of(event);
    result<json::object> given = too_many();
    if (allowed && !argument) given = argument.error();
    if (allowed && argument) {
      auto running = what(client, socket, std::move(*argument));
      given = co_await std::move(running);
    }
    if (ack) ack(json::array{answer(given, client->spanish)});
  };
  space.on_async(std::move(name), std::move(run));
}

}  // namespace son1k::api
