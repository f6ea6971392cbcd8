#include "app/realtime_service.hpp"

#include <boost/asio/ip/address.hpp>

#include "api/realtime/live_events.hpp"
#include "realtime/cluster/redis/classic_cluster.hpp"
#include "realtime/cluster/redis/streams_cluster.hpp"
#include "realtime/engine/server.hpp"
#include "realtime/forward/forwarder.hpp"
#include "realtime/forward/redis/redis_node_book.hpp"
#include "realtime/rooms/database/database_rooms.hpp"
#include "realtime/rooms/local/local_presence.hpp"
#include "realtime/rooms/local/local_room_store.hpp"
#include "realtime/rooms/redis/redis_presence.hpp"
#include "realtime/rooms/redis/redis_room_store.hpp"
#include "realtime/socketio/local/local_cluster.hpp"
#include "realtime/socketio/server.hpp"

namespace son1k::app {
namespace {

constexpr std::size_t events_per_second_max = 200;  // of one client, beyond its calls' own bound

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : list + ",") {
    if (c != ',' && c != ' ') {
      word += c;
    } else if (!word.empty()) {
      out.push_back(std::exchange(word, {}));
    }
  }
  return out;
}

result<std::vector<std::string>> read_origins(const settings& config) {
  auto out = words_of(config.text("realtime_origins"));
  for (const auto& one : out) {
    const bool site = (one.starts_with("http://") || one.starts_with("https://")) &&
                      !one.ends_with('/') && one.find('*') == one.npos;
    if (site) continue;
    return error(errc::validation, "realtime_origins",
                 text(one + " is no origin: write http://host:port, and each by itself",
                      one + " no es un origen: escriba http://host:port, cada uno por separado"));
  }
  return out;
}

std::vector<boost::asio::any_io_executor> executors_of(net::reactors& loops) {
  std::vector<boost::asio::any_io_executor> out;
  for (std::size_t n = 0; n < loops.size(); ++n) out.emplace_back(loops.executor(n));
  return out;
}

realtime::io_settings socket_settings() {
  realtime::io_settings out;
  out.events_per_second_max = events_per_second_max;
  // What tells whether a page of this server brings its cookie; see api::own_site.
  out.headers_kept = {"host", "origin", "sec-fetch-site", "cookie", "accept-language"};
  return out;
}

// Where other servers reach this one; port 0 stands for the one that it listens on.
result<net::server_address> read_own_address(const settings& config) {
  net::server_address out;
  out.host = config.text("host") == "localhost" ? "127.0.0.1" : config.text("host");
  out.port = 0;
  const auto& given = config.text("realtime_address");
  if (given.empty()) return out;
  auto read = net::parse_address(given);
  boost::system::error_code ec;
  if (read) boost::asio::ip::make_address(read->host, ec);
  if (read && !ec) return read;
  return error(errc::validation, "realtime_address",
               text(given + " must be an address such as http://10.0.0.7:3001, with an IP address",
                    given + " debe ser una dirección como http://10.0.0.7:3001, con una dirección "
                            "IP"));
}

// Where servers find each other: Redis in the cluster, unless the setting says that each is alone.
result<std::unique_ptr<realtime::cluster>> open_rooms(const settings& config,
                                                      running_system& system) {
  const auto& how = config.text("realtime_adapter");
  if (how != "streams" && how != "classic" && how != "local") {
    return error(errc::validation, "realtime_adapter",
                 text("must be streams, classic or local", "debe ser streams, classic o local"));
  }
  const auto& clock = system.services().clock;
  auto* redis = system.redis();
  if (redis == nullptr || how == "local") {
    return realtime::make_local_cluster(realtime::make_local_place(clock));
  }
  const auto& prefix = config.text("realtime_prefix");
  if (how == "classic") {
    realtime::classic_cluster_settings with;
    with.prefix = prefix;
    return realtime::make_classic_cluster(*redis, clock, with);
  }
  realtime::streams_cluster_settings with;
  with.stream = with.channel = prefix;
  return realtime::make_streams_cluster(*redis, clock, with);
}

}  // namespace

struct realtime_service::parts {
  parts(running_system& in, api::resources& asked, net::reactors& loops,
        std::vector<std::string> origins, std::unique_ptr<realtime::cluster> shared,
        std::unique_ptr<realtime::room_store> kept, const std::string& prefix,
        net::server_address own)
      : system(in),
        resources(asked),
        address(std::move(own)),
        cluster(std::move(shared)),
        rooms(std::move(kept)),
        presence(make_presence(prefix)),
        book_of_rooms(in.services().database, in.services().clock),
        sockets(executors_of(loops), in.services().clock, socket_settings(), cluster.get()),
        live(live_parts()),
        book(make_book(prefix)),
        forward(book ? make_forwarder(loops) : nullptr),
        engine(loops, engine_settings(origins), sockets.acceptor(), forward.get()) {}

  std::unique_ptr<realtime::room_presence> make_presence(const std::string& prefix) const {
    if (system.redis() == nullptr) return std::make_unique<realtime::local_presence>();
    realtime::redis_presence_settings with;
    with.prefix = prefix + ":s1k:realtime:";
    with.node = cluster->node();
    return realtime::make_redis_presence(*system.redis(), std::move(with));
  }

  std::unique_ptr<realtime::redis_node_book> make_book(const std::string& prefix) const {
    if (system.redis() == nullptr) return nullptr;
    realtime::redis_node_book_settings with;
    with.prefix = prefix + ":s1k:realtime:";
    with.node = cluster->node();
    return std::make_unique<realtime::redis_node_book>(*system.redis(), system.services().clock,
                                                       std::move(with));
  }

  std::unique_ptr<realtime::forwarder> make_forwarder(net::reactors& loops) const {
    realtime::forward_settings with;
    with.node = cluster->node();
    const realtime::engine_settings sessions;
    with.poll_time = sessions.ping_interval + sessions.ping_timeout + std::chrono::seconds(10);
    return std::make_unique<realtime::forwarder>(loops, *book, std::move(with));
  }

  api::live_parts live_parts() {
    const auto& with = system.services();
    return {sockets.of("/"),
            system.accounts().identities(),
            book_of_rooms,
            resources.bell(),
            *rooms,
            *presence,
            resources.news(),
            with.clock,
            [with] { return api::watch_operations(with); },
            with.site};
  }

  realtime::engine_settings engine_settings(const std::vector<std::string>& origins) const {
    realtime::engine_settings out;
    out.cors_origins = origins;
    out.node = cluster->node();
    return out;
  }

  running_system& system;
  api::resources& resources;
  const net::server_address address;
  const std::unique_ptr<realtime::cluster> cluster;
  const std::unique_ptr<realtime::room_store> rooms;
  const std::unique_ptr<realtime::room_presence> presence;
  realtime::database_rooms book_of_rooms;
  realtime::io_server sockets;
  api::live_events live;
  const std::unique_ptr<realtime::redis_node_book> book;  // null outside of a cluster
  const std::unique_ptr<realtime::forwarder> forward;     // likewise
  realtime::engine_server engine;
};

realtime_service::realtime_service(std::unique_ptr<parts> with) : parts_(std::move(with)) {}

realtime_service::~realtime_service() {
  stop();
}

result<std::unique_ptr<realtime_service>> realtime_service::make(const settings& config,
                                                                 running_system& system,
                                                                 api::resources& resources,
                                                                 net::reactors& loops) {
  auto origins = read_origins(config);
  if (!origins) return origins.error();
  auto own = read_own_address(config);
  if (!own) return own.error();
  auto shared = open_rooms(config, system);
  if (!shared) return shared.error();
  auto* redis = system.redis();
  auto rooms = redis != nullptr ? realtime::make_redis_room_store(
                                      *redis, config.text("redis_prefix") + ":s1k:room:")
                                : realtime::make_local_room_store(system.services().clock);
  auto with =
      std::make_unique<parts>(system, resources, loops, std::move(*origins), std::move(*shared),
                              std::move(rooms), config.text("redis_prefix"), std::move(*own));
  return std::unique_ptr<realtime_service>(new realtime_service(std::move(with)));
}

void realtime_service::bind(net::router& routes) {
  routes.add_all(parts_->engine.routes());
}

void realtime_service::start() {
  if (parts_->book) parts_->book->start();
  parts_->live.start();
  parts_->sockets.start();
  parts_->engine.start();
}

void realtime_service::announce(std::uint16_t port) {
  if (!parts_->book) return;
  auto own = parts_->address;
  if (own.port == 0) own.port = port;
  parts_->book->enter(own);
}

void realtime_service::stop() {
  parts_->engine.stop();
  if (parts_->forward) parts_->forward->stop();
  if (parts_->book) parts_->book->stop();
  parts_->sockets.stop();
  parts_->live.stop();
}

void realtime_service::collect_figures(std::vector<metrics::family>& out) const {
  using metrics::family_type;
  parts_->cluster->gather_figures(out);
  if (parts_->forward) parts_->forward->gather_figures(out);
  const auto engine = parts_->engine.figures();
  const auto sockets = parts_->sockets.figures();
  metrics::family sessions{"son1k_realtime_connections",
                           "Open connections of Engine.IO by transport.",
                           family_type::gauge,
                           {}};
  sessions.add({{"transport", "polling"}}, static_cast<double>(engine.polling));
  sessions.add({{"transport", "websocket"}}, static_cast<double>(engine.websocket));
  out.push_back(std::move(sessions));
  struct row {
    const char* name;
    const char* help;
    std::uint64_t value;
    family_type type = family_type::counter;
  };
  const row rows[] = {
      {"son1k_realtime_sockets", "Connected sockets of Socket.IO.", sockets.sockets,
       family_type::gauge},
      {"son1k_realtime_rooms", "Rooms with a socket in them.", sockets.rooms, family_type::gauge},
      {"son1k_realtime_events_in_total", "Events that clients sent.", sockets.events_in},
      {"son1k_realtime_events_out_total", "Events sent to clients, one for each client.",
       sockets.events_out},
      {"son1k_realtime_broadcasts_total", "Events sent, whomever they reached.",
       sockets.broadcasts},
      {"son1k_realtime_refused_total", "Clients that were not let in.", sockets.refused},
      {"son1k_realtime_recovered_total", "Clients that came back and missed nothing.",
       sockets.recovered},
      {"son1k_realtime_not_recovered_total", "Clients that wanted to come back and could not.",
       sockets.not_recovered},
      {"son1k_realtime_dropped_total",
       "Events that gave way: volatile ones, and progress by later progress.",
       engine.dropped + sockets.dropped},
      {"son1k_realtime_cut_total", "Connections ended because they did not read or sent too much.",
       engine.cut + sockets.cut},
      {"son1k_realtime_broken_total", "Connections ended because of what they sent.",
       sockets.broken},
      {"son1k_realtime_timed_out_total", "Connections that did not answer a ping.",
       engine.timed_out}};
  for (const auto& one : rows) {
    metrics::add_figure(out, one.name, one.help, one.type, static_cast<double>(one.value));
  }
}

}  // namespace son1k::app
