#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "net/byte_range.hpp"
#include "net/files.hpp"
#include "unit/net/test_server.hpp"

namespace son1k::test {
namespace {

using net::http_method;
using net::http_request;

class http_file : public testing::Test {
 protected:
  http_file() {
    char name[] = "/tmp/son1k_net_XXXXXX";
    folder_ = ::mkdtemp(name);
    for (int i = 0; bytes_.size() < 2'000'000; ++i) bytes_ += std::to_string(i) + ",";
    std::ofstream(folder_ / "song.mp3") << bytes_;
    std::ofstream(folder_ / "empty").close();
    std::filesystem::create_symlink(folder_ / "song.mp3", folder_ / "link");
    std::filesystem::create_directory(folder_ / "sub");
  }
  ~http_file() override { std::filesystem::remove_all(folder_); }

  net::route files_route() {
    return {http_method::get, "/file/:name", net::sync_handler([this](http_request& request) {
              auto file = net::open_file::open(folder_ / request.param("name"));
              if (!file) return net::text_response(404, file.error().what());
              net::file_facts facts;
              facts.content_type = "audio/mpeg";
              facts.etag = "\"tag1\"";
              return net::file_response(request, *file, facts);
            })};
  }

  std::filesystem::path folder_;
  std::string bytes_;
};

TEST_F(http_file, is_sent_whole) {
  test_server server({files_route()});
  raw_client client(server.port());
  for (int i = 0; i < 2; ++i) {
    client.send("GET /file/song.mp3 HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto reply = client.read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, bytes_);
    EXPECT_EQ(reply.field("Accept-Ranges"), "bytes");
    EXPECT_EQ(reply.field("ETag"), "\"tag1\"");
    EXPECT_EQ(reply.field("Content-Type"), "audio/mpeg");
    EXPECT_EQ(reply.field("Content-Length"), std::to_string(bytes_.size()));
    EXPECT_TRUE(net::parse_http_date(reply.field("Last-Modified")));
  }
}

TEST_F(http_file, an_empty_one_is_200) {
  test_server server({files_route()});
  const auto reply = server.get("/file/empty");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("Content-Length"), "0");
}

TEST_F(http_file, a_range_is_206_with_its_place) {
  test_server server({files_route()});
  const auto size = std::to_string(bytes_.size());
  const auto middle = server.get("/file/song.mp3", "Range: bytes=100-299\r\n");
  EXPECT_EQ(middle.status, 206);
  EXPECT_EQ(middle.body, bytes_.substr(100, 200));
  EXPECT_EQ(middle.field("Content-Range"), "bytes 100-299/" + size);
  EXPECT_EQ(server.get("/file/song.mp3", "Range: bytes=-7\r\n").body,
            bytes_.substr(bytes_.size() - 7));
  EXPECT_EQ(server.get("/file/song.mp3", "Range: bytes=5-\r\n").body, bytes_.substr(5));
  const auto bad = server.get("/file/song.mp3", "Range: bytes=" + size + "-\r\n");
  EXPECT_EQ(bad.status, 416);
  EXPECT_EQ(bad.field("Content-Range"), "bytes */" + size);
  EXPECT_EQ(server.get("/file/song.mp3", "Range: bytes=0-1,5-6\r\n").body, bytes_);
}

TEST_F(http_file, if_range_gives_the_whole_when_the_file_changed) {
  test_server server({files_route()});
  EXPECT_EQ(server.get("/file/song.mp3", "Range: bytes=0-9\r\nIf-Range: \"tag1\"\r\n").status, 206);
  EXPECT_EQ(server.get("/file/song.mp3", "Range: bytes=0-9\r\nIf-Range: \"old\"\r\n").status, 200);
  EXPECT_EQ(server.get("/file/song.mp3", "Range: bytes=0-9\r\nIf-Range: W/\"tag1\"\r\n").status,
            200);
}

TEST_F(http_file, what_the_client_has_is_304) {
  test_server server({files_route()});
  const auto same = server.get("/file/song.mp3", "If-None-Match: \"x\", W/\"tag1\"\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.field("ETag"), "\"tag1\"");
  EXPECT_EQ(same.field("Content-Length"), "");
  EXPECT_EQ(server.get("/file/song.mp3", "If-None-Match: \"x\"\r\n").status, 200);
  const auto date = server.get("/file/song.mp3").field("Last-Modified");
  EXPECT_EQ(server.get("/file/song.mp3", "If-Modified-Since: " + date + "\r\n").status, 304);
  EXPECT_EQ(
      server.get("/file/song.mp3", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n").status,
      200);
}

TEST_F(http_file, head_carries_the_length_and_no_body) {
  test_server server({files_route()});
  const auto reply = server.ask("HEAD /file/song.mp3 HTTP/1.1\r\nHost: a\r\n\r\n", true);
  EXPECT_EQ(reply.field("Content-Length"), std::to_string(bytes_.size()));
}

TEST_F(http_file, links_folders_and_ways_out_are_not_found) {
  test_server server({files_route()});
  for (const std::string name :
       {"link", "sub", "absent", "..%2fsong.mp3", "..", "%2e%2e", "song.mp3%00", "..%5csong.mp3"}) {
    EXPECT_EQ(server.get("/file/" + name).status, 404) << name;
  }
}

// Whoever reads slowly holds a descriptor, not the file's bytes; the next request still works.
TEST_F(http_file, a_client_that_leaves_in_the_middle_harms_nobody) {
  test_server server({files_route()});
  for (int i = 0; i < 20; ++i) {
    raw_client client(server.port(), 4096);
    client.send("GET /file/song.mp3 HTTP/1.1\r\nHost: a\r\n\r\n");
    client.read_head();
  }
  EXPECT_EQ(server.get("/file/song.mp3").body, bytes_);
}

struct range_row {
  const char* field;
  std::uint64_t size;
  net::range_kind kind;
  std::uint64_t offset;
  std::uint64_t length;
};

TEST(byte_range, follows_rfc_9110) {
  using enum net::range_kind;
  const range_row rows[] = {
      {"", 10, whole, 0, 10},
      {"bytes=0-0", 10, part, 0, 1},
      {"bytes=0-9", 10, part, 0, 10},
      {"bytes=0-99", 10, part, 0, 10},
      {"bytes=9-", 10, part, 9, 1},
      {"bytes=10-", 10, unsatisfiable, 0, 0},
      {"bytes=-3", 10, part, 7, 3},
      {"bytes=-30", 10, part, 0, 10},
      {"bytes=-0", 10, unsatisfiable, 0, 0},
      {"bytes=-", 10, unsatisfiable, 0, 0},
      {"bytes=5-4", 10, unsatisfiable, 0, 0},
      {"bytes=a-b", 10, unsatisfiable, 0, 0},
      {"bytes=1-2x", 10, unsatisfiable, 0, 0},
      {"bytes", 10, unsatisfiable, 0, 0},
      {"bytes=0-1,3-4", 10, whole, 0, 10},
      {"seconds=0-1", 10, whole, 0, 10},
      {"bytes=0-", 0, unsatisfiable, 0, 0},
      {"bytes=-5", 0, unsatisfiable, 0, 0},
      {"bytes=0-18446744073709551616", 10, part, 0, 10},
      {"bytes=99999999999999999999-", 10, unsatisfiable, 0, 0},
      {" bytes=2-3 ", 10, part, 2, 2},
  };
  for (const auto& row : rows) {
    const auto got = net::choose_range(row.field, row.size);
    EXPECT_EQ(got.kind, row.kind) << row.field;
    EXPECT_EQ(got.offset, row.offset) << row.field;
    EXPECT_EQ(got.length, row.length) << row.field;
  }
}

TEST(http_date, is_written_and_read_back) {
  EXPECT_EQ(net::http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(net::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  for (const char* bad : {"", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET"}) {
    EXPECT_FALSE(net::parse_http_date(bad)) << bad;
  }
}

}  // namespace
}  // namespace son1k::test
