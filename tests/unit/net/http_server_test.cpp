#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "unit/net/test_server.hpp"

namespace son1k::test {
namespace {

using boost::asio::awaitable;
using net::http_method;
using net::http_request;
using net::http_response;
using net::sync_handler;

std::vector<net::route> basic_routes() {
  net::route_options json_only;
  json_only.content_types = {"application/json"};
  json_only.body_bytes_max = 64;
  return {{http_method::get, "/hello", sync_handler(hello)},
          {http_method::post, "/echo", sync_handler(echo)},
          {http_method::post, "/json", sync_handler(echo), json_only}};
}

std::string post(const std::string& path, const std::string& fields, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: here\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string gunzip(const std::string& bytes) {
  std::string out(1 << 20, '\0');
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  inflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(http_server, keeps_a_connection_for_many_requests) {
  test_server server(basic_routes());
  raw_client client(server.port());
  for (int i = 0; i < 50; ++i) {
    client.send(i % 2 ? get_hello : post("/echo", "", "body " + std::to_string(i)));
    const auto reply = client.read_reply();
    ASSERT_EQ(reply.status, 200);
    ASSERT_EQ(reply.body, i % 2 ? "hello" : "body " + std::to_string(i));
    ASSERT_EQ(reply.field("Connection"), "");
  }
  EXPECT_EQ(server.server().connections(), 1U);
}

TEST(http_server, answers_pipelined_requests_in_order) {
  test_server server(basic_routes());
  raw_client client(server.port());
  std::string all;
  constexpr int count = 300;  // more than one turn of pipeline_max, more than a read buffer
  for (int i = 0; i < count; ++i) all += post("/echo", "", std::to_string(i)) + get_hello;
  client.send(all);
  for (int i = 0; i < count; ++i) {
    ASSERT_EQ(client.read_reply().body, std::to_string(i));
    ASSERT_EQ(client.read_reply().body, "hello");
  }
}

TEST(http_server, closes_when_the_client_asks) {
  test_server server(basic_routes());
  raw_client client(server.port());
  client.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_reply().field("Connection"), "close");
  EXPECT_TRUE(client.ends());
}

TEST(http_server, http_1_0_closes_unless_asked_to_keep) {
  test_server server(basic_routes());
  raw_client closing(server.port());
  closing.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(closing.read_reply().body, "hello");
  EXPECT_TRUE(closing.ends());
  raw_client keeping(server.port());
  for (int i = 0; i < 2; ++i) {
    keeping.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(keeping.read_reply().field("Connection"), "keep-alive");
  }
}

TEST(http_server, an_unknown_path_is_404_and_a_wrong_method_405_with_allow) {
  test_server server(basic_routes());
  EXPECT_EQ(server.get("/nothing").status, 404);
  const auto reply = server.ask("DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.field("Allow"), "GET, HEAD, OPTIONS");
}

TEST(http_server, head_is_get_without_the_body) {
  test_server server(basic_routes());
  raw_client client(server.port());
  client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" + get_hello);
  const auto head = client.read_reply(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("Content-Length"), "5");
  EXPECT_EQ(client.read_reply().body, "hello");
}

TEST(http_server, options_names_the_methods) {
  test_server server(basic_routes());
  const auto reply = server.ask("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.field("Allow"), "POST, OPTIONS");
  EXPECT_EQ(reply.field("Content-Length"), "");
  EXPECT_EQ(server.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status, 204);
  EXPECT_EQ(server.ask("OPTIONS /nothing HTTP/1.1\r\nHost: a\r\n\r\n").status, 404);
}

TEST(http_server, a_sane_request_id_comes_back_and_another_is_replaced) {
  test_server server(basic_routes());
  EXPECT_EQ(server.get("/hello", "X-Request-Id: abc-1._Z\r\n").field("X-Request-Id"), "abc-1._Z");
  EXPECT_EQ(server.get("/nothing", "X-Request-Id: abc\r\n").field("X-Request-Id"), "abc");
  const std::vector<std::string> bad_ids = {"a b", "a<b", "", std::string(65, 'a')};
  for (const auto& bad : bad_ids) {
    const auto id = server.get("/hello", "X-Request-Id: " + bad + "\r\n").field("X-Request-Id");
    EXPECT_NE(id, bad);
    EXPECT_GE(id.size(), 36U);
  }
  EXPECT_NE(server.get("/hello").field("X-Request-Id"), server.get("/hello").field("X-Request-Id"));
}

TEST(http_server, two_requests_of_a_connection_have_two_ids) {
  test_server server(basic_routes());
  raw_client client(server.port());
  client.send(get_hello + get_hello);
  const auto first = client.read_reply().field("X-Request-Id");
  EXPECT_NE(first, client.read_reply().field("X-Request-Id"));
}

TEST(http_server, continue_is_sent_only_when_the_body_is_wanted) {
  test_server server(basic_routes());
  raw_client wanted(server.port());
  wanted.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(wanted.read_reply().status, 100);
  wanted.send("abc");
  EXPECT_EQ(wanted.read_reply().body, "abc");
  raw_client unwanted(server.port());
  unwanted.send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_EQ(unwanted.read_reply().status, 413);
}

TEST(http_server, a_body_over_the_routes_bound_is_refused_before_it_is_sent) {
  test_server server(basic_routes());
  const std::string type = "Content-Type: application/json\r\n";
  EXPECT_EQ(server.ask(post("/json", type, std::string(64, '1'))).status, 200);
  EXPECT_EQ(server.ask(post("/json", type, std::string(65, '1'))).status, 413);
  const auto chunked = "POST /json HTTP/1.1\r\nHost: a\r\n" + type +
                       "Transfer-Encoding: chunked\r\n\r\n20\r\n" + std::string(32, '1') +
                       "\r\n21\r\n";
  EXPECT_EQ(server.ask(chunked).status, 413);
}

// The caller must get to read the refusal although it is still sending.
TEST(http_server, a_refused_upload_can_read_its_413) {
  test_server server(basic_routes());
  raw_client client(server.port());
  const std::string body(11 * 1024 * 1024, 'x');
  client.send(post("/echo", "", body));
  EXPECT_EQ(client.read_reply().status, 413);
}

TEST(http_server, a_large_body_arrives_whole) {
  test_server server(basic_routes());
  std::string body;
  for (int i = 0; body.size() < 1'000'000; ++i) body += std::to_string(i);
  raw_client client(server.port());
  for (int i = 0; i < 2; ++i) {
    client.send(post("/echo", "", body));
    EXPECT_EQ(client.read_reply().body, body);
  }
}

TEST(http_server, a_content_type_outside_the_routes_list_is_415) {
  test_server server(basic_routes());
  EXPECT_EQ(server.ask(post("/json", "Content-Type: text/plain\r\n", "{}")).status, 415);
  EXPECT_EQ(server.ask(post("/json", "", "{}")).status, 415);
  EXPECT_EQ(
      server.ask(post("/json", "Content-Type: Application/JSON ; charset=utf-8\r\n", "{}")).status,
      200);
}

TEST(http_server, text_is_gzipped_where_the_client_accepts_it) {
  std::string long_text;
  for (int i = 0; i < 1000; ++i) long_text += "line " + std::to_string(i) + "\n";
  test_server server({{http_method::get, "/long", sync_handler([&](http_request&) {
                         return net::text_response(200, long_text);
                       })},
                      {http_method::get, "/hello", sync_handler(hello)}});
  const auto plain = server.get("/long");
  EXPECT_EQ(plain.body, long_text);
  EXPECT_EQ(plain.field("Vary"), "Accept-Encoding");
  EXPECT_EQ(plain.field("Content-Encoding"), "");
  const auto packed = server.get("/long", "Accept-Encoding: br, gzip\r\n");
  EXPECT_EQ(packed.field("Content-Encoding"), "gzip");
  EXPECT_LT(packed.body.size(), long_text.size() / 2);
  EXPECT_EQ(gunzip(packed.body), long_text);
  EXPECT_EQ(server.get("/long", "Accept-Encoding: gzip;q=0\r\n").body, long_text);
  EXPECT_EQ(server.get("/hello", "Accept-Encoding: gzip\r\n").body, "hello");
}

TEST(http_server, an_exception_in_a_handler_is_a_500_by_the_renderer) {
  const auto renderer = [](const error& fault, int status, const http_request& request) {
    return net::json_response(status,
                              std::string(name_of(fault.code)) + " " + std::string(request.path));
  };
  const auto now = [](http_request&) -> http_response { throw std::runtime_error("broken"); };
  const auto later = [](http_request&) -> awaitable<http_response> {
    throw std::runtime_error("broken");
    co_return http_response();
  };
  test_server server({{http_method::get, "/now", sync_handler(now)},
                      {http_method::get, "/later", net::handler(later)}},
                     {}, renderer);
  raw_client client(server.port());
  for (const std::string path : {"/now", "/later"}) {
    client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto reply = client.read_reply();
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "internal " + path);
  }
}

TEST(http_server, a_handler_that_waits_for_another_thread_resumes_on_its_reactor) {
  boost::asio::thread_pool pool(1);
  std::atomic<bool> same_thread{false};
  const auto run = [&](http_request& request) -> awaitable<http_response> {
    const auto before = std::this_thread::get_id();
    const auto home = request.executor;
    co_await boost::asio::post(pool, boost::asio::use_awaitable);
    same_thread = before == std::this_thread::get_id();
    co_return net::text_response(200, std::string(request.path));
  };
  test_server server({{http_method::get, "/wait", net::handler(run)},
                      {http_method::get, "/hello", sync_handler(hello)}});
  raw_client client(server.port());
  client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n" + get_hello);
  EXPECT_EQ(client.read_reply().body, "/wait");
  EXPECT_EQ(client.read_reply().body, "hello");
  EXPECT_TRUE(same_thread);
  pool.join();
}

TEST(http_server, a_long_reply_arrives_whole) {
  std::string text(3'000'000, 'x');
  for (std::size_t i = 0; i < text.size(); i += 1000)
    text[i] = static_cast<char>('a' + i / 1000 % 26);
  const auto shared = std::make_shared<const std::string>(text);
  const auto run = [shared](http_request&) {
    http_response reply(200);
    reply.content_type = "application/octet-stream";
    reply.body = shared;
    return reply;
  };
  test_server server({{http_method::get, "/long", sync_handler(run)}});
  raw_client client(server.port(), 4096);
  for (int i = 0; i < 2; ++i) {
    client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, text);
  }
}

TEST(http_server, a_value_with_a_line_break_cannot_split_the_reply) {
  const auto run = [](http_request& request) {
    auto reply = net::text_response(200, "x");
    reply.headers.add("X-Name", request.query("name").value_or(""));
    return reply;
  };
  test_server server({{http_method::get, "/set", sync_handler(run)}});
  const auto reply = server.get("/set?name=a%0d%0aSet-Cookie:%20b=c");
  EXPECT_EQ(reply.field("X-Name"), "a");
  EXPECT_EQ(reply.field("Set-Cookie"), "");
}

TEST(http_server, the_observer_sees_each_reply_once) {
  std::atomic<int> replies{0};
  std::atomic<int> last_status{0};
  const auto observer = [&](const net::request_report& report) {
    ++replies;
    last_status = report.status;
  };
  test_server server(basic_routes(), {}, {}, observer);
  server.get("/hello");
  EXPECT_EQ(last_status, 200);
  server.get("/nothing");
  EXPECT_EQ(last_status, 404);
  EXPECT_EQ(replies, 2);
}

TEST(http_server, a_taken_port_is_named_with_what_to_do) {
  test_server first(basic_routes());
  net::router routes;
  net::reactors loops(2);
  net::http_server_settings settings;
  settings.port = first.port();
  net::http_server second(loops, routes, settings);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, errc::unavailable);
  EXPECT_NE(started.error().message.en.find("127.0.0.1:" + std::to_string(first.port())),
            std::string::npos);
  EXPECT_NE(started.error().message.en.find("--port"), std::string::npos);
}

TEST(http_server, a_host_that_is_no_address_is_refused) {
  net::router routes;
  net::reactors loops(1);
  net::http_server_settings settings;
  settings.host = "not an address";
  net::http_server server(loops, routes, settings);
  const auto started = server.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, errc::validation);
  EXPECT_EQ(started.error().field, "host");
}

TEST(http_server, a_host_that_is_not_ours_is_misdirected) {
  net::http_server_settings settings;
  settings.hosts_allowed = {"localhost", "[::1]"};
  test_server server(basic_routes(), settings);
  const auto status = [&](const std::string& host) {
    return server.ask("GET /hello HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status;
  };
  for (const auto* ours : {"localhost", "LocalHost:3001", "[::1]", "[::1]:80"}) {
    EXPECT_EQ(status(ours), 200) << ours;
  }
  for (const auto* foreign : {"rebound.example", "localhost.example:3001", "127.0.0.1", "[::2]"}) {
    EXPECT_EQ(status(foreign), 421) << foreign;
  }
}

TEST(http_server, both_reactors_can_be_reached) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  const auto run = [&](http_request&) {
    const std::scoped_lock lock(mutex);
    threads.insert(std::this_thread::get_id());
    return net::text_response(200, "x");
  };
  test_server server({{http_method::get, "/", sync_handler(run)}});
  for (int i = 0; i < 200 && threads.size() < 2; ++i) EXPECT_EQ(server.get("/").status, 200);
  EXPECT_EQ(threads.size(), 2U);
}

}  // namespace
}  // namespace son1k::test
