#include "contract/cluster/cluster_contract.hpp"
#include "realtime/cluster/redis/classic_cluster.hpp"
#include "realtime/cluster/redis/streams_cluster.hpp"
#include "realtime/socketio/local/local_cluster.hpp"

namespace son1k::realtime::test {
namespace {

struct local_backend final : cluster_backend {
  std::unique_ptr<cluster> make() override { return make_local_cluster(place); }
  void advance(std::int64_t ms) override { clock.advance(ms); }
  void wait_for_kept_ms(std::int64_t ms) override { clock.advance(ms); }
  son1k::test::manual_clock clock;
  std::shared_ptr<local_place> place = make_local_place(clock);
};

son1k::test::redis_server& one_server() {
  static son1k::test::redis_server server;
  return server;
}

std::string own_name() {
  static int place = 0;
  return "cluster-" + std::to_string(++place);
}

struct redis_backend : cluster_backend {
  net::redis_client& client() {
    clients.push_back(client_of(one_server()));
    return *clients.back();
  }
  void advance(std::int64_t ms) override { clock.advance(ms); }
  void wait_for_kept_ms(std::int64_t ms) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  }
  son1k::test::manual_clock clock;
  std::string name = own_name();
  std::vector<std::unique_ptr<net::redis_client>> clients;
};

struct streams_backend : redis_backend {
  explicit streams_backend(bool questions_in_stream) {
    settings.stream = settings.channel = name;
    settings.sessions = name + ":session:";
    settings.spaces = {"/", "/studio"};
    settings.messages_max = 100;
    settings.questions_in_stream = questions_in_stream;
  }
  std::unique_ptr<cluster> make() override {
    return make_streams_cluster(client(), clock, settings).value();
  }
  streams_cluster_settings settings;
};

struct classic_backend : redis_backend {
  std::unique_ptr<cluster> make() override {
    classic_cluster_settings settings;
    settings.prefix = name;
    settings.spaces = {"/", "/studio"};
    return make_classic_cluster(client(), clock, settings).value();
  }
  bool recovers() const override { return false; }
};

}  // namespace

std::unique_ptr<net::redis_client> client_of(const son1k::test::redis_server& server) {
  auto client = net::redis_client::make(net::parse_redis_url(server.url()).value()).value();
  client->start();
  return client;
}

std::vector<backend_row> backend_rows() {
  return {
      {"local",
       []() -> std::unique_ptr<cluster_backend> { return std::make_unique<local_backend>(); }},
      {"streams",
       []() -> std::unique_ptr<cluster_backend> {
         return std::make_unique<streams_backend>(false);
       }},
      {"streams_before_0_3",
       []() -> std::unique_ptr<cluster_backend> {
         return std::make_unique<streams_backend>(true);
       }},
      {"classic",
       []() -> std::unique_ptr<cluster_backend> { return std::make_unique<classic_backend>(); }},
  };
}

}  // namespace son1k::realtime::test
