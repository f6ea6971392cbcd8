// A server of ours with real clients for the tests with servers of Socket.IO in Node: prints its
// port as {"port":n}, then reads a JSON object a line and answers each with one. A client says in
// its handshake's auth {user, rooms} who it is and where it begins.
// Usage: cluster_server <redis url> streams|streams-0.2|classic
//   {"do":"broadcast","event","rooms","except"} · {"do":"ask", the same, "ms"}
//   {"do":"join"|"leave","rooms","except","names"} · {"do":"disconnect","rooms","except","close"}
//   {"do":"fetch","rooms","except"} · {"do":"emit","event","ms"} · {"do":"heard"}: server events
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <iostream>
#include <mutex>
#include <stdexcept>

#include "net/http_server.hpp"
#include "net/redis/redis_client.hpp"
#include "realtime/cluster/redis/classic_cluster.hpp"
#include "realtime/cluster/redis/streams_cluster.hpp"
#include "realtime/engine/server.hpp"
#include "realtime/socketio/server.hpp"

namespace {

using namespace son1k;
using namespace son1k::realtime;
namespace json = boost::json;

template <class T>
T must(result<T> got) {
  if (!got) throw std::runtime_error(got.error().what());
  if constexpr (!std::is_void_v<T>) return std::move(*got);
}

std::vector<std::string> texts(const json::value& of, std::string_view name) {
  const auto* object = of.if_object();
  const auto* list = object == nullptr ? nullptr : object->if_contains(name);
  return list == nullptr ? std::vector<std::string>()
                         : json::value_to<std::vector<std::string>>(*list);
}

class commands {
 public:
  commands(io_space& space, boost::asio::any_io_executor on) : space_(space), on_(std::move(on)) {
    space_.admit([](io_request asked) -> boost::asio::awaitable<io_verdict> {
      json::value data{{"user", asked.auth.at("user")}};
      auto verdict = asked.kept ? io_verdict::accept()
                                : io_verdict::accept(std::move(data), texts(asked.auth, "rooms"));
      co_return verdict;
    });
    for (const auto* name : {"notice", "question"})
      space_.on_server_event(name, [this](io_event event, std::function<void(io_payload)> reply) {
        const std::lock_guard lock(mutex_);
        heard_.push_back(json::array{event.name, event.args});
        if (reply) reply(answer_of({"from ours"}));
      });
  }

  json::value handle(const json::object& told) {
    const room_selection whom{texts(told, "rooms"), texts(told, "except")};
    const std::string_view what = told.at("do").as_string();
    if (what == "broadcast") return emission(whom).emit(event(told)), json::value(true);
    if (what == "join") return space_.join_all(whom, texts(told, "names")), json::value(true);
    if (what == "leave") return space_.leave_all(whom, texts(told, "names")), json::value(true);
    if (what == "disconnect")
      return space_.disconnect_all(whom, told.at("close").as_bool()), json::value(true);
    if (what == "ask") return ask(whom, told);
    if (what == "fetch") return fetch(whom);
    if (what == "emit") return emit(told);
    if (what != "heard") throw std::runtime_error("no such command");
    const std::lock_guard lock(mutex_);
    return heard_;
  }

 private:
  template <class T>
  T run(boost::asio::awaitable<T> work) {
    return boost::asio::co_spawn(on_, std::move(work), boost::asio::use_future).get();
  }
  io_emission emission(const room_selection& whom) {
    auto out = space_.to(whom.rooms);
    out.except(whom.except);
    return out;
  }
  static io_payload event(const json::object& told) {
    return {json::serialize(told.at("event")), {}};
  }
  json::value ask(const room_selection& whom, const json::object& told) {
    auto to = emission(whom);
    const auto got = must(run(to.ask(event(told), told.at("ms").as_int64())));
    json::array answers;
    for (const auto& each : got.answers) answers.push_back(json::parse(each.json));
    return {{"asked", got.asked}, {"answers", std::move(answers)}};
  }
  json::value fetch(const room_selection& whom) {
    json::array out;
    for (const auto& socket : must(run(space_.fetch(whom))))
      out.push_back(
          {{"id", socket.id}, {"rooms", json::value_from(socket.rooms)}, {"data", socket.data}});
    return out;
  }
  json::value emit(const json::object& told) {
    const auto ms = told.at("ms").as_int64();
    if (ms == 0) return space_.server_emit(event(told)), json::value(true);
    json::array out;
    for (const auto& answer : must(run(space_.server_ask(event(told), ms))))
      out.push_back(json::parse(answer.json));
    return out;
  }

  io_space& space_;
  const boost::asio::any_io_executor on_;
  std::mutex mutex_;
  json::array heard_;
};

std::unique_ptr<cluster> make(net::redis_client& redis, const std::string& how) {
  if (how == "classic") return must(make_classic_cluster(redis, system_clock()));
  streams_cluster_settings settings;
  settings.questions_in_stream = how == "streams-0.2";
  return must(make_streams_cluster(redis, system_clock(), settings));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  auto redis = must(net::redis_client::make(must(net::parse_redis_url(argv[1]))));
  redis->start();
  const auto shared = make(*redis, argv[2]);
  net::reactors loops(2);
  std::vector<boost::asio::any_io_executor> executors;
  for (std::size_t n = 0; n < loops.size(); ++n) executors.emplace_back(loops.executor(n));
  io_server server(executors, system_clock(), {}, shared.get());
  commands handling(server.of("/"), executors.front());
  engine_settings engine;
  engine.node = shared->node();
  engine_server sessions(loops, engine, server.acceptor());
  net::router routes;
  routes.add_all(sessions.routes());
  net::http_server_settings settings;
  settings.port = 0;
  net::http_server http(loops, routes, settings);
  server.start();
  must(http.start());
  sessions.start();
  loops.start();
  std::cout << json::serialize(json::object{{"port", http.port()}}) << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    json::object reply;
    try {
      reply["ok"] = handling.handle(json::parse(line).as_object());
    } catch (const std::exception& e) {
      reply["error"] = e.what();
    }
    std::cout << json::serialize(reply) << std::endl;
  }
  sessions.stop();
  server.stop();
  http.stop();
}
