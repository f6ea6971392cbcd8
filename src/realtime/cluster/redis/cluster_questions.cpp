// What a node asks the others and waits for, whatever the format.
#include "realtime/cluster/redis/cluster_node.hpp"

namespace son1k::realtime {

using boost::asio::awaitable;

awaitable<result<void>> cluster_node::inquire(std::shared_ptr<cluster_request> request,
                                              std::int64_t ms,
                                              std::function<sent_question(std::string)> ask) {
  auto from = co_await others(request->space);
  if (!from) co_return from.error();
  if (from->size() == 0) co_return result<void>();
  request->expect(std::move(*from));
  const auto id = requests_.open(request, ms);
  if (id.empty()) co_return too_many_requests();
  auto asking = ask(id);
  auto told = co_await std::move(asking);
  auto answered = co_await requests_.wait(id, request, told);
  co_return answered;
}

awaitable<result<void>> cluster_node::broadcast_with_ack(io_broadcast message,
                                                         std::function<void(std::size_t)> counted,
                                                         std::function<void(io_payload)> acked,
                                                         std::int64_t ms) {
  if (auto ok = check_event(message.event); !ok) co_return ok;
  auto request = std::make_shared<cluster_request>(question::broadcast, message.space);
  request->asked = std::move(counted);
  request->acked = std::move(acked);
  std::function<sent_question(std::string)> ask = [&](std::string id) {
    return ask_clients(std::move(message), std::move(id));
  };
  auto answered = co_await inquire(request, ms, std::move(ask));
  // That some client did not answer in time is no failure of the servers.
  if (!answered && answered.error().code != errc::timeout) co_return answered;
  co_return result<void>();
}

awaitable<result<std::vector<remote_socket>>> cluster_node::fetch(std::string space,
                                                                  room_selection whom) {
  auto request = std::make_shared<cluster_request>(question::sockets, space);
  std::function<sent_question(std::string)> ask = [&](std::string id) {
    return ask_sockets(std::move(space), std::move(whom), std::move(id));
  };
  auto answered = co_await inquire(request, answer_ms_, std::move(ask));
  if (!answered) co_return answered.error();
  co_return std::move(request->sockets);
}

awaitable<result<std::vector<io_payload>>> cluster_node::server_emit(std::string space,
                                                                     io_payload event,
                                                                     std::int64_t ms) {
  if (auto ok = check_event(event); !ok) co_return ok.error();
  if (ms <= 0) {
    auto told = co_await ask_servers(std::move(space), std::move(event), {});
    if (!told) co_return told.error();
    co_return std::vector<io_payload>();
  }
  auto request = std::make_shared<cluster_request>(question::server_emit, space);
  std::function<sent_question(std::string)> ask = [&](std::string id) {
    return ask_servers(std::move(space), std::move(event), std::move(id));
  };
  auto answered = co_await inquire(request, ms, std::move(ask));
  if (!answered) co_return answered.error();
  co_return std::move(request->answers);
}

}  // namespace son1k::realtime
