// Our side of the tests with servers of Socket.IO in Node: a node with sockets that are no
// connections (support/realtime/fake_peer.hpp). Reads a JSON object a line and answers each with
// one. Usage: cluster_driver <redis url> streams|streams-0.2|classic
//   {"do":"add","id","rooms","ack"} · {"do":"rooms","id"} · {"do":"notes","count"}: what happened
//   {"do":"broadcast","event","rooms","except","bytes":[base64]} · "ask" the same with "ms"
//   {"do":"join"|"leave","rooms","except","names"} · {"do":"disconnect","rooms","except","close"}
//   {"do":"fetch","rooms","except"} · {"do":"servers"} · {"do":"emit","event","ms"}
//   {"do":"keep","session","ms"} · {"do":"take","pid"} · {"do":"since","offset"}
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <iostream>
#include <stdexcept>

#include "base/base64.hpp"
#include "net/redis/redis_client.hpp"
#include "realtime/cluster/redis/classic_cluster.hpp"
#include "realtime/cluster/redis/streams_cluster.hpp"
#include "support/realtime/fake_peer.hpp"

namespace {

using namespace son1k;
using namespace son1k::realtime;
namespace json = boost::json;

template <class T>
T must(result<T> got) {
  if (!got) throw std::runtime_error(got.error().what());
  if constexpr (!std::is_void_v<T>) return std::move(*got);
}

template <class T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context loop;
  auto future = boost::asio::co_spawn(loop, std::move(work), boost::asio::use_future);
  const auto held = boost::asio::make_work_guard(loop);
  while (future.wait_for(std::chrono::seconds(0)) != std::future_status::ready) loop.run_one();
  return future.get();
}

class driver {
 public:
  driver(cluster& node, test::fake_peer& peer) : node_(node), peer_(peer) {}

  json::value handle(const json::object& told) {
    using row = std::pair<std::string_view, json::value (driver::*)(const json::object&)>;
    static constexpr row rows[] = {
        {"add", &driver::add},      {"rooms", &driver::rooms},
        {"notes", &driver::notes},  {"broadcast", &driver::broadcast},
        {"ask", &driver::ask},      {"join", &driver::change},
        {"leave", &driver::change}, {"disconnect", &driver::disconnect},
        {"fetch", &driver::fetch},  {"servers", &driver::servers},
        {"emit", &driver::emit},    {"keep", &driver::keep},
        {"take", &driver::take},    {"since", &driver::since},
    };
    for (const auto& [name, method] : rows)
      if (std::string_view(told.at("do").as_string()) == name) return (this->*method)(told);
    throw std::runtime_error("no such command");
  }

 private:
  static std::vector<std::string> texts(const json::object& told, std::string_view name) {
    const auto* list = told.if_contains(name);
    return list == nullptr ? std::vector<std::string>()
                           : json::value_to<std::vector<std::string>>(*list);
  }
  static room_selection whom(const json::object& told) {
    return {texts(told, "rooms"), texts(told, "except")};
  }
  static io_payload event(const json::object& told) {
    io_payload out;
    out.json = json::serialize(told.at("event"));
    for (const auto& bytes : texts(told, "bytes"))
      out.attachments.push_back(from_base64(bytes).value());
    return out;
  }
  static io_broadcast message(const json::object& told) {
    io_broadcast out;
    out.event = event(told);
    out.whom = whom(told);
    return out;
  }
  static std::int64_t ms(const json::object& told) {
    return told.contains("ms") ? told.at("ms").as_int64() : 0;
  }
  static json::value list(const std::vector<std::string>& of) { return json::value_from(of); }

  json::value add(const json::object& told) {
    const auto rooms = texts(told, "rooms");
    const auto* ack = told.if_contains("ack");
    peer_.add(std::string(told.at("id").as_string()), {rooms.begin(), rooms.end()},
              ack == nullptr ? "" : json::serialize(*ack));
    return true;
  }
  json::value rooms(const json::object& told) {
    const auto in = peer_.rooms(std::string(told.at("id").as_string()));
    return list({in.begin(), in.end()});
  }
  json::value notes(const json::object& told) {
    return list(peer_.wait(static_cast<std::size_t>(told.at("count").as_int64())));
  }
  json::value broadcast(const json::object& told) {
    return json::string(must(run(node_.broadcast(message(told), {}))));
  }
  json::value ask(const json::object& told) {
    std::int64_t asked = 0;
    json::array answers;
    auto on_asked = [&](std::size_t n) { asked += static_cast<std::int64_t>(n); };
    auto on_acked = [&](io_payload ack) { answers.push_back(json::parse(ack.json)); };
    must(run(node_.broadcast_with_ack(message(told), on_asked, on_acked, ms(told))));
    return json::object{{"asked", asked}, {"answers", std::move(answers)}};
  }
  json::value change(const json::object& told) {
    const auto names = texts(told, "names");
    must(run(told.at("do") == "join" ? node_.join("/", whom(told), names)
                                     : node_.leave("/", whom(told), names)));
    return true;
  }
  json::value disconnect(const json::object& told) {
    must(run(node_.disconnect("/", whom(told), told.at("close").as_bool())));
    return true;
  }
  json::value fetch(const json::object& told) {
    json::array out;
    for (const auto& socket : must(run(node_.fetch("/", whom(told)))))
      out.push_back({{"id", socket.id},
                     {"rooms", list(socket.rooms)},
                     {"handshake", socket.handshake},
                     {"data", socket.data}});
    return out;
  }
  json::value servers(const json::object&) { return static_cast<std::int64_t>(node_.servers()); }
  json::value emit(const json::object& told) {
    json::array out;
    for (const auto& answer : must(run(node_.server_emit("/", event(told), ms(told)))))
      out.push_back(json::parse(answer.json));
    return out;
  }
  json::value keep(const json::object& told) {
    const auto& from = told.at("session");
    kept_session session;
    session.sid = from.at("sid").as_string();
    session.pid = from.at("pid").as_string();
    session.rooms = json::value_to<std::vector<std::string>>(from.at("rooms"));
    session.data = from.at("data");
    must(run(node_.keep_session(std::move(session), ms(told))));
    return true;
  }
  json::value take(const json::object& told) {
    const auto session = must(run(node_.take_session(std::string(told.at("pid").as_string()))));
    return {{"sid", session.sid},
            {"pid", session.pid},
            {"rooms", list(session.rooms)},
            {"data", session.data}};
  }
  json::value since(const json::object& told) {
    json::array out;
    for (const auto& each : must(run(node_.since("/", std::string(told.at("offset").as_string())))))
      out.push_back({{"event", json::parse(each.event.json)},
                     {"rooms", list(each.whom.rooms)},
                     {"offset", each.offset}});
    return out;
  }

  cluster& node_;
  test::fake_peer& peer_;
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
  test::fake_peer peer;
  peer.answer_servers(R"(["from ours"])");
  const auto node = make(*redis, argv[2]);
  node->attach(&peer);
  driver driving(*node, peer);
  std::cout << "{}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    json::object reply;
    try {
      reply["ok"] = driving.handle(json::parse(line).as_object());
    } catch (const std::exception& e) {
      reply["error"] = e.what();
    }
    std::cout << json::serialize(reply) << std::endl;
  }
  node->attach(nullptr);
}
