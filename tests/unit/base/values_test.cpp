#include <gtest/gtest.h>
#include <unistd.h>

#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/utf8.hpp"
#include "base/uuid.hpp"

namespace son1k {
namespace {

TEST(uuid, ascends_is_unique_and_carries_version_and_time) {
  std::set<std::string> seen;
  std::string before;
  const auto begin = system_clock().now_ms();
  for (int i = 0; i < 10'000; ++i) {
    const auto id = uuid_v7();
    EXPECT_TRUE(is_uuid(id)) << id;
    EXPECT_EQ(id[14], '7');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    EXPECT_LT(before, id);
    EXPECT_TRUE(seen.insert(id).second);
    before = id;
  }
  const auto stamp = std::stoll(before.substr(0, 8) + before.substr(9, 4), nullptr, 16);
  EXPECT_GE(stamp, begin);
  EXPECT_LE(stamp, system_clock().now_ms() + 10);
}

// Threads that take turns, as reactors do with the creates of one client: each hand-over is a
// "made before" that the ids must show.
TEST(uuid, ascends_from_thread_to_thread) {
  std::mutex turn;
  std::string last;
  int falls = 0;
  std::vector<std::thread> makers;
  for (int maker = 0; maker < 4; ++maker) {
    makers.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i) {
        const std::lock_guard hold(turn);
        std::string id = uuid_v7();
        falls += id <= last ? 1 : 0;
        last = std::move(id);
      }
    });
  }
  for (auto& maker : makers) maker.join();
  EXPECT_EQ(falls, 0);
}

TEST(uuid, shape_is_checked) {
  EXPECT_FALSE(is_uuid(""));
  EXPECT_FALSE(is_uuid("0192f000-7abc-7def-8123-00000000000g"));
  EXPECT_FALSE(is_uuid("0192f000-7abc-7def-8123-0000000000000"));
  EXPECT_FALSE(is_uuid("0192f00007abc-7def-8123-000000000000"));
}

TEST(clock, reads_iso_time) {
  EXPECT_EQ(parse_iso_time("1970-01-01"), 0);
  EXPECT_EQ(parse_iso_time("2024-02-29T12:34"), 1'709'210'040'000);
  EXPECT_EQ(parse_iso_time("2024-02-29T12:34Z"), 1'709'210'040'000);
  EXPECT_EQ(parse_iso_time("2024-02-29T12:34:56Z"), 1'709'210'096'000);
  EXPECT_EQ(parse_iso_time("2024-02-29T12:34:56.789Z"), 1'709'210'096'789);
  for (const char* wrong : {"",
                            "2024",
                            "2024-02",
                            "2023-02-29",
                            "1969-12-31",
                            "2024-13-01",
                            "2024-02-29T",
                            "24-02-29",
                            "2024-02-29T12",
                            "2024-02-29T24:00",
                            "2024-02-29T12:60",
                            "2024-02-29T12:34:60",
                            "2024-02-29T12:34:56.7",
                            "2024-02-29T12:34:56.7890",
                            "2024-02-29 12:34",
                            "2024-2-029",
                            "2024-02-29T12:34+01:00",
                            "2024-02--1",
                            "+024-02-29",
                            "2024-02-29ZZ"}) {
    EXPECT_FALSE(parse_iso_time(wrong)) << wrong;
  }
}

TEST(clock, writes_iso_time) {
  EXPECT_STREQ(iso_time(0).chars, "1970-01-01T00:00:00.000Z");
  EXPECT_STREQ(iso_time(1'709'210'096'789).chars, "2024-02-29T12:34:56.789Z");
}

TEST(utf8, counts_code_points_and_refuses_what_rfc_3629_refuses) {
  EXPECT_EQ(count_code_points(""), 0u);
  EXPECT_EQ(count_code_points("añb€😀"), 5u);
  for (const auto* bad : {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf8\x88\x80\x80\x80", "\xe2\x82", "a\xff"}) {
    EXPECT_EQ(count_code_points(bad), std::nullopt);
  }
}

TEST(utf8, is_seen_wherever_it_stands) {
  for (std::size_t at = 0; at <= 20; ++at) {
    const std::string plain(20, 'a');
    EXPECT_EQ(count_code_points(std::string(plain).insert(at, "é")), 21u) << at;
    EXPECT_EQ(count_code_points(std::string(plain).insert(at, "\x80")), std::nullopt) << at;
  }
}

TEST(utf8, what_a_database_may_refuse_becomes_a_question_mark) {
  std::string text("a\0ñ\xff€\xc3", 9);
  keep_readable(text);
  EXPECT_EQ(text, "a?ñ?€?");
}

TEST(utf8, knows_blank_text) {
  EXPECT_TRUE(is_blank(""));
  EXPECT_TRUE(is_blank(" \t\n\u00a0\u2003\u3000\ufeff"));
  EXPECT_FALSE(is_blank(" ñ "));
}

TEST(error, says_field_and_message) {
  const error e(errc::validation, "port", text("must be a number", "debe ser un número"));
  EXPECT_EQ(e.what(), "port: must be a number");
  EXPECT_EQ(e.message.in(true), "debe ser un número");
  EXPECT_EQ(text("only English").in(true), "only English");
}

// What write() puts out, read back through a pipe.
std::string logged(std::initializer_list<log::field> fields) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  log::configure({log::level::info, true, ends[1]});
  log::write(log::level::info, "test.event", fields);
  log::configure({});
  char buffer[4096];
  const auto got = ::read(ends[0], buffer, sizeof buffer);
  ::close(ends[0]);
  ::close(ends[1]);
  return std::string(buffer, static_cast<std::size_t>(got));
}

TEST(log, hides_secrets_by_name_and_by_look) {
  constexpr std::string_view canary = "c4n4ry5ecret";
  const std::string c(canary);
  const auto line = logged({{"password", c},
                            {"Authorization", "Bearer " + c},
                            {"apiToken", c},
                            {"header", "Authorization: Bearer " + c},
                            {"url", "postgres://user:" + c + "@host/db"},
                            {"key", "sk_" + c},
                            {"query", "a=1&token=" + c + "&b=2"},
                            {"jwt", "eyJhbGciOi." + c + "." + c}});
  EXPECT_EQ(line.find(canary), std::string::npos) << line;
  EXPECT_NE(line.find("test.event"), std::string::npos);
}

TEST(log, shows_what_is_no_secret) {
  const auto line = logged({{"route", "/api/generation/:id"}, {"ms", 12}, {"ok", true}});
  EXPECT_NE(line.find(R"("route":"/api/generation/:id","ms":12,"ok":true)"), std::string::npos)
      << line;
}

}  // namespace
}  // namespace son1k
