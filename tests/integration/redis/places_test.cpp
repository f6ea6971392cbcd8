// Where the Redis client finds its server and how it greets it: passwords, TLS, sentinels,
// clusters.
#include <thread>

#include "redis_test.hpp"

namespace son1k::net {
namespace {

using test::redis_cluster;
using test::redis_options;
using test::redis_sentinel;
using test::tls_files;
using testing::HasSubstr;
using testing::Not;

class redis_places : public redis_test {};

TEST_F(redis_places, the_default_user_and_a_named_one_are_greeted_with_their_password) {
  redis_server server({{"requirepass", "s3cret/@"}, {"user", "worker on >w0rd ~* &* +@all"}});
  auto plain = connect("redis://:s3cret%2F%40@" + server.host_port() + "/3");
  ASSERT_TRUE(plain->call_and_wait({"SET", "k", "in three"}));
  EXPECT_THAT(plain->call_and_wait({"CLIENT", "INFO"}).value().bytes(), HasSubstr("db=3"));
  auto named = connect("redis://worker:w0rd@" + server.host_port() + "/3");
  EXPECT_EQ(named->call_and_wait({"ACL", "WHOAMI"}).value().bytes(), "worker");
  EXPECT_EQ(named->call_and_wait({"GET", "k"}).value().bytes(), "in three");
}

TEST_F(redis_places, a_wrong_password_is_said_at_once_and_never_shown) {
  redis_server server(redis_options{{"requirepass", "right"}});
  for (const std::string login : {"", ":hunter2@", "nobody:hunter2@"}) {
    auto client = connect("redis://" + login + server.host_port());
    // Told at once: three such waits would outlast the test.
    const auto reply = client->call_and_wait({"PING"}, {.time = 60s});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code, errc::unauthenticated) << login;
    EXPECT_EQ(outcome_of(reply.error()), call_outcome::not_sent);
    EXPECT_THAT(reply.error().what(), Not(HasSubstr("hunter2")));
    EXPECT_FALSE(reply.error().message.es.empty());
  }
}

TEST_F(redis_places, a_password_that_is_set_later_is_asked_for_and_the_right_one_heals) {
  redis_server server;
  auto client = connect("redis://:later@" + server.host_port());
  // A server without a password refuses one.
  EXPECT_EQ(client->call_and_wait({"PING"}).error().code, errc::unauthenticated);
  server.ask({"CONFIG", "SET", "requirepass", "later"});
  redis_reply reply = client->call_and_wait({"PING"});
  for (int tries = 0; !reply && tries < 100; ++tries) reply = client->call_and_wait({"PING"});
  EXPECT_TRUE(reply);
}

TEST_F(redis_places, what_its_user_may_not_do_is_forbidden) {
  redis_server server(redis_options{{"user", "reader on >pw ~* +get +client +select"}});
  auto client = connect("redis://reader:pw@" + server.host_port());
  EXPECT_TRUE(client->call_and_wait({"GET", "k"}));
  const auto reply = client->call_and_wait({"SET", "k", "v"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::forbidden);
}

TEST_F(redis_places, a_database_that_the_server_does_not_have_is_said_at_once) {
  redis_server server;
  auto client = connect(server.url() + "/99");
  const auto reply = client->call_and_wait({"PING"}, {.time = 100s});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::validation);
  EXPECT_THAT(reply.error().message.en, HasSubstr("DB index is out of range"));
}

redis_options over_tls(const tls_files& files, std::uint16_t port) {
  return {{"bind", "127.0.0.1 127.0.0.2"},    {"port", "0"},
          {"tls-port", std::to_string(port)}, {"tls-cert-file", files.certificate()},
          {"tls-key-file", files.key()},      {"tls-ca-cert-file", files.authority()},
          {"tls-auth-clients", "no"}};
}

TEST_F(redis_places, tls_serves_who_trusts_the_authority_and_nobody_else_unless_told) {
  const tls_files files;
  const auto port = test::free_port();
  redis_server server(over_tls(files, port), port);
  const auto url = "rediss://127.0.0.1:" + std::to_string(port);
  auto trusting = connect(url + "?tls_ca_file=" + files.authority());
  const std::string large(1'000'000, 'x');
  ASSERT_TRUE(trusting->call_and_wait({"SET", "k", large}));
  EXPECT_EQ(trusting->call_and_wait({"GET", "k"}).value().bytes(), large);
  auto by_name =
      connect("rediss://localhost:" + std::to_string(port) + "?tls_ca_file=" + files.authority());
  EXPECT_TRUE(by_name->call_and_wait({"PING"}));

  const auto distrust = connect(url)->call_and_wait({"PING"}, {.time = 20s});
  ASSERT_FALSE(distrust);
  EXPECT_EQ(distrust.error().code, errc::unauthenticated);
  EXPECT_THAT(distrust.error().message.en, HasSubstr("certificate"));
  EXPECT_TRUE(connect(url + "?tls_verify=0")->call_and_wait({"PING"}));
  const auto other = "rediss://127.0.0.2:" + std::to_string(port);
  EXPECT_TRUE(connect(other + "?tls_verify=0")->call_and_wait({"PING"}));
  const auto not_its_name =
      connect(other + "?tls_ca_file=" + files.authority())->call_and_wait({"PING"});
  ASSERT_FALSE(not_its_name);
  EXPECT_EQ(not_its_name.error().code, errc::unauthenticated);
}

TEST_F(redis_places, a_missing_file_of_authorities_is_refused_at_once) {
  auto settings = parse_redis_url("rediss://localhost?tls_ca_file=/nonexistent.pem");
  ASSERT_TRUE(settings);
  const auto made = redis_client::make(*settings);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::validation);
  EXPECT_THAT(made.error().message.en, HasSubstr("/nonexistent.pem"));
}

TEST_F(redis_places, after_a_failover_the_sentinels_lead_to_the_new_master) {
  redis_server first(redis_options{{"repl-diskless-sync-delay", "0"}});
  redis_server second(redis_options{{"replicaof", "127.0.0.1 " + std::to_string(first.port())}});
  redis_sentinel sentinel("mymaster", first);
  const auto nobody = "127.0.0.1:" + std::to_string(test::free_port());
  // One sentinel of the two is away.
  auto client = connect("redis+sentinel://" + nobody + "," + sentinel.host_port() + "/mymaster",
                        [](redis_settings& s) { s.call_time = 30s; });
  ASSERT_TRUE(client->call_and_wait({"SET", "k", "kept"}));
  const redis_call_options block{.block = 20s};
  ASSERT_EQ(client->call_and_wait({"WAIT", "1", "20000"}, block).value().number(), 1);
  // The sentinel learns of the replica from the master's INFO.
  until([&] {
    return !(sentinel.server().ask({"SENTINEL", "CKQUORUM", "mymaster"}).empty() ||
             sentinel.server().ask({"SENTINEL", "REPLICAS", "mymaster"}) != "1");
  });
  first.kill();
  await_loss(*client);
  const auto written = client->call_and_wait({"SET", "k2", "after"});
  ASSERT_TRUE(written) << written.error().what();
  EXPECT_EQ(client->call_and_wait({"GET", "k"}).value().bytes(), "kept");
  EXPECT_EQ(second.ask({"GET", "k2"}), "after");
}

TEST_F(redis_places, a_master_that_no_sentinel_knows_is_named) {
  redis_server master;
  redis_sentinel sentinel("mymaster", master);
  auto client = connect("redis+sentinel://" + sentinel.host_port() + "/other",
                        [](redis_settings& s) { s.call_time = 300ms; });
  const auto reply = client->call_and_wait({"PING"});
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message.en, HasSubstr("\"other\""));
}

TEST_F(redis_places, in_a_cluster_the_node_of_the_tag_is_found_and_scripts_run_there) {
  redis_cluster cluster(3);
  for (const std::string tag : {"{a}", "{b}", "{c}"}) {
    auto client = connect(cluster.url());
    const redis_script both(
        "redis.call('SET', KEYS[1], ARGV[1]) return redis.call('INCR', KEYS[2])");
    const auto reply = client->eval_and_wait(both, {tag + ":k", tag + ":n"}, {"v"});
    ASSERT_TRUE(reply) << reply.error().what();
    EXPECT_EQ(reply.value().number(), 1);
    EXPECT_EQ(cluster.node(cluster.owner_of(tag)).ask({"GET", tag + ":k"}), "v");
  }
}

TEST_F(redis_places, keys_of_two_slots_are_refused_with_what_to_do) {
  redis_cluster cluster(3);
  auto client = connect(cluster.url());
  const auto reply = client->call_and_wait({"MSET", "a", "1", "b", "2"});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::validation);
  EXPECT_THAT(reply.error().message.en, HasSubstr("tag"));
}

TEST_F(redis_places, a_cluster_of_one_node_serves_every_key) {
  redis_cluster cluster(1);
  auto client = connect(cluster.url());
  EXPECT_TRUE(client->call_and_wait({"SET", "a", "1"}));
  EXPECT_TRUE(client->call_and_wait({"SET", "b", "1"}));
}

}  // namespace
}  // namespace son1k::net
